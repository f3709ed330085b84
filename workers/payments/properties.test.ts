/** The document's properties of payments, and what a crash between any two steps leaves. */
import { eq } from 'drizzle-orm'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { amount, format } from '../money/amount.ts'
import { postingsOf } from '../money/ledger.ts'
import { quotaLots } from '../quota/tables.ts'
import { crashing } from '../tests/crash.ts'
import {
  accountOf,
  books,
  happens,
  news,
  order,
  paid,
  post,
  quotaOf,
  refreshed,
  stateOf,
  total,
  use,
  withoutGift,
  type Bought,
} from '../tests/buying.ts'
import { bindings, newUser } from '../tests/world.ts'
import { PACKAGE_NAMES, PACKAGES } from './packages.ts'
import { pollCron } from './poll.cron.ts'
import { sync } from './sync.ts'
import { payments } from './tables.ts'

const method = fc.constantFrom('stripe' as const, 'coinbase' as const)
/** Who hears of a payment: some webhooks in some order, some of them often; the buyer's page; the poller. */
const hearing = fc.record({
  order: fc.array(fc.nat(20), { minLength: 1, maxLength: 10 }),
  redirects: fc.nat(3),
  polls: fc.nat(1),
  crash: fc.record({ at: fc.nat(24), happens: fc.boolean() }),
})

type Hearing = typeof hearing extends fc.Arbitrary<infer Ways> ? Ways : never

/** Lets a payment be heard of in all these ways, some at once, after a sync that died; and then once more in peace. */
async function hear(bought: Bought, { order: places, redirects, polls, crash }: Hearing): Promise<void> {
  await crashing(crash, (env) => sync(env, bought.id))
  const all = await news(bought)
  const letters = places.flatMap((place) => all[place % Math.max(1, all.length)] ?? [])
  if (polls > 0)
    await db(bindings)
      .update(payments)
      .set({ checkAt: new Date(0) })
      .where(eq(payments.id, bought.id))
  await Promise.all([
    ...letters.map((letter) => post(bought.method, letter)),
    ...Array.from({ length: redirects }, () => refreshed(bought)),
    ...Array.from({ length: polls }, () => pollCron(bindings)),
  ])
  await sync(bindings, bought.id)
}

/** What has been booked of a payment that came in, and how often. */
async function bookedOf({ id }: Bought): Promise<string[]> {
  const postings = await postingsOf(bindings, [
    { kind: 'payment', source: id },
    { kind: 'processor_fee', source: id },
  ])
  return postings.map(({ kind }) => kind).toSorted()
}

test('property 13: a confirmed payment for a package of Y calls raises the quota by exactly Y', async () => {
  await fc.assert(
    fc.asyncProperty(method, fc.constantFrom(...PACKAGE_NAMES), hearing, async (by, name, ways) => {
      const bought = await order({ package: name }, { method: by })
      await happens(bought, 'pay')
      await hear(bought, ways)
      const { calls, price } = PACKAGES[name]
      expect(await stateOf(bought)).toMatchObject({ status: 'completed', credited: true })
      expect(await quotaOf(bought)).toMatchObject({ calls: 100 + calls, balance: '0.00' })
      expect(await books([`lot:${bought.id}`])).toEqual({ [`lot:${bought.id}`]: `-${format(price)}` })
      expect(await db(bindings).select().from(quotaLots).where(eq(quotaLots.id, bought.id))).toHaveLength(1)
      expect(await bookedOf(bought)).toEqual(['payment', 'processor_fee'])
      expect(await total()).toBe(0n)
    }),
    { numRuns: 12 },
  )
})

test('property 13: a confirmed top-up raises the balance by exactly what was paid', async () => {
  const cents = fc.integer({ min: 500, max: 1_000_000 })
  await fc.assert(
    fc.asyncProperty(method, cents, hearing, async (by, value, ways) => {
      const dollars = format(amount((value / 100).toFixed(2)))
      const bought = await order({ top_up_usd: dollars }, { method: by })
      await happens(bought, 'pay')
      await hear(bought, ways)
      expect(await quotaOf(bought)).toMatchObject({ calls: 100, balance: dollars })
      const account = `prepaid:${bought.developer.id}`
      expect(await books([account])).toEqual({ [account]: `-${dollars}` })
      expect(await bookedOf(bought)).toEqual(['payment', 'processor_fee'])
    }),
    { numRuns: 8 },
  )
})

