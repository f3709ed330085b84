/**
 * Closing a period: the open lines of a creator's earnings are attributed to a settlement, each once and for good.
 *
 * Which lines: those of calls settled on a day before the period's end, however late they came, and every correction, because
 * a correction takes back what is still open, and must not be left behind by it. Rate by rate: where the lines of a fee rate come to
 * nothing or less, all of them stay open and wait for the next period. So what stays open never comes to less than nothing at
 * any rate, and no part of a settlement is negative.
 *
 * A creator can have a million lines, and a query has two seconds: lines are attributed some thousands at a time, each time
 * under a lock of the creator's row, which whoever reverses earnings takes as well. What was said above holds after every
 * such step, so that it does not matter what happens between two of them.
 */
import { sql, type SQL } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { amount, format, type Amount } from '../money/amount.ts'
import type { Bindings } from '../env.ts'

/** Lines attributed at once; twice as many where those do not suffice to cover the corrections. */
const LINES = 5_000
const LINES_MAX = 40_000

/** What open lines come to, at the rates at which they come to more than nothing. */
export type Totals = { from: string; lines: number; calls: number; gross: Amount; fee: Amount }

/** What an admin was shown, and what is closed only if it is still so. */
export type Expected = { lines: number; gross: string; fee: string }

/**
 * A statement that keeps others who change what this creator has earned, or withdraws, waiting until its batch is over. It is to
 * be the first of a batch. References to the creator from other rows go on meanwhile.
 */
export function lockCreator(env: Bindings, creatorId: string) {
  return db(env).execute(sql`SELECT id FROM users WHERE id = ${creatorId} FOR NO KEY UPDATE`)
}

/** What would be settled now of what a creator earned before `to`; null if that is nothing. Lines of calls that came after `asOf` are left out. */
export async function totalsOf(
  env: Bindings,
  creatorId: string,
  to: string,
  asOf: number | null,
): Promise<Totals | null> {
  const { rows } = await reach(() => db(env).execute<TotalsRow>(totals(creatorId, to, asOf)))
  const [row] = rows
  if (!row || row.lines === 0 || row.from >= to) return null
  return { from: row.from, lines: row.lines, calls: row.calls, gross: amount(row.gross), fee: amount(row.fee) }
}

/**
 * Begins the settlement of what a creator earned before `to`; lines of calls that come after this moment, or `asOf`, wait for the
 * next one. Gives its id, or null if there is nothing to settle, if it was settled already, or if it is not as `expected`.
 */
export async function begin(
  env: Bindings,
  creatorId: string,
  { to, asOf, expected }: { to: string; asOf: number | null; expected: Expected | null },
): Promise<string | null> {
  const id = newId()
  const isExpected =
    expected === null
      ? sql`TRUE`
      : sql`(lines, gross, fee) = (${expected.lines}::bigint, ${expected.gross}::decimal, ${expected.fee}::decimal)`
  const [, { rows }] = await reach(() =>
    db(env).batch([
      lockCreator(env, creatorId),
      db(env).execute(sql`
        INSERT INTO settlements (id, creator_id, period_start, period_end, status, amount, platform_fee, net_amount, created_at)
        SELECT ${id}, ${creatorId}, "from"::date, ${to}::date, 'closing', 0, 0, 0, ${asOf === null ? sql`now()` : at(asOf)}
        FROM (${totals(creatorId, to, asOf)}) AS found
        WHERE lines > 0 AND "from"::date < ${to}::date AND ${isExpected}
          AND NOT EXISTS (SELECT FROM settlements WHERE creator_id = ${creatorId} AND status <> 'posted')
        RETURNING id`),
    ]),
  )
  return rows.length > 0 ? id : null
}

/** Attributes lines to a settlement that is closing, and closes it after the last. Says whether there may be more. */
export async function attribute(env: Bindings, settlement: Closing): Promise<boolean> {
  for (let lines = LINES; ; lines *= 2) {
    const { found, taken } = await attributeSome(env, settlement, lines)
    if (taken > 0) return true
    // Nothing was taken of all that there is, or of as much as can be looked at: what is left waits for the next period.
    if (found < lines || lines >= LINES_MAX) break
  }
  await finish(env, settlement.id)
  return false
}

export type Closing = { id: string; creatorId: string; periodEnd: string }

