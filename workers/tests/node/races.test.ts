/**
 * What only a real PostgreSQL shows: limits and once-only rules while many ask at the same time. PGlite has one session, so
 * there the statements of two requests never meet.
 */
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { privateKeyToAccount } from 'viem/accounts'
import { migrate } from '../../local/migrate.ts'
import { startPostgres, type Postgres } from '../../local/postgres.ts'
import { startRealPostgres, type RealPostgres } from '../../local/real-postgres.ts'
import { testBindings } from '../../local/test-bindings.ts'

// What the platform gives the Worker, as far as these functions take it.
vi.mock('cloudflare:workers', () => ({ waitUntil: () => {} }))
vi.hoisted(() => {
  type Alphabet = { alphabet?: 'base64url'; omitPadding?: boolean }
  Object.assign(Uint8Array.prototype, {
    toBase64(this: Uint8Array, { alphabet, omitPadding = false }: Alphabet = {}) {
      const text = Buffer.from(this)
        .toString('base64')
        .replaceAll('=', omitPadding ? '' : '=')
      return alphabet === 'base64url' ? text.replaceAll('+', '-').replaceAll('/', '_') : text
    },
  })
  Object.assign(Uint8Array, {
    fromBase64: (text: string) => new Uint8Array(Buffer.from(text, 'base64')),
    fromHex: (text: string) => new Uint8Array(Buffer.from(text, 'hex')),
  })
})

type Env = Record<string, unknown>
type User = { id: string; type: string; email: string; emailVerified: boolean; adminRole: null; sessionId: string }
type By = { user: User; requestId: string }
type Cause = { actor: null; requestId: string }
type Wallet = { address: string; signature: string; requestId: string }
type Work = { make(id: string): Promise<string>; find(id: string): Promise<string | null> }

/** What is raced, as it is called here. Named by variables, because what the Worker is typed with does not hold in Node. */
type Raced = {
  createKey(env: Env, userId: string, options: { name: string }): Promise<{ id: string }>
  createWebhook(
    env: Env,
    by: By,
    id: string,
    input: { url: string; events: string[]; description: null },
  ): Promise<object>
  startSession(env: Env, asked: { userId: string; userAgent: undefined }): Promise<{ refreshToken: string } | null>
  exchange(env: Env, token: string, arrivedAt: number): Promise<object>
  challenge(env: Env, userId: string, address: string): Promise<{ message: string }>
  connectWallet(env: Env, me: User, wallet: Wallet): Promise<Date>
  submitReview(env: Env, user: User, agentId: string, input: { rating: number; content: null }): Promise<string>
  setRole(env: Env, userId: string, role: string | null, cause: Cause): Promise<void>
  suspend(env: Env, userId: string, cause: Cause): Promise<void>
  once(env: Env, named: { userId: string; key: string; asked: string }, work: Work): Promise<{ given: string }>
}
const FILES = [
  '../../keys/keys.ts',
  '../../webhooks/endpoints.ts',
  '../../auth/sessions.ts',
  '../../auth/refresh.ts',
  '../../auth/wallet.ts',
  '../../reviews/writing.ts',
  '../../admin/roles.ts',
  '../../admin/accounts.ts',
  '../../base/once.ts',
]

let server: RealPostgres
let postgres: Postgres
let pool: Pool
let raced: Raced
let env: Env
beforeAll(async () => {
  server = await startRealPostgres()
  postgres = await startPostgres({ port: 0, databaseUrl: server.url })
  await migrate(server.url)
  pool = new Pool({ connectionString: server.url, max: 12 })
  raced = Object.assign({}, ...(await Promise.all(FILES.map((file) => import(file))))) as Raced
  /** Objects that hear everything and have nothing to say. */
  const silent = {
    idFromName: (name: string) => name,
    get: () => ({ setAccount: async () => {}, end: async () => {} }),
  }
  env = {
    ...testBindings(inject('doors')),
    DATABASE_URL: postgres.url,
    DATABASE_HTTP_URL: postgres.httpUrl,
    ACCOUNT: silent,
    LIVE: silent,
  }
})
afterAll(async () => {
  await pool.end()
  await postgres.stop()
  await server.stop()
})

async function newUser(type = 'developer', role: string | null = null): Promise<User> {
  const id = crypto.randomUUID()
  const email = `${id}@example.com`
  await pool.query(
    `INSERT INTO users (id, email, password_hash, user_type, admin_role, email_verified) VALUES ($1, $2, 'none', $3, $4, TRUE)`,
    [id, email, type, role],
  )
  return { id, type, email, emailVerified: true, adminRole: null, sessionId: crypto.randomUUID() }
}

async function count(query: string, ...values: unknown[]): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(`SELECT count(*) FROM ${query}`, values)
  return Number(rows[0]?.count)
}

/** What came of so many at once: how many went well, and the codes of the others. */
async function together(times: number, work: (turn: number) => Promise<unknown>): Promise<[number, Set<string>]> {
  const outcomes = await Promise.allSettled(Array.from({ length: times }, (_, turn) => work(turn)))
  const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as { code?: string }] : []))
  return [times - refused.length, new Set(refused.map(({ code }) => String(code)))]
}

test('of seventy keys that are made at once an account keeps fifty', async () => {
  const { id } = await newUser()
  expect(await together(70, () => raced.createKey(env, id, { name: 'mine' }))).toEqual([50, new Set(['40920'])])
  expect(await count('api_keys WHERE user_id = $1', id)).toBe(50)
})

