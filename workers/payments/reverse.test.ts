/** Money that goes back: who gives what, and that nobody gives twice. D6 of the fault model. */
import { eq, sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { add, amount, format, ZERO } from '../money/amount.ts'
import { earnings } from '../money/tables.ts'
import { settle as settleCreator } from '../settlements/settle.ts'
import {
  accountOf,
  begin,
  booked,
  books,
  deliverAll,
  end,
  eventually,
  happens,
  order,
  paid,
  quotaOf,
  refreshed,
  stateOf,
  total,
  use,
  withoutGift,
  type Bought,
} from '../tests/buying.ts'
import { control } from '../tests/tills.ts'
import { bindings, newUser } from '../tests/world.ts'
import { settings } from '../env.ts'
import { paymentReversals } from './tables.ts'

/** A day on which everything of this run can be settled. */
const LATER = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10)

async function reversalsOf({ id }: Bought) {
  const rows = await db(bindings)
    .select()
    .from(paymentReversals)
    .where(eq(paymentReversals.paymentId, id))
    .orderBy(paymentReversals.createdAt)
  return rows.map((row) => ({
    state: row.state,
    outcome: row.outcome,
    taken: dollars(row.takenUsd),
    creators: dollars(row.creatorsUsd),
    margin: dollars(row.marginUsd),
    loss: dollars(row.lossUsd),
    late: dollars(row.lateUsd),
  }))
}

function dollars(text: string | null): string | null {
  return text === null ? null : format(amount(text))
}

/** What a creator has earned and is not settled, by the lines and by the ledger; they cannot differ. */
async function pendingOf(creatorId: string): Promise<string> {
  const lines = await db(bindings).select().from(earnings).where(eq(earnings.creatorId, creatorId))
  const open = lines.filter(({ settlementId }) => settlementId === null)
  const sum = open.map(({ revenueUsd }) => amount(revenueUsd)).reduce(add, ZERO)
  const account = `creator_pending:${creatorId}`
  expect((await books([account]))[account] ?? '0.00').toBe(sum === ZERO ? '0.00' : `-${format(sum)}`)
  return format(sum)
}

/** Settles what a creator has earned so far, today included. */
async function settle(creatorId: string): Promise<void> {
  const message = { version: 1, creatorId, to: LATER, asOf: null, expected: null } as const
  expect(await settleCreator(bindings, message)).toBe(null)
  expect(await pendingOf(creatorId)).toBe('0.00')
}