async function attributeSome(
  env: Bindings,
  { id, creatorId, periodEnd }: Closing,
  lines: number,
): Promise<{ found: number; taken: number }> {
  const [, { rows }] = await reach(() =>
    db(env).batch([
      lockCreator(env, creatorId),
      db(env).execute<{ found: number; taken: number }>(sql`
        WITH settlement AS (
          SELECT created_at AS as_of FROM settlements WHERE id = ${id} AND status = 'closing'
        ),
        candidates AS MATERIALIZED (
          ${corrections(creatorId)} AND EXISTS (SELECT FROM settlement)
          UNION ALL
          (${callsBefore(creatorId, periodEnd)} AND created_at <= (SELECT as_of FROM settlement) ORDER BY day LIMIT ${lines})
        ),
        rates AS (
          SELECT fee_percent, count(*) AS lines, sum(calls) AS calls, sum(revenue_usd) AS gross, sum(fee_usd) AS fee
          FROM candidates GROUP BY fee_percent HAVING sum(revenue_usd) > 0
        ),
        taken AS (
          -- As an array, so that each is looked up by its id: joined, all lines there are would be read to find some thousands.
          UPDATE earnings SET settlement_id = ${id}
          WHERE id = ANY (ARRAY(SELECT id FROM candidates JOIN rates USING (fee_percent)))
          RETURNING id
        ),
        parts AS (
          INSERT INTO settlement_parts (settlement_id, fee_percent, creator_id, gross_usd)
          SELECT ${id}, fee_percent, ${creatorId}, gross FROM rates
          ON CONFLICT (settlement_id, fee_percent) DO UPDATE SET gross_usd = settlement_parts.gross_usd + excluded.gross_usd
        ),
        counted AS (
          UPDATE settlements SET lines = settlements.lines + found.lines, calls = settlements.calls + found.calls,
            amount = amount + gross, platform_fee = platform_fee + fee, net_amount = net_amount + gross - fee
          FROM (SELECT sum(lines) AS lines, sum(calls) AS calls, sum(gross) AS gross, sum(fee) AS fee FROM rates) AS found
          WHERE id = ${id} AND found.lines > 0
        )
        SELECT (SELECT count(*)::int FROM candidates) AS found, (SELECT count(*)::int FROM taken) AS taken`),
    ]),
  )
  return rows[0] ?? { found: 0, taken: 0 }
}

/** One to which corrections have left nothing in the meantime was never there. */
async function finish(env: Bindings, id: string): Promise<void> {
  await reach(() =>
    db(env).batch([
      db(env).execute(sql`DELETE FROM settlements WHERE id = ${id} AND status = 'closing' AND lines = 0`),
      db(env).execute(sql`UPDATE settlements SET status = 'closed' WHERE id = ${id} AND status = 'closing'`),
    ]),
  )
}

type TotalsRow = { from: string; lines: number; calls: number; gross: string; fee: string }

/** A query of what can be settled; no line: nothing. A period begins where the one before ended, or with the first line. */
function totals(creatorId: string, to: string, asOf: number | null): SQL {
  const inTime = asOf === null ? sql`` : sql` AND created_at <= ${at(asOf)}`
  return sql`
    SELECT coalesce(
        (SELECT max(period_end) FROM settlements WHERE creator_id = ${creatorId}),
        least(min(first_day), ${to}::date - 1)
      )::text AS "from",
      coalesce(sum(lines), 0)::int AS lines, coalesce(sum(calls), 0)::int AS calls,
      coalesce(sum(gross), 0) AS gross, coalesce(sum(fee), 0) AS fee
    FROM (
      SELECT fee_percent, min(day) AS first_day, count(*) AS lines, sum(calls) AS calls, sum(revenue_usd) AS gross, sum(fee_usd) AS fee
      FROM (${corrections(creatorId)} UNION ALL ${callsBefore(creatorId, to)}${inTime}) AS open
      GROUP BY fee_percent HAVING sum(revenue_usd) > 0
    ) AS rates`
}

/** A moment as Postgres gave it, in microseconds since 1970. */
function at(micros: number): SQL {
  return sql`(timestamptz 'epoch' + ${micros} * interval '1 microsecond')`
}

const LINE = sql`SELECT id, day, fee_percent, calls, revenue_usd, fee_usd FROM earnings`

function corrections(creatorId: string): SQL {
  return sql`${LINE} WHERE creator_id = ${creatorId} AND settlement_id IS NULL AND kind = 'reversal'`
}

function callsBefore(creatorId: string, to: string): SQL {
  return sql`${LINE} WHERE creator_id = ${creatorId} AND settlement_id IS NULL AND kind = 'calls' AND day < ${to}::date`
}

/** A total as the expectation of `begin`. */
export function expectedOf({ lines, gross, fee }: Totals): Expected {
  return { lines, gross: format(gross), fee: format(fee) }
}
