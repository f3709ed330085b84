/** Faults of payments that come in, by their numbers in the fault model: D1 to D7. */
import { createExecutionContext, createMessageBatch, getQueueResult, SELF } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { afterEach, describe, expect, test } from 'vitest'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { settings } from '../env.ts'
import {
  books,
  deliverAll,
  eventually,
  happens,
  news,
  order,
  paid,
  post,
  quotaOf,
  refreshed,
  tillOf,
  total,
  type Method,
} from '../tests/buying.ts'
import { control, hooks, type SignedRequest } from '../tests/tills.ts'
import { bindings } from '../tests/world.ts'
import { paymentEventsQueue, type PaymentNews } from './payment-events.queue.ts'
import { pollCron } from './poll.cron.ts'
import { sync } from './sync.ts'
import { paymentEvents, payments } from './tables.ts'

const realNow = clock.now
afterEach(() => {
  clock.now = realNow
})

const METHODS = ['stripe', 'coinbase'] as const

/** The last webhook that tells of a payment, bent as asked. */
async function hook(bought: { id: string; method: Method }, bend: object = {}): Promise<SignedRequest> {
  const all = await hooks(tillOf(bought.method), { about: bought.id, bend })
  const last = all.at(-1)
  if (!last) throw new Error('There is nothing to tell.')
  return last
}

async function keptOf(eventId: string) {
  return db(bindings).select().from(paymentEvents).where(eq(paymentEvents.eventId, eventId))
}

function idOf(method: Method, request: SignedRequest): string {
  return method === 'stripe' ? (JSON.parse(request.body).id as string) : (request.headers['x-event-id'] ?? '')
}

describe.each(METHODS)('%s', (method) => {
  test('D1: the same event five times at once, out of order and days late, counts once', async () => {
    const bought = await order({ package: 'starter' }, { method })
    await happens(bought, 'pay')
    const all = await news(bought)
    const five = [...all, ...all, ...all, ...all, ...all].toReversed()
    const answers = await Promise.all(five.map((request) => post(method, request)))
    expect(new Set(answers)).toEqual(new Set([200]))
    await eventually(bought, ({ credited }) => credited === true)
    const late = realNow() + 3 * 86_400_000
    for (const request of await news(bought, { bend: { age_seconds: -3 * 86_400 } })) {
      clock.now = () => late
      expect(await post(method, request)).toBe(200)
    }
    clock.now = realNow
    expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
    expect(await books([`lot:${bought.id}`])).toEqual({ [`lot:${bought.id}`]: '-10.00' })
    for (const request of all) expect(await keptOf(idOf(method, request))).toHaveLength(1)
  })

  test('D2: a body that was captured is refused after five minutes, and changes nothing before', async () => {
    const bought = await paid({ package: 'starter' }, { method })
    expect(await post(method, await hook(bought, { age_seconds: 302 }))).toBe(400)
    const request = await hook(bought)
    expect([await post(method, request), await post(method, request)]).toEqual([200, 200])
    expect(await keptOf(idOf(method, request))).toHaveLength(1)
    clock.now = () => realNow() + 305_000
    expect(await post(method, request)).toBe(400)
  })

  test.each(['wrong', 'v0', 'untimed', 'missing', 'tampered'])(
    'D3: a signature that is %s is refused',
    async (signature) => {
      const bought = await order({ package: 'starter' }, { method })
      await happens(bought, 'pay')
      const request = await hook(bought, { signature })
      expect(await post(method, request)).toBe(400)
      expect(await keptOf(idOf(method, request))).toEqual([])
    },
  )

  test.each(['previous', 'both', 'wrong_first'])('D3: a right signature is found where it is %s', async (signature) => {
    const bought = await order({ package: 'starter' }, { method })
    await happens(bought, 'pay')
    expect(await post(method, await hook(bought, { signature }))).toBe(200)
    await eventually(bought, ({ credited }) => credited === true)
    expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
  })

  test('D3: JSON that was written anew is not what was signed', async () => {
    const bought = await order({ package: 'starter' }, { method })
    await happens(bought, 'pay')
    const request = await hook(bought)
    const anew = `${JSON.stringify(JSON.parse(request.body))} `
    expect(await post(method, { ...request, body: anew })).toBe(400)
  })

  test('an event of a type or a payment that nobody knows is kept, and changes nothing', async () => {
    const bought = await paid({ package: 'starter' }, { method })
    const alter =
      method === 'stripe'
        ? { id: `evt_${newId()}`, type: 'customer.created', 'data.object': { object: 'customer', id: 'cus_1' } }
        : { eventType: 'checkout.something.new', metadata: {} }
    const request = await hook(bought, { alter })
    const type = method === 'stripe' ? 'customer.created' : request.type
    expect(await post(method, request)).toBe(200)
    const applied = async () => (await keptOf(idOf(method, request)))[0]
    for (let tries = 0; tries < 100 && !(await applied())?.appliedAt; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50))
    if (method === 'stripe')
      expect(await applied()).toMatchObject({ type, paymentId: null, problem: 'about no payment of ours' })
    expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
  })

  test('a body of more than 256 KB is refused before it is read, one that is no text too', async () => {
    const headers = { 'content-type': 'application/json', 'stripe-signature': 't=1,v1=00', 'x-event-id': 'e' }
    expect(await post(method, { headers, body: 'x'.repeat(256 * 1_024 + 1) })).toBe(413)
    const url = `https://agentlink.test/api/v1/payments/webhook/${method}`
    const noText = await SELF.fetch(url, { method: 'POST', headers, body: new Uint8Array([0xff, 0xfe, 0x00]) })
    expect([noText.status, (await noText.json<{ error: { code: string } }>()).error.code]).toEqual([400, '40003'])
  })

  test('a poller finds what nobody told of', async () => {
    const bought = await order({ package: 'pro' }, { method })
    await happens(bought, 'pay')
    await db(bindings)
      .update(payments)
      .set({ checkAt: new Date(0) })
      .where(eq(payments.id, bought.id))
    await pollCron(bindings)
    expect(await eventually(bought, ({ credited }) => credited === true)).toMatchObject({ status: 'completed' })
    expect(await quotaOf(bought)).toMatchObject({ calls: 10_100 })
  })

  test('a payment that expires fails, says so, and adds nothing', async () => {
    const bought = await order({ package: 'starter' }, { method })
    await happens(bought, 'expire')
    await deliverAll(bought)
    expect(await eventually(bought, ({ status }) => status === 'failed')).toMatchObject({
      status: 'failed',
      credited: false,
      checkout_url: null,
    })
    expect(await quotaOf(bought)).toMatchObject({ calls: 100, balance: '0.00' })
  })
})

