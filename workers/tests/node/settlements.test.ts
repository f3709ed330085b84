/** What only a real PostgreSQL shows of settlements and withdrawals: many who change what belongs to one creator at the same time. */
import { sql, type SQL } from 'drizzle-orm'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { addEarnings } from '../../local/bench/earn.ts'
import { migrate } from '../../local/migrate.ts'
import { startPostgres, type Postgres } from '../../local/postgres.ts'
import { startRealPostgres, type RealPostgres } from '../../local/real-postgres.ts'
import { testBindings } from '../../local/test-bindings.ts'

type Message = { version: 1; creatorId: string; to: string; asOf: null; expected: null }
type Db = { batch(statements: unknown[]): Promise<unknown>; execute(statement: SQL): unknown }
type Settling = { settle(env: unknown, message: unknown): Promise<Message | null> }
type Withdrawing = {
  withdraw(env: unknown, asked: { id: string; creatorId: string; amount: bigint }): Promise<{ id: string }>
}
type Logging = { callLogsQueue(batch: { messages: unknown[] }, env: unknown): Promise<void> }
type Ledger = { posting(given: { kind: string; source: SQL; entries: SQL; id: string }): SQL }

// Named by variables, because what the Worker is typed with does not hold in Node; what it does, does.
const SETTLE = '../../settlements/settle.ts'
const WITHDRAW = '../../settlements/withdrawals.ts'
const CONSUMER = '../../quota/call-logs.queue.ts'
const LEDGER = '../../money/ledger.ts'
const DATABASE = '../../base/db.ts'

let server: RealPostgres
let postgres: Postgres
let client: Client
let env: Record<string, unknown>
let modules: Settling & Withdrawing & Logging & Ledger & { db(env: unknown): Db }
beforeAll(async () => {
  server = await startRealPostgres()
  postgres = await startPostgres({ port: 0, databaseUrl: server.url })
  await migrate(server.url)
  client = new Client({ connectionString: server.url })
  await client.connect()
  // What workerd has and this Node has not yet.
  // oxlint-disable-next-line eslint/no-extend-native
  Object.defineProperty(Uint8Array.prototype, 'toHex', {
    configurable: true,
    value(this: Uint8Array) {
      return Buffer.from(this).toString('hex')
    },
  })
  env = {
    ...testBindings(inject('doors')),
    DATABASE_URL: postgres.url,
    DATABASE_HTTP_URL: postgres.httpUrl,
    EVENTS: { sendBatch: async () => {} },
  }
  const loaded = await Promise.all([SETTLE, WITHDRAW, CONSUMER, LEDGER, DATABASE].map((path) => import(path)))
  modules = Object.assign({}, ...loaded) as typeof modules
})
afterAll(async () => {
  await client.end()
  await postgres.stop()
  await server.stop()
})

async function newCreator(): Promise<string> {
  const id = crypto.randomUUID()
  await client.query(
    `INSERT INTO users (id, email, password_hash, user_type, wallet_address, wallet_changed_at)
     VALUES ($1, $2, 'none', 'creator', $3, now() - interval '30 days')`,
    [id, `${id}@example.com`, `0x${'ab'.repeat(20)}`],
  )
  return id
}

async function settleUpTo(creatorId: string, to: string): Promise<void> {
  let message: Message | null = { version: 1, creatorId, to, asOf: null, expected: null }
  while (message) message = await modules.settle(env, message)
}

let wrong = 0
async function earn(creatorId: string, day: string, revenues: string[]): Promise<void> {
  const logs = revenues.map((revenueUsd) => ({
    id: crypto.randomUUID(),
    requestId: 'r',
    agentId: creatorId,
    agentVersion: 1,
    creatorId,
    apiKeyId: creatorId,
    userId: creatorId,
    provider: 'openai',
    model: 'm',
    stream: false,
    status: 'success',
    errorCode: null,
    inputTokens: null,
    outputTokens: null,
    latencyMs: 1,
    firstContentMs: null,
    funding: 'paid',
    lotId: 'lot',
    priceUsd: revenueUsd,
    premiumUsd: '0',
    revenueUsd,
    unitValueUsd: '0.01',
    feePercent: 20,
    admittedAt: Date.parse(day),
    settledAt: Date.parse(day) + Math.floor(Math.random() * 86_400_000),
  }))
  const message = {
    id: '1',
    attempts: 1,
    body: { version: 1, accountId: '', logs },
    ack: () => {},
    retry: () => void wrong++,
  }
  await modules.callLogsQueue({ messages: [message] }, env)
}

