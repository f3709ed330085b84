/** Live events: what an open window sees, and what nobody may do to it. */
import { env } from 'cloudflare:workers'
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { signAccessToken } from '../auth/access-token.ts'
import { sessions, users } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { createKey } from '../keys/keys.ts'
import { api, ask, bindings, door, newAgent, signIn, type Account } from '../tests/world.ts'
import { connect, liveOf, openWindow, ticketOf, type Window } from '../tests/window.ts'
import { pushLive } from './notifications.ts'
import type { Agent } from '../agents/agents.ts'
import type { LiveEvent } from './live-protocol.ts'

const DAY_MS = 86_400_000
const ORIGIN = 'https://agentlink.io'

const realNow = clock.now
function later(ms: number): void {
  clock.now = () => realNow() + ms
}

let agent: Agent
beforeAll(async () => {
  agent = await newAgent()
})
afterEach(() => {
  clock.now = realNow
})

function event(change: Partial<LiveEvent> = {}): LiveEvent {
  return { id: newId(), type: 'quota.low', at: realNow(), data: { percent: 20 }, ...change }
}

async function push(me: Pick<Account, 'id'>, count: number): Promise<string[]> {
  const events = Array.from({ length: count }, () => event())
  await pushLive(bindings, me.id, events)
  return events.map(({ id }) => id)
}

const idsIn = (window: Window): string[] => window.events().map(({ id }) => id)

async function seen(window: Window, count: number): Promise<void> {
  await expect.poll(() => window.events().length, { interval: 2, timeout: 5_000 }).toBe(count)
}

async function closedWith(window: Window): Promise<number | undefined> {
  await expect.poll(() => window.closed, { interval: 2, timeout: 5_000 }).not.toBe(null)
  return window.closed?.code
}

async function endSession(sessionId: string): Promise<void> {
  await db(bindings)
    .update(sessions)
    .set({ endedAt: new Date(), endedBecause: 'signed_out' })
    .where(eq(sessions.id, sessionId))
}

describe('a call', () => {
  /** Somebody who can call, with two windows open. */
  async function watcher(): Promise<{ me: Account; key: string; windows: [Window, Window] }> {
    const me = await signIn('developer')
    const { key } = await createKey(bindings, me.id, { name: 'test' })
    return { me, key, windows: [await openWindow(me), await openWindow(me)] }
  }

  /** Calls, and says when the answer had come. */
  async function call(key: string): Promise<number> {
    const answer = await ask({ key }, agent, 'Hello.')
    expect(answer.status).toBe(200)
    await answer.text()
    return realNow()
  }

  /**
   * In real time: nothing drives the alarm here. The account waits 150 ms for more calls, so that a second leaves room for
   * two requests between objects on a machine that does other things as well; it is the second that was promised.
   */
  async function seenWithinASecond(windows: Window[], count: number, endedAt: number): Promise<void> {
    await Promise.all(
      windows.map((window) =>
        expect.poll(() => window.events().length, { interval: 5, timeout: 1_000 }).toBeGreaterThanOrEqual(count),
      ),
    )
    expect(realNow() - endedAt).toBeLessThan(1_000)
  }

  test('is seen by two windows within a second of its end, and still after eviction of either object', async () => {
    const { me, key, windows } = await watcher()
    const account = (): DurableObjectStub => env.ACCOUNT.get(env.ACCOUNT.idFromName(me.id))
    await seenWithinASecond(windows, 1, await call(key))
    await evictDurableObject(liveOf(me.id))
    await seenWithinASecond(windows, 2, await call(key))
    await evictDurableObject(account())
    await evictDurableObject(liveOf(me.id))
    await seenWithinASecond(windows, 3, await call(key))
    for (const window of windows) {
      expect(window.closed).toBe(null)
      expect(window.frames.map(({ type, id }) => [type, id])).toEqual([
        ['hello', undefined],
        ['event', 1],
        ['event', 2],
        ['event', 3],
      ])
      const [first] = window.events()
      expect(first).toMatchObject({
        type: 'call.completed',
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        data: { agent_id: agent.id, status: 'success', error_code: null, funding: 'promotional', cost_usd: '0.004' },
      })
    }
    expect(idsIn(windows[0])).toEqual(idsIn(windows[1]))
  })

  test('that ends while the objects are gone is seen by windows that come back', async () => {
    const { me, key, windows } = await watcher()
    await seenWithinASecond(windows, 1, await call(key))
    await abortAllDurableObjects()
    await Promise.all(windows.map(closedWith))
    await call(key)
    await runDurableObjectAlarm(env.ACCOUNT.get(env.ACCOUNT.idFromName(me.id)))
    const back = await Promise.all(windows.map((window) => openWindow(me, { lastEventId: window.last() })))
    for (const window of back) {
      await seen(window, 1)
      expect(window.frames.map(({ type, id }) => [type, id])).toEqual([
        ['hello', undefined],
        ['event', 2],
      ])
    }
  })

  test('that fails is seen too, and several together each once', async () => {
    const { me, key, windows } = await watcher()
    const missing = await ask({ key }, agent, 'Hello.', { body: { temperature: 3 } })
    expect(missing.status).toBe(400)
    const failed = await ask({ key }, await newAgent(), 'Hello. [[fault:status=400]]')
    expect(failed.status).toBe(502)
    await Promise.all([call(key), call(key), call(key)])
    await seen(windows[0], 4)
    await runDurableObjectAlarm(env.ACCOUNT.get(env.ACCOUNT.idFromName(me.id)))
    expect(
      windows[0]
        .events()
        .map(({ type }) => type)
        .toSorted(),
    ).toEqual(['call.completed', 'call.completed', 'call.completed', 'call.failed'])
    expect(new Set(idsIn(windows[0])).size).toBe(4)
  })
})

