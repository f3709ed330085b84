/** How what calls have earned is taken back, when the money that paid for them goes back; and how that is undone. */
import { sql, type SQL } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { format, type Amount } from './amount.ts'
import { posting, type TransactionKind } from './ledger.ts'
import type { Asset, LedgerAccount } from './accounts.ts'
import type { Bindings } from '../env.ts'

export type ReversedMoney = {
  kind: TransactionKind
  source: string
  /** The transaction's, by which its lines are found again. */
  id: string
  amount: Amount
  /** Where it leaves from. */
  cash: Asset
  /** What the buyer had not used, and what stood for it. */
  unused: { account: LedgerAccount; amount: Amount }
}

/**
 * The parts of a statement that book money which goes back. `reversed`, a part of the same statement, has the calls of which
 * something is taken back: `creator_id`, the `day` and `fee_percent` of their line of earnings, `amount` and how much of that
 * was the creator's, `revenue`. What neither the buyer nor those calls give, is the platform's loss; a posting of no amount
 * takes from that what further calls give.
 *
 * The negative lines have the days of the calls, so that they are settled together with what they take back.
 */
export function bookReversal(reversed: SQL, { kind, source, id, amount, cash, unused }: ReversedMoney): SQL {
  const whole = sql`${format(amount)}::decimal`
  const left = sql`${format(unused.amount)}::decimal`
  const entries = sql`
    SELECT 'creator_pending:' || creator_id AS account, revenue AS amount FROM ${reversed}
    UNION ALL SELECT 'pack_margin', amount - revenue FROM ${reversed}
    UNION ALL SELECT 'chargeback_loss', ${whole} - ${left} - coalesce(sum(amount), 0) FROM ${reversed}
    UNION ALL SELECT ${unused.account}::text, ${left}
    UNION ALL SELECT ${cash}::text, -${whole}`
  return sql`
    ${posting({ kind, source: sql`${source}`, entries, id })},
    earned AS (
      INSERT INTO earnings (creator_id, day, kind, calls, revenue_usd, fee_percent, fee_usd, transaction_id)
      SELECT creator_id, day, 'reversal', 0, -sum(revenue), fee_percent, -sum(revenue) * fee_percent / 100, posted.id
      FROM ${reversed}, posted WHERE revenue > 0 GROUP BY creator_id, day, fee_percent, posted.id ORDER BY 1, 2, fee_percent
    )`
}

export type Posted = { kind: TransactionKind; source: string }

/**
 * A statement for a batch that posts the exact negation of transactions, and of the lines of earnings that came with them.
 * Throws a RangeError without any.
 */
export function negate(env: Bindings, { kind, source }: Posted, transactions: readonly Posted[]) {
  const isOne = isOneOf(transactions)
  const entries = sql`SELECT account, -amount AS amount FROM ledger_entries WHERE ${isOne}`
  return db(env).execute(sql`
    WITH ${posting({ kind, source: sql`${source}`, entries })},
    earned AS (
      INSERT INTO earnings (creator_id, day, kind, calls, revenue_usd, fee_percent, fee_usd, transaction_id)
      SELECT creator_id, day, 'reversal', 0, -sum(revenue_usd), fee_percent, -sum(fee_usd), posted.id
      FROM earnings, posted WHERE ${isOne} GROUP BY creator_id, day, fee_percent, posted.id ORDER BY 1, 2, fee_percent
    )
    SELECT count(*) FROM posted`)
}

/** The creators from whom these transactions took something back. */
export async function creatorsIn(env: Bindings, transactions: readonly Posted[]): Promise<string[]> {
  const { rows } = await reach(() =>
    db(env).execute<{ id: string }>(sql`SELECT DISTINCT creator_id AS id FROM earnings WHERE ${isOneOf(transactions)}`),
  )
  return rows.map(({ id }) => id)
}

function isOneOf(transactions: readonly Posted[]): SQL {
  if (transactions.length === 0) throw new RangeError('No transactions are named.')
  const named = transactions.map(({ kind, source }) => sql`(${kind}, ${source})`)
  return sql`transaction_id IN (SELECT id FROM ledger_transactions WHERE (kind, source) IN (${sql.join(named, sql`, `)}))`
}
