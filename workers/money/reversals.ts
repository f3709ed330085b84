/** How what calls have earned is taken back, when the money that paid for them goes back; and how that is undone. */
import { sql, type SQL } from 'drizzle-orm'
import { db } from '../base/db.ts'
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
 * was the creator's, `revenue`. What neither the buyer nor those calls give, is the platform's loss.
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

/**
 * A statement for a batch that posts the exact negation of transactions, and of the lines of earnings that came with them.
 * Throws a RangeError without any.
 */
export function negate(
  env: Bindings,
  kind: TransactionKind,
  source: string,
  transactions: readonly { kind: TransactionKind; source: string }[],
) {
  if (transactions.length === 0) throw new RangeError('There is nothing to negate.')
  const named = transactions.map((one) => sql`(${one.kind}, ${one.source})`)
  const isOne = sql`transaction_id IN (
    SELECT id FROM ledger_transactions WHERE (kind, source) IN (${sql.join(named, sql`, `)})
  )`
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
