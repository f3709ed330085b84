/**
 * API keys. This room owns which key belongs to whom; whether a key may still be used is the account object's to say, at
 * every admission. That is why the way from a key to its account may be remembered here for as long as one likes: it
 * never changes. The key itself is kept nowhere, and stands in no log, error or cache: only its hash does.
 */
import { waitUntil } from 'cloudflare:workers'
import { and, eq, isNull, sql } from 'drizzle-orm'
import * as z from 'zod'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { Flights } from '../base/flights.ts'
import { newId } from '../base/ids.ts'
import { Memory } from '../base/memory.ts'
import { readCache, writeCache } from '../base/redis.ts'
import type { Bindings } from '../env.ts'
import { setKey, stopOf } from '../quota/quota.ts'
import { checkAgents, insertion, lockUser } from './key-rows.ts'
import { hashKey, isWellFormed, newKey, prefixOf } from './key-format.ts'
import { readKey } from './read-key.ts'
import { apiKeys, type KeyPermissions } from './tables.ts'
import type { Guard } from '../base/route.ts'

const CALLERS_IN_MEMORY = 20_000
const UNKNOWN_IN_MEMORY = 10_000
const UNKNOWN_MS = 5_000
const CACHE_SECONDS = 300

const Caller = z.object({ accountId: z.uuid(), keyId: z.uuid() })
/** Who is calling. `accountId` is the id of the user whose key it is. */
export type Caller = z.infer<typeof Caller>

const callers = new Memory<Caller>(CALLERS_IN_MEMORY)
/** Hashes that no key has, and until when that is taken to be so. */
const unknown = new Memory<number>(UNKNOWN_IN_MEMORY)
const flights = new Flights<Caller | null>()

/**
 * Whose key this is, or null if nobody's. Whether it has been revoked is not asked here but at admission.
 * Throws `storeUnavailable` if that cannot be found out: a key is never called unknown because a store is away.
 */
export async function identify(env: Bindings, key: string): Promise<Caller | null> {
  if (!isWellFormed(key)) return null
  const hash = hashKey(key)
  const known = callers.get(hash)
  if (known) return known
  if ((unknown.get(hash) ?? 0) > clock.now()) return null
  return flights.join(hash, () => lookUp(env, hash))
}

/** Lets pass who sends an API key with which a call would be let pass too: somebody's, not revoked, of an account in good standing. */
export const keyHolder: Guard<Caller> = {
  scheme: 'key',
  allows: 'key',
  admit: async (c) => {
    const caller = await identify(c.env, readKey(c.req.raw.headers))
    if (!caller) throw new AppError('invalidApiKey')
    const stop = await stopOf(c.env, caller.accountId, caller.keyId)
    if (stop) throw new AppError(stop === 'accountSuspended' ? stop : 'invalidApiKey')
    return caller
  },
}

/** A key that was just made. `key` itself stands nowhere else. */
export type NewKey = { id: string; key: string; prefix: string; name: string }

const KeyName = z.string().trim().min(1).max(100)

/** What a key is limited to from the start; see settings.ts. `expiresAt` in milliseconds since 1970. */
export type KeyOptions = KeyPermissions & { name: string; expiresAt?: number | null; id?: string }

/**
 * Makes a key for this user; the answer is the only place where the key itself ever stands. Its account object knows its
 * limits before anybody knows the key. Throws `userNotFound`, `keyLimitReached`, and `validationFailed` on unknown agents.
 */
export async function createKey(env: Bindings, userId: string, options: KeyOptions): Promise<NewKey> {
  const { agentIds = null, caps = {}, expiresAt = null, id = newId() } = options
  const made = { id, key: newKey(), name: KeyName.parse(options.name) }
  const permissions = JSON.stringify({ ...(agentIds ? { agentIds } : {}), caps })
  const expires = expiresAt === null ? null : new Date(expiresAt).toISOString()
  const settings = sql`
    SELECT ${made.name} AS name, ${permissions}::jsonb AS permissions, ${expires}::timestamptz AS expires_at`
  await checkAgents(env, agentIds)
  const [users, keys] = await reach(() =>
    db(env).batch([db(env).execute(lockUser(userId)), db(env).execute(insertion(userId, made, settings))]),
  )
  if (users.rows.length === 0) throw new AppError('userNotFound')
  if (keys.rows.length === 0) throw new AppError('keyLimitReached')
  if (agentIds || expiresAt !== null || Object.keys(caps).length > 0)
    await setKey(env, userId, { v: 1, keyId: made.id, state: 'active', agentIds, caps, expiresAt, revision: 0 })
  return { ...made, prefix: prefixOf(made.key) }
}

/**
 * Revokes a key for good; repeatable. Its account object is told first: once this has returned, or failed on the way to
 * Postgres, no further call is admitted with it. With an owner, only a key of theirs. Throws `keyNotFound`, or what kept it
 * from being done.
 */
export async function revokeKey(env: Bindings, keyId: string, ownerId?: string): Promise<void> {
  const isThis = eq(apiKeys.id, keyId)
  const isTheirs = ownerId === undefined ? undefined : eq(apiKeys.userId, ownerId)
  const [row] = await reach(() =>
    db(env).select({ userId: apiKeys.userId, revokedAt: apiKeys.revokedAt }).from(apiKeys).where(and(isThis, isTheirs)),
  )
  if (!row) throw new AppError('keyNotFound')
  await setKey(env, row.userId, { v: 1, keyId, state: 'revoked' })
  if (row.revokedAt !== null) return
  await reach(() =>
    db(env)
      .update(apiKeys)
      .set({ revokedAt: new Date(clock.now()) })
      .where(and(isThis, isNull(apiKeys.revokedAt))),
  )
}

async function lookUp(env: Bindings, hash: string): Promise<Caller | null> {
  const caller = (await readCache(env, cacheKey(hash), Caller)) ?? (await fromPostgres(env, hash))
  if (caller) callers.set(hash, caller)
  else unknown.set(hash, clock.now() + UNKNOWN_MS)
  return caller
}

const cacheKey = (hash: string): string => `key:1:${hash}`

/** A revoked key is left out here too, though its account object would refuse it in any case. */
async function fromPostgres(env: Bindings, hash: string): Promise<Caller | null> {
  const isThis = and(eq(apiKeys.keyHash, hash), isNull(apiKeys.revokedAt))
  const [caller] = await reach(() =>
    db(env).select({ accountId: apiKeys.userId, keyId: apiKeys.id }).from(apiKeys).where(isThis),
  )
  if (!caller) return null
  waitUntil(writeCache(env, cacheKey(hash), caller, CACHE_SECONDS))
  return caller
}
