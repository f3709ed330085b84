/**
 * Latencies as counts in fixed buckets: two days, or two agents, are added by adding their counts, which no percentile
 * allows. The buckets are single milliseconds up to 20, then each is 19 % wide, so that a percentile told from them is
 * within 10 % of the true one.
 *
 * The counts are stored as one number in base 10^12 with a digit for each bucket, the first bucket last: PostgreSQL adds
 * such numbers as it adds any others, all buckets at once, and no count can grow into the next. A change of the buckets
 * needs new columns.
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

/** How many decimal digits a count has room for. */
const COUNT_DIGITS = 12

const SINGLE_CALLS = STARTS.map((_, i) => `1e${COUNT_DIGITS * i}`).join(', ')

/** A single call of this latency, as a number that can be added to others. */
export const countOf = (latencyMs: SQL): SQL =>
  sql`('{${sql.raw(SINGLE_CALLS)}}'::numeric[])[width_bucket(greatest(${latencyMs}, 0), '{${sql.raw(STARTS.join(', '))}}'::int[])]`

/** Calls by bucket. */
export type Counts = readonly number[]

const NONE = '0'.repeat(COUNT_DIGITS)

/** The counts in such a number, as PostgreSQL writes it. */
export function readCounts(text: string): Counts {
  const counts: number[] = []
  for (let end = text.length; end > 0; end -= COUNT_DIGITS) {
    const digits = text.slice(Math.max(0, end - COUNT_DIGITS), end)
    counts.push(digits === NONE ? 0 : Number(digits))
  }
  return counts
}

/** The counts of several groups in one. */
export function addCounts(groups: readonly Counts[]): Counts {
  return STARTS.map((_, i) => groups.reduce((sum, counts) => sum + (counts[i] ?? 0), 0))
}

/**
 * The latency in milliseconds that a share of the calls (0 to 1) did not exceed, within 10 % of the true one; null without
 * calls. It is the harmonic mean of the bucket that holds the call in question, which is at most 9 % from either end.
 */
export function percentile(counts: Counts, share: number): number | null {
  const calls = counts.reduce((sum, count) => sum + count, 0)
  if (calls === 0) return null
  const rank = Math.max(1, Math.ceil(share * calls))
  let before = 0
  const place = counts.findIndex((count) => (before += count) >= rank)
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