/** Takes back a share of what is open, as payments do: the creator's row first, then from what is not settled at that moment. */
async function reverse(creatorId: string, share: number): Promise<void> {
  const id = crypto.randomUUID()
  const open = sql`(SELECT floor(coalesce(sum(revenue_usd), 0) * ${share} * 1000000) / 1000000 AS usd FROM earnings
    WHERE creator_id = ${creatorId} AND settlement_id IS NULL AND fee_percent = 20)`
  const entries = sql`SELECT ${`creator_pending:${creatorId}`} AS account, usd AS amount FROM ${open} AS o WHERE usd > 0
    UNION ALL SELECT 'chargeback_loss', -usd FROM ${open} AS o WHERE usd > 0`
  await modules.db(env).batch([
    modules.db(env).execute(sql`SELECT id FROM users WHERE id = ${creatorId} FOR UPDATE`),
    modules.db(env).execute(sql`
      WITH ${modules.posting({ kind: 'refund', source: sql`${id}`, entries, id })}
      INSERT INTO earnings (creator_id, day, kind, calls, revenue_usd, fee_percent, fee_usd, transaction_id)
      SELECT ${creatorId}, (now() AT TIME ZONE 'UTC')::date, 'reversal', 0, -usd, 20, -usd * 20 / 100, posted.id FROM posted, ${open} AS o`),
  ])
}

async function one(query: string, values: unknown[] = []): Promise<Record<string, string>> {
  return (await client.query<Record<string, string>>(query, values)).rows[0] ?? {}
}

/** What must be so at every moment: the ledger, the lines, the settlements and their parts say the same. */
async function agree(creatorId: string): Promise<void> {
  const found = await one(
    `SELECT
      (SELECT coalesce(sum(balance), 0) FROM ledger_balances) AS trial,
      (SELECT coalesce(-sum(balance), 0) FROM ledger_balances WHERE account = 'creator_pending:' || $1)
        - (SELECT coalesce(sum(revenue_usd), 0) FROM earnings WHERE creator_id = $1::uuid AND settlement_id IS NULL)
        - (SELECT coalesce(sum(amount), 0) FROM settlements WHERE creator_id = $1::uuid AND status <> 'posted') AS pending,
      (SELECT coalesce(-sum(balance), 0) FROM ledger_balances WHERE account = 'creator_available:' || $1)
        - (SELECT coalesce(sum(gross_usd - withdrawn_usd), 0) FROM settlement_parts p JOIN settlements s ON s.id = p.settlement_id
          WHERE p.creator_id = $1::uuid AND s.status = 'posted') AS available,
      (SELECT count(*) FROM settlements s WHERE creator_id = $1::uuid AND (amount, platform_fee, lines) <>
        (SELECT coalesce(sum(revenue_usd), 0), coalesce(sum(fee_usd), 0), count(*)::int FROM earnings WHERE settlement_id = s.id)) AS untrue,
      (SELECT count(*) FROM settlements a JOIN settlements b ON a.creator_id = b.creator_id AND a.id <> b.id
        AND a.period_start < b.period_end AND b.period_start < a.period_end WHERE a.creator_id = $1::uuid) AS overlapping`,
    [creatorId],
  )
  expect(Object.entries(found).filter(([, value]) => Number(value) !== 0)).toEqual([])
}

