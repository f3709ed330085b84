/** What calls have earned of a payment's money and nobody has settled yet: where it is taken from when it goes back. */
import { sql, type SQL } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { format, type Amount } from '../money/amount.ts'
import type { Bindings } from '../env.ts'

export type CallShare = {
  /** Units of the lot that this payment bought; or premiums of this account, whose top-ups are one pot. */
  part: 'unit' | 'premium'
  paymentId: string
  userId: string
  /** At most so much; of units a whole number of them. */
  max: Amount
}

/** Older calls are settled. */
const CALLS_DAYS = 90
/** Calls that one statement takes back from: it has two seconds. */
export const CALLS_AT_ONCE = 5_000

/** The creators of calls that something can be taken back from. */
export async function unsettledCreators(env: Bindings, share: CallShare): Promise<string[]> {
  const { rows } = await reach(() =>
    db(env).execute<{ id: string }>(sql`SELECT DISTINCT c.creator_id AS id ${calls(share)}`),
  )
  return rows.map(({ id }) => id)
}

/**
 * The parts of a statement that choose calls of these creators, newest first, at most `CALLS_AT_ONCE`: in `reversed` stand
 * what each gives, `amount`, and how much of that was its creator's, `revenue`. The creators have to be locked before the
 * statement begins.
 */
export function unsettledCalls(share: CallShare | null, creators: string[]): SQL {
  if (share === null || creators.length === 0)
    return sql`reversed AS (
      SELECT NULL::uuid AS call_id, NULL::uuid AS creator_id, NULL::date AS day, 0::smallint AS fee_percent,
        0::decimal AS amount, 0::decimal AS revenue
      WHERE FALSE
    )`
  const isUnit = share.part === 'unit'
  const max = sql`${format(share.max)}::decimal`
  return sql`
    given AS (
      SELECT r.call_id, sum(r.amount_usd) AS amount FROM reversed_calls r
      JOIN payment_reversals p ON p.id = r.reversal_id AND p.state <> 'undone'
      WHERE r.part = ${share.part} AND r.call_id IN (SELECT c.id ${calls(share)}) GROUP BY 1
    ),
    open AS (
      SELECT c.id AS call_id, c.creator_id, e.day, c.fee_percent, c.created_at,
        ${isUnit ? sql`c.unit_value_usd` : sql`c.premium_usd`} - coalesce(given.amount, 0) AS value,
        c.revenue_usd - c.premium_usd AS of_unit
      ${calls(share, sql`LEFT JOIN given ON given.call_id = c.id`)}
        AND c.creator_id = ANY (ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(creators)}::jsonb))::uuid[])
        AND ${isUnit ? sql`c.unit_value_usd` : sql`c.premium_usd`} > coalesce(given.amount, 0)
      ORDER BY c.created_at DESC, c.id DESC LIMIT ${CALLS_AT_ONCE}
    ),
    counted AS (SELECT *, sum(value) OVER (ORDER BY created_at DESC, call_id DESC) AS upto FROM open),
    reversed AS (
      SELECT call_id, creator_id, day, fee_percent, least(value, ${max} - (upto - value)) AS amount,
        ${isUnit ? sql`of_unit` : sql`least(value, ${max} - (upto - value))`} AS revenue
      FROM counted WHERE upto - value < ${max}
    )`
}

/** From the calls with the lines of earnings that they are part of, as far as these are in no settlement. */
function calls({ part, paymentId, userId }: CallShare, joined: SQL = sql``): SQL {
  const isIts =
    part === 'unit'
      ? sql`c.lot_id = ${paymentId} AND c.funding = 'paid'`
      : sql`c.user_id = ${userId} AND c.premium_usd > 0`
  return sql`
    FROM call_logs c
    JOIN earnings e ON e.transaction_id = c.transaction_id AND e.creator_id = c.creator_id
      AND e.day = (c.created_at AT TIME ZONE 'UTC')::date AND e.fee_percent = c.fee_percent
      AND e.kind = 'calls' AND e.settlement_id IS NULL
    ${joined}
    WHERE ${isIts} AND c.created_at >= now() - make_interval(days => ${CALLS_DAYS})`
}
