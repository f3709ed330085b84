/** Deliveries from the event to the receiver, through the local queues where time matters and by hand where it must not. */
import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { eq } from 'drizzle-orm'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { users } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { forgetFlags } from '../base/flags.ts'
import { newId } from '../base/ids.ts'
import { log } from '../base/log.ts'
import { deadLetters, featureFlags } from '../base/tables.ts'
import {
  byHand,
  deliver,
  ended,
  happen,
  newHook,
  only,
  published,
  received,
  type Hook,
  withoutPostgres,
} from '../tests/hooks.ts'
import { api, bindings, signIn, type Account } from '../tests/world.ts'
import { startDeliveries, type DeliveryMessage } from './deliveries.ts'
import { webhookDeliveries, webhooks } from './tables.ts'

/** Each of these lines is one mail to the owner. */
let warned = vi.spyOn(log, 'warn')
beforeEach(() => {
  warned = vi.spyOn(log, 'warn')
})
const pauses = () => warned.mock.calls.filter(([event]) => event === 'webhooks.paused')

afterEach(async () => {
  vi.restoreAllMocks()
  await db(bindings).delete(featureFlags)
  forgetFlags()
})

/** A delivery whose messages nobody takes but the test. */
async function pending(hook: Hook, hand = byHand()): Promise<{ id: string; first: DeliveryMessage }> {
  const id = newId()
  const one = {
    id,
    webhookId: hook.id,
    eventId: newId(),
    eventType: 'agent.published',
    body: '{"n":1}',
    isFailing: false,
  }
  await startDeliveries(hand.env, [one])
  return { id, first: { v: 1, id, round: 0, attempt: 1 } }
}

/** Works off what is sent until nothing is. */
async function runOut(hand: ReturnType<typeof byHand>): Promise<void> {
  for (;;) {
    const due = [...hand.sent.splice(0), ...hand.slow.splice(0)]
    if (due.length === 0) return
    await deliver(
      hand.env,
      due.map(({ body }) => body),
    )
  }
}

function shownOf(account: Account, hook: Hook, id: string) {
  return api(`GET ${hook.path}/deliveries/${id}`, { as: account }).then(({ body }) => body)
}

describe('a message', () => {
  test('is signed so that the official package takes it, and says what happened in the fields of its schema', async () => {
    const account = await signIn()
    const hook = await newHook(account, 'answers=200&say=Thank+you')
    const event = published(account, 'Märlow – “tide” \u0000 pools')
    const withMore = { ...event, data: { ...event.data, system_prompt: 'secret' } } as unknown as typeof event
    const delivery = await ended(account, hook, await happen(account, hook, withMore))
    const [message] = await received(hook)
    const { headers, body } = message!
    expect(new Webhook(hook.secret).verify(body, headers)).toEqual({
      id: event.id,
      type: 'agent.published',
      timestamp: new Date(event.at).toISOString(),
      data: event.data,
    })
    expect(() => new Webhook(hook.secret).verify(`${body} `, headers)).toThrow()
    expect(headers).toMatchObject({
      'webhook-id': event.id,
      'user-agent': 'AgentLink-Webhooks/1',
      'content-type': 'application/json',
    })
    expect(delivery).toMatchObject({ state: 'delivered', attempts: 1, last_status: 200, next_attempt_at: null, body })
    expect(delivery.history).toEqual([
      { redelivery: 0, number: 1, at: expect.any(String), status: 200, latency_ms: expect.any(Number), error: null, response: 'Thank you' },
    ]) // prettier-ignore
  })

  test('is signed with the old secret too for 24 hours after a rotation, and not a moment longer', async () => {
    const account = await signIn()
    const hook = await newHook(account)
    const rotated = await api(`POST ${hook.path}/rotate-secret`, { as: account })
    expect(rotated.body.secret).toMatch(/^whsec_/)
    expect(rotated.body.secret).not.toBe(hook.secret)
    const hand = byHand()
    await deliver(hand.env, [(await pending(hook, hand)).first])
    const now = clock.now()
    vi.spyOn(clock, 'now').mockImplementation(() => now + 24 * 3_600_000 + 1)
    await deliver(hand.env, [(await pending(hook, hand)).first])
    vi.mocked(clock.now).mockRestore()
    const [during, after] = await received(hook)
    expect(during!.headers['webhook-signature']!.split(' ')).toHaveLength(2)
    for (const secret of [hook.secret, rotated.body.secret])
      expect(new Webhook(secret).verify(during!.body, during!.headers)).toEqual({ n: 1 })
    expect(after!.headers['webhook-signature']!.split(' ')).toHaveLength(1)
    // The package also looks at the time, which is a day ahead here; what matters is who signed.
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = after!.headers
    const signedAt = new Date(Number(at) * 1_000)
    expect(new Webhook(rotated.body.secret).sign(id!, signedAt, after!.body)).toBe(signature)
    expect(new Webhook(hook.secret).sign(id!, signedAt, after!.body)).not.toBe(signature)
  })

  test('is never signed with a secret that two rotations have ended', async () => {
    const account = await signIn()
    const hook = await newHook(account)
    const hand = byHand()
    const { first } = await pending(hook, hand)
    await api(`POST ${hook.path}/rotate-secret`, { as: account })
    await api(`POST ${hook.path}/rotate-secret`, { as: account })
    await deliver(hand.env, [first])
    const [message] = await received(hook)
    expect(() => new Webhook(hook.secret).verify(message!.body, message!.headers)).toThrow()
  })
})