describe('a window', () => {
  test('sees events in order under increasing numbers, each once however often it is pushed', async () => {
    const me = await signIn('creator')
    const window = await openWindow(me)
    const [first, ...others] = [event(), event(), event()]
    await pushLive(bindings, me.id, [first])
    await pushLive(bindings, me.id, [first, ...others])
    await pushLive(bindings, me.id, others)
    await seen(window, 3)
    await evictDurableObject(liveOf(me.id))
    await pushLive(bindings, me.id, [first, event()])
    await seen(window, 4)
    expect(window.frames.map(({ id }) => id)).toEqual([undefined, 1, 2, 3, 4])
    expect(idsIn(window).slice(0, 3)).toEqual([first, ...others].map(({ id }) => id))
  })

  test('sees nothing of anybody else', async () => {
    const [me, other] = [await signIn(), await signIn()]
    const window = await openWindow(me)
    await openWindow(other)
    await push(other, 3)
    const mine = await push(me, 1)
    await seen(window, 1)
    expect(idsIn(window)).toEqual(mine)
  })

  test('that comes back gets what it has missed, also when the object has forgotten everything it had in memory', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    await push(me, 2)
    await seen(window, 2)
    window.socket.close(1000)
    const missed = await push(me, 3)
    await evictDurableObject(liveOf(me.id))
    const back = await openWindow(me, { lastEventId: window.last() })
    await seen(back, 3)
    expect(idsIn(back)).toEqual(missed)
    expect(back.frames[0]).toMatchObject({ type: 'hello', v: 1, last_event_id: 2, heartbeat_seconds: 30 })
    back.socket.send(JSON.stringify({ type: 'resume', last_event_id: 3 }))
    await seen(back, 5)
    expect(idsIn(back).slice(3)).toEqual(missed.slice(1))
  })

  test('that comes back too late, or with a number that was never given, is told to read its lists anew', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    await push(me, 510)
    await seen(window, 510)
    for (const lastEventId of [9, 511, Number.MAX_SAFE_INTEGER]) {
      const back = await openWindow(me, { lastEventId })
      await expect.poll(() => back.frames.length).toBe(2)
      expect(back.frames).toMatchObject([
        { type: 'hello', last_event_id: 510 },
        { type: 'resync', last_event_id: 510 },
      ])
      back.socket.send('{"type":"bye"}')
      expect(await closedWith(back)).toBe(1000)
    }
    const kept = await openWindow(me, { lastEventId: 10 })
    await seen(kept, 500)
    const rows = await runInDurableObject(liveOf(me.id), (_, { storage }) =>
      storage.sql.exec('SELECT COUNT(*) AS rows FROM event').one(),
    )
    expect(rows).toEqual({ rows: 500 })
  })

  test('that was away for more than a day is told so, and numbers go on', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    await push(me, 2)
    await seen(window, 2)
    window.socket.close(1000)
    await expect.poll(() => runInDurableObject(liveOf(me.id), (_, state) => state.getWebSockets().length)).toBe(0)
    later(DAY_MS + 1_000)
    await push(me, 5)
    clock.now = realNow
    const rows = await runInDurableObject(liveOf(me.id), (_, { storage }) =>
      storage.sql.exec('SELECT COUNT(*) AS rows FROM event').one(),
    )
    expect(rows).toEqual({ rows: 0 })
    await evictDurableObject(liveOf(me.id))
    const back = await openWindow(me, { lastEventId: window.last() })
    await expect.poll(() => back.frames.length).toBe(2)
    expect(back.frames[1]).toMatchObject({ type: 'resync', last_event_id: 3 })
    await push(me, 1)
    await seen(back, 1)
    expect(back.last()).toBe(4)
  })

  test('gets an answer to its heartbeat, also while the object sleeps', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    window.socket.send('ping')
    await expect.poll(() => window.texts).toEqual(['pong'])
    await evictDurableObject(liveOf(me.id))
    window.socket.send('ping')
    await expect.poll(() => window.texts).toEqual(['pong', 'pong'])
  })

  test.each([
    ['something that is no JSON', 'hello', 1008],
    ['a word that is not known', '{"type":"subscribe","channel":"everything"}', 1008],
    ['a field too many', '{"type":"bye","x":1}', 1008],
    ['a number that is none', '{"type":"resume","last_event_id":-1}', 1008],
    ['bytes', new Uint8Array([1, 2, 3]), 1008],
    ['more than is needed to say anything', `{"type":"bye"}${' '.repeat(300)}`, 1009],
    ['a megabyte', 'x'.repeat(1_000_000), 1009],
    ['a megabyte of bytes', new Uint8Array(1_000_000), 1009],
  ])('that says %s is closed, and no other with it', async (_, said, code) => {
    const me = await signIn()
    const [window, other] = [await openWindow(me), await openWindow(me)]
    window.socket.send(said)
    expect(await closedWith(window)).toBe(code)
    await push(me, 1)
    await seen(other, 1)
    expect(other.closed).toBe(null)
  })

  test('that asks again and again is closed', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    for (let i = 0; i < 21; i++) window.socket.send('{"type":"resume","last_event_id":0}')
    expect(await closedWith(window)).toBe(1008)
  })

  test('is closed when it has been sent so much that it may not be reading', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    const long = { data: { text: 'x'.repeat(3_900) } }
    await pushLive(
      bindings,
      me.id,
      Array.from({ length: 1_100 }, () => event(long)),
    )
    expect(await closedWith(window)).toBe(4002)
    expect(window.events().length).toBeGreaterThan(900)
  })

  test('is not shown an event that is longer than any should be', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    await pushLive(bindings, me.id, [event({ data: { text: 'x'.repeat(5_000) } })])
    const [short] = await push(me, 1)
    await seen(window, 1)
    expect(idsIn(window)).toEqual([short])
  })

  test('beyond the twentieth takes the place of the oldest', async () => {
    const me = await signIn()
    const windows: Window[] = []
    for (let i = 0; i < 22; i++) windows.push(await openWindow(me))
    expect(await Promise.all(windows.slice(0, 2).map(closedWith))).toEqual([4008, 4008])
    await push(me, 1)
    await Promise.all(windows.slice(2).map((window) => seen(window, 1)))
    expect(windows.slice(2).filter(({ closed }) => closed).length).toBe(0)
  })
})

