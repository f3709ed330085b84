/** Creators who have earned, been corrected and settled, for tests of what becomes of it. */
import { env } from 'cloudflare:workers'
import { eq, sql } from 'drizzle-orm'
import { users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { amount, format, type Amount } from '../money/amount.ts'
import { balancesOf, posting } from '../money/ledger.ts'
import { dayOf, startOf } from '../settlements/periods.ts'
import { settle, type SettlementMessage } from '../settlements/settle.ts'
import { aLog, deliver } from './call-logs.ts'
import type { Bindings } from '../env.ts'

export type Call = { day: string; revenue: string; feePercent?: number }

/** Calls of a creator that have come into the books in one statement, each at some moment of its day. */
export async function earn(creatorId: string, calls: Call[]): Promise<void> {
  const logs = calls.map(({ day, revenue, feePercent = 20 }, at) =>
    aLog({
      creatorId,
      feePercent,
      priceUsd: revenue,
      revenueUsd: revenue,
      premiumUsd: revenue,
      unitValueUsd: '0.005',
      settledAt: startOf(day) + ((at * 7_919_000) % 86_400_000),
    }),
  )
  for (let from = 0; from < logs.length; from += 500) await deliver(logs.slice(from, from + 500))
}

/** Takes back what a creator earned, as a refund does: a line, and its transaction. A negative amount gives it again. */
export async function correct(
  creatorId: string,
  { usd, day = dayOf(Date.now()), feePercent = 20 }: { usd: string; day?: string; feePercent?: number },
): Promise<void> {
  const id = newId()
  const taken = sql`${usd}::decimal`
  const entries = sql`SELECT ${`creator_pending:${creatorId}`} AS account, ${taken} AS amount
    UNION ALL SELECT 'chargeback_loss', -${taken}`
  await db(bindings).execute(sql`
    WITH ${posting({ kind: 'refund', source: sql`${id}`, entries, id })}
    INSERT INTO earnings (creator_id, day, kind, calls, revenue_usd, fee_percent, fee_usd, transaction_id)
    SELECT ${creatorId}, ${day}::date, 'reversal', 0, -${taken}, ${feePercent}, -${taken} * ${feePercent} / 100, id FROM posted`)
}

/** Settles a creator up to a day, with as many messages as that takes. */
export async function settleUpTo(creatorId: string, to: string): Promise<void> {
  let message: SettlementMessage | null = { version: 1, creatorId, to, asOf: null, expected: null }
  while (message) message = await settle(bindings, message)
}

/** Somebody's three accounts: pending, available, in flight; positive is owed to them. */
export async function owedTo(creatorId: string): Promise<{ pending: string; available: string; inFlight: string }> {
  const [pending, available, inFlight] = await balancesOf(bindings, [
    `creator_pending:${creatorId}`,
    `creator_available:${creatorId}`,
    `payout_in_flight:${creatorId}`,
  ])
  const owed = (balance: Amount | undefined): string => format((0n - (balance ?? 0n)) as Amount)
  return { pending: owed(pending), available: owed(available), inFlight: owed(inFlight) }
}

/** What all accounts of the ledger come to. */
export async function trialSum(): Promise<Amount> {
  const { rows } = await db(bindings).execute<{ sum: string }>(
    sql`SELECT coalesce(sum(balance), 0) AS sum FROM ledger_balances`,
  )
  return amount(rows[0]?.sum ?? 'none')
}

/** Gives somebody a wallet that they have had for a while. */
export async function giveWallet(userId: string, address: string, hoursAgo = 100): Promise<void> {
  await db(bindings)
    .update(users)
    .set({ walletAddress: address, walletChangedAt: new Date(Date.now() - hoursAgo * 3_600_000) })
    .where(eq(users.id, userId))
}

const bindings = env as unknown as Bindings
