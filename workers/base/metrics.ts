/**
 * What is counted. An isolate counts in memory, which costs a request nothing, and now and then, beside an answer, adds what it has
 * counted to one of a few objects (`metrics.object.ts`); whoever asks for the metrics is given their sum. An isolate that ends
 * takes with it what it had not added yet: at most what it counted in the ten seconds after it last did.
 *
 * Every label takes one of a few values that our code names. None is an id, a path as somebody typed it, or a text.
 */
import { waitUntil } from 'cloudflare:workers'
import { clock } from './clock.ts'
import { describe, log } from './log.ts'
import type { Bindings } from '../env.ts'

const FLUSH_MS = 10_000
/** Objects that share the counting: each takes some hundred additions a second. */
const SHARDS = 8

/** The document's buckets, in seconds. */
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const PROVIDER_SECONDS = [0.5, 1, 2, 5, 10, 20, 30]
const LAG_SECONDS = [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600]

export const COUNTED = {
  http_requests_total: { help: 'Requests, by route.', labels: ['method', 'path', 'status'] },
  http_request_duration_seconds: {
    help: 'From a request to its answer; of a stream, to its first event.',
    labels: ['method', 'path'],
    buckets: HTTP_SECONDS,
  },
  ai_provider_latency_seconds: {
    help: 'From our request to a provider to its whole answer, of a stream to its first content, or to its failure.',
    labels: ['provider', 'model'],
    buckets: PROVIDER_SECONDS,
  },
  quota_remaining: {
    help: 'Calls that accounts had left, each time they called.',
    labels: [],
    buckets: [0, 1, 5, 10, 25, 50, 100, 500, 1_000, 10_000, 100_000],
  },
  time_to_first_event_seconds: {
    help: 'From a request to the first event of its stream.',
    labels: ['provider'],
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30],
  },
  gateway_overhead_seconds: {
    help: 'What the gateway adds to the provider until an answer is sent, or a stream begins; knowledge included.',
    labels: ['stream'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  },
  outbox_lag_seconds: {
    help: 'From the settlement of a call to its row in the log.',
    labels: [],
    buckets: LAG_SECONDS,
  },
  queue_lag_seconds: {
    help: 'From the sending of a message to a try at it, pauses between tries included.',
    labels: ['queue'],
    buckets: LAG_SECONDS,
  },
  cron_runs_total: { help: 'Runs of what the clock starts.', labels: ['cron'] },
  ledger_checks_total: { help: 'Checks of the books, and whether each could be made.', labels: ['check', 'outcome'] },
  traces_total: { help: 'Traces that were recorded, and what became of them.', labels: ['outcome'] },
} as const satisfies Record<string, { help: string; labels: readonly string[]; buckets?: readonly number[] }>

type Name = keyof typeof COUNTED
type HistogramName = { [N in Name]: (typeof COUNTED)[N] extends { buckets: readonly number[] } ? N : never }[Name]
type Labels<N extends Name> = Record<(typeof COUNTED)[N]['labels'][number], string>

/**
 * What was counted under a name and labels, `http_requests_total{method="GET",…}`: one number, or for a histogram how many fell
 * into each bucket, how many lay above all, and their sum.
 */
export type Series = { key: string; values: number[] }

/** What this isolate has counted and not added yet. */
const counted = new Map<string, number[]>()
let addedAt = -Infinity

/** Counts one. */
export function count<N extends Exclude<Name, HistogramName>>(name: N, labels: Labels<N>): void {
  const values = seriesOf(seriesKey(name, labels), 1)
  values[0] = (values[0] ?? 0) + 1
}

/** Counts a value into its bucket. What is below 0, as after a clock was set, is 0. */
export function observe<N extends HistogramName>(name: N, labels: Labels<N>, value: number): void {
  const { buckets } = COUNTED[name]
  const least = Math.max(0, value)
  const found = buckets.findIndex((most) => least <= most)
  const values = seriesOf(seriesKey(name, labels), buckets.length + 2)
  const bucket = found === -1 ? buckets.length : found
  values[bucket] = (values[bucket] ?? 0) + 1
  values[buckets.length + 1] = (values[buckets.length + 1] ?? 0) + least
}

/** The numbers of a series of this isolate, to be counted in place: a call counts several. */
function seriesOf(key: string, length: number): number[] {
  const known = counted.get(key)
  if (known) return known
  const values = Array.from({ length }, () => 0)
  counted.set(key, values)
  return values
}

/** Adds numbers to those of the same series. Those of another length are of an older code, and go. */
export function add(to: Map<string, number[]>, { key, values }: Series): void {
  const known = to.get(key)
  if (known?.length === values.length) values.forEach((value, at) => (known[at] = (known[at] ?? 0) + value))
  else to.set(key, [...values])
}

/** Adds what was counted here to the objects, if that is due. Goes on beside what asks for it. */
export function addSoon(env: Bindings): void {
  const passed = clock.now() - addedAt
  // A clock that was set back silences nobody.
  if (passed >= FLUSH_MS || passed < 0) waitUntil(addCounted(env))
}

/** Adds what was counted here to the objects, now. Never throws: what could not be added is added the next time. */
export async function addCounted(env: Bindings): Promise<void> {
  addedAt = clock.now()
  if (counted.size === 0) return
  const series: Series[] = [...counted].map(([key, values]) => ({ key, values }))
  counted.clear()
  try {
    await shard(env, Math.floor(Math.random() * SHARDS)).add(series)
  } catch (thrown) {
    for (const one of series) add(counted, one)
    log.warn('metrics.not_added', { count: series.length, error: describe(thrown) })
  }
}

/** The sum of what all isolates have added. Throws when an object does not answer: part of a count is no count. */
export async function readCounted(env: Bindings): Promise<Map<string, number[]>> {
  const sum = new Map<string, number[]>()
  const shards = await Promise.all(Array.from({ length: SHARDS }, async (_, at) => shard(env, at).read()))
  for (const series of shards.flat()) add(sum, series)
  return sum
}

function shard(env: Bindings, at: number) {
  return env.METRICS.get(env.METRICS.idFromName(String(at)))
}

/** The name of a series as Prometheus writes it. */
export function seriesKey(name: string, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

function escaped(value: string): string {
  if (!/[\\"\n]/.test(value)) return value
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}
