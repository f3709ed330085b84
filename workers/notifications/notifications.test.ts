/** Notifications: what is told once however often, what is listed and mailed as each prefers, and to nobody else. */
import { createScheduledController } from 'cloudflare:test'
import { and, eq } from 'drizzle-orm'
import { afterEach, describe, expect, test } from 'vitest'
import { users } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import worker from '../index.ts'
import { openWindow } from '../tests/window.ts'
import { api, bindings, door, signIn, type Account } from '../tests/world.ts'
import { tell } from './notifications.ts'
import { notifications } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { EventType, PlatformEvent } from './events.ts'
import type { Mail } from './mail.ts'

const DAY_MS = 86_400_000
const realNow = clock.now
afterEach(() => {
  clock.now = realNow
})

const DATA: { [Type in EventType]: Extract<PlatformEvent, { type: Type }>['data'] } = {
  'call.completed': call('success'),
  'call.failed': call('error'),
  'quota.low': { percent: 20, remaining: 1_200, lot_id: 'lot' },
  'payment.succeeded': { payment_id: newId(), amount_usd: '100.00000000', calls: 10_000 },
  'payment.failed': { payment_id: newId(), amount_usd: '10.00', reason: 'expired' },
  'payment.refunded': { payment_id: newId(), amount_usd: '4.50', status: 'refunded' },
  'payment.disputed': { payment_id: newId(), amount_usd: '10.00', status: 'open' },
  'settlement.closed': { settlement_id: newId(), net_usd: '42.5', period_end: '2026-11-01T00:00:00Z' },
  'withdrawal.updated': { withdrawal_id: newId(), status: 'completed', net_usd: '12.00' },
  'agent.published': { agent_id: newId(), slug: 'marlow', name: 'Marlow', version: 3, price_per_call: '0.004' },
  'agent.price_changed': {
    agent_id: newId(),
    slug: 'marlow',
    name: 'Marlow',
    old_price_per_call: '0.004',
    new_price_per_call: '0.01',
  },
  'review.created': { review_id: newId(), agent_id: newId(), rating: 4 },
}

function call(status: 'success' | 'error') {
  const ids = { call_id: newId(), request_id: 'r', agent_id: newId(), api_key_id: newId() }
  const counts = { agent_version: 1, latency_ms: 5, input_tokens: 1, output_tokens: 2 }
  return { ...ids, ...counts, status, error_code: null, funding: null, cost_usd: '0.00' }
}

function event(me: Pick<Account, 'id'>, type: EventType, change: Partial<PlatformEvent> = {}): PlatformEvent {
  return { v: 1, id: newId(), type, userId: me.id, at: realNow(), data: DATA[type], ...change } as PlatformEvent
}

/** An environment whose mails are caught, or lost as often as `lose` says. */
function postOffice(lose = 0): { env: Bindings; mails: Mail[] } {
  const mails: Mail[] = []
  const send = async (mail: Mail): Promise<void> => {
    if (lose-- > 0) throw new Error('The queue is away.')
    mails.push(mail)
  }
  return { env: { ...bindings, MAILS: { send } as unknown as Bindings['MAILS'] }, mails }
}

async function listOf(me: Account, query = '') {
  const { status, body } = await api(`GET /api/v1/notifications${query}`, { as: me })
  expect(status).toBe(200)
  return body as {
    items: { id: string; type: string; title: string; body: string; link: string; read_at: string | null }[]
    next_cursor: string | null
    unread_count: number
  }
}

/** Tells `count` events, one a second, the newest last. */
async function told(me: Account, count: number): Promise<PlatformEvent[]> {
  const { env } = postOffice()
  const events = Array.from({ length: count }, (_, place) =>
    event(me, 'review.created', { at: realNow() - (count - place) * 1_000 }),
  )
  for (const one of events) await tell(env, one)
  return events
}

