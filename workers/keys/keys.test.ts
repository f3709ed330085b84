import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { users } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import type { Bindings } from '../env.ts'
import { hashKey, isWellFormed, newKey } from './key-format.ts'
import { createKey, identify, revokeKey } from './keys.ts'
import type * as keys from './keys.ts'
import { apiKeys } from './tables.ts'

/** An environment whose stores are away. */
const dark: Bindings = {
  ...env,
  DATABASE_URL: 'postgres://nobody:nothing@127.0.0.1:1/nowhere',
  DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
  UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1',
}
let userId: string
let now = Date.now()

beforeEach(async () => {
  userId = newId()
  await db(env)
    .insert(users)
    .values({ id: userId, email: `${userId}@test`, passwordHash: '-', userType: 'developer' })
  now += 60_000
  vi.spyOn(clock, 'now').mockImplementation(() => now)
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** The keys room as another isolate has it: the same stores, an empty memory. */
async function anotherIsolate(): Promise<typeof keys> {
  vi.resetModules()
  return import('./keys.ts')
}

test('a new key is well-formed, identifies its account, and is stored only as its hash', async () => {
  const { id, key, prefix } = await createKey(env, userId, { name: ' Laptop ' })
  expect(isWellFormed(key)).toBe(true)
  expect(await identify(env, key)).toEqual({ accountId: userId, keyId: id })
  const [row] = await db(env).select().from(apiKeys).where(eq(apiKeys.id, id))
  expect(row).toMatchObject({ name: 'Laptop', keyHash: hashKey(key), keyPrefix: prefix, revokedAt: null })
  expect(JSON.stringify(row)).not.toContain(key.slice(8))
})

test('junk is nobody’s, and no store is asked about it', async () => {
  const fetches = vi.spyOn(globalThis, 'fetch')
  const key = newKey()
  const junk = ['', 'hello', 'sk-0000', key.slice(0, -1), key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))]
  for (const text of junk) expect(await identify(dark, text)).toBeNull()
  expect(fetches).not.toHaveBeenCalled()
})

test('a warm isolate asks no store, and asks once for a thousand calls at once', async () => {
  const { key } = await createKey(env, userId, { name: 'Server' })
  const fetches = vi.spyOn(globalThis, 'fetch')
  await Promise.all(Array.from({ length: 1_000 }, () => identify(env, key)))
  const cold = fetches.mock.calls.length
  expect(cold).toBeLessThanOrEqual(3)
  expect(await identify(dark, key)).toMatchObject({ accountId: userId })
  expect(fetches).toHaveBeenCalledTimes(cold)
})

test('a well-formed key that nobody has is null, and is not asked about again for five seconds', async () => {
  const key = newKey()
  expect(await identify(env, key)).toBeNull()
  now += 4_999
  expect(await identify(dark, key)).toBeNull()
  now += 1
  await expect(identify(dark, key)).rejects.toMatchObject({ code: '50302' })
})

test('a key is never called unknown because the stores are away', async () => {
  await expect(identify(dark, newKey())).rejects.toMatchObject({ kind: 'storeUnavailable' })
})

test('another isolate finds a key in Redis while Postgres is away', async () => {
  const { id, key } = await createKey(env, userId, { name: 'Server' })
  await identify(env, key)
  const withoutPostgres = { ...dark, UPSTASH_REDIS_REST_URL: env.UPSTASH_REDIS_REST_URL }
  await vi.waitFor(async () => {
    const other = await anotherIsolate()
    expect(await other.identify(withoutPostgres, key)).toEqual({ accountId: userId, keyId: id })
  })
})

test('a key whose row says revoked identifies nobody', async () => {
  const { id, key } = await createKey(env, userId, { name: 'Server' })
  await revokeKey(env, id)
  expect(await identify(env, key)).toBeNull()
})

test('the account is told of a revocation before Postgres is, and again if it is repeated', async () => {
  const { id } = await createKey(env, userId, { name: 'Server' })
  const revokedAt = async (): Promise<Date | null | undefined> =>
    (await db(env).select({ at: apiKeys.revokedAt }).from(apiKeys).where(eq(apiKeys.id, id)))[0]?.at
  const told: unknown[] = []
  const setKey = async (input: unknown): Promise<void> => {
    told.push({ input, revokedAt: await revokedAt() })
  }
  const watched = { ...env, ACCOUNT: { idFromName: (name: string) => name, get: (name: string) => ({ name, setKey }) } }
  await revokeKey(watched as unknown as Bindings, id)
  const first = await revokedAt()
  expect(first).toEqual(new Date(now))
  now += 1_000
  await revokeKey(watched as unknown as Bindings, id)
  expect(await revokedAt()).toEqual(first)
  const input = { v: 1, keyId: id, state: 'revoked' }
  expect(told).toEqual([
    { input, revokedAt: null },
    { input, revokedAt: first },
  ])
})

test('after a revocation the account admits the key no more, though isolates still know whose it is', async () => {
  const { id, key } = await createKey(env, userId, { name: 'Server' })
  const caller = await identify(env, key)
  const account = env.ACCOUNT.get(env.ACCOUNT.idFromName(userId))
  const admit = async (): Promise<unknown> =>
    account.admit({
      v: 1,
      callId: newId(),
      requestId: 'r',
      accountId: userId,
      keyId: id,
      agentId: newId(),
      agentVersion: 1,
      creatorId: newId(),
      provider: 'openai',
      model: 'm',
      stream: false,
      price: 100_000,
      trial: false,
      leaseMs: 1_000,
    })
  expect(await admit()).toMatchObject({ kind: 'admitted' })
  await revokeKey(env, id)
  expect(await identify(env, key)).toEqual(caller)
  expect(await admit()).toMatchObject({ kind: 'refused', refusal: { why: 'keyRevoked' } })
})

test('a key for a user who does not exist is not made', async () => {
  await expect(createKey(env, newId(), { name: 'Nobody’s' })).rejects.toMatchObject({ kind: 'userNotFound' })
})

test('revoking a key that does not exist says so', async () => {
  await expect(revokeKey(env, newId())).rejects.toMatchObject({ kind: 'keyNotFound' })
})

test('neither a failure nor its log shows the key', async () => {
  const lines = ['log', 'warn', 'error'].map((level) => vi.spyOn(console, level as 'log').mockImplementation(() => {}))
  const key = newKey()
  const thrown = await identify(dark, key).catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(Error)
  const said = JSON.stringify([lines.map((line) => line.mock.calls), String(thrown), (thrown as Error).stack])
  expect(said).not.toContain(key.slice(3, 20))
})