test('property 14: a payment that fails leaves the quota as it was', async () => {
  const failure = fc.constantFrom(
    ...([
      ['stripe', 'expire', {}, 'failed'],
      ['stripe', 'pay', { how: 'decline' }, 'pending'],
      ['stripe', 'pay', { how: 'later' }, 'pending'],
      ['coinbase', 'expire', {}, 'failed'],
      ['coinbase', 'pay', { how: 'fail' }, 'failed'],
      ['coinbase', 'pay', { how: 'under' }, 'failed'],
      ['coinbase', 'pay', { how: 'pending' }, 'pending'],
    ] as const),
  )
  const what = fc.constantFrom({ package: 'starter' }, { package: 'enterprise' }, { top_up_usd: '25.00' })
  await fc.assert(
    fc.asyncProperty(failure, what, hearing, async ([by, does, how, status], bought_, ways) => {
      const bought = await order(bought_, { method: by })
      await happens(bought, does, how)
      await hear(bought, ways)
      expect(await stateOf(bought)).toMatchObject({ status, credited: false })
      expect(await quotaOf(bought)).toMatchObject({ calls: 100, balance: '0.00' })
      expect(await books([`lot:${bought.id}`, `prepaid:${bought.developer.id}`, `held:${bought.id}`])).toEqual({})
      expect(await bookedOf(bought)).toEqual([])
    }),
    { numRuns: 14 },
  )
})

describe('a crash at any step', () => {
  const CRASHES_MS = 180_000

  /** Lets the same thing die at its first effect, its second, … until it lives; each time it goes on from where it was. */
  async function everywhere(
    prepare: () => Promise<Bought>,
    check: (bought: Bought) => Promise<void>,
    stride: number,
  ): Promise<void> {
    for (let at = 0; ; at += stride) {
      const bought = await prepare()
      const hasDied = await crashing({ at, happens: at % 2 === 0 }, (env) => sync(env, bought.id))
      await crashing({ at: at + 1, happens: at % 3 === 0 }, (env) => sync(env, bought.id))
      await sync(bindings, bought.id)
      await check(bought)
      if (!hasDied) return
    }
  }

  test(
    'of a payment leaves one payment',
    async () => {
      await everywhere(
        async () => {
          const bought = await order({ package: 'starter' })
          await happens(bought, 'pay')
          return bought
        },
        async (bought) => {
          expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
          expect(await bookedOf(bought)).toEqual(['payment', 'processor_fee'])
        },
        1,
      )
    },
    CRASHES_MS,
  )

  /** A package of which two units were used for one creator. */
  async function used(): Promise<Bought & { creatorId: string }> {
    const bought = await withoutGift(await paid({ package: 'starter' }))
    const creatorId = await newUser('creator')
    await use(bought, [
      { creatorId, price: '0.005' },
      { creatorId, price: '0.005' },
    ])
    return { ...bought, creatorId }
  }

  test(
    'of a refund leaves one refund',
    async () => {
      await everywhere(
        async () => {
          const bought = await used()
          await happens(bought, 'refund', { amount: 999 })
          return bought
        },
        async (bought) => {
          const { creatorId } = bought as Bought & { creatorId: string }
          expect(await stateOf(bought)).toMatchObject({ refunded_usd: '9.99' })
          expect(await accountOf(bought).quota()).toMatchObject({ remaining: 0 })
          expect(await books([`lot:${bought.id}`, `creator_pending:${creatorId}`])).toEqual({
            [`creator_pending:${creatorId}`]: '-0.005',
          })
          expect(await total()).toBe(0n)
        },
        3,
      )
    },
    CRASHES_MS,
  )

  test(
    'of a dispute that is won leaves everything as it was',
    async () => {
      await everywhere(
        async () => {
          const bought = await used()
          await happens(bought, 'dispute')
          await sync(bindings, bought.id)
          expect(await accountOf(bought).quota()).toMatchObject({ remaining: 0 })
          await happens(bought, 'dispute/won')
          return bought
        },
        async (bought) => {
          const { creatorId } = bought as Bought & { creatorId: string }
          expect(await stateOf(bought)).toMatchObject({ status: 'completed', disputed_usd: '0.00' })
          expect(await accountOf(bought).quota()).toMatchObject({ remaining: 998 })
          expect(await books([`lot:${bought.id}`, `creator_pending:${creatorId}`])).toEqual({
            [`lot:${bought.id}`]: '-9.98',
            [`creator_pending:${creatorId}`]: '-0.01',
          })
          expect(await total()).toBe(0n)
        },
        3,
      )
    },
    CRASHES_MS,
  )
})
