/**
 * What the database does for every list, search and dashboard of the API, on a real PostgreSQL with a market in it: each
 * statement that the Worker really sends is explained. No large table is read from end to end, and what is read is bounded.
 * Times are not asserted here; `npm run bench:api` measures them.
 */
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiStage } from '../../local/bench/api-stage.ts'
import { fill } from '../../local/bench/fill.ts'
import { isRead, planOf } from '../../local/bench/plans.ts'
import { READS } from '../../local/bench/reads.ts'
import { migrate } from '../../local/migrate.ts'
import { startRealPostgres, type RealPostgres } from '../../local/real-postgres.ts'

const SIZE = { agents: 20_000, reviews: 50_000, logs: 200_000 }
const ROWS_MAX = 1_000

let postgres: RealPostgres
let stage: ApiStage
let served: Awaited<ReturnType<ApiStage['reads']>>
beforeAll(async () => {
  postgres = await startRealPostgres({ settings: ['shared_buffers=256MB', 'jit=off'] })
  await migrate(postgres.url)
  const pool = new Pool({ connectionString: postgres.url, max: 1 })
  const { key } = await fill(pool, SIZE)
  await pool.end()
  stage = await ApiStage.open(postgres.url, key)
  served = await stage.reads()
}, 120_000)
afterAll(async () => {
  await stage?.close()
  await postgres?.stop()
})

test('every list of the API is among the reads', () => {
  expect(served.missing.map((path) => `Add a line for GET ${path} to workers/local/bench/reads.ts.`)).toEqual([])
  expect(served.reads.length).toBeGreaterThan(0)
})

test.for(READS.map((read) => [read.name, read] as const))('%s', async ([, read], { skip }) => {
  skip(!served.reads.includes(read), `The document has no ${read.route}.`)
  let answer = { status: 0, text: '' }
  const statements = await stage.statementsOf(async () => {
    answer = await stage.ask(read, 0)
  })
  expect(answer.status, answer.text.slice(0, 500)).toBe(200)
  const plans = []
  for (const statement of statements.filter(isRead)) plans.push(await planOf(stage.pool, statement))
  expect(plans.filter(({ scanned }) => scanned.some((table) => table !== read.mayScan))).toEqual([])
  const rows = plans.reduce((sum, plan) => sum + plan.rows, 0)
  expect(rows, plans.map((plan) => `${plan.rows} rows: ${plan.sql}`).join('\n')).toBeLessThanOrEqual(
    read.rows ?? ROWS_MAX,
  )
})
