/** What only a real PostgreSQL shows of payments: many who bring one payment to the truth at the same time, and settlements. */
import * as fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { migrate } from '../../local/migrate.ts'
import { startPostgres, type Postgres } from '../../local/postgres.ts'
import { startRealPostgres, type RealPostgres } from '../../local/real-postgres.ts'
import { startStripe } from '../../local/stripe.ts'
import { testBindings } from '../../local/test-bindings.ts'
import { TEST_STRIPE } from '../../local/test-keys.ts'
import { QuotaModel } from '../quota-model.ts'

vi.mock('cloudflare:workers', () => ({ waitUntil: () => {} }))
// Bytes become hex by a method that workerd has and Node has not yet.
vi.mock('../../base/ids.ts', async (real) => ({
  ...(await real<object>()),
  idFrom: async (...parts: string[]) => parts.join(' '),
}))

// Named by variables, because what the Worker is typed with does not hold in Node; what it does, does.
const [SYNC, CHECKOUT, CONSUMER, SETTLE] = [
  '../../payments/sync.ts',
  '../../payments/checkout.ts',
  '../../quota/call-logs.queue.ts',
  '../../settlements/settle.ts',
]
type Worker = {
  sync(env: unknown, id: string): Promise<{ payment: { status: string } }>
  checkout(env: unknown, order: object): Promise<{ paymentId: string }>
  callLogsQueue(batch: object, env: unknown): Promise<void>
  settle(env: unknown, message: object): Promise<object | null>
}

const UNITS = 100_000_000n
const PRICE = 10n * UNITS

let server: RealPostgres
let postgres: Postgres
let stripe: { url: string; stop(): Promise<void> }
let worker: Worker
let client: Client
beforeAll(async () => {
  server = await startRealPostgres()
  postgres = await startPostgres({ port: 0, databaseUrl: server.url })
  await migrate(server.url)
  stripe = await startStripe({ port: 0, ...TEST_STRIPE })
  worker = Object.assign(
    {},
    ...(await Promise.all([import(SYNC ?? ''), import(CHECKOUT ?? ''), import(CONSUMER ?? ''), import(SETTLE ?? '')])),
  )
  // What workerd's JavaScript has already, and this Node not yet.
  if (!('toHex' in Uint8Array.prototype))
    // oxlint-disable-next-line eslint/no-extend-native
    Object.defineProperty(Uint8Array.prototype, 'toHex', {
      value(this: Uint8Array) {
        return Buffer.from(this).toString('hex')
      },
    })
  client = new Client({ connectionString: server.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await stripe.stop()
  await postgres.stop()
  await server.stop()
})

/** An account object that keeps its promises, without storage: one synchronous turn each, repeatable by id. */
class Account {
  readonly model = new QuotaModel()
  async credit({ id, calls }: { id: string; calls: number }) {
    this.model.credit(id, calls)
    return { added: true, remaining: this.model.remaining() }
  }
  async takeBack({ id, lotId, max, lot }: { id: string; lotId: string | null; max: number; lot?: string }) {
    const { taken, due, late, isUndone } = this.model.takeBack(id, lotId, max, lot ?? 'active')
    return { taken, due, late, isUndone, isWaiting: false }
  }
  async giveBack(id: string) {
    this.model.giveBack(id)
  }
}

const accounts = new Map<string, Account>()
function env() {
  return {
    ...testBindings(inject('doors')),
    DATABASE_URL: postgres.url,
    DATABASE_HTTP_URL: postgres.httpUrl,
    STRIPE_BASE_URL: stripe.url,
    EVENTS: { sendBatch: async () => {} },
    ACCOUNT: {
      idFromName: (name: string) => name,
      get: (name: string) => {
        const account = accounts.get(name) ?? new Account()
        accounts.set(name, account)
        return account
      },
    },
  }
}

async function query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await client.query(text, values)).rows as Row[]
}

async function newUser(type: string): Promise<string> {
  const rows = await query<{ id: string }>(
    `INSERT INTO users (email, password_hash, user_type) VALUES (gen_random_uuid() || '@example.com', 'none', $1) RETURNING id`,
    [type],
  )
  return rows[0]?.id ?? ''
}

