/**
 * `npm run bench:money`: how fast call logs come into a real PostgreSQL through the consumer, ledger, rollups and all, beside one
 * connection that inserts rows one by one in the same run; and what it takes to settle creators with more and more calls,
 * statement included. `--messages 1000` sends fewer, `--calls 10000,100000` settles fewer.
 */
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { migrate } from '../migrate.ts'
import '../newer-node.ts'
import { startPostgres } from '../postgres.ts'
import { startRealPostgres } from '../real-postgres.ts'
import { addEarnings } from './earn.ts'

type Log = Record<string, unknown>
type Message = { id: string; attempts: number; body: unknown; ack(): void; retry(): void }

/** As wrangler.toml has it for the queue. */
const BATCH = 100
const LOGS_PER_MESSAGE = [1, 10, 100]
const ONE_BY_ONE = 3_000
const AIM = 10
/** Accounts have a key and a lot, and call three agents each. */
const AGENTS = Array.from({ length: 200 }, () => ({ agent: crypto.randomUUID(), creator: crypto.randomUUID() }))
const ACCOUNTS = Array.from({ length: 500 }, (_, at) => ({
  account: crypto.randomUUID(),
  key: crypto.randomUUID(),
  agents: [0, 1, 2].map((step) => AGENTS[(at * 7 + step * 13) % AGENTS.length]),
}))

const { values: flags } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000' },
    calls: { type: 'string', default: '10000,100000,1000000' },
  },
})
const say = (text: string): void => console.log(text)

// Named by variables, because what the Worker is typed with does not hold in Node; what it does, does.
const CONSUMER = '../../quota/call-logs.queue.ts'
const SETTLE = '../../settlements/settle.ts'
const { callLogsQueue } = (await import(CONSUMER)) as {
  callLogsQueue: (batch: { messages: Message[] }, env: unknown) => Promise<void>
}
const { settle } = (await import(SETTLE)) as { settle: (env: unknown, message: unknown) => Promise<object | null> }

const server = await startRealPostgres({
  settings: ['fsync=on', 'shared_buffers=512MB', 'max_wal_size=4GB', 'jit=off'],
})
const door = await startPostgres({ port: 0, databaseUrl: server.url })
const client = new Client({ connectionString: server.url })
await client.connect()
try {
  await migrate(server.url)
  const none = 'not used'
  const env = {
    DATABASE_URL: door.url,
    DATABASE_HTTP_URL: door.httpUrl,
    UPSTASH_REDIS_REST_URL: none,
    UPSTASH_REDIS_REST_TOKEN: none,
    ENCRYPTION_KEY: none,
    JWT_SECRET: none.padEnd(32),
    OPERATOR_TOKEN: none.padEnd(32),
    WEBHOOK_KEY: `bench:${'A'.repeat(43)}=`,
    EVENTS: { sendBatch: async () => {} },
  }
  await consumer(env, Number(flags.messages))
  for (const calls of flags.calls.split(',').map(Number)) await settlement(env, calls)
} finally {
  await client.end()
  await door.stop()
  await server.stop()
}

/** Rows one by one: bare, and with all that the consumer does for them. Then messages of few and of many calls, in batches as the queue gives them. */
async function consumer(env: object, count: number): Promise<void> {
  const bare = await insertOneByOne()
  const whole = await apply(env, { messages: ONE_BY_ONE / 10, logs: 1, batch: 1 })
  say(
    `one connection, one row after the other: ${bare.toFixed(0)} calls/s bare, ${whole.toFixed(0)} booked and counted`,
  )
  for (const logs of LOGS_PER_MESSAGE) {
    const messages = Math.ceil(count / (logs === 100 ? 10 : 1))
    const rate = await apply(env, { messages, logs, batch: BATCH })
    const [toBare, toWhole] = [rate / bare, rate / whole].map((ratio) => ratio.toFixed(1))
    say(
      `${messages} messages of ${logs} calls through the consumer: ${(rate / logs).toFixed(0)} messages/s, ${rate.toFixed(0)} calls/s, ` +
        `${toBare} times the bare rows, ${toWhole} times the booked ones (aim ${AIM})`,
    )
  }
}