test('of thirty webhooks that are made at once an account keeps ten', async () => {
  const user = await newUser()
  const input = { url: 'https://hooks.example.com/', events: ['quota.low'], description: null }
  const make = () => raced.createWebhook(env, { user, requestId: 'race' }, crypto.randomUUID(), input)
  expect(await together(30, make)).toEqual([10, new Set(['40912'])])
  expect(await count('webhooks WHERE user_id = $1', user.id)).toBe(10)
})

test('of fifty exchanges of one refresh token one wins, the others are twins, and the session goes on', async () => {
  const { id } = await newUser()
  const { refreshToken = '' } = (await raced.startSession(env, { userId: id, userAgent: undefined })) ?? {}
  const now = Date.now()
  expect(await together(50, () => raced.exchange(env, refreshToken, now))).toEqual([1, new Set(['40911'])])
  expect(await count('refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE s.user_id = $1', id)).toBe(2)
  expect(await count('sessions WHERE user_id = $1 AND ended_at IS NULL', id)).toBe(1)
})

test('of sixty sessions, begun fifteen at a time, fifty are left by the next', async () => {
  const { id } = await newUser()
  // More at once and the last would wait longer for their turn than a statement may, where the machine is busy.
  for (let round = 0; round < 4; round += 1)
    expect((await together(15, () => raced.startSession(env, { userId: id, userAgent: undefined })))[0]).toBe(15)
  await raced.startSession(env, { userId: id, userAgent: undefined })
  expect(await count('sessions WHERE user_id = $1 AND ended_at IS NULL', id)).toBe(50)
})

test('a proof of a wallet counts once, however often it is sent at once', async () => {
  const me = await newUser('creator')
  const wallet = privateKeyToAccount(`0x${'7'.repeat(64)}`)
  const { message } = await raced.challenge(env, me.id, wallet.address)
  const proof = { address: wallet.address, signature: await wallet.signMessage({ message }), requestId: 'race' }
  expect(await together(20, () => raced.connectWallet(env, me, proof))).toEqual([1, new Set(['40002'])])
  expect(await count(`audit_log WHERE subject_id = $1 AND action = 'wallet.change'`, me.id)).toBe(1)
})

test('of forty reviews of one agent by one developer there is one', async () => {
  const [user, creator, agentId] = [await newUser(), await newUser('creator'), crypto.randomUUID()]
  await pool.query(
    `INSERT INTO agents (id, slug, name, creator_id, provider, model, price_per_call, status, published_at, config_encrypted, config_iv, key_id)
     SELECT $1, $2, 'Marlow', $3, 'openai', 'm', 0.01, 'active', now(), 'x', '123456789012', 'x'`,
    [agentId, agentId.slice(0, 8), creator.id],
  )
  await pool.query(
    `INSERT INTO call_logs (id, request_id, agent_id, agent_version, creator_id, api_key_id, user_id, provider, model, stream,
       status, latency_ms, cost_usd, price_usd, premium_usd, revenue_usd, fee_percent, admitted_at)
     SELECT gen_random_uuid(), '', $1, 1, $2, $2, $3, 'openai', 'm', FALSE, 'success', 1, 0, 0, 0, 0, 20, now()
     FROM generate_series(1, 10)`,
    [agentId, creator.id, user.id],
  )
  const write = () => raced.submitReview(env, user, agentId, { rating: 4, content: null })
  expect(await together(40, write)).toEqual([1, new Set(['40904'])])
  expect(await count('reviews WHERE agent_id = $1', agentId)).toBe(1)
})

describe('of twelve super admins', () => {
  const cause = { actor: null, requestId: 'race' }
  const able = `users WHERE admin_role = 'super_admin' AND status = 'active' AND email_verified`

  test.each([
    ['whose role is taken at once', (id: string) => raced.setRole(env, id, null, cause)],
    ['who are made moderators at once', (id: string) => raced.setRole(env, id, 'moderator', cause)],
    ['who are suspended at once', (id: string) => raced.suspend(env, id, cause)],
  ])('%s, one stays', async (_, undo) => {
    await pool.query(`UPDATE users SET status = 'suspended' WHERE admin_role = 'super_admin'`)
    const admins = await Promise.all(Array.from({ length: 12 }, () => newUser('admin', 'super_admin')))
    expect(await together(12, (turn) => undo(admins[turn]?.id ?? ''))).toEqual([11, new Set(['40908'])])
    expect(await count(able)).toBe(1)
  })
})

describe('a request that names itself', () => {
  test('is carried out once, however often it comes at once', async () => {
    const named = { userId: crypto.randomUUID(), key: 'race', asked: 'a thing' }
    const made: string[] = []
    const make = async (id: string): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      made.push(id)
      return id
    }
    const find = async (id: string): Promise<string | null> => (made.includes(id) ? id : null)
    const [, codes] = await together(50, () => raced.once(env, named, { make, find }))
    expect(made).toHaveLength(1)
    expect([...codes].filter((code) => code !== '40901')).toEqual([])
  })

  test('and was broken off is taken over by one of fifty', async () => {
    const named = { userId: crypto.randomUUID(), key: 'race', asked: 'a thing' }
    const find = async (): Promise<null> => null
    const broken = raced.once(env, named, { make: () => Promise.reject(new Error('broken off')), find })
    await expect(broken).rejects.toThrow('broken off')
    let running = 0
    let most = 0
    const make = async (id: string): Promise<string> => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 20))
      running--
      return id
    }
    const [won] = await together(50, () => raced.once(env, named, { make, find }))
    expect([won, most]).toEqual([1, 1])
  })
})
