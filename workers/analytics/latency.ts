/**
 * Latencies as counts in fixed buckets: two days, or two agents, are added by adding their counts, which no percentile
 * allows. The buckets are single milliseconds up to 20, then each is 19 % wide, so that a percentile told from them is
 * within 10 % of the true one. A change of the buckets needs new columns: counts are stored by their place.
 */
import { sql, type SQL } from 'drizzle-orm'

const SINGLE_MS = 20
const GROWTH = 1.19
/** Twice as long as the longest stream; the last bucket takes everything from here on. */
const LAST_START_MS = 600_000

/** The first millisecond of each bucket. */
export const STARTS: readonly number[] = startsOfBuckets()

function startsOfBuckets(): number[] {
  const starts = [0]
  for (let start = 0; start < LAST_START_MS; starts.push(start))
    start = start < SINGLE_MS ? start + 1 : Math.floor(start * GROWTH) + 1
  return starts
}

const PLACES = STARTS.map((_, i) => i + 1)

/** The place of a row's bucket, from 1, as PostgreSQL counts the places of an array. */
export const placeOf = (latencyMs: SQL): SQL =>
  sql`width_bucket(greatest(${latencyMs}, 0), ARRAY[${sql.raw(STARTS.join(', '))}])`

/** The counts of a group of rows, each of which has its place in `place`. */
export const countsOf = (place: string): SQL =>
  sql.raw(`ARRAY[${PLACES.map((i) => `count(*) FILTER (WHERE ${place} = ${i})`).join(', ')}]::int[]`)

/** The sum of two arrays of counts, for an upsert. */
export const added = (table: string): SQL =>
  sql.raw(`ARRAY[${PLACES.map((i) => `${table}.latencies[${i}] + excluded.latencies[${i}]`).join(', ')}]`)

/** Which calls count for a latency: those that succeeded, or all. */
export type Timed = 'successful' | 'all'

/** The sum of the counts of a group of rows of a rollup, as JSON; null in place of 0 where no row counts. */
export function summed(table: 'account_usage' | 'agent_usage', timed: Timed): SQL<Counts> {
  const filter = timed === 'all' ? '' : ` FILTER (WHERE ${table}.status = 'success')`
  // As one text: eighty pieces, put together by the query builder, take longer than the query.
  return sql.raw(
    `to_json(ARRAY[${PLACES.map((i) => `sum(${table}.latencies[${i}])${filter}`).join(', ')}])`,
  ) as SQL<Counts>
}

/** Calls by bucket. Null stands for 0. */
export type Counts = readonly (number | null)[]

/** The counts of several groups in one. */
export function addCounts(groups: readonly Counts[]): Counts {
  return STARTS.map((_, i) => groups.reduce((sum, counts) => sum + (counts[i] ?? 0), 0))
}

/**
 * The latency in milliseconds that a share of the calls (0 to 1) did not exceed, within 10 % of the true one; null without
 * calls. It is the harmonic mean of the bucket that holds the call in question, which is at most 9 % from either end.
 */
export function percentile(counts: Counts, share: number): number | null {
  const calls = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
  if (calls === 0) return null
  const rank = Math.max(1, Math.ceil(share * calls))
  let before = 0
  const place = counts.findIndex((count) => (before += count ?? 0) >= rank)
  const first = STARTS[place] ?? 0
  const next = STARTS[place + 1]
  if (next === undefined || first === 0) return first
  return Math.round((2 * first * (next - 1)) / (first + next - 1))
}

/** How long calls took, as it is shown. */
export const shownLatency = (counts: Counts): { p50: number | null; p95: number | null } => ({
  p50: percentile(counts, 0.5),
  p95: percentile(counts, 0.95),
})