test('D4: an event of the other mode, or of another account, is refused however well it is signed', async () => {
  const bought = await order({ package: 'starter' })
  await happens(bought, 'pay')
  for (const alter of [{ livemode: true }, { account: 'acct_of_somebody' }]) {
    const request = await hook(bought, { alter })
    expect(await post('stripe', request)).toBe(400)
    expect(await keptOf(idOf('stripe', request))).toEqual([])
  }
})

test.each([
  ['less', 'stripe', { amount_received: 900 }, 'amount', '9.00'],
  ['more', 'stripe', { amount_received: 1_100 }, 'amount', '11.00'],
  ['another currency', 'stripe', { currency: 'eur' }, 'currency', null],
] as const)(
  'D5: a payment of %s than was ordered is held, and adds nothing',
  async (_, method, fields, problem, held) => {
    const bought = await order({ package: 'starter' }, { method })
    const { payment_intent } = (await happens(bought, 'pay')) as { payment_intent: string }
    await control(tillOf(method), 'alter', { id: payment_intent, fields })
    await deliverAll(bought)
    expect(await eventually(bought, ({ status }) => status === 'held')).toMatchObject({
      status: 'held',
      credited: false,
    })
    const [row] = await db(bindings).select().from(payments).where(eq(payments.id, bought.id))
    expect(row).toMatchObject({ problem, creditedAt: null, completedAt: null })
    expect(await books([`held:${bought.id}`, `lot:${bought.id}`])).toEqual(
      held === null ? {} : { [`held:${bought.id}`]: `-${held}` },
    )
    expect(await quotaOf(bought)).toMatchObject({ calls: 100 })
    expect(await total()).toBe(0n)
  },
)

test('D5: a session that is for another order is held', async () => {
  const bought = await order({ package: 'starter' })
  const { id } = (await happens(bought, 'pay')) as { id: string }
  await control(tillOf('stripe'), 'alter', { id, fields: { client_reference_id: newId() } })
  expect(await refreshed(bought)).toMatchObject({ status: 'held', credited: false })
})

