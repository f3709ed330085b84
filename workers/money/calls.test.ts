import { env } from 'cloudflare:workers'
import { eq, inArray } from 'drizzle-orm'
import * as fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { callLogs } from '../quota/tables.ts'
import { aLog, deliver } from '../tests/call-logs.ts'
import { add, amount, format, negate, percentOf, subtract, ZERO, type Amount } from './amount.ts'
import { balancesOf } from './ledger.ts'
import { earnings, ledgerEntries } from './tables.ts'

const accountsOf = (log: { lotId: string | null; userId: string; creatorId: string }) =>
  [`lot:${log.lotId}`, `prepaid:${log.userId}`, `creator_pending:${log.creatorId}`] as const

const price = fc.integer({ min: 1_000, max: 300_000 }).map((micros) => format((BigInt(micros) * 100n) as Amount))
const funding = fc.constantFrom('paid', 'promotional', 'trial', null)
const BASE = amount('0.005')

/** A call as the account object would log it. */
function someCall(what: { price: string; funding: 'paid' | 'promotional' | 'trial' | null; unit: string }) {
  const full = amount(what.price)
  const takesPremium = what.funding === 'paid' || what.funding === 'promotional'
  const premium = takesPremium && full > BASE ? subtract(full, BASE) : ZERO
  return {
    funding: what.funding,
    status: what.funding === null ? ('error' as const) : ('success' as const),
    priceUsd: what.price,
    premiumUsd: format(premium),
    revenueUsd: format(what.funding === 'paid' ? full : premium),
    unitValueUsd: what.funding === 'paid' ? what.unit : '0.00',
  }
}

it('moves a paid call’s unit and premium to its creator and the platform', async () => {
  const log = aLog({ lotId: newId(), unitValueUsd: '0.01', priceUsd: '0.05', premiumUsd: '0.045', revenueUsd: '0.05' })
  await deliver([log])
  expect((await balancesOf(env, [...accountsOf(log)])).map(format)).toEqual(['0.01', '0.045', '-0.05'])
  const [row] = await db(env).select().from(callLogs).where(eq(callLogs.id, log.id))
  const entries = await db(env)
    .select()
    .from(ledgerEntries)
    .where(eq(ledgerEntries.transactionId, row?.transactionId ?? ''))
  expect(entries.find(({ account }) => account === 'pack_margin')?.amount).toBe('-0.00500000')
  const [line] = await db(env).select().from(earnings).where(eq(earnings.creatorId, log.creatorId))
  expect(line).toMatchObject({ calls: 1, revenueUsd: '0.05000000', feeUsd: '0.01000000', settlementId: null })
})

it('takes a unit to be worth V where an older message does not say what it had cost', async () => {
  const log = aLog({ lotId: newId(), priceUsd: '0.005', premiumUsd: '0', revenueUsd: '0.005' })
  await deliver([log])
  expect((await balancesOf(env, [`lot:${log.lotId}`])).map(format)).toEqual(['0.005'])
})

test('each call is booked once and to the last digit, however its messages come', async () => {
  const call = fc.record({ price, funding, unit: fc.constantFrom('0.005', '0.008', '0.01'), creator: fc.nat(1) })
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 12 }), fc.integer(), async (calls, seed) => {
      const user = newId()
      const creators = [newId(), newId()]
      const logs = calls.map((what) =>
        aLog({ userId: user, lotId: newId(), creatorId: creators[what.creator] ?? '', ...someCall(what) }),
      )
      const shuffled = [...logs, ...logs].toSorted((a, b) => (hash(a.id, seed) < hash(b.id, seed) ? -1 : 1))
      await deliver(shuffled.slice(0, seed & 7), shuffled)
      await deliver(logs)
      for (const creatorId of creators) {
        const own = logs.filter((log) => log.creatorId === creatorId)
        const revenue = own.map((log) => amount(log.revenueUsd)).reduce(add, ZERO)
        expect(await balancesOf(env, [`creator_pending:${creatorId}`])).toEqual([negate(revenue)])
        const lines = await db(env).select().from(earnings).where(eq(earnings.creatorId, creatorId))
        expect(lines.map((line) => amount(line.revenueUsd)).reduce(add, ZERO)).toBe(revenue)
        expect(lines.map((line) => amount(line.feeUsd)).reduce(add, ZERO)).toBe(percentOf(revenue, 20))
        expect(lines.reduce((sum, line) => sum + line.calls, 0)).toBe(
          own.filter((log) => amount(log.revenueUsd) > ZERO).length,
        )
      }
      const premiums = logs.map((log) => amount(log.premiumUsd)).reduce(add, ZERO)
      expect(await balancesOf(env, [`prepaid:${user}`])).toEqual([premiums])
      const rows = await db(env)
        .select()
        .from(callLogs)
        .where(
          inArray(
            callLogs.id,
            logs.map(({ id }) => id),
          ),
        )
      for (const row of rows) {
        const isBooked = row.funding === 'paid' || amount(row.premiumUsd) > ZERO
        expect(row.transactionId !== null).toBe(isBooked)
      }
    }),
    { numRuns: 15 },
  )
})

/** An order of ids that depends on `seed`. */
function hash(id: string, seed: number): string {
  const at = Math.abs(seed) % 30
  return id.slice(at) + id.slice(0, at)
}