describe('a receiver', () => {
  test('that fails twice and then succeeds gets three attempts with one id, new timestamps and growing gaps', async () => {
    const account = await signIn()
    const hook = await newHook(account, 'answers=500,503,204')
    const delivery = await ended(account, hook, await happen(account, hook))
    expect(delivery).toMatchObject({ state: 'delivered', attempts: 3 })
    expect(delivery.history.map(({ number, status, error }: never) => [number, status, error])).toEqual([
      [3, 204, null],
      [2, 503, 'status'],
      [1, 500, 'status'],
    ])
    const messages = await received(hook)
    expect(messages).toHaveLength(3)
    expect(new Set(messages.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(messages.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3)
    expect(new Set(messages.map(({ body }) => body)).size).toBe(1)
    for (const { body, headers } of messages) new Webhook(hook.secret).verify(body, headers)
    const [first, second, third] = messages.map(({ at }) => at)
    expect(third! - second!).toBeGreaterThan((second! - first!) * 1.2)
  })

  test('that never answers ends in failed and among the dead letters, and can be told again later', async () => {
    const account = await signIn()
    const hook = await newHook(account, 'answers=timeout,timeout,timeout,timeout,204')
    const id = await happen(account, hook)
    expect((await api(`POST ${hook.path}/deliveries/${id}/redeliver`, { as: account })).status).toBe(409)
    const failed = await ended(account, hook, id)
    expect(failed).toMatchObject({ state: 'failed', attempts: 4, last_status: null, last_error: 'timeout' })
    expect(failed.history).toHaveLength(4)
    for (const { latency_ms } of failed.history) expect(latency_ms).toBeGreaterThanOrEqual(1_400)
    const letters = () => db(bindings).select().from(deadLetters).where(eq(deadLetters.id, id))
    expect(await letters()).toMatchObject([{ queue: 'webhook-deliveries', attempts: 4, replayedAt: null }])
    expect((await api(`GET ${hook.path}`, { as: account })).body.failing_since).toEqual(expect.any(String))

    expect((await api(`POST ${hook.path}/deliveries/${id}/redeliver`, { as: account })).status).toBe(202)
    const again = await ended(account, hook, id)
    expect(again).toMatchObject({ state: 'delivered', redeliveries: 1, attempts: 1 })
    expect(again.history).toHaveLength(5)
    const messages = await received(hook)
    expect(messages).toHaveLength(5)
    expect(new Set(messages.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(await letters()).toMatchObject([{ replayedAt: expect.any(Date) }])
    expect((await api(`GET ${hook.path}`, { as: account })).body.failing_since).toBeNull()
  })

  test('that redirects to an inside address is not followed there', async () => {
    const account = await signIn()
    const inside = `${env.DOORS_URL}/tripwire`
    const statuses = [301, 302, 303, 307, 308]
    const hook = await newHook(account, `answers=${statuses.join(',')}&location=${encodeURIComponent(inside)}`)
    const hand = byHand()
    const before = await tripwire()
    for (const status of statuses) {
      const { id, first } = await pending(hook, hand)
      await deliver(hand.env, [first])
      expect(await shownOf(account, hook, id)).toMatchObject({
        state: 'retrying',
        last_status: status,
        last_error: 'redirect',
      })
    }
    expect(await received(hook)).toHaveLength(statuses.length)
    expect(await tripwire()).toBe(before)
    // It does notice: a client that follows redirects ends up there.
    await fetch(inside)
    expect(await tripwire()).toBe(before + 1)
  })

  test('that answers 410 is told nothing more, and its owner is told why', async () => {
    const account = await signIn()
    const hook = await newHook(account, 'answers=410')
    const hand = byHand()
    const [one, other] = [await pending(hook, hand), await pending(hook, hand)]
    await deliver(hand.env, [one.first])
    await deliver(hand.env, [other.first])
    await runOut(hand)
    expect(await shownOf(account, hook, one.id)).toMatchObject({ state: 'failed', attempts: 1, last_status: 410 })
    expect(await shownOf(account, hook, other.id)).toMatchObject({ state: 'dropped', attempts: 0, history: [] })
    expect(await received(hook)).toHaveLength(1)
    expect((await api(`GET ${hook.path}`, { as: account })).body).toMatchObject({
      active: false,
      paused_because: 'gone',
    })
    expect(pauses()).toEqual([['webhooks.paused', { code: 'gone' }]])
    const resumed = await api(`PUT ${hook.path}`, { as: account, body: { active: true } })
    expect(resumed.body).toMatchObject({ active: true, paused_because: null, failing_since: null })
  })

  test.each(['drip', 'flood', 'cut', 'gzip'])(
    'whose answer is a %s has got the message, and costs little',
    async (kind) => {
      const account = await signIn()
      const hook = await newHook(account, `answers=${kind}&say=Hello`)
      const hand = byHand({ WEBHOOK_TIMEOUT_MS: '700' })
      const { id, first } = await pending(hook, hand)
      const startedAt = Date.now()
      await deliver(hand.env, [first])
      expect(Date.now() - startedAt).toBeLessThan(5_000)
      const { state, history } = await shownOf(account, hook, id)
      expect(state).toBe('delivered')
      expect(history[0].response.length).toBeLessThanOrEqual(1_024)
    },
  )

  test.each([
    ['reset', 'connection', null],
    ['timeout', 'timeout', null],
    ['404', 'status', 404],
  ])('that answers with %s is tried again', async (kind, error, status) => {
    const account = await signIn()
    const hook = await newHook(account, `answers=${kind}`)
    const hand = byHand({ WEBHOOK_TIMEOUT_MS: '500', WEBHOOK_RETRY_SECONDS: '5,60,600' })
    const { id, first } = await pending(hook, hand)
    await deliver(hand.env, [first])
    expect(await shownOf(account, hook, id)).toMatchObject({
      state: 'retrying',
      last_error: error,
      last_status: status,
    })
    expect(hand.slow).toEqual([{ body: { ...first, attempt: 2 }, delaySeconds: expect.any(Number) }])
  })

  test.each([
    ['429', '30', 30],
    ['503', '86400', 3_600],
    ['503', '0', 5],
    ['503', 'soon', 5],
    ['500', '30', 5],
    ['429', new Date(Date.now() + 100_000).toUTCString(), 100],
  ])('that answers %s and asks for %s is tried again after about %i s', async (status, retryAfter, seconds) => {
    const hook = await newHook(await signIn(), `answers=${status}&retry_after=${encodeURIComponent(retryAfter)}`)
    const hand = byHand({ WEBHOOK_RETRY_SECONDS: '5,60,600' })
    await deliver(hand.env, [(await pending(hook, hand)).first])
    const { delaySeconds } = hand.slow[0]!
    expect(Math.abs(delaySeconds - seconds)).toBeLessThanOrEqual(seconds === 100 ? 30 : 1)
  })

  test('that has failed for five days is paused, and its owner gets one mail', async () => {
    const account = await signIn()
    const hook = await newHook(account, 'answers=500')
    const hand = byHand()
    const deliverOne = async () => deliver(hand.env, [(await pending(hook, hand)).first])
    const state = async () => (await api(`GET ${hook.path}`, { as: account })).body
    await deliverOne()
    const since = (await state()).failing_since
    const started = clock.now()
    const at = (days: number) => vi.spyOn(clock, 'now').mockImplementation(() => started + days * 86_400_000)
    at(4.9)
    await deliverOne()
    vi.mocked(clock.now).mockRestore()
    expect(await state()).toMatchObject({ active: true, failing_since: since })
    at(5.1)
    const late = [await pending(hook, hand), await pending(hook, hand)]
    await deliver(hand.env, late.map(({ first }) => first)) // prettier-ignore
    vi.mocked(clock.now).mockRestore()
    expect(await state()).toMatchObject({ active: false, paused_because: 'failing', failing_since: since })
    expect(pauses()).toEqual([['webhooks.paused', { code: 'failing' }]])
  })

  test('that succeeds once in five days stays', async () => {
    const account = await signIn()
    const hook = await newHook(account, 'answers=500,204,500')
    const hand = byHand()
    const deliverOne = async () => deliver(hand.env, [(await pending(hook, hand)).first])
    const started = clock.now()
    for (const days of [0, 3, 6, 9]) {
      vi.spyOn(clock, 'now').mockImplementation(() => started + days * 86_400_000)
      await deliverOne()
    }
    vi.mocked(clock.now).mockRestore()
    expect((await api(`GET ${hook.path}`, { as: account })).body).toMatchObject({ active: true })
    expect(pauses()).toEqual([])
  })
})

describe('an address', () => {
  test.each(['ip-10-0-0-1', 'ip-127-0-0-1', 'both-ip-169-254-169-254', 'ip6-fd00--1', 'both-ip6---1', 'fifty', 'alias-1', 'nothing'])(
    '%s.example.com is refused at creation',
    async (label) => {
      const account = await signIn()
      const url = `https://${label}.example.com/`
      const { status, body } = await api('POST /api/v1/webhooks', { as: account, body: { url, events: ['quota.low'] } })
      expect([status, body.error.code]).toEqual([400, '40002'])
      expect(body.error.details.fields).toEqual([{ field: 'url', problem: expect.stringContaining('host') }])
    },
  ) // prettier-ignore

  test.each(['away', 'servfail'])('that cannot be looked up (%s) is 503 at creation', async (label) => {
    const body = { url: `https://${label}.example.com/`, events: ['quota.low'] }
    const answer = await api('POST /api/v1/webhooks', { as: await signIn(), body })
    expect([answer.status, answer.body.error.code]).toEqual([503, '50307'])
  })

  test('that turns into an inside one after the check at creation is not called then', async () => {
    const account = await signIn()
    const hook = await newHook(account, '', { label: `flip-${newId().slice(0, 8)}` })
    const hand = byHand()
    const { id, first } = await pending(hook, hand)
    await deliver(hand.env, [first])
    expect(await received(hook)).toEqual([])
    expect(await shownOf(account, hook, id)).toMatchObject({
      state: 'retrying',
      last_error: 'target',
      last_status: null,
    })
    // It is public again at the next question.
    await deliver(hand.env, [hand.slow[0]!.body])
    expect(await received(hook)).toHaveLength(1)
  })

  test('that nobody can tell at an attempt costs that attempt, and is not held against the webhook', async () => {
    const account = await signIn()
    const hook = await newHook(account)
    const hand = byHand({ DNS_URL: env.DNS_URL.replace(/:\d+/, ':9') })
    const { id, first } = await pending(hook, hand)
    await deliver(hand.env, [first])
    expect(await received(hook)).toEqual([])
    expect(await shownOf(account, hook, id)).toMatchObject({ state: 'retrying', last_error: 'resolver' })
    expect((await api(`GET ${hook.path}`, { as: account })).body.failing_since).toBeNull()
  })

  test('is checked by the rules for hosts, whatever a row holds', async () => {
    const account = await signIn()
    const hook = await newHook(account)
    await db(bindings).update(webhooks).set({ url: 'http://127.0.0.1/' }).where(eq(webhooks.id, hook.id))
    const hand = byHand()
    const { id, first } = await pending(hook, hand)
    await deliver(hand.env, [first])
    expect(await shownOf(account, hook, id)).toMatchObject({ state: 'retrying', last_error: 'target' })
  })
})

describe('nobody is called', () => {
  test.each([
    ['deleted', async (account: Account, hook: Hook) => void (await api(`DELETE ${hook.path}`, { as: account }))],
    ['paused', async (account: Account, hook: Hook) => void (await api(`PUT ${hook.path}`, { as: account, body: { active: false } }))],
    ['of somebody who is suspended', async (account: Account) => void (await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.id, account.id)))],
  ])('at a webhook that is %s, though much is on its way to it', async (_name, end) => {
    const account = await signIn()
    const hook = await newHook(account, 'answers=500')
    const hand = byHand()
    const fresh = [await pending(hook, hand), await pending(hook, hand)]
    const tried = await pending(hook, hand)
    await deliver(hand.env, [tried.first])
    await end(account, hook)
    await runOut(hand)
    expect(await received(hook)).toHaveLength(1)
    const rows = await db(bindings).select().from(webhookDeliveries).where(eq(webhookDeliveries.webhookId, hook.id))
    expect(rows.map(({ state }) => state)).toEqual(['dropped', 'dropped', 'dropped'])
    expect(rows.map(({ id }) => id).toSorted()).toEqual([...fresh, tried].map(({ id }) => id).toSorted())
  }) // prettier-ignore

  test('while webhooks are switched off, and everybody once they are on again', async () => {
    const account = await signIn()
    const hook = await newHook(account)
    await db(bindings).insert(featureFlags).values({ name: 'enable_webhooks', enabled: false })
    forgetFlags()
    const hand = byHand()
    const { id, first } = await pending(hook, hand)
    expect(hand.sent).toEqual([])
    await deliver(hand.env, [first])
    expect(await shownOf(account, hook, id)).toMatchObject({ state: 'pending', attempts: 0 })
    const refused = [
      api('POST /api/v1/webhooks', { as: account, body: { url: hook.target, events: ['quota.low'] } }),
      api(`POST ${hook.path}/test`, { as: account }),
      api(`POST ${hook.path}/deliveries/${id}/redeliver`, { as: account }),
    ]
    for (const { status, body } of await Promise.all(refused)) expect([status, body.error.code]).toEqual([503, '50306'])
    await db(bindings).delete(featureFlags)
    forgetFlags()
    await deliver(hand.env, [first])
    expect(await shownOf(account, hook, id)).toMatchObject({ state: 'delivered' })
  })
})

describe('messages', () => {
  test('may come many times, at once and in any order: each attempt is made once', async () => {
    const account = await signIn()
    const hook = await newHook(account, 'answers=500,500,500,204')
    const hand = byHand()
    const { id } = await pending(hook, hand)
    const all = [4, 3, 2, 1].map((attempt) => ({ v: 1 as const, id, round: 0, attempt }))
    for (let turn = 0; turn < 5; turn++) await deliver(hand.env, [...all, ...all, ...all.toReversed()])
    expect(await received(hook)).toHaveLength(4)
    const { state, attempts, history } = await shownOf(account, hook, id)
    expect([state, attempts, history.map(({ number }: { number: number }) => number)]).toEqual([
      'delivered',
      4,
      [4, 3, 2, 1],
    ])
    // Also those of an earlier round, and of deliveries that are not.
    await deliver(hand.env, [
      { ...all[0]!, round: 1 },
      { ...all[3]!, id: newId() },
    ])
    expect(await received(hook)).toHaveLength(4)
  })

  test('wait while Postgres is away', async () => {
    const account = await signIn()
    const hook = await newHook(account)
    const hand = byHand()
    const { first } = await pending(hook, hand)
    const result = await withoutPostgres(() => deliver(hand.env, [first]))
    expect(result.retryMessages).toHaveLength(1)
    expect(result.explicitAcks).toEqual([])
    expect(await received(hook)).toEqual([])
    expect((await deliver(hand.env, [first])).explicitAcks).toHaveLength(1)
    expect(await received(hook)).toHaveLength(1)
  })

  test('for webhooks that hang do not hold up those that do not', async () => {
    const account = await signIn()
    const broken = await signIn()
    const dead = await Promise.all(Array.from({ length: 10 }, () => newHook(broken, 'answers=timeout')))
    await db(bindings).update(webhooks).set({ failingSince: new Date() }).where(eq(webhooks.userId, broken.id))
    for (let turn = 0; turn < 6; turn++)
      await Promise.all(dead.map((hook) => api(`POST ${hook.path}/test`, { as: broken })))
    const hook = await newHook(account)
    const startedAt = Date.now()
    const id = await happen(account, hook)
    await only(account, hook, (delivery) => delivery.id === id && delivery.state === 'delivered')
    // The sixty take 1.5 s for each ten of them, and that four times.
    expect(Date.now() - startedAt).toBeLessThan(3_000)
  })
})

test('property 24: a failing delivery is retried at most three times, with exponential gaps, before it is failed', async () => {
  const account = await signIn()
  const schedule = [5, 60, 600]
  const failure = fc.constantFrom('400', '404', '429', '500', '503', '302', 'reset')
  await fc.assert(
    fc.asyncProperty(fc.array(failure, { maxLength: 7 }), fc.boolean(), async (failures, heals) => {
      const answers = [...failures, heals || failures.length === 0 ? '204' : '500']
      const hook = await newHook(account, `answers=${answers.join(',')}`)
      const hand = byHand({ WEBHOOK_RETRY_SECONDS: schedule.join(',') })
      const { id } = await pending(hook, hand)
      const gaps: number[] = []
      for (;;) {
        const due = [...hand.sent.splice(0), ...hand.slow.splice(0)]
        if (due.length === 0) break
        expect(due).toHaveLength(1)
        gaps.push(due[0]!.delaySeconds)
        await deliver(hand.env, [due[0]!.body])
      }
      const succeedsAt = answers.indexOf('204') + 1
      const attempts = succeedsAt > 0 && succeedsAt <= 4 ? succeedsAt : 4
      const shown = await shownOf(account, hook, id)
      expect(shown).toMatchObject({ attempts, state: attempts === succeedsAt ? 'delivered' : 'failed' })
      expect((await received(hook)).map(({ headers }) => headers['webhook-id'])).toEqual(
        Array.from({ length: attempts }, () => shown.event_id),
      )
      const [first, ...later] = gaps
      expect(first).toBe(0)
      expect(later).toHaveLength(attempts - 1)
      for (const [index, gap] of later.entries()) {
        expect(Math.abs(gap - schedule[index]!)).toBeLessThanOrEqual(schedule[index]! * 0.2)
        expect(gap).toBeGreaterThan((later[index - 1] ?? 0) * 2)
      }
      await api(`DELETE ${hook.path}`, { as: account })
    }),
    { numRuns: 60 },
  )
})

/** How often somebody has come to the server that the redirects of the test lead to. */
async function tripwire(): Promise<number> {
  const response = await fetch(`${env.DOORS_URL}/tripwire/count`)
  return response.json()
}