describe('an event that is told', () => {
  test('twice, and twice at once, is one row, one mail and one live event', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    const { env, mails } = postOffice()
    const low = event(me, 'quota.low')
    await tell(env, low)
    await Promise.all([tell(env, low), tell(env, low)])
    expect((await listOf(me)).items).toMatchObject([
      {
        id: low.id,
        type: 'quota.low',
        title: '20 % of your calls are left',
        body: expect.stringContaining('1,200 calls are left'),
        link: '/developer/billing',
        read_at: null,
      },
    ])
    expect(mails).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        to: me.email,
        subject: '20 % of your calls are left',
        text: expect.stringContaining('/developer/billing\n'),
      },
    ])
    await expect.poll(() => window.events().map(({ id, type }) => [id, type])).toEqual([[low.id, 'quota.low']])
    expect(window.events()[0]?.data).toEqual({ percent: 20, remaining: 1_200, lot_id: 'lot' })
  })

  test('again after its mail was lost is mailed then, and listed once', async () => {
    const me = await signIn()
    const { env, mails } = postOffice(1)
    const paid = event(me, 'payment.succeeded')
    await expect(tell(env, paid)).rejects.toThrow('The queue is away.')
    await tell(env, paid)
    await tell(env, paid)
    expect(mails.map(({ subject }) => subject)).toEqual(['Payment of $100.00 received'])
    expect((await listOf(me)).items.length).toBe(1)
  })

  test.each<[EventType, string, boolean]>([
    ['quota.low', '20 % of your calls are left', true],
    ['payment.succeeded', 'Payment of $100.00 received', true],
    ['settlement.closed', 'Settlement closed: $42.50', true],
    ['withdrawal.updated', 'Your withdrawal of $12.00 is paid out', true],
    ['agent.published', 'Marlow is published', false],
    ['agent.price_changed', 'The price of Marlow has changed', true],
    ['review.created', 'A new review: 4 of 5', false],
  ])('as %s says: %s (mailed: %s)', async (type, title, isMailed) => {
    const me = await signIn()
    const { env, mails } = postOffice()
    await tell(env, event(me, type))
    const { items } = await listOf(me)
    expect(items.map((item) => item.title)).toEqual([title])
    expect(items[0]).toMatchObject({ body: expect.stringMatching(/\S.*\.$/), link: expect.stringMatching(/^\//) })
    expect(mails.map(({ subject }) => subject)).toEqual(isMailed ? [title] : [])
  })

  test('of a call is left to the account, which shows it to whoever watches', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    const { env, mails } = postOffice()
    await tell(env, event(me, 'call.failed'))
    await tell(env, event(me, 'review.created'))
    await expect.poll(() => window.events().map(({ type }) => type)).toEqual(['review.created'])
    expect([(await listOf(me)).items.map(({ type }) => type), mails]).toEqual([['review.created'], []])
  })

  test('with fields that nobody listed is shown without them', async () => {
    const me = await signIn()
    const window = await openWindow(me)
    await tell(
      postOffice().env,
      event(me, 'review.created', { data: { ...DATA['review.created'], author_email: 'x@y.z' } } as never),
    )
    await expect.poll(() => window.events().length).toBe(1)
    expect(window.events()[0]?.data).toEqual(DATA['review.created'])
  })

  test('of an agent whose name has lines, controls and no end is one short line', async () => {
    const me = await signIn()
    const { env, mails } = postOffice()
    const name = `Mar\r\nBcc: all@example.com\u0000\u202e ${'😀'.repeat(200)}\ud800`
    await tell(env, event(me, 'agent.price_changed', { data: { ...DATA['agent.price_changed'], name } }))
    const subject = mails[0]?.subject ?? ''
    expect(subject).toMatch(/^The price of Mar Bcc: all@example\.com 😀+… has changed$/u)
    expect(Array.from(subject).length).toBeLessThan(120)
    expect((await listOf(me)).items[0]?.title).toBe(subject)
  })

  test('to somebody unverified or suspended is not mailed, and to nobody is nothing', async () => {
    const [unverified, suspended] = [await signIn(), await signIn()]
    await db(bindings).update(users).set({ emailVerified: false }).where(eq(users.id, unverified.id))
    await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.id, suspended.id))
    const { env, mails } = postOffice()
    await tell(env, event(unverified, 'quota.low'))
    await tell(env, event(suspended, 'quota.low'))
    await tell(env, event({ id: newId() }, 'quota.low'))
    expect(mails).toEqual([])
    expect((await listOf(unverified)).items.length).toBe(1)
  })

  test('while Postgres is away throws, so that it is told again', async () => {
    const me = await signIn()
    const low = event(me, 'quota.low')
    await door('/postgres/pause')
    try {
      await expect(tell(postOffice().env, low)).rejects.toMatchObject({ kind: 'storeUnavailable' })
    } finally {
      await door('/postgres/resume')
    }
    await tell(postOffice().env, low)
    expect((await listOf(me)).items.length).toBe(1)
  })
})

