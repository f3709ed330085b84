/** The ledger as tests look at it. */
import { inArray } from 'drizzle-orm'
import { db } from '../base/db.ts'
import { amount, ZERO, type Amount } from '../money/amount.ts'
import { ledgerBalances } from '../money/tables.ts'
import { bindings } from './world.ts'
import type { LedgerAccount } from '../money/accounts.ts'

/** What the entries of accounts come to: positive where somebody owes the platform, negative where it owes. */
export async function balancesOf(accounts: LedgerAccount[]): Promise<Amount[]> {
  const rows = await db(bindings).select().from(ledgerBalances).where(inArray(ledgerBalances.account, accounts))
  const byAccount = new Map(rows.map((row) => [row.account, amount(row.balance)]))
  return accounts.map((account) => byAccount.get(account) ?? ZERO)
}
