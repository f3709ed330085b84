/**
 * The money room: what is owed, to whom and since when. It owns the ledger, double entry, which only grows; promises that
 * every transaction comes to zero and that what happened is booked once, by its own id, for ever; and nobody else writes it.
 *
 * A posting is a statement for a batch: it stands or falls together with the change of state that it books. What has been
 * posted already undoes the batch, and `isPosted` knows the error.
 */
import { and, asc, eq, or, sql, type SQL } from 'drizzle-orm'
import { db, isUniqueViolation, reach } from '../base/db.ts'
import { add, format, ZERO, type Amount } from './amount.ts'
import { ledgerEntries, ledgerTransactions } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { LedgerAccount } from './accounts.ts'

/** What can happen to money. Together with the id of what happened it is the identity of a transaction. */
export type TransactionKind =
  | 'payment'
  | 'grant'
  | 'calls'
  | 'settlement'
  | 'withdrawal'
  | 'payout'
  | 'payout_returned'
  | 'accepted'
  | 'refund'
  | 'refund_failed'
  | 'dispute'
  | 'dispute_won'
  | 'reversal_part'
  | 'reversal_late'
  | 'processor_fee'
  | 'gas'

export type Entry = { account: LedgerAccount; amount: Amount }

/**
 * A statement that posts these entries, once per kind and source. Entries of one account are added up, and those that come
 * to nothing are left out. Throws a RangeError if they do not come to zero, so that the mistake shows where it was made.
 */
export function post(env: Bindings, kind: TransactionKind, source: string, entries: readonly Entry[]) {
  const total = entries.reduce((sum, entry) => add(sum, entry.amount), ZERO)
  if (total !== ZERO) throw new RangeError(`The entries of ${kind} ${source} come to ${format(total)}, not to zero.`)
  const rows = JSON.stringify(entries.map((entry) => ({ account: entry.account, amount: format(entry.amount) })))
  const given = sql`SELECT account, amount FROM json_to_recordset(${rows}::json) AS given (account text, amount decimal)`
  return db(env).execute(
    sql`WITH ${posting({ kind, source: sql`${source}`, entries: given })} SELECT count(*) FROM posted`,
  )
}

/**
 * The parts of a statement that post what `entries`, a query of accounts and amounts, gives at this moment; `posted` then has
 * the transaction's `id`. Without entries nothing is posted. `id` names the transaction where other rows of the same
 * statement refer to it.
 */
export function posting(given: { kind: TransactionKind; source: SQL; entries: SQL; id?: string }): SQL {
  const id = given.id === undefined ? sql`gen_random_uuid()` : sql`${given.id}::uuid`
  return sql`
    summed AS (
      SELECT account, sum(amount) AS amount FROM (${given.entries}) AS given GROUP BY account HAVING sum(amount) <> 0
    ),
    posted AS (
      INSERT INTO ledger_transactions (id, kind, source)
      SELECT ${id}, ${given.kind}, ${given.source} WHERE EXISTS (SELECT 1 FROM summed)
      RETURNING id
    ),
    entered AS (
      INSERT INTO ledger_entries (transaction_id, account, amount)
      SELECT posted.id, summed.account, summed.amount FROM posted, summed ORDER BY summed.account
    )`
}

/** Whether a batch was undone because the same thing had been posted before. */
export function isPosted(thrown: unknown): boolean {
  return isUniqueViolation(thrown, 'ledger_transactions_kind_source_key')
}

/** Postings as they stand, with their entries, oldest first: those of the named things that there are. */
export async function postingsOf(env: Bindings, named: readonly { kind: TransactionKind; source: string }[]) {
  const isOne = or(
    ...named.map(({ kind, source }) => and(eq(ledgerTransactions.kind, kind), eq(ledgerTransactions.source, source))),
  )
  if (!isOne) return []
  const rows = await reach(() =>
    db(env)
      .select({
        id: ledgerTransactions.id,
        kind: ledgerTransactions.kind,
        source: ledgerTransactions.source,
        postedAt: ledgerTransactions.postedAt,
        account: ledgerEntries.account,
        amount: ledgerEntries.amount,
      })
      .from(ledgerTransactions)
      .innerJoin(ledgerEntries, eq(ledgerEntries.transactionId, ledgerTransactions.id))
      .where(isOne)
      .orderBy(asc(ledgerTransactions.postedAt), asc(ledgerTransactions.id), asc(ledgerEntries.account)),
  )
  const postings = new Map<
    string,
    Omit<(typeof rows)[number], 'account' | 'amount'> & { entries: { account: string; amount: string }[] }
  >()
  for (const { account, amount: value, ...posting } of rows) {
    const known = postings.get(posting.id) ?? { ...posting, entries: [] }
    known.entries.push({ account, amount: value })
    postings.set(posting.id, known)
  }
  return [...postings.values()]
}