/** Calls a second. Throws if a message is not taken. */
async function apply(env: object, sizes: { messages: number; logs: number; batch: number }): Promise<number> {
  const { messages, logs, batch } = sizes
  const onRetry = (): void => {
    throw new Error('A message was not taken.')
  }
  const started = performance.now()
  for (let sent = 0; sent < messages; sent += batch)
    await callLogsQueue({ messages: Array.from({ length: batch }, () => messageOf(logs, onRetry)) }, env)
  return (messages * logs) / ((performance.now() - started) / 1_000)
}

async function insertOneByOne(): Promise<number> {
  const rows = Array.from({ length: ONE_BY_ONE }, () => logOf(0))
  const started = performance.now()
  for (const log of rows)
    await client.query({
      name: 'one',
      text: `INSERT INTO call_logs (id, request_id, agent_id, agent_version, creator_id, api_key_id, user_id, provider, model, stream, status,
          latency_ms, funding, lot_id, cost_usd, price_usd, premium_usd, revenue_usd, fee_percent, admitted_at, created_at)
        VALUES ($1, 'bench', $2, 1, $3, $4, $5, 'openai', 'gpt-4.1-mini', FALSE, 'success', 900, 'paid', 'lot', 0.004, 0.004, 0, 0.004, 20, now(), now())`,
      values: [log['id'], log['agentId'], log['creatorId'], log['apiKeyId'], log['userId']],
    })
  return ONE_BY_ONE / ((performance.now() - started) / 1_000)
}

function messageOf(logs: number, onRetry: () => void): Message {
  const at = Math.floor(Math.random() * ACCOUNTS.length)
  const body = { version: 1, accountId: ACCOUNTS[at]?.account, logs: Array.from({ length: logs }, () => logOf(at)) }
  return { id: crypto.randomUUID(), attempts: 1, body, ack: () => {}, retry: onRetry }
}

function logOf(at: number): Log {
  const { account = '', key = '', agents = [] } = ACCOUNTS[at] ?? {}
  const { agent = '', creator = '' } = agents[Math.floor(Math.random() * agents.length)] ?? {}
  const settledAt = Date.now()
  return {
    id: crypto.randomUUID(),
    requestId: 'bench',
    agentId: agent,
    agentVersion: 1,
    creatorId: creator,
    apiKeyId: key,
    userId: account,
    provider: 'openai',
    model: 'gpt-4.1-mini',
    stream: false,
    status: 'success',
    errorCode: null,
    inputTokens: 300,
    outputTokens: 200,
    latencyMs: 900,
    firstContentMs: 200,
    funding: 'paid',
    lotId: `lot of ${account}`,
    priceUsd: '0.004',
    premiumUsd: '0',
    revenueUsd: '0.004',
    unitValueUsd: '0.005',
    feePercent: 20,
    admittedAt: settledAt - 900,
    settledAt,
  }
}

/** A creator whose every call is a line of its own, which is the most there can be. */
async function settlement(env: object, calls: number): Promise<void> {
  const creatorId = crypto.randomUUID()
  await addEarnings(client, { creatorId, calls, callsPerLine: 1, from: '2026-11-02' })
  let peak = 0
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20)
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const started = performance.now()
  let messages = 0
  let longest = 0
  let message: object | null = { version: 1, creatorId, to: '2026-11-09', asOf: null, expected: null }
  for (; message; messages++) {
    const from = performance.now()
    message = await settle(env, message)
    longest = Math.max(longest, performance.now() - from)
  }
  const seconds = (performance.now() - started) / 1_000
  clearInterval(watch)
  const { rows } = await client.query<{ status: string; calls: number; bytes: string }>(
    'SELECT status, calls, statement_bytes AS bytes FROM settlements WHERE creator_id = $1',
    [creatorId],
  )
  const [row] = rows
  if (row?.status !== 'posted' || row.calls !== calls) throw new Error('This creator was not settled.')
  say(
    `${calls.toLocaleString('en')} calls settled: ${seconds.toFixed(1)} s, ${((seconds * 1e6) / calls).toFixed(0)} µs a call, ${messages} messages (the longest ${(longest / 1_000).toFixed(1)} s), a statement of ${(Number(row.bytes) / 2 ** 20).toFixed(1)} MiB, memory ${(before / 2 ** 20).toFixed(0)} MiB before, ${(peak / 2 ** 20).toFixed(0)} MiB at most`,
  )
}