describe('a refund of a package', () => {
  test('of which nothing was used takes all of it back, and closes its lot', async () => {
    const bought = await paid({ package: 'starter' })
    await happens(bought, 'refund')
    await deliverAll(bought)
    await eventually(bought, ({ status }) => status === 'refunded')
    expect(await stateOf(bought)).toMatchObject({ status: 'refunded', refunded_usd: '10.00', amount_usd: '10.00' })
    expect(await reversalsOf(bought)).toMatchObject([
      { state: 'applied', taken: '10.00', creators: '0.00', margin: '0.00', loss: '0.00', late: '0.00' },
    ])
    const { calls, lots } = await quotaOf(bought)
    expect(calls).toBe(100)
    expect(lots[1]).toMatchObject({ remaining: 0, state: 'closed' })
    expect(await books([`lot:${bought.id}`])).toEqual({})
    expect(await total()).toBe(ZERO)
  })

  test('takes unused units first, then what its calls earned and nobody settled, newest first, and the rest is the platform’s', async () => {
    const bought = await withoutGift(await paid({ package: 'starter' }))
    const [early, late] = [await newUser('creator'), await newUser('creator')]
    await use(bought, [
      { creatorId: early, price: '0.004' },
      { creatorId: early, price: '0.004' },
    ])
    await settle(early)
    await use(bought, [
      { creatorId: early, price: '0.001' },
      { creatorId: late, price: '0.005' },
      { creatorId: late, price: '0.005' },
    ])
    await happens(bought, 'refund')
    await refreshed(bought)
    // 995 units are left; three calls are open, of a cent each; two are settled.
    expect(await reversalsOf(bought)).toMatchObject([
      { taken: '9.95', creators: '0.011', margin: '0.019', loss: '0.02', late: '0.00' },
    ])
    expect([await pendingOf(early), await pendingOf(late)]).toEqual(['0.00', '0.00'])
    expect(await books([`lot:${bought.id}`])).toEqual({})
    expect(await total()).toBe(ZERO)
  })

  test('in parts takes back no call twice, and of the newest calls only as many as are needed', async () => {
    const bought = await withoutGift(await paid({ package: 'starter' }))
    const creatorId = await newUser('creator')
    await use(
      bought,
      Array.from({ length: 6 }, () => ({ creatorId, price: '0.004' })),
    )
    await happens(bought, 'refund', { amount: 994 })
    await happens(bought, 'refund', { amount: 2 })
    await refreshed(bought)
    expect(await reversalsOf(bought)).toMatchObject([
      { taken: '9.94', creators: '0.00' },
      { taken: '0.00', creators: '0.008', margin: '0.012', loss: '0.00' },
    ])
    expect(await pendingOf(creatorId)).toBe('0.016')
    await happens(bought, 'refund')
    await refreshed(bought)
    expect((await reversalsOf(bought))[2]).toMatchObject({ creators: '0.016', margin: '0.024', loss: '0.00' })
    expect(await pendingOf(creatorId)).toBe('0.00')
    const calls = await db(bindings).execute<{ n: number; distinct: number }>(
      sql`SELECT count(*)::int AS n, count(DISTINCT call_id)::int AS distinct FROM reversed_calls r
        JOIN payment_reversals p ON p.id = r.reversal_id WHERE p.payment_id = ${bought.id}`,
    )
    expect(calls.rows[0]).toEqual({ n: 6, distinct: 6 })
  })

  test('of cents that are no whole units rounds to the buyer’s favour', async () => {
    const bought = await paid({ package: 'pro' })
    await happens(bought, 'refund', { amount: 1 })
    await refreshed(bought)
    expect(await reversalsOf(bought)).toMatchObject([{ taken: '0.008', creators: '0.00', loss: '0.002' }])
    expect(await quotaOf(bought)).toMatchObject({ calls: 10_099 })
  })

  test('leaves units that running calls hold to these, and takes them when the calls cost nothing', async () => {
    const bought = await withoutGift(await paid({ package: 'starter' }))
    const creatorId = await newUser('creator')
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => begin(bought, { creatorId, price: '0.004' })))
    await happens(bought, 'refund')
    await refreshed(bought)
    expect(await reversalsOf(bought)).toMatchObject([{ taken: '9.97', loss: '0.03', late: null }])
    await end(bought, one ?? '', true)
    await end(bought, two ?? '', false)
    await refreshed(bought)
    expect(await reversalsOf(bought)).toMatchObject([{ late: null }])
    await end(bought, three ?? '', false)
    await booked(bought, [one ?? ''])
    await refreshed(bought)
    expect(await reversalsOf(bought)).toMatchObject([{ taken: '9.97', loss: '0.03', late: '0.02' }])
    expect(await quotaOf(bought)).toMatchObject({ calls: 0 })
    expect(await books([`lot:${bought.id}`])).toEqual({})
    expect(await pendingOf(creatorId)).toBe('0.004')
  })

  test('that fails after all gives everything back', async () => {
    const bought = await withoutGift(await paid({ package: 'starter' }))
    const creatorId = await newUser('creator')
    await use(bought, [{ creatorId, price: '0.005' }])
    const refund = (await happens(bought, 'refund')) as { id: string }
    await refreshed(bought)
    expect(await stateOf(bought)).toMatchObject({ status: 'refunded' })
    await control(settings(bindings).STRIPE_BASE_URL, 'refund/failed', { refund: refund.id })
    await deliverAll(bought)
    await eventually(bought, ({ status }) => status === 'completed')
    expect(await stateOf(bought)).toMatchObject({ status: 'completed', refunded_usd: '0.00' })
    expect(await reversalsOf(bought)).toMatchObject([{ state: 'undone', outcome: 'failed' }])
    expect(await quotaOf(bought)).toMatchObject({ calls: 999 })
    expect(await pendingOf(creatorId)).toBe('0.005')
    expect(await books([`lot:${bought.id}`])).toEqual({ [`lot:${bought.id}`]: '-9.99' })
  })

  test('by Coinbase is no different', async () => {
    const bought = await paid({ package: 'starter' }, { method: 'coinbase' })
    await happens(bought, 'refund', { amount: '4.00' })
    expect(await refreshed(bought)).toMatchObject({ refunded_usd: '4.00', reversals: [{ outcome: 'done' }] })
    expect(await quotaOf(bought)).toMatchObject({ calls: 700 })
    expect(await books([`lot:${bought.id}`])).toEqual({ [`lot:${bought.id}`]: '-6.00' })
  })
})

describe('a refund of a top-up', () => {
  test('takes what is left of the balance, then premiums that are not settled, newest first and in parts', async () => {
    const bought = await withoutGift(await paid({ top_up_usd: '10.00' }))
    const package_ = await paid({ package: 'starter' }, { developer: bought.developer })
    const [first, second] = [await newUser('creator'), await newUser('creator')]
    await use(bought, [
      { creatorId: first, price: '2.005' },
      { creatorId: second, price: '3.005' },
    ])
    expect(await quotaOf(bought)).toMatchObject({ balance: '5.00' })
    await happens(bought, 'refund', { amount: 900 })
    await refreshed(bought)
    expect(await reversalsOf(bought)).toMatchObject([{ taken: '5.00', creators: '4.00', margin: '0.00', loss: '0.00' }])
    // The newest gave its whole premium, the one before a dollar of two; both keep what the units were worth.
    expect([await pendingOf(first), await pendingOf(second)]).toEqual(['1.005', '0.005'])
    await happens(bought, 'refund')
    await refreshed(bought)
    expect((await reversalsOf(bought))[1]).toMatchObject({ taken: '0.00', creators: '1.00', loss: '0.00' })
    expect(await books([`prepaid:${bought.developer.id}`])).toEqual({})
    expect(await books([`lot:${package_.id}`])).toEqual({ [`lot:${package_.id}`]: '-9.98' })
    expect(await total()).toBe(ZERO)
  })
})