test('D7: crypto that is only seen on the chain credits nothing; too little fails, too much is held', async () => {
  const [pending, under, over] = await Promise.all(
    ['pending', 'under', 'over'].map(() => order({ package: 'starter' }, { method: 'coinbase' })),
  )
  if (!pending || !under || !over) throw new Error('There are three.')
  await happens(pending, 'pay', { how: 'pending' })
  await happens(under, 'pay', { how: 'under' })
  await happens(over, 'pay', { how: 'over' })
  expect(await refreshed(pending)).toMatchObject({ status: 'pending', credited: false })
  expect(await refreshed(under)).toMatchObject({ status: 'failed', credited: false })
  expect(await refreshed(over)).toMatchObject({ status: 'held', credited: false })
  expect(await books([`held:${over.id}`])).toEqual({ [`held:${over.id}`]: '-20.00' })
  await happens(pending, 'settle', { succeeded: true })
  expect(await refreshed(pending)).toMatchObject({ status: 'completed', credited: true })
  for (const bought of [under, over]) expect(await quotaOf(bought)).toMatchObject({ calls: 100 })
})

test('D7: a Coinbase event whose id is not covered by its signature is refused', async () => {
  const bought = await order({ package: 'starter' }, { method: 'coinbase' })
  await happens(bought, 'pay')
  const request = await hook(bought)
  expect(await post('coinbase', { ...request, headers: { ...request.headers, 'x-event-id': newId() } })).toBe(400)
})

describe('an event', () => {
  test('is kept before it is answered, and sent on later if the queue was away', async () => {
    const bought = await order({ package: 'starter' })
    await happens(bought, 'pay')
    const request = await hook(bought)
    const away = { ...bindings, PAYMENT_EVENTS: { send: () => Promise.reject(new Error('away')) } }
    const { app } = await import('../app.ts')
    const url = 'https://agentlink.test/api/v1/payments/webhook/stripe'
    const asked = new Request(url, { method: 'POST', headers: request.headers, body: request.body })
    expect((await app.fetch(asked, away, createExecutionContext())).status).toBe(200)
    const [kept] = await keptOf(idOf('stripe', request))
    expect(kept).toMatchObject({ appliedAt: null, paymentId: bought.id, body: request.body })
    clock.now = () => realNow() + 130_000
    await pollCron(bindings)
    clock.now = realNow
    await eventually(bought, ({ credited }) => credited === true)
    expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
  })

  test('that cannot be applied is tried again, and says why meanwhile', async () => {
    const bought = await order({ package: 'starter' })
    await happens(bought, 'pay')
    const [event] = await db(bindings)
      .insert(paymentEvents)
      .values({ provider: 'stripe', eventId: newId(), type: 'x', paymentId: bought.id, body: '{}' })
      .returning({ id: paymentEvents.id })
    const id = event?.id ?? ''
    await control(settings(bindings).STRIPE_BASE_URL, 'outage', { how: 'refused', times: 20 })
    expect(await retriesOf({ version: 1, event: id })).toBe(1)
    expect((await db(bindings).select().from(paymentEvents).where(eq(paymentEvents.id, id)))[0]).toMatchObject({
      appliedAt: null,
      problem: '50330',
    })
    await control(settings(bindings).STRIPE_BASE_URL, 'outage', { times: 0 })
    expect(await retriesOf({ version: 1, event: id })).toBe(0)
    expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
  })

  test('that speaks of a payment only by its reference finds it, by ours or by the provider’s word', async () => {
    const bought = await paid({ package: 'starter' })
    await db(bindings).update(payments).set({ reference: null }).where(eq(payments.id, bought.id))
    await happens(bought, 'refund', { amount: 100 })
    const created = (await news(bought, { type: 'refund.created' })).at(-1)
    if (!created) throw new Error('It was told.')
    expect(JSON.parse(created.body).data.object.metadata).toEqual({})
    expect(await post('stripe', created)).toBe(200)
    expect(await eventually(bought, ({ refunded_usd }) => refunded_usd === '1.00')).toMatchObject({
      refunded_usd: '1.00',
    })
  })

  test('of a queue message that is none is retried, and of an event that is gone is let go', async () => {
    expect(await retriesOf({ version: 2 } as never)).toBe(1)
    expect(await retriesOf({ version: 1, event: newId() })).toBe(0)
    await expect(sync(bindings, newId())).rejects.toMatchObject({ kind: 'notFound' })
  })
})

/** How many of one message the consumer wants again. */
async function retriesOf(body: PaymentNews): Promise<number> {
  const batch = createMessageBatch<PaymentNews>('payment-events', [
    { id: newId(), body, attempts: 1, timestamp: new Date() },
  ])
  await paymentEventsQueue(batch, bindings)
  const { retryMessages } = await getQueueResult(batch, createExecutionContext())
  return retryMessages.length
}