describe('the list', () => {
  test('is in pages, newest first, without a gap or a double when others come meanwhile', async () => {
    const me = await signIn()
    const events = await told(me, 7)
    const first = await listOf(me, '?limit=3')
    await told(me, 1)
    const second = await listOf(me, `?limit=3&cursor=${first.next_cursor}`)
    const third = await listOf(me, `?limit=3&cursor=${second.next_cursor}`)
    expect([...first.items, ...second.items, ...third.items].map(({ id }) => id)).toEqual(
      events.map(({ id }) => id).toReversed(),
    )
    expect(third.next_cursor).toBe(null)
    expect(first.unread_count).toBe(7)
  })

  test('tells which are unread, and how many', async () => {
    const me = await signIn()
    const [one, two, three] = await told(me, 3)
    expect((await api(`POST /api/v1/notifications/${two?.id}/read`, { as: me })).status).toBe(204)
    const readAt = (await listOf(me)).items.find(({ id }) => id === two?.id)?.read_at
    expect(readAt).toMatch(/Z$/)
    expect((await api(`POST /api/v1/notifications/${two?.id}/read`, { as: me })).status).toBe(204)
    const all = await listOf(me)
    expect(all.items.map(({ id, read_at }) => [id, read_at])).toEqual([
      [three?.id, null],
      [two?.id, readAt],
      [one?.id, null],
    ])
    const unread = await listOf(me, '?unread=true')
    expect(unread.items.map(({ id }) => id)).toEqual([three?.id, one?.id])
    expect([all.unread_count, unread.unread_count]).toEqual([2, 2])
    expect((await api('POST /api/v1/notifications/read-all', { as: me })).status).toBe(204)
    expect(await listOf(me, '?unread=true')).toEqual({ items: [], next_cursor: null, unread_count: 0 })
  })

  test('leaves out what was deleted, for good', async () => {
    const me = await signIn()
    const [first, second] = await told(me, 2)
    if (!first) throw new Error('Nothing was told.')
    expect((await api(`DELETE /api/v1/notifications/${first.id}`, { as: me })).status).toBe(204)
    expect((await api(`DELETE /api/v1/notifications/${first.id}`, { as: me })).status).toBe(404)
    expect((await api(`POST /api/v1/notifications/${first.id}/read`, { as: me })).status).toBe(404)
    await tell(postOffice().env, first)
    const { items, unread_count } = await listOf(me)
    expect([items.map(({ id }) => id), unread_count]).toEqual([[second?.id], 1])
    const [row] = await db(bindings)
      .select({ title: notifications.title, body: notifications.body, link: notifications.link })
      .from(notifications)
      .where(and(eq(notifications.userId, me.id), eq(notifications.id, first.id)))
    expect(row).toEqual({ title: '', body: '', link: null })
  })

  test('refuses what is malformed, field by field', async () => {
    const me = await signIn()
    for (const [query, field] of [
      ['limit=101', 'limit'],
      ['limit=0', 'limit'],
      ['unread=maybe', 'unread'],
      ['cursor=nonsense', 'cursor'],
      [`cursor=${btoa('["x","y"]')}`, 'cursor'],
    ] as const) {
      const { status, body } = await api(`GET /api/v1/notifications?${query}`, { as: me })
      expect([status, body.error.code, body.error.details.fields[0].field]).toEqual([400, '40002', field])
    }
    for (const route of ['POST /api/v1/notifications/1/read', 'DELETE /api/v1/notifications/1'])
      expect((await api(route, { as: me })).status).toBe(400)
  })

  test('is nobody else’s: what is theirs and what there is not are answered alike', async () => {
    const [me, other] = [await signIn(), await signIn('admin')]
    const [mine] = await told(me, 1)
    for (const method of ['POST', 'DELETE']) {
      const path = (id: string): string => `${method} /api/v1/notifications/${id}${method === 'POST' ? '/read' : ''}`
      const theirs = await api(path(mine?.id ?? ''), { as: other })
      const missing = await api(path(newId()), { as: other })
      expect([theirs.status, theirs.body.error]).toEqual([404, missing.body.error])
    }
    expect((await api('POST /api/v1/notifications/read-all', { as: other })).status).toBe(204)
    expect(await listOf(me)).toMatchObject({ items: [{ id: mine?.id, read_at: null }], unread_count: 1 })
    expect((await listOf(other)).items).toEqual([])
  })

  test('asks who one is', async () => {
    for (const route of [
      'GET /api/v1/notifications',
      `POST /api/v1/notifications/${newId()}/read`,
      'POST /api/v1/notifications/read-all',
      `DELETE /api/v1/notifications/${newId()}`,
      'GET /api/v1/notifications/preferences',
      'PUT /api/v1/notifications/preferences',
    ])
      expect((await api(route)).status).toBe(401)
  })
})

