/** How calls and prepaid money come to an account: first into the books, then into its object. */
import { and, eq } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { format, fromUnits, negate, toUnits, type Amount } from '../money/amount.ts'
import { post, type TransactionKind } from '../money/ledger.ts'
import type { Asset, Expense, LedgerAccount } from '../money/accounts.ts'
import type { Bindings } from '../env.ts'
import { quotaLots } from './tables.ts'

/** A number of calls for a price that divides into equal units. `id` is the lot's for ever. */
export type BoughtLot = { id: string; userId: string; calls: number; price: Amount }
export type BoughtBalance = { id: string; userId: string; amount: Amount }

/** Where the money comes from: what happened, and the account that stands for it. */
export type PaidBy = { kind: TransactionKind; account: Asset | Expense | `held:${string}` }

/** What one unit of a lot has cost, in 10⁻⁸ dollars, or null where the price does not divide evenly. */
export function unitValueOf({ calls, price }: Pick<BoughtLot, 'calls' | 'price'>): number | null {
  return price % BigInt(calls) === 0n ? toUnits(price) / calls : null
}

/** Statements for a batch that book a lot. With its id booked before, the batch is undone (`isPosted`). */
export function bookLot(env: Bindings, lot: BoughtLot, paidBy: PaidBy) {
  const { id, userId, calls, price } = lot
  const unitValue = unitValueOf(lot)
  if (unitValue === null) throw new RangeError('The price of a lot divides into equal units.')
  const row = { id, userId, calls, priceUsd: format(price), unitValueUsd: format(fromUnits(unitValue)) }
  return [db(env).insert(quotaLots).values(row), moved(env, id, `lot:${id}`, price, paidBy)] as const
}

/** A statement for a batch that books prepaid money. With its id booked before, the batch is undone (`isPosted`). */
export function bookBalance(env: Bindings, { id, userId, amount }: BoughtBalance, paidBy: PaidBy) {
  return moved(env, id, `prepaid:${userId}`, amount, paidBy)
}

/** Whether this is a booked lot of that account. */
export async function isLotOf(env: Bindings, id: string, userId: string): Promise<boolean> {
  const isIt = and(eq(quotaLots.id, id), eq(quotaLots.userId, userId))
  const rows = await reach(() => db(env).select({ id: quotaLots.id }).from(quotaLots).where(isIt))
  return rows.length > 0
}

function moved(env: Bindings, id: string, to: LedgerAccount, amount: Amount, { kind, account }: PaidBy) {
  return post(env, kind, id, [
    { account, amount },
    { account: to, amount: negate(amount) },
  ])
}
