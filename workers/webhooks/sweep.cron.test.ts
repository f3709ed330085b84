import { eq, sql } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { deadLetters } from '../base/tables.ts'
import { byHand, deliver, newHook, planOf, received, type Hook } from '../tests/hooks.ts'
import { api, bindings, signIn } from '../tests/world.ts'
import { begin } from './attempt.ts'
import { startDeliveries } from './deliveries.ts'
import { sweepCron } from './sweep.cron.ts'
import { webhookAttempts, webhookDeliveries, webhooks } from './tables.ts'

afterEach(() => vi.restoreAllMocks())

async function pending(hook: Hook, hand = byHand()): Promise<string> {
  const id = newId()
  await startDeliveries(hand.env, [
    { id, webhookId: hook.id, eventId: newId(), eventType: 'quota.low', body: '{}', isFailing: false },
  ])
  return id
}

function row(id: string) {
  return db(bindings)
    .select()
    .from(webhookDeliveries)
    .where(eq(webhookDeliveries.id, id))
    .then(([found]) => found)
}

function later(ms: number): void {
  const now = clock.now()
  vi.spyOn(clock, 'now').mockImplementation(() => now + ms)
}

const mine = (hand: ReturnType<typeof byHand>, id: string) =>
  [...hand.sent, ...hand.slow].map(({ body }) => body).filter((body) => body.id === id)

test('a delivery whose message was lost is sent for again, after two minutes and then every two', async () => {
  const hook = await newHook(await signIn())
  const id = await pending(hook)
  const hand = byHand()
  later(110_000)
  await sweepCron(hand.env)
  expect(mine(hand, id)).toEqual([])
  later(11_000)
  await sweepCron(hand.env)
  await sweepCron(hand.env)
  expect(mine(hand, id)).toEqual([{ v: 1, id, round: 0, attempt: 1 }])
  await deliver(hand.env, mine(hand, id))
  expect(await received(hook)).toHaveLength(1)
})

test('an attempt that was cut off counts, and the next one follows; after the fourth the delivery has failed', async () => {
  const hook = await newHook(await signIn())
  const id = await pending(hook)
  for (let attempt = 1; attempt <= 4; attempt++) {
    const hand = byHand()
    if (attempt > 1) {
      later(121_000)
      await sweepCron(hand.env)
      expect(mine(hand, id)).toEqual([{ v: 1, id, round: 0, attempt }])
    }
    // The worker is gone from here on.
    expect(await begin(hand.env, { v: 1, id, round: 0, attempt })).not.toBeNull()
    await sweepCron(hand.env)
    expect(await row(id)).toMatchObject({ state: 'delivering', attempts: attempt })
    later(61_000)
    await sweepCron(hand.env)
    expect(await row(id)).toMatchObject({ state: attempt < 4 ? 'retrying' : 'failed', lastError: 'interrupted' })
  }
  const attempts = await db(bindings).select().from(webhookAttempts).where(eq(webhookAttempts.deliveryId, id))
  expect(attempts.map(({ error }) => error)).toEqual(Array(4).fill('interrupted'))
  expect(await db(bindings).$count(deadLetters, eq(deadLetters.id, id))).toBe(1)
  expect(await received(hook)).toEqual([])
})

test('what is older than 30 days goes, with its attempts and its dead letter, and a deleted webhook after its last', async () => {
  const account = await signIn()
  const hook = await newHook(account, 'answers=410')
  const hand = byHand()
  const id = await pending(hook, hand)
  await deliver(hand.env, [{ v: 1, id, round: 0, attempt: 1 }])
  await api(`DELETE ${hook.path}`, { as: account })
  const days = (count: number) =>
    db(bindings).execute(sql`
      UPDATE webhook_deliveries SET created_at = ${new Date(Date.now() - count * 86_400_000).toISOString()} WHERE id = ${id}`)
  const left = async () => [
    await db(bindings).$count(webhookDeliveries, eq(webhookDeliveries.id, id)),
    await db(bindings).$count(webhookAttempts, eq(webhookAttempts.deliveryId, id)),
    await db(bindings).$count(deadLetters, eq(deadLetters.id, id)),
    await db(bindings).$count(webhooks, eq(webhooks.id, hook.id)),
  ]
  await days(29.9)
  await sweepCron(bindings)
  expect(await left()).toEqual([1, 1, 1, 1])
  await days(30.1)
  await sweepCron(bindings)
  expect(await left()).toEqual([0, 0, 0, 1])
  await db(bindings)
    .update(webhooks)
    .set({ deletedAt: new Date(Date.now() - 31 * 86_400_000) })
    .where(eq(webhooks.id, hook.id))
  await sweepCron(bindings)
  expect(await left()).toEqual([0, 0, 0, 0])
})

test('more than one set of rows is swept at once', async () => {
  const hook = await newHook(await signIn())
  await db(bindings).execute(sql`
    INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, body, next_at, created_at)
    SELECT gen_random_uuid(), ${hook.id}, gen_random_uuid(), 'quota.low', '{}', now() - interval '1 hour', now()
    FROM generate_series(1, 1200)`)
  const hand = byHand()
  await sweepCron(hand.env)
  expect(new Set(hand.sent.map(({ body }) => body.id)).size).toBeGreaterThanOrEqual(1_200)
  await db(bindings).delete(webhookDeliveries).where(eq(webhookDeliveries.webhookId, hook.id))
})

test('what is due and what is old is found by an index', async () => {
  const at = new Date().toISOString()
  for (const [query, index] of [
    [sql`SELECT id FROM webhook_deliveries WHERE next_at < ${at} AND state IN ('pending', 'retrying') ORDER BY next_at LIMIT 500`, 'due'],
    [sql`SELECT id FROM webhook_deliveries WHERE state = 'delivering' AND next_at < ${at} ORDER BY next_at LIMIT 500`, 'due'],
    [sql`SELECT id FROM webhook_deliveries WHERE created_at < ${at} ORDER BY created_at LIMIT 500`, 'created'],
  ] as const) {
    const plan = await planOf(query)
    expect(plan).toContain(`Index Scan using idx_webhook_deliveries_${index}`)
    expect(plan).not.toContain('Sort')
  }
}) // prettier-ignore