describe('a dispute', () => {
  test('freezes the lot at once; won, everything is as if it had not been, but for its fee', async () => {
    const bought = await withoutGift(await paid({ package: 'starter' }))
    const creatorId = await newUser('creator')
    await use(
      bought,
      [{ creatorId, price: '0.05' }].map((one) => ({ ...one, price: '0.005' })),
    )
    const before = await books([`lot:${bought.id}`, `creator_pending:${creatorId}`])
    await happens(bought, 'dispute')
    await refreshed(bought)
    expect(await stateOf(bought)).toMatchObject({ status: 'disputed', disputed_usd: '10.00' })
    expect(await quotaOf(bought)).toMatchObject({ calls: 0 })
    expect((await quotaOf(bought)).lots[1]).toMatchObject({ state: 'frozen', remaining: 0 })
    expect(await pendingOf(creatorId)).toBe('0.00')
    await happens(bought, 'dispute/won')
    await deliverAll(bought)
    await eventually(bought, ({ status }) => status === 'completed')
    expect(await stateOf(bought)).toMatchObject({ status: 'completed', disputed_usd: '0.00' })
    expect(await quotaOf(bought)).toMatchObject({ calls: 999 })
    expect(await books([`lot:${bought.id}`, `creator_pending:${creatorId}`])).toEqual(before)
    expect(await reversalsOf(bought)).toMatchObject([{ state: 'undone', outcome: 'won' }])
    expect(await total()).toBe(ZERO)
  })

  test('that is lost stays, closes the lot, and its fee is the platform’s', async () => {
    const bought = await paid({ package: 'starter' })
    const before = await books(['cash_stripe', 'chargeback_loss'])
    await happens(bought, 'dispute')
    await happens(bought, 'dispute/lost')
    await refreshed(bought)
    expect(await stateOf(bought)).toMatchObject({ status: 'disputed', disputed_usd: '10.00' })
    expect((await quotaOf(bought)).lots[1]).toMatchObject({ state: 'closed', remaining: 0 })
    const after = await books(['cash_stripe', 'chargeback_loss'])
    const moved = (account: string) => amount(after[account] ?? '0') - amount(before[account] ?? '0')
    expect([moved('cash_stripe'), moved('chargeback_loss')]).toEqual([amount('-25'), amount('15')])
  })

  test('that is won before anybody heard of it costs its fee and nothing else', async () => {
    const bought = await paid({ package: 'starter' })
    await happens(bought, 'dispute')
    await happens(bought, 'dispute/won')
    await refreshed(bought)
    expect(await stateOf(bought)).toMatchObject({ status: 'completed', disputed_usd: '0.00' })
    expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
    expect(await reversalsOf(bought)).toMatchObject([{ state: 'undone', outcome: 'won', taken: null }])
  })

  test('of a part frees the rest when it is lost', async () => {
    const bought = await paid({ package: 'starter' })
    await happens(bought, 'dispute', { amount: 300 })
    await refreshed(bought)
    expect(await quotaOf(bought)).toMatchObject({ calls: 100 })
    await happens(bought, 'dispute/lost')
    await refreshed(bought)
    expect(await quotaOf(bought)).toMatchObject({ calls: 800 })
  })

  test('after a part was refunded takes the rest, and what was settled meanwhile is the platform’s', async () => {
    const bought = await withoutGift(await paid({ package: 'starter' }))
    const creatorId = await newUser('creator')
    await use(bought, [{ creatorId, price: '0.005' }])
    await settle(creatorId)
    await happens(bought, 'refund', { amount: 400 })
    await happens(bought, 'dispute')
    await refreshed(bought)
    expect(await reversalsOf(bought)).toMatchObject([
      { taken: '4.00', loss: '0.00' },
      { taken: '5.99', creators: '0.00', loss: '0.01' },
    ])
    expect(await stateOf(bought)).toMatchObject({ status: 'disputed', refunded_usd: '4.00', disputed_usd: '6.00' })
    expect(await accountOf(bought).quota()).toMatchObject({ remaining: 0 })
    expect(await total()).toBe(ZERO)
  })
})

test('money of a payment that is held goes back from what is held', async () => {
  const bought = await order({ package: 'starter' })
  const { payment_intent } = (await happens(bought, 'pay')) as { payment_intent: string }
  await control(settings(bindings).STRIPE_BASE_URL, 'alter', { id: payment_intent, fields: { amount_received: 900 } })
  expect(await refreshed(bought)).toMatchObject({ status: 'held' })
  await happens(bought, 'refund', { amount: 400 })
  expect(await refreshed(bought)).toMatchObject({ status: 'held', refunded_usd: '4.00' })
  expect(await books([`held:${bought.id}`])).toEqual({ [`held:${bought.id}`]: '-5.00' })
  await happens(bought, 'refund', { amount: 500 })
  expect(await refreshed(bought)).toMatchObject({ status: 'refunded', refunded_usd: '9.00' })
  expect(await books([`held:${bought.id}`])).toEqual({})
})