async function control(what: string, body: object): Promise<void> {
  const response = await fetch(`${stripe.url}/control/${what}`, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
}

/** A package that is paid, credited, and of which calls were drawn for creators, 40 hundredths of a cent each. */
async function bought(creators: string[], calls: number): Promise<{ id: string; userId: string }> {
  const userId = await newUser('developer')
  const order = { userId, method: 'stripe', package: 'starter', calls: 1_000, price: PRICE, key: null }
  const { paymentId: id } = await worker.checkout(env(), order)
  await control('pay', { payment: id })
  await worker.sync(env(), id)
  const { model } = accounts.get(userId) ?? new Account()
  model.takeBack('gift', 'promotional', 100, 'active')
  const now = Date.now() - 60_000
  const logs = Array.from({ length: calls }, (_, n) => ({
    ...aLog(userId, id, creators[n % creators.length] ?? ''),
    settledAt: now + n,
  }))
  for (const { id: call } of logs) {
    model.admit({ id: call, key: 'k', agent: 'a', premium: 0, trial: false }, 0)
    model.settle(call, true)
  }
  await log(logs)
  return { id, userId }
}

async function log(logs: object[]): Promise<void> {
  let wanted = 0
  const message = {
    id: '1',
    attempts: 1,
    body: { version: 1, accountId: '', logs },
    ack: () => {},
    retry: () => wanted++,
  }
  if (logs.length > 0) await worker.callLogsQueue({ messages: [message] }, env())
  expect(wanted).toBe(0)
}

function aLog(userId: string, lotId: string, creatorId: string) {
  const id = crypto.randomUUID()
  const [agentId, apiKeyId] = [crypto.randomUUID(), crypto.randomUUID()]
  const who = { id, requestId: 'r', agentId, agentVersion: 1, creatorId, apiKeyId, userId }
  const how = { provider: 'openai', model: 'm', stream: false, status: 'success', errorCode: null }
  const counts = { inputTokens: 1, outputTokens: 1, latencyMs: 1, firstContentMs: 1 }
  const money = { priceUsd: '0.004', premiumUsd: '0', revenueUsd: '0.004', unitValueUsd: '0.01', feePercent: 20 }
  const at = { admittedAt: Date.now(), settledAt: Date.now() }
  return { ...who, ...how, ...counts, funding: 'paid', lotId, ...money, ...at }
}

/** Balances of a payment's and its creators' accounts, and the platform's as what this payment moved of them. */
async function books(id: string, creators: string[]): Promise<Record<string, string>> {
  const rows = await query<{ account: string; sum: string }>(
    `SELECT CASE WHEN account = 'lot:' || $1 THEN 'lot' ELSE account END AS account, sum(amount)::text AS sum
     FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
     WHERE t.source = $1 OR split_part(t.source, ':', 1) IN (SELECT source FROM payment_reversals WHERE payment_id = $2)
       OR t.id IN (SELECT transaction_id FROM call_logs WHERE lot_id = $1)
     GROUP BY 1 HAVING sum(amount) <> 0 ORDER BY 1`,
    [id, id],
  )
  const name = (account: string): string =>
    creators.reduce((text, creator, n) => text.replace(creator, `creator ${n}`), account)
  return Object.fromEntries(rows.map(({ account, sum }) => [name(account), sum]))
}

async function reversedTwice(): Promise<number> {
  const rows = await query<{ n: number }>(
    `SELECT count(*)::int AS n FROM (
       SELECT r.call_id FROM reversed_calls r JOIN call_logs c ON c.id = r.call_id
       JOIN payment_reversals p ON p.id = r.reversal_id AND p.state <> 'undone' WHERE r.part = 'unit'
       GROUP BY 1, c.unit_value_usd HAVING sum(r.amount_usd) > c.unit_value_usd
     ) AS twice`,
  )
  return rows[0]?.n ?? 0
}

async function trialBalance(): Promise<string> {
  const rows = await query<{ sum: string; differ: number }>(
    `SELECT (SELECT sum(balance)::text FROM ledger_balances) AS sum,
       (SELECT count(*)::int FROM ledger_balances b WHERE balance <>
         (SELECT coalesce(sum(amount), 0) FROM ledger_entries e WHERE e.account = b.account)) AS differ`,
  )
  return `${Number(rows[0]?.sum)} ${rows[0]?.differ}`
}

/** What can happen to a payment at its provider, one after the other. */
const STORIES = [
  [
    ['refund', { amount: 300 }],
    ['dispute', {}],
    ['dispute/won', {}],
    ['refund', {}],
  ],
  [
    ['refund', { amount: 996 }],
    ['dispute', {}],
    ['dispute/lost', {}],
  ],
  [
    ['dispute', {}],
    ['dispute/lost', {}],
  ],
  [
    ['dispute', { amount: 400 }],
    ['dispute/won', {}],
    ['refund', { amount: 999 }],
  ],
  [
    ['refund', { amount: 500 }],
    ['refund', { amount: 498 }],
    ['refund', { amount: 1 }],
  ],
] as const satisfies (readonly (readonly [string, object])[])[]

async function tell(story: (typeof STORIES)[number], heard: number[], creators: string[]) {
  const { id } = await bought(creators, 6)
  const running: Promise<unknown>[] = []
  for (const [n, [what, more]] of story.entries()) {
    await control(what, { payment: id, ...more })
    for (let count = 0; count < (heard[n] ?? 0); count++)
      running.push(worker.sync(env(), id).catch((thrown: unknown) => thrown))
    if ((heard[n + 10] ?? 0) > 1) await Promise.all(running)
  }
  await Promise.all(running)
  await worker.sync(env(), id)
  return { books: await books(id, creators), status: (await worker.sync(env(), id)).payment.status }
}

test('refunds and disputes come to one end, however many hear of them, when and how often', async () => {
  const heard = fc.array(fc.nat(4), { minLength: 20, maxLength: 20 })
  for (const story of STORIES) {
    const inOrder = Array.from({ length: 20 }, () => 2)
    const creators = async () => [await newUser('creator'), await newUser('creator')]
    const calm = await tell(story, inOrder, await creators())
    await fc.assert(
      fc.asyncProperty(heard, async (ways) => {
        expect(await tell(story, ways, await creators())).toEqual(calm)
      }),
      { numRuns: 6 },
    )
  }
  expect(await reversedTwice()).toBe(0)
  expect(await trialBalance()).toBe('0 0')
}, 240_000)

test('twenty who hear of a payment at once book it once', async () => {
  const userId = await newUser('developer')
  const order = { userId, method: 'stripe', package: 'starter', calls: 1_000, price: PRICE, key: null }
  const { paymentId: id } = await worker.checkout(env(), order)
  await control('pay', { payment: id })
  const ends = await Promise.all(Array.from({ length: 20 }, () => worker.sync(env(), id)))
  expect(new Set(ends.map(({ payment }) => payment.status))).toEqual(new Set(['completed']))
  expect(accounts.get(userId)?.model.remaining()).toBe(1_100)
  expect(await books(id, [])).toEqual({
    cash_stripe: '9.41000000',
    lot: '-10.00000000',
    processor_fees: '0.59000000',
  })
})

test('thousands of calls give what they had in several statements, and have it again if that is undone', async () => {
  const creators = [await newUser('creator'), await newUser('creator')]
  const { id, userId } = await bought(creators, 0)
  accounts.get(userId)?.model.takeBack('used', id, 1_000, 'active')
  const now = Date.now() - 60_000
  for (let batch = 0; batch < 6; batch++)
    await log(
      Array.from({ length: 1_000 }, (_, n) => ({
        ...aLog(userId, id, creators[n % 2] ?? ''),
        unitValueUsd: '0.001',
        priceUsd: '0.001',
        revenueUsd: '0.001',
        settledAt: now + batch * 1_000 + n,
      })),
    )
  const before = await books(id, creators)
  await control('dispute', { payment: id })
  await worker.sync(env(), id)
  const [row] = await query<Record<string, string>>(
    'SELECT creators_usd, margin_usd, loss_usd, parts, open_usd FROM payment_reversals WHERE payment_id = $1',
    [id],
  )
  expect(row).toEqual({
    creators_usd: '6.00000000',
    margin_usd: '0.00000000',
    loss_usd: '4.00000000',
    parts: 1,
    open_usd: '0.00000000',
  })
  await control('dispute/won', { payment: id })
  await worker.sync(env(), id)
  const after = await books(id, creators)
  expect({ ...after, cash_stripe: '', chargeback_loss: '' }).toEqual({
    ...before,
    cash_stripe: '',
    chargeback_loss: '',
  })
  expect(after['chargeback_loss']).toBe('15.00000000')
  expect(await trialBalance()).toBe('0 0')
}, 120_000)

/** Settles what a creator has earned so far. */
async function settle(creatorId: string): Promise<void> {
  await worker.settle(env(), { version: 1, creatorId, to: '2999-01-01', asOf: null, expected: null })
}

test('a call is settled or taken back, never both, while settlements and refunds race', async () => {
  const creators = [await newUser('creator'), await newUser('creator'), await newUser('creator')]
  for (let round = 0; round < 12; round++) {
    const { id, userId } = await bought(creators, 30)
    await control('refund', { payment: id, amount: 985 })
    const settlings = creators.map(async (creator, n) => {
      await new Promise((resolve) => setTimeout(resolve, (round * 7 + n * 5) % 40))
      await settle(creator)
    })
    const late = log([aLog(userId, id, creators[round % 3] ?? '')])
    await Promise.all([...settlings, late, worker.sync(env(), id), worker.sync(env(), id)])
    await worker.sync(env(), id)
    const [row] = await query<Record<string, string>>(
      `SELECT taken_usd, creators_usd, margin_usd, loss_usd FROM payment_reversals WHERE payment_id = $1`,
      [id],
    )
    expect(Object.values(row ?? {}).reduce((sum, text) => sum + Number(text), 0)).toBeCloseTo(9.85, 8)
  }
  for (const creator of creators) {
    const [row] = await query<{ open: string; pending: string; settled: string; available: string }>(
      `SELECT coalesce(sum(revenue_usd) FILTER (WHERE settlement_id IS NULL), 0) AS open,
         coalesce(sum(revenue_usd) FILTER (WHERE settlement_id IS NOT NULL), 0) AS settled,
         (SELECT coalesce(sum(-balance), 0) FROM ledger_balances WHERE account = 'creator_pending:' || $1::text) AS pending,
         (SELECT coalesce(sum(-balance), 0) FROM ledger_balances WHERE account = 'creator_available:' || $1::text) AS available
       FROM earnings WHERE creator_id = $1::uuid`,
      [creator],
    )
    expect([Number(row?.open), Number(row?.settled)]).toEqual([Number(row?.pending), Number(row?.available)])
    expect(Number(row?.open)).toBeGreaterThanOrEqual(0)
  }
  expect(await reversedTwice()).toBe(0)
  expect(await trialBalance()).toBe('0 0')
}, 120_000)
