/**
 * The statement of a settlement, as CSV: every call that it pays for, every correction, and a last line that says what they come
 * to. It is made anew from the rows whenever it is asked for, page by page, and comes out the same to the last byte, because
 * the rows cannot change; the settlement keeps its hash.
 *
 * The calls are read day by day along the creator's index, and those whose line is one of the settlement's are told. Postgres
 * writes the text of a page: there is nothing in it that a user has named, so nothing has to be quoted.
 */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { add, amount, format, subtract, ZERO, type Amount } from '../money/amount.ts'
import type { Bindings } from '../env.ts'

/** Rows read at once. */
const PAGE = 5_000
const HEADER =
  'kind,call_id,settled_at,agent_id,agent_version,funding,price_usd,revenue_usd,fee_percent,fee_usd,net_usd\r\n'
const NOTHING = '00000000-0000-0000-0000-000000000000'

/** Where the next page begins, and what the pages before came to. */
export type Place = {
  part: 'begin' | 'calls' | 'corrections' | 'end'
  day: string
  /** The last row that was read: of calls its moment and id, of corrections its id. */
  at: string
  id: string
  calls: number
  gross: string
  fee: string
}

export const BEGINNING: Place = { part: 'begin', day: '', at: '', id: NOTHING, calls: 0, gross: '0', fee: '0' }

type Stated = { id: string; creatorId: string }
type Page = { text: string; next: Place | null }

/** The page at a place. `next` is null after the last. */
export async function page(env: Bindings, settlement: Stated, place: Place): Promise<Page> {
  switch (place.part) {
    case 'begin':
      return { text: HEADER, next: await nextDay(env, settlement, place) }
    case 'calls':
      return callsPage(env, settlement, place)
    case 'corrections':
      return correctionsPage(env, settlement, place)
    case 'end': {
      const { calls, gross, fee } = place
      const net = format(subtract(amount(gross), amount(fee)))
      return { text: `total,${calls},,,,,,${format(amount(gross))},,${format(amount(fee))},${net}\r\n`, next: null }
    }
  }
}

/** The whole text, a page at a time. */
export async function* pages(env: Bindings, settlement: Stated): AsyncGenerator<string> {
  for (let place: Place | null = BEGINNING; place !== null;) {
    const { text, next }: Page = await page(env, settlement, place)
    yield text
    place = next
  }
}

/** What the pages up to a place came to. */
export function sumsOf({ calls, gross, fee }: Place): { calls: number; gross: Amount; fee: Amount } {
  return { calls, gross: amount(gross), fee: amount(fee) }
}

type Rows = {
  read: number
  at: string
  id: string
  text: string | null
  calls: number
  gross: string
  fee: string
}

async function callsPage(env: Bindings, settlement: Stated, place: Place): Promise<Page> {
  const { id, creatorId } = settlement
  const { day } = place
  const { rows } = await reach(() =>
    db(env).execute<Rows>(sql`
      WITH page AS MATERIALIZED (
        SELECT id, created_at, agent_id, agent_version, funding, price_usd, revenue_usd, fee_percent, transaction_id
        FROM call_logs
        WHERE creator_id = ${creatorId} AND created_at >= ${place.at}::timestamptz
          AND created_at < (${day}::date + 1)::timestamp AT TIME ZONE 'UTC'
          AND (created_at, id) > (${place.at}::timestamptz, ${place.id}::uuid)
        ORDER BY created_at, id LIMIT ${PAGE}
      ),
      last AS (SELECT created_at, id FROM page ORDER BY created_at DESC, id DESC LIMIT 1),
      told AS (
        SELECT page.*, (page.revenue_usd * page.fee_percent / 100)::decimal(18, 8) AS fee
        FROM page CROSS JOIN LATERAL (
          -- Each call's line is looked up by its key, which the limit makes sure of: Postgres does not know yet how many lines
          -- a settlement has, and would read all of them for every call.
          SELECT kind, settlement_id FROM earnings
          WHERE transaction_id = page.transaction_id AND creator_id = ${creatorId} AND day = ${day}::date
            AND fee_percent = page.fee_percent LIMIT 1
        ) AS line
        WHERE page.revenue_usd > 0 AND line.kind = 'calls' AND line.settlement_id = ${id}
      )
      SELECT (SELECT count(*)::int FROM page) AS read, ${moment('(SELECT created_at FROM last)', 'US')} AS at,
        (SELECT id FROM last) AS id, count(*)::int AS calls, coalesce(sum(revenue_usd), 0) AS gross, coalesce(sum(fee), 0) AS fee,
        string_agg(concat_ws(',', 'call', id, ${moment('created_at', 'MS')}, agent_id, agent_version, coalesce(funding, ''), ${decimals('price_usd')},
          ${decimals('revenue_usd')}, fee_percent, ${decimals('fee')}, ${decimals('revenue_usd - fee')}) || E'\r\n', '' ORDER BY created_at, id) AS text
      FROM told`),
  )
  const [row] = rows
  const sums = summed(place, row)
  const next = row && row.read === PAGE ? { ...sums, at: row.at, id: row.id } : await nextDay(env, settlement, sums)
  return { text: row?.text ?? '', next }
}

