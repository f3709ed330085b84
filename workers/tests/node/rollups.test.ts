/** What only a real PostgreSQL shows of the rollups: batches that are written at the same time, and what the migration counts. */
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { migrate, MIGRATIONS } from '../../local/migrate.ts'
import { startPostgres, type Postgres } from '../../local/postgres.ts'
import { startRealPostgres, type RealPostgres } from '../../local/real-postgres.ts'
import { testBindings } from '../../local/test-bindings.ts'

type Log = Record<string, unknown> & { id: string }
type Fake = { id: string; attempts: number; body: unknown; ack(): void; retry(): void }
type Consumer = { callLogsQueue(batch: { messages: Fake[] }, env: unknown): Promise<void> }

// Named by a variable, because what the Worker is typed with does not hold in Node; what it does, does.
const CONSUMER = '../../quota/call-logs.queue.ts'
const ROLLUPS = [
  'account_usage',
  'account_part_usage',
  'agent_usage',
  'agent_callers',
  'agent_last_calls',
  'platform_usage',
]
const FIRST_ROLLUP = '0007_'

let server: RealPostgres
let postgres: Postgres
let consumer: Consumer
beforeAll(async () => {
  server = await startRealPostgres()
  postgres = await startPostgres({ port: 0, databaseUrl: server.url })
  await migrate(server.url)
  consumer = (await import(CONSUMER)) as Consumer
})
afterAll(async () => {
  await postgres.stop()
  await server.stop()
})

/** Lets the consumer take a batch; gives how many of its messages it wants again. */
async function deliver(messages: Log[][]): Promise<number> {
  let retries = 0
  const env = {
    ...testBindings(inject('doors')),
    DATABASE_URL: postgres.url,
    DATABASE_HTTP_URL: postgres.httpUrl,
    EVENTS: { sendBatch: async () => {} },
  }
  const fakes = messages.map((logs, i) => ({
    id: String(i),
    attempts: 1,
    body: { version: 1, accountId: '', logs },
    ack: () => {},
    retry: () => void retries++,
  }))
  await consumer.callLogsQueue({ messages: fakes }, env)
  return retries
}

const ids = Array.from({ length: 6 }, () => crypto.randomUUID())
const id = fc.constantFrom(...ids)
const someLog: fc.Arbitrary<Log> = fc.record({
  id: fc.uuid({ version: 4 }),
  requestId: fc.constant('r'),
  agentId: id,
  agentVersion: fc.constant(1),
  creatorId: fc.constantFrom(ids[0], ids[1]),
  apiKeyId: id,
  userId: id,
  provider: fc.constant('openai'),
  model: fc.constant('m'),
  stream: fc.boolean(),
  status: fc.constantFrom('success', 'error', 'timeout'),
  errorCode: fc.constant(null),
  inputTokens: fc.option(fc.nat(1_000)),
  outputTokens: fc.option(fc.nat(1_000)),
  latencyMs: fc.oneof(fc.nat(30), fc.nat(2_000_000)),
  firstContentMs: fc.constant(null),
  funding: fc.constantFrom('paid', 'promotional', 'trial', null),
  lotId: fc.constant('lot'),
  priceUsd: fc.constant('0.123456'),
  premiumUsd: fc.constant('0'),
  revenueUsd: fc.constant('0.123456'),
  feePercent: fc.constant(20),
  admittedAt: fc.constant(1_790_000_000_000),
  settledAt: fc.integer({ min: 1_790_000_000_000, max: 1_790_400_000_000 }),
})

/** The rows of a rollup, in one order, as text. */
async function rowsOf(client: Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ row: string }>(`SELECT to_json(t)::text AS row FROM ${table} t ORDER BY 1`)
  return rows.map(({ row }) => row)
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

test('batches with the same calls and the same keys, written at the same time, wait for each other and count each call once', async () => {
  const logs = fc.sample(someLog, 300)
  const batches = Array.from({ length: 12 }, (_, i) => {
    const start = (i * 25) % 300
    const some = [...logs.slice(start), ...logs.slice(0, start)].slice(0, 150)
    return i % 2 === 0 ? some : some.toReversed()
  })
  const retries = await Promise.all(batches.map((batch) => deliver([batch.slice(0, 75), batch.slice(75)])))
  expect(retries.reduce((sum, count) => sum + count, 0)).toBe(0)
  await withClient(server.url, async (client) => {
    const count = async (query: string): Promise<unknown> => (await client.query<{ n: unknown }>(query)).rows[0]?.n
    expect(await count('SELECT count(*)::int AS n FROM call_logs')).toBe(300)
    const whole = `agent_id = '00000000-0000-0000-0000-000000000000'`
    for (const rows of [
      'account_usage',
      'platform_usage',
      ...['agent', 'key'].flatMap((part) =>
        ['day', 'month'].map((span) => `account_part_usage WHERE part = '${part}' AND span = '${span}'`),
      ),
      `agent_usage WHERE ${whole}`,
      `agent_usage WHERE NOT ${whole}`,
    ])
      expect(await count(`SELECT sum(calls)::int AS n FROM ${rows}`), rows).toBe(300)
    // What is added up has the count of every bucket: as a sum of digits it is the number of calls.
    for (const [table, calls] of [
      ['account_usage', 300],
      ['account_part_usage', `(SELECT sum(successful) FROM account_part_usage)`],
      ['agent_usage', `(SELECT sum(successful) FROM agent_usage)`],
    ])
      expect(
        await count(`
          SELECT sum(div(latencies, 10::numeric ^ (12 * place)) % 10::numeric ^ 12) = ${calls} AS n
          FROM ${table}, generate_series(0, 79) AS place`),
        String(table),
      ).toBe(true)
    for (const agentId of ['agent_id', `'00000000-0000-0000-0000-000000000000'::uuid`])
      expect(
        await count(`
          SELECT count(*)::int AS n FROM agent_usage AS u FULL JOIN (
            SELECT creator_id, ${agentId} AS agent_id, (created_at AT TIME ZONE 'UTC')::date AS day, count(DISTINCT user_id) AS callers
            FROM call_logs GROUP BY 1, 2, 3
          ) AS l USING (creator_id, agent_id, day)
          WHERE users IS DISTINCT FROM callers AND (${whole}) = ${agentId !== 'agent_id'}`),
      ).toBe(0)
  })
})

test('the migration counts the calls that are there already as the consumer would have', async () => {
  await deliver([fc.sample(someLog, 200)])
  const folder = await mkdtemp(join(tmpdir(), 'agentlink-rollups-'))
  const files = (await readdir(MIGRATIONS)).toSorted()
  await withClient(server.url, async (client) => {
    await client.query('CREATE DATABASE older')
    const url = new URL(server.url)
    url.pathname = '/older'
    for (const file of files.filter((name) => name < FIRST_ROLLUP))
      await copyFile(join(MIGRATIONS, file), join(folder, file))
    await migrate(url.href, folder)
    const { rows } = await client.query<{ logs: string }>('SELECT json_agg(c)::text AS logs FROM call_logs c')
    await withClient(url.href, async (older) => {
      await older.query('INSERT INTO call_logs SELECT * FROM json_populate_recordset(NULL::call_logs, $1)', [
        rows[0]?.logs,
      ])
      await migrate(url.href)
      for (const table of ROLLUPS) expect(await rowsOf(older, table)).toEqual(await rowsOf(client, table))
    })
  })
  await rm(folder, { recursive: true })
})