test('fifty withdrawals of everything at the same time are one, and nothing is taken twice', async () => {
  const creator = await newCreator()
  await earn(creator, '2026-11-03', ['60', '40'])
  await settleUpTo(creator, '2026-11-09')
  const asked = Array.from({ length: 50 }, () => ({
    id: crypto.randomUUID(),
    creatorId: creator,
    amount: 10_000_000_000n,
  }))
  const answers = await Promise.allSettled(asked.map((one) => modules.withdraw(env, one)))
  const reasons = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [(answer.reason as { kind?: string }).kind] : [],
  )
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(new Set(reasons)).toEqual(new Set(['withdrawalRunning']))
  expect(await one('SELECT balance FROM ledger_balances WHERE account = $1', [`payout_in_flight:${creator}`])).toEqual({
    balance: '-100.00000000',
  })
  expect(
    await one(
      'SELECT count(*) FROM withdrawal_steps s JOIN withdrawals w ON w.id = s.withdrawal_id WHERE creator_id = $1',
      [creator],
    ),
  ).toEqual({ count: '1' })
  await agree(creator)
})

test('one withdrawal asked for fifty times at the same time is one, and all are told of it', async () => {
  const creator = await newCreator()
  await earn(creator, '2026-11-03', ['100'])
  await settleUpTo(creator, '2026-11-09')
  const asked = { id: crypto.randomUUID(), creatorId: creator, amount: 2_000_000_000n }
  const answers = await Promise.all(Array.from({ length: 50 }, () => modules.withdraw(env, asked)))
  expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([asked.id]))
  await agree(creator)
})

test('closing against calls that come in, reversals and other closers loses nothing and counts nothing twice', async () => {
  const creator = await newCreator()
  const days = Array.from({ length: 14 }, (_, at) => new Date(Date.UTC(2026, 10, 2 + at)).toISOString().slice(0, 10))
  const some = (): string => ((1 + Math.floor(Math.random() * 90_000)) / 1_000_000).toFixed(6)
  let earned = 0n
  const work: Promise<void>[] = []
  for (let round = 0; round < 40; round++) {
    const revenues = Array.from({ length: 5 }, some)
    earned += revenues.map((usd) => BigInt(usd.replace('.', ''))).reduce((a, b) => a + b, 0n)
    work.push(earn(creator, days[round % days.length] ?? '', revenues))
    if (round % 3 === 0) work.push(settleUpTo(creator, days[Math.floor(round / 3)] ?? ''))
    if (round % 5 === 0) work.push(settleUpTo(creator, '2026-11-20'))
    if (round % 4 === 0) work.push(reverse(creator, 0.3))
    if (round % 8 === 0) await agree(creator)
  }
  const failed = (await Promise.allSettled(work)).filter(({ status }) => status === 'rejected')
  expect(failed).toEqual([])
  expect(wrong).toBe(0)
  await agree(creator)
  await settleUpTo(creator, '2026-12-01')
  await agree(creator)
  const sums = await one(
    `SELECT (SELECT sum(revenue_usd) FROM earnings WHERE creator_id = $1 AND kind = 'calls') AS calls,
      (SELECT sum(revenue_usd) FROM earnings WHERE creator_id = $1) - (SELECT sum(amount) FROM settlements WHERE creator_id = $1)
        - (SELECT coalesce(sum(revenue_usd), 0) FROM earnings WHERE creator_id = $1 AND settlement_id IS NULL) AS left`,
    [creator],
  )
  expect(BigInt((sums['calls'] ?? '').replace('.', '')) / 100n).toBe(earned)
  expect(Number(sums['left'])).toBe(0)
})

test('a creator with more lines than one statement takes is settled whole by several closers at once, with reversals in between', async () => {
  const creator = crypto.randomUUID()
  await addEarnings(client, { creatorId: creator, calls: 24_000, callsPerLine: 2, from: '2026-11-02' })
  const closers = Promise.all([1, 2, 3].map(() => settleUpTo(creator, '2026-11-09')))
  const reversals = (async () => {
    for (let times = 0; times < 6; times++) await reverse(creator, 0.1)
  })()
  await Promise.all([closers, reversals])
  await agree(creator)
  const { status, lines, calls } = await one('SELECT status, lines, calls FROM settlements WHERE creator_id = $1', [
    creator,
  ])
  expect([status, Number(calls)]).toEqual(['posted', 24_000])
  expect(Number(lines)).toBeGreaterThanOrEqual(12_000)
})