describe('once a minute', () => {
  test('the windows of a session that has ended are closed, those of others stay', async () => {
    const me = await signIn()
    const second = { ...me, sessionId: newId() }
    await db(bindings)
      .insert(sessions)
      .values({ id: second.sessionId, userId: me.id, expiresAt: new Date(realNow() + DAY_MS) })
    second.token = await signAccessToken(bindings, {
      user_id: me.id,
      user_type: 'developer',
      email: me.email,
      sid: second.sessionId,
    })
    const [ended, stays] = [await openWindow(me), await openWindow(second)]
    await endSession(me.sessionId)
    expect(await runDurableObjectAlarm(liveOf(me.id))).toBe(true)
    expect(await closedWith(ended)).toBe(4001)
    await push(me, 1)
    await seen(stays, 1)
    expect(ended.events()).toEqual([])
    await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.id, me.id))
    expect(await runDurableObjectAlarm(liveOf(me.id))).toBe(true)
    expect(await closedWith(stays)).toBe(4001)
    // Nobody is left, so that nothing is looked at any more.
    expect(await runDurableObjectAlarm(liveOf(me.id))).toBe(false)
  })

  test('a window that has not pinged for two minutes is closed, one that has stays', async () => {
    const me = await signIn()
    const silent = await openWindow(me)
    later(130_000)
    const fresh = await openWindow(me)
    await runDurableObjectAlarm(liveOf(me.id))
    expect(await closedWith(silent)).toBe(4003)
    expect(fresh.closed).toBe(null)
  })

  test('a window that has been open for twelve hours is asked to come anew', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    later(12 * 3_600_000)
    await runDurableObjectAlarm(liveOf(me.id))
    expect(await closedWith(window)).toBe(4002)
  })

  test('while Postgres is away windows stay, but not for longer than an access token would', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    await door('/postgres/pause')
    try {
      await runDurableObjectAlarm(liveOf(me.id))
      window.socket.send('ping')
      await expect.poll(() => window.texts).toEqual(['pong'])
      await runInDurableObject(liveOf(me.id), (_, state) => {
        for (const socket of state.getWebSockets()) {
          const attached = socket.deserializeAttachment() as { checkedAt: number }
          socket.serializeAttachment({ ...attached, checkedAt: attached.checkedAt - 15 * 60_000 })
        }
      })
      await runDurableObjectAlarm(liveOf(me.id))
      expect(await closedWith(window)).toBe(4002)
    } finally {
      await door('/postgres/resume')
    }
  })

  test('the account of whoever makes calls is told that somebody watches, and forgets it by itself', async () => {
    const me = await signIn('developer')
    const watchedUntil = (): Promise<number> =>
      runInDurableObject(
        env.ACCOUNT.get(env.ACCOUNT.idFromName(me.id)),
        (_, { storage }) => storage.sql.exec<{ until: number }>('SELECT until FROM watch').toArray()[0]?.until ?? 0,
      )
    expect(await watchedUntil()).toBe(0)
    const window = await openWindow(me)
    const first = await watchedUntil()
    expect(first).toBeGreaterThan(realNow() + 60_000)
    later(61_000)
    await runDurableObjectAlarm(liveOf(me.id))
    const second = await watchedUntil()
    expect(second).toBeGreaterThan(first)
    window.socket.close(1000)
    await expect.poll(() => window.closed).not.toBe(null)
    await runDurableObjectAlarm(liveOf(me.id))
    expect(await watchedUntil()).toBe(second)
  })
})

