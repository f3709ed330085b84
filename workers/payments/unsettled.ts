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
  /** Calls that are newer than this have been asked. */
  until: Date
}

/** Older calls are settled. */
const CALLS_DAYS = 90
/** Calls that one statement asks: it has two seconds. */
const CALLS_AT_ONCE = 5_000

/** The creators of the calls that `unsettledCalls` is going to ask. */
export async function creatorsAsked(env: Bindings, share: CallShare): Promise<string[]> {
  const { rows } = await reach(() =>
    db(env).execute<{ id: string }>(sql`SELECT DISTINCT creator_id AS id FROM (${newest(share)}) AS asked`),
  )
  return rows.map(({ id }) => id)
}

/**
 * The parts of a statement that ask the newest calls, `CALLS_AT_ONCE` of them, as far as they are of these creators, which
 * have to be locked before the statement begins. In `reversed` stands what each gives, `amount`, and how much of that was its
 * creator's, `revenue`; in `rest` what older calls may still be asked for, `open`, and which those are, `until`.
 */
export function unsettledCalls(share: CallShare | null, creators: string[]): SQL {
  if (share === null)
    return sql`
      reversed AS (
        SELECT NULL::uuid AS call_id, NULL::uuid AS creator_id, NULL::date AS day, 0::smallint AS fee_percent,
          0::decimal AS amount, 0::decimal AS revenue
        WHERE FALSE
      ),
      rest AS (SELECT 0::decimal AS open, NULL::timestamptz AS until)`
  const isUnit = share.part === 'unit'
  const had = isUnit ? sql`asked.unit_value_usd` : sql`asked.premium_usd`
  const max = sql`${format(share.max)}::decimal`
  const given = sql`least(value, ${max} - (upto - value))`
  return sql`
    asked AS MATERIALIZED (${newest(share)}),
    able AS (
      SELECT asked.id AS call_id, asked.creator_id, line.day, asked.fee_percent, asked.created_at,
        ${had} - before.amount AS value, asked.revenue_usd - asked.premium_usd AS of_unit
      FROM asked
      JOIN earnings AS line ON line.transaction_id = asked.transaction_id AND line.creator_id = asked.creator_id
        AND line.day = (asked.created_at AT TIME ZONE 'UTC')::date AND line.fee_percent = asked.fee_percent
        AND line.kind = 'calls' AND line.settlement_id IS NULL
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(r.amount_usd), 0) AS amount
        FROM reversed_calls r JOIN payment_reversals p ON p.id = r.reversal_id AND p.state <> 'undone'
        WHERE r.call_id = asked.id AND r.part = ${share.part}
      ) AS before
      WHERE ${had} > before.amount
        AND asked.creator_id IN (SELECT jsonb_array_elements_text(${JSON.stringify(creators)}::jsonb)::uuid)
    ),
    counted AS (SELECT *, sum(value) OVER (ORDER BY created_at DESC, call_id DESC) AS upto FROM able),
    reversed AS (
      SELECT call_id, creator_id, day, fee_percent, ${given} AS amount, ${isUnit ? sql`of_unit` : given} AS revenue
      FROM counted WHERE upto - value < ${max}
    ),
    rest AS (
      SELECT CASE WHEN count(*) < ${CALLS_AT_ONCE} THEN 0
        ELSE ${max} - (SELECT coalesce(sum(amount), 0) FROM reversed) END AS open, min(created_at) AS until
      FROM asked
    )`
}

/** The newest calls that have drawn on what is taken back and were not asked yet, whoever has had what of them. */
function newest({ part, paymentId, userId, until }: CallShare): SQL {
  const isIts =
    part === 'unit' ? sql`lot_id = ${paymentId} AND funding = 'paid'` : sql`user_id = ${userId} AND premium_usd > 0`
  return sql`
    SELECT id, creator_id, created_at, fee_percent, transaction_id, revenue_usd, premium_usd, unit_value_usd FROM call_logs
    WHERE ${isIts} AND created_at <= ${until.toISOString()}::timestamptz
      AND created_at >= now() - make_interval(days => ${CALLS_DAYS})
    ORDER BY created_at DESC, id DESC LIMIT ${CALLS_AT_ONCE}`
}
