/**
 * The metrics in Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/): what isolates have
 * counted, and what stands at this moment. A store that does not answer takes its own figures along and no others, and is
 * itself a figure; only the counts have to be whole.
 */
import { sql } from 'drizzle-orm'
import { db } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { addCounted, COUNTED, readCounted, seriesKey } from '../base/metrics.ts'
import { within } from '../base/within.ts'
import { breakersOf } from './health.ts'
import { backlogs } from './queues.ts'
import type { Bindings } from '../env.ts'

const LIMIT_MS = 2_000
/** As the document's alert has it: 1 is open. */
const STATES = { closed: 0, open: 1, 'half-open': 2 } as const

const GAUGES = {
  circuit_breaker_state: 'Whether calls may go to a model: 0 closed, 1 open, 2 half-open.',
  queue_backlog: 'Messages that wait in a queue.',
  dead_letters_waiting: 'Messages that a queue gave up on and that nobody has sent again.',
  ledger_differences: 'Differences between the books and what they are compared with, that are not resolved.',
  ledger_frozen: 'Of these, how many stop withdrawals or calls.',
  metrics_source_up: 'Whether what the gauges are read from has answered.',
} as const

type Sample = [name: keyof typeof GAUGES, labels: Record<string, string>, value: number]

/** All metrics as text. Throws `storeUnavailable` when the counts cannot be read whole. */
export async function metricsText(env: Bindings): Promise<string> {
  await addCounted(env)
  const [counted, gauges] = await Promise.all([
    within(LIMIT_MS, readCounted(env)).catch((cause: unknown) => {
      throw new AppError('storeUnavailable', { cause })
    }),
    gaugesOf(env),
  ])
  const lines = Object.entries(COUNTED).flatMap(([name, metric]) => {
    const buckets = 'buckets' in metric ? metric.buckets : null
    const series = [...counted].filter(([key]) => key === name || key.startsWith(`${name}{`))
    return [
      ...head(name, metric.help, buckets ? 'histogram' : 'counter'),
      ...series.flatMap(([key, values]) => (buckets ? histogram(name, key, values, buckets) : [`${key} ${values[0]}`])),
    ]
  })
  for (const [name, help] of Object.entries(GAUGES)) {
    const samples = gauges.filter(([of]) => of === name)
    lines.push(
      ...head(name, help, 'gauge'),
      ...samples.map(([, labels, value]) => `${seriesKey(name, labels)} ${value}`),
    )
  }
  return `${lines.join('\n')}\n`
}

function head(name: string, help: string, type: 'counter' | 'gauge' | 'histogram'): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

/** A histogram's buckets hold all that is not above them. */
function histogram(name: string, key: string, values: number[], buckets: readonly number[]): string[] {
  if (values.length !== buckets.length + 2) return []
  const labels = key.slice(name.length + 1, -1)
  const bucket = (most: string, sum: number): string =>
    `${name}_bucket{${labels === '' ? '' : `${labels},`}le="${most}"} ${sum}`
  const of = (part: string): string => `${name}_${part}${labels === '' ? '' : `{${labels}}`}`
  let sum = 0
  const lines = buckets.map((most, at) => bucket(String(most), (sum += values[at] ?? 0)))
  sum += values[buckets.length] ?? 0
  return [...lines, bucket('+Inf', sum), `${of('sum')} ${values[buckets.length + 1]}`, `${of('count')} ${sum}`]
}

async function gaugesOf(env: Bindings): Promise<Sample[]> {
  const [breakers, queues, stored] = await Promise.all([
    breakersOf(env),
    backlogs(env),
    within(LIMIT_MS, storedOf(env)).catch(() => null),
  ])
  return [
    ...breakers.flatMap(({ model: path, state }): Sample[] => {
      const [provider = '', model = ''] = path.split('/')
      return state === 'unknown' ? [] : [['circuit_breaker_state', { provider, model }, STATES[state]]]
    }),
    ...queues.flatMap(({ queue, backlog }): Sample[] =>
      backlog === null ? [] : [['queue_backlog', { queue }, backlog]],
    ),
    ...(stored ?? []),
    ['metrics_source_up', { source: 'breakers' }, breakers.every(({ state }) => state !== 'unknown') ? 1 : 0],
    ['metrics_source_up', { source: 'queues' }, queues.every(({ backlog }) => backlog !== null) ? 1 : 0],
    ['metrics_source_up', { source: 'postgres' }, stored === null ? 0 : 1],
  ]
}

/** What stands in Postgres. Of each a few rows at most, by an index on what is open. */
async function storedOf(env: Bindings): Promise<Sample[]> {
  const { rows } = await db(env).execute<{
    kind: 'letters' | 'differences'
    name: string
    all: number
    frozen: number
  }>(sql`
    SELECT 'letters' AS kind, queue AS name, count(*)::int AS all, 0 AS frozen FROM dead_letters
    WHERE replayed_at IS NULL GROUP BY queue
    UNION ALL
    SELECT 'differences', name, count(*)::int, count(*) FILTER (WHERE freezes IS NOT NULL AND released_at IS NULL)::int
    FROM differences WHERE resolved_at IS NULL GROUP BY name`)
  return rows.flatMap(({ kind, name, all, frozen }): Sample[] =>
    kind === 'letters'
      ? [['dead_letters_waiting', { queue: name }, all]]
      : [
          ['ledger_differences', { name }, all],
          ['ledger_frozen', { name }, frozen],
        ],
  )
}
