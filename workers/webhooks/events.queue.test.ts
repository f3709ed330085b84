import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { byHand, newHook, published, type Hook, withoutPostgres } from '../tests/hooks.ts'
import { api, bindings, signIn } from '../tests/world.ts'
import { eventsQueue } from './events.queue.ts'
import { webhookDeliveries, webhooks } from './tables.ts'
import { emitWanted } from './webhooks.ts'
import type { Bindings } from '../env.ts'
import type { PlatformEvent } from '../notifications/events.ts'

afterEach(() => vi.restoreAllMocks())

async function hear(env: Bindings, events: unknown[]) {
  const messages = events.map((body) => ({ id: newId(), timestamp: new Date(), attempts: 1, body }))
  const batch = createMessageBatch('events', messages) as MessageBatch<PlatformEvent>
  const context = createExecutionContext()
  await eventsQueue(batch, env)
  const { explicitAcks, retryMessages } = await getQueueResult(batch, context)
  return { acked: explicitAcks.length, retried: retryMessages.length }
}

function deliveriesOf(hook: Hook) {
  return db(bindings).select().from(webhookDeliveries).where(eq(webhookDeliveries.webhookId, hook.id))
}

test('an event goes to each webhook of its user that asks for its type, and to no other', async () => {
  const [ann, ben] = [await signIn(), await signIn()]
  const asking = [await newHook(ann), await newHook(ann, '', { events: ['quota.low', 'agent.published'] })]
  const notAsking = await newHook(ann, '', { events: ['quota.low'] })
  const bens = await newHook(ben)
  const paused = await newHook(ann)
  await api(`PUT ${paused.path}`, { as: ann, body: { active: false } })
  const hand = byHand()
  const [hers, his] = [published(ann), published(ben)]
  expect(await hear(hand.env, [hers, his])).toEqual({ acked: 2, retried: 0 })
  for (const hook of asking) expect(await deliveriesOf(hook)).toMatchObject([{ eventId: hers.id, state: 'pending' }])
  expect(await deliveriesOf(bens)).toMatchObject([{ eventId: his.id }])
  for (const hook of [notAsking, paused]) expect(await deliveriesOf(hook)).toEqual([])
  expect(hand.sent).toHaveLength(3)
})

test('events for a webhook that has been failing wait in a queue of their own', async () => {
  const account = await signIn()
  const [well, failing] = [await newHook(account), await newHook(account)]
  await db(bindings).update(webhooks).set({ failingSince: new Date() }).where(eq(webhooks.id, failing.id))
  const hand = byHand()
  await hear(hand.env, [published(account)])
  const idsOf = async (hook: Hook) => (await deliveriesOf(hook)).map(({ id }) => id)
  expect(hand.sent.map(({ body }) => body.id)).toEqual(await idsOf(well))
  expect(hand.slow.map(({ body }) => body.id)).toEqual(await idsOf(failing))
})

test('an event that is told many times is delivered once', async () => {
  const account = await signIn()
  const hook = await newHook(account)
  const hand = byHand()
  const event = published(account)
  await hear(hand.env, [event, event])
  await hear(hand.env, [event])
  const [delivery, ...others] = await deliveriesOf(hook)
  expect(others).toEqual([])
  // As long as nobody has begun, it is sent for again: the first message may be the one that was lost.
  expect(hand.sent.every(({ body }) => body.id === delivery!.id && body.attempt === 1)).toBe(true)
  const before = hand.sent.length
  await db(bindings).update(webhookDeliveries).set({ state: 'retrying', attempts: 1 }).where(eq(webhookDeliveries.id, delivery!.id))
  await hear(hand.env, [event])
  expect(hand.sent).toHaveLength(before)
}) // prettier-ignore

test('what is no event is retried until it is a dead letter, and holds up no other', async () => {
  const account = await signIn()
  const hook = await newHook(account)
  const event = published(account)
  const broken = [null, 'x', {}, { ...event, v: 2 }, { ...event, id: '1' }, { ...event, type: 'nothing' }, { ...event, data: {} }]
  expect(await hear(byHand().env, [...broken, event])).toEqual({ acked: 1, retried: broken.length })
  expect(await deliveriesOf(hook)).toHaveLength(1)
}) // prettier-ignore

test('an event that is too long is no message', async () => {
  const account = await signIn()
  const hook = await newHook(account)
  expect(await hear(byHand().env, [published(account, 'a'.repeat(20_000))])).toEqual({ acked: 0, retried: 1 })
  expect(await deliveriesOf(hook)).toEqual([])
})

test('events wait while Postgres is away', async () => {
  const account = await signIn()
  const hook = await newHook(account)
  const event = published(account)
  const hand = byHand()
  const away = await withoutPostgres(() => hear(hand.env, [event, published(account)]))
  expect(away).toEqual({ acked: 0, retried: 2 })
  expect(await hear(hand.env, [event])).toEqual({ acked: 1, retried: 0 })
  expect(await deliveriesOf(hook)).toHaveLength(1)
})

test('calls are told only to whom has a webhook that wants them, within five seconds of its creation', async () => {
  const [ann, ben] = [await signIn(), await signIn()]
  const sent: PlatformEvent[] = []
  const env = {
    ...bindings,
    EVENTS: { sendBatch: async (batch: { body: PlatformEvent }[]) => void sent.push(...batch.map(({ body }) => body)) },
  } as unknown as Bindings
  await newHook(ann)
  const events = [published(ann), published(ben), published({ id: newId() })]
  await emitWanted(env, events)
  expect(sent).toEqual([events[0]])
  await newHook(ben)
  const now = clock.now()
  vi.spyOn(clock, 'now').mockImplementation(() => now + 5_000)
  await emitWanted(env, events)
  expect(sent).toEqual([events[0], events[0], events[1]])
  // Within that time nobody is asked.
  await withoutPostgres(() => emitWanted(env, events))
  expect(sent).toHaveLength(5)
})
