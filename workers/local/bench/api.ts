/**
 * `npm run bench:api`: what the API's lists, searches and dashboards take on a full market, 100,000 agents, 1,000,000 reviews and
 * 10,000,000 calls in a real PostgreSQL, beside a bare `select 1` through the same door. The market is made once and kept in
 * `.local/bench-api`; `--fresh` makes it anew, `--rows 0.1` makes a tenth of it, `--only name` measures what has that in its name.
 * `--passes 3` goes over all of them so many times, and shows of each read the pass in which the bare query was quickest: on a
 * machine that is not left alone, that is the one in which others disturbed least.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Pool } from 'pg'
import { migrate } from '../migrate.ts'
import { startRealPostgres } from '../real-postgres.ts'
import { ApiStage } from './api-stage.ts'
import { fill } from './fill.ts'
import { sizeOf } from './numbers.ts'
import { isRead, planOf } from './plans.ts'
import type { Read } from './reads.ts'

const ROUNDS = 120
const WARM_UP = 10
/** Times the bare query, at the 95th percentile of both. */
const SEARCH_MAX = 25
const READ_MAX = 8
const SETTINGS = [
  'shared_buffers=2GB',
  'effective_cache_size=6GB',
  'max_wal_size=8GB',
  'wal_level=minimal',
  'max_wal_senders=0',
  'full_page_writes=off',
  'synchronous_commit=off',
  'random_page_cost=1.1',
  'jit=off',
  'max_parallel_maintenance_workers=2',
]

process.chdir(join(import.meta.dirname, '..', '..', '..'))
const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '1' },
    fresh: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    passes: { type: 'string', default: '1' },
  },
})

const say = (text: string): void => console.log(text)
const dir = join(process.cwd(), '.local', 'bench-api', `rows-${flags.rows}`)
const note = join(dir, 'filled.json')
if (flags.fresh || !existsSync(note)) await rm(dir, { recursive: true, force: true })
await mkdir(dir, { recursive: true })

const postgres = await startRealPostgres({ dataDir: join(dir, 'data'), settings: SETTINGS })
let stage: ApiStage | undefined
try {
  const applied = await migrate(postgres.url)
  if (existsSync(note) && applied.length > 0)
    say(`The market was made before ${applied.join(', ')}: with --fresh it has rows for them too.`)
  if (!existsSync(note)) await makeMarket()
  const { key } = JSON.parse(await readFile(note, 'utf8')) as { key: string }
  stage = await ApiStage.open(postgres.url, key)
  await measure(stage)
} finally {
  await stage?.close()
  await postgres.stop()
}

async function makeMarket(): Promise<void> {
  const startedAt = performance.now()
  const size = sizeOf(Number(flags.rows))
  say(
    `Making a market of ${Object.entries(size)
      .map(([what, count]) => `${count.toLocaleString('en')} ${what}`)
      .join(', ')}.`,
  )
  const pool = new Pool({ connectionString: postgres.url, max: 1 })
  const { key } = await fill(pool, size, (step) => say(`  ${step}`))
  await pool.end()
  await writeFile(note, JSON.stringify({ key }))
  say(`  together: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
}

type Row = {
  read: Read
  p50: number
  p95: number
  bare50: number
  bare95: number
  rows: number
  statements: number
  scanned: string[]
}

async function measure(on: ApiStage): Promise<void> {
  const { reads, missing } = await on.reads()
  const asked = reads.filter(({ name }) => name.includes(flags.only))
  const best = new Map<Read, Row>()
  for (let pass = 0; pass < Number(flags.passes); pass++)
    for (const read of asked) {
      const row = await measureOne(on, read)
      if (row.bare95 < (best.get(read)?.bare95 ?? Infinity)) best.set(read, row)
    }
  const rows = [...best.values()]
  say(table(rows))
  if (missing.length > 0) say(`\nNot measured, for want of a line in reads.ts: ${missing.join(', ')}`)
  const late = rows.filter((row) => ratio(row) > limitOf(row.read))
  say(
    `\n${rows.length - late.length} of ${rows.length} reads keep to their aim: searches ${SEARCH_MAX}, others ${READ_MAX} times the bare query, p95.`,
  )
}

/** A read and a bare query in turn, so that whatever slows this machine slows both. */
async function measureOne(on: ApiStage, read: Read): Promise<Row> {
  const statements = await on.statementsOf(async () => {
    const { status, text } = await on.ask(read, 0)
    if (status !== 200) throw new Error(`${read.name}: ${status} ${text.slice(0, 300)}`)
  })
  const plans = []
  for (const statement of statements.filter(isRead)) plans.push(await planOf(on.pool, statement))
  const headers = await on.headersOf(read.who)
  const times: number[] = []
  const bare: number[] = []
  for (let n = 0; n < ROUNDS + WARM_UP; n++) {
    const isMeasured = n >= WARM_UP
    const started = performance.now()
    await on.bare()
    const between = performance.now()
    await on.ask(read, n + 1, headers)
    if (!isMeasured) continue
    bare.push(between - started)
    times.push(performance.now() - between)
  }
  return {
    read,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    bare50: percentile(bare, 0.5),
    bare95: percentile(bare, 0.95),
    rows: plans.reduce((sum, plan) => sum + plan.rows, 0),
    statements: statements.length,
    scanned: plans.flatMap(({ scanned }) => scanned),
  }
}

function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function ratio({ p95, bare95 }: Row): number {
  return p95 / bare95
}

function limitOf({ isSearch = false }: Read): number {
  return isSearch ? SEARCH_MAX : READ_MAX
}

function table(rows: Row[]): string {
  const lines = rows.map((row) => [
    row.read.name,
    row.p50.toFixed(1),
    row.p95.toFixed(1),
    row.bare50.toFixed(1),
    row.bare95.toFixed(1),
    (row.p50 / row.bare50).toFixed(1),
    ratio(row).toFixed(1),
    ratio(row) > limitOf(row.read) ? `> ${limitOf(row.read)}` : '',
    String(row.statements),
    row.rows.toFixed(0),
    row.scanned.join(' '),
  ])
  const all = [
    [
      'ms',
      'p50',
      'p95',
      'select 1 p50',
      'p95',
      'p50 / p50',
      'p95 / p95',
      'aim',
      'statements',
      'rows read',
      'whole tables',
    ],
    ...lines,
  ]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? []
  return all
    .map((line) =>
      line
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
