import { readdir } from 'node:fs/promises'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrate, MIGRATIONS } from '../../local/migrate.ts'
import { startRealPostgres, type RealPostgres } from '../../local/real-postgres.ts'

const LOGS = 400
const RUNS = 4

let postgres: RealPostgres
let pool: Pool
beforeAll(async () => {
  postgres = await startRealPostgres()
  pool = new Pool({ connectionString: postgres.url, max: 12 })
})
afterAll(async () => {
  await pool.end()
  await postgres.stop()
})

it('migrations that run at the same time share the work, and each file is applied once', async () => {
  const runs = await Promise.all(Array.from({ length: RUNS }, () => migrate(postgres.url)))
  expect(runs.flat().toSorted()).toEqual((await readdir(MIGRATIONS)).toSorted())
})

it('partitions that are made twice at the same time, while logs come in, lose no log and refuse none', async () => {
  const addLog = (n: number): Promise<unknown> =>
    pool.query(
      `INSERT INTO call_logs (id, request_id, agent_id, agent_version, creator_id, api_key_id, user_id, provider, model, stream,
         status, latency_ms, cost_usd, price_usd, premium_usd, revenue_usd, fee_percent, admitted_at, created_at)
       SELECT gen_random_uuid(), '', u, 1, u, u, u, 'openai', 'm', FALSE, 'success', 1, 0, 0, 0, 0, 20, now(),
         now() + make_interval(months => 4 + $1)
       FROM gen_random_uuid() AS u`,
      [n % 8],
    )
  const work: Promise<unknown>[] = []
  for (let n = 0; n < LOGS; n++) {
    work.push(addLog(n))
    if (n % (LOGS / RUNS) === 0) work.push(pool.query(`SELECT ensure_call_log_partitions(${4 + n / (LOGS / RUNS)})`))
    if (n % (LOGS / RUNS) === 1) work.push(pool.query('SELECT ensure_call_log_partitions(12)'))
  }
  await Promise.all(work)
  const { rows } = await pool.query<{ logs: number; stray: number }>(
    `SELECT count(*)::int AS logs, count(*) FILTER (WHERE tableoid = 'call_logs_default'::regclass)::int AS stray FROM call_logs`,
  )
  expect(rows).toEqual([{ logs: LOGS, stray: 0 }])
})