describe('a ticket', () => {
  const refused = async (response: Response, status: number, code: string): Promise<void> => {
    expect(response.status).toBe(status)
    expect(response.webSocket).toBe(null)
    expect(await response.json()).toMatchObject({ error: { code } })
  }

  test('is given to whoever is signed in, for a minute', async () => {
    const { status, body, headers } = await api('POST /api/v1/live/ticket', { as: await signIn('admin') })
    expect(status).toBe(200)
    expect(Object.keys(body).toSorted()).toEqual(['expires_in', 'ticket'])
    expect(body.expires_in).toBe(60)
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await api('POST /api/v1/live/ticket')).status).toBe(401)
  })

  test('opens one connection', async () => {
    const me = await signIn()
    const ticket = await ticketOf(me)
    await openWindow(me, { ticket })
    await refused(await connect(null, { ticket }), 401, '40101')
    const together = await ticketOf(me)
    const answers = await Promise.all(Array.from({ length: 5 }, () => connect(null, { ticket: together })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([101, 401, 401, 401, 401])
    for (const { webSocket } of answers) webSocket?.accept()
  })

  test('opens the windows of whoever it was given to, whoever brings it', async () => {
    const [me, other] = [await signIn(), await signIn()]
    const window = await openWindow(other, { ticket: await ticketOf(me) })
    await push(other, 1)
    const mine = await push(me, 1)
    await seen(window, 1)
    expect(idsIn(window)).toEqual(mine)
  })

  test('that is too old, of an ended session, altered, missing, or an access token opens nothing', async () => {
    const me = await signIn()
    const old = await ticketOf(me)
    const [head = '', body = '', signature = ''] = old.split('.')
    const someoneElse = { ...JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/'))), sub: newId() }
    const forged = [head, btoa(JSON.stringify(someoneElse)).replaceAll('=', ''), signature].join('.')
    for (const ticket of [forged, '', 'x', 'x'.repeat(5_000), me.token, `${head}.${body}.`])
      await refused(await connect(null, { ticket }), 401, '40101')
    later(61_000)
    await refused(await connect(null, { ticket: old }), 401, '40101')
    clock.now = realNow
    const late = await ticketOf(me)
    await endSession(me.sessionId)
    await refused(await connect(null, { ticket: late }), 401, '40101')
    expect((await api('GET /api/v1/notifications', { as: { token: old } })).status).toBe(401)
  })

  test('is not used up where a connection was refused for another reason', async () => {
    const me = await signIn()
    const ticket = await ticketOf(me)
    const plain = await api(`GET /api/v1/live?ticket=${ticket}`)
    expect([plain.status, plain.body.error.code, plain.headers.get('upgrade')]).toEqual([426, '42601', 'websocket'])
    const elsewhere = await connect(null, { ticket, headers: { origin: 'https://evil.example' } })
    await refused(elsewhere, 403, '40301')
    const badId = await connect(null, { ticket, lastEventId: 'none' })
    await refused(badId, 400, '40002')
    const window = await openWindow(me, { ticket, headers: { origin: ORIGIN } })
    expect(window.frames[0]?.type).toBe('hello')
  })

  test('beyond sixty in a minute opens nothing', async () => {
    const me = await signIn()
    const statuses: number[] = []
    for (let i = 0; i < 61; i++) {
      const { status, webSocket } = await connect(me)
      statuses.push(status)
      webSocket?.accept()
      webSocket?.close(1000)
    }
    expect(statuses.slice(0, 60).every((status) => status === 101)).toBe(true)
    expect(statuses[60]).toBe(429)
  })
})