async function correctionsPage(env: Bindings, { id }: Stated, place: Place): Promise<Page> {
  const { rows } = await reach(() =>
    db(env).execute<Rows>(sql`
      WITH page AS (
        SELECT id, day, revenue_usd, fee_percent, fee_usd AS fee FROM earnings
        WHERE settlement_id = ${id} AND kind = 'reversal' AND (day, id) > (${place.day}::date, ${place.id}::uuid)
        ORDER BY day, id LIMIT ${PAGE}
      )
      SELECT count(*)::int AS read, max(day)::text AS at,
        (array_agg(id ORDER BY day DESC, id DESC))[1] AS id, 0 AS calls, coalesce(sum(revenue_usd), 0) AS gross, coalesce(sum(fee), 0) AS fee,
        string_agg(concat_ws(',', 'correction', '', to_char(day, 'YYYY-MM-DD'), '', '', '', '', ${decimals('revenue_usd')}, fee_percent,
          ${decimals('fee')}, ${decimals('revenue_usd - fee')}) || E'\r\n', '' ORDER BY day, id) AS text
      FROM page`),
  )
  const [row] = rows
  const sums = summed(place, row)
  const next: Place =
    row && row.read === PAGE ? { ...sums, day: row.at, id: row.id } : { ...sums, part: 'end', at: '', id: NOTHING }
  return { text: row?.text ?? '', next }
}

/** The beginning of the next day of which the settlement has calls, or of the corrections. */
async function nextDay(env: Bindings, { id }: Stated, place: Place): Promise<Place> {
  const { rows } = await reach(() =>
    db(env).execute<{ day: string }>(sql`
      SELECT day::text AS day FROM earnings
      WHERE settlement_id = ${id} AND kind = 'calls' AND day > ${place.day || '-infinity'}::date
      ORDER BY day LIMIT 1`),
  )
  const [next] = rows
  return next
    ? { ...place, part: 'calls', day: next.day, at: `${next.day}T00:00:00.000000Z`, id: NOTHING }
    : { ...place, part: 'corrections', day: '-infinity', at: '', id: NOTHING }
}

function summed(place: Place, row: Rows | undefined): Place {
  const { calls = 0, gross = '0', fee = '0' } = row ?? {}
  return {
    ...place,
    calls: place.calls + calls,
    gross: plus(place.gross, gross),
    fee: plus(place.fee, fee),
  }
}

function plus(a: string, b: string): string {
  const sum = add(amount(a), amount(b))
  return sum === ZERO ? '0' : format(sum)
}

/** A moment in UTC, to the millisecond (`MS`) or microsecond (`US`). The names are ours. */
function moment(expression: string, fraction: 'MS' | 'US') {
  return sql.raw(`to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.${fraction}"Z"')`)
}

/** An amount with as many decimals as it has, two at least. */
function decimals(expression: string) {
  return sql.raw(`to_char(${expression}, 'FM9999999990.00999999')`)
}