describe('preferences', () => {
  const PATH = '/api/v1/notifications/preferences'

  test('begin as is usual, and change kind by kind', async () => {
    const me = await signIn()
    const before = await api(`GET ${PATH}`, { as: me })
    expect(before.body).toEqual({
      'quota.low': { in_app: true, email: true },
      'payment.disputed': { in_app: true, email: true },
      'payment.failed': { in_app: true, email: false },
      'payment.refunded': { in_app: true, email: true },
      'payment.succeeded': { in_app: true, email: true },
      'settlement.closed': { in_app: true, email: true },
      'withdrawal.updated': { in_app: true, email: true },
      'agent.published': { in_app: true, email: false },
      'agent.price_changed': { in_app: true, email: true },
      'review.created': { in_app: true, email: false },
      security: { email: true },
    })
    const change = { 'review.created': { in_app: false, email: true } }
    const after = await api(`PUT ${PATH}`, { as: me, body: change })
    expect(after.body).toEqual({ ...before.body, ...change })
    // What was read can be written back as it is.
    const again = await api(`PUT ${PATH}`, { as: me, body: after.body })
    expect([again.status, again.body]).toEqual([200, after.body])
    expect((await api(`GET ${PATH}`, { as: me })).body).toEqual(after.body)
    expect((await api(`GET ${PATH}`, { as: await signIn() })).body).toEqual(before.body)
  })

  test('are respected', async () => {
    const me = await signIn()
    const { env, mails } = postOffice()
    const wish = (in_app: boolean, email: boolean) =>
      api(`PUT ${PATH}`, { as: me, body: { 'quota.low': { in_app, email } } })
    await wish(false, true)
    const mailedOnly = event(me, 'quota.low')
    await tell(env, mailedOnly)
    await tell(env, mailedOnly)
    expect([(await listOf(me)).items.length, mails.length]).toEqual([0, 1])
    await wish(true, false)
    await tell(env, event(me, 'quota.low'))
    expect([(await listOf(me)).items.length, mails.length]).toEqual([1, 1])
    await wish(false, false)
    await tell(env, event(me, 'quota.low'))
    expect([(await listOf(me)).items.length, mails.length]).toEqual([1, 1])
    await tell(env, event(me, 'payment.succeeded'))
    expect([(await listOf(me)).items.length, mails.length]).toEqual([2, 2])
  })

  test('cannot switch off mails about security, and refuse what they do not know', async () => {
    const me = await signIn()
    for (const [body, field] of [
      [{ security: { email: false } }, 'security.email'],
      [{ 'quota.low': { in_app: 'yes', email: true } }, 'quota.low.in_app'],
      [{ 'quota.low': { in_app: true } }, 'quota.low.email'],
    ] as const) {
      const answer = await api(`PUT ${PATH}`, { as: me, body })
      expect([answer.status, answer.body.error.details.fields[0].field]).toEqual([400, field])
    }
    const unknown = await api(`PUT ${PATH}`, { as: me, body: { everything: { in_app: false, email: false } } })
    expect([unknown.status, unknown.body.everything]).toEqual([200, undefined])
    expect((await api(`PUT ${PATH}`, { as: me, body: [] })).status).toBe(400)
  })
})

test('once a day what is older than 180 days goes, however much it is', async () => {
  const me = await signIn()
  const [young] = await told(me, 1)
  const old = new Date(realNow() - 181 * DAY_MS)
  const row = { userId: me.id, type: 'quota.low', title: 't', body: 'b', createdAt: old }
  await db(bindings)
    .insert(notifications)
    .values(Array.from({ length: 2_100 }, () => ({ ...row, id: newId() })))
  await worker.scheduled(createScheduledController({ cron: '53 3 * * *' }), bindings)
  const left = await db(bindings)
    .select({ id: notifications.id })
    .from(notifications)
    .where(eq(notifications.userId, me.id))
  expect(left).toEqual([{ id: young?.id }])
})
