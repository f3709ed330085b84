/** How calls are booked: by the statement that writes their log, so that the log, the ledger and the earnings cannot differ. */
import { sql, type SQL } from 'drizzle-orm'
import { posting } from './ledger.ts'

/**
 * The parts of a statement that book the rows of `inserted`, a part of the same statement with the columns of `call_logs`,
 * as one transaction. A paid unit leaves its lot and a premium the prepaid balance; the creator gets the revenue and the
 * platform the rest. What a creator earned stands in `earnings` too, by day and fee rate, where settlements find it.
 */
export function bookCalls(inserted: SQL, transactionId: string): SQL {
  const value = sql`(unit_value_usd + premium_usd)`
  const entries = sql`
    SELECT 'lot:' || lot_id AS account, unit_value_usd AS amount FROM ${inserted} WHERE unit_value_usd > 0
    UNION ALL SELECT 'prepaid:' || user_id, premium_usd FROM ${inserted} WHERE premium_usd > 0
    UNION ALL SELECT 'creator_pending:' || creator_id, -revenue_usd FROM ${inserted} WHERE revenue_usd > 0
    UNION ALL SELECT 'pack_margin', revenue_usd - ${value} FROM ${inserted} WHERE revenue_usd <> ${value}`
  return sql`
    ${posting({ kind: 'calls', source: sql`${transactionId}`, entries, id: transactionId })},
    earned AS (
      INSERT INTO earnings (creator_id, day, kind, calls, revenue_usd, fee_percent, fee_usd, transaction_id)
      SELECT creator_id, (created_at AT TIME ZONE 'UTC')::date, 'calls', count(*), sum(revenue_usd), fee_percent,
        sum(revenue_usd) * fee_percent / 100, posted.id
      FROM ${inserted}, posted WHERE revenue_usd > 0 GROUP BY 1, 2, fee_percent, posted.id ORDER BY 1, 2, fee_percent
    )`
}
