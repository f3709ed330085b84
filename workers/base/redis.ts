/**
 * The cache between isolates: Upstash Redis, and nothing in it is ever believed for its own sake. Losing it, or all of
 * what it holds, costs speed only. Every value carries a code (HMAC-SHA256) over its key and content, made with a secret
 * that Redis does not have: what somebody else wrote, or moved to another key, is as if it were not there.
 *
 * A Redis that is slow or away is left alone for a second after it has cost one call `TIME_LIMIT_MS`.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { Redis } from '@upstash/redis/cloudflare'
import type * as z from 'zod'
import { settings, type Bindings } from '../env.ts'
import { clock } from './clock.ts'
import { describe, log } from './log.ts'

const TIME_LIMIT_MS = 150
const COOL_DOWN_MS = 1_000
/** Characters; an agent with the longest prompt allowed stays below. */
const VALUE_CHARS_MAX = 400_000
const CODE_CHARS = 64
const KEYS_PER_SCAN = 500
const CLEARED_MAX = 20_000

/** The value kept under `key`, or null: none, not ours, not of this form, or no answer in time. Never throws. */
export async function readCache<T>(env: Bindings, key: string, form: z.ZodType<T>): Promise<T | null> {
  const cache = cacheOf(env)
  const kept = await attempt(cache, () => cache.redis.get<string>(key))
  if (typeof kept !== 'string') return null
  const text = kept.slice(CODE_CHARS)
  if (kept.slice(0, CODE_CHARS) !== codeOf(cache, key, text)) return null
  return form.safeParse(JSON.parse(text)).data ?? null
}

/** Keeps `value`, which must be plain JSON, under `key` for `seconds`, if it can. Never throws. */
export async function writeCache(env: Bindings, key: string, value: object, seconds: number): Promise<void> {
  const text = JSON.stringify(value)
  if (text.length > VALUE_CHARS_MAX) return
  const cache = cacheOf(env)
  await attempt(cache, () => cache.redis.set(key, codeOf(cache, key, text) + text, { ex: seconds }))
}

/** Drops what is kept under `keys`, if it can. Never throws, so nothing may depend on its having happened. */
export async function dropCache(env: Bindings, keys: string[]): Promise<void> {
  const cache = cacheOf(env)
  await attempt(cache, () => cache.redis.del(...keys))
}

/** What Redis says to `work`, within the time limit; null if it is away, or slow. Never throws. */
export async function askRedis<T>(env: Bindings, work: (redis: Redis) => Promise<T>): Promise<T | null> {
  const cache = cacheOf(env)
  return attempt(cache, () => work(cache.redis))
}

/** What `text` is called in Redis where it must not be readable there: HMAC-SHA256 in hex, with our secret. */
export function hiddenName(env: Bindings, text: string): string {
  return bytesToHex(hmac(sha256, cacheOf(env).secret, utf8ToBytes(`name\n${text}`)))
}

/** Asks Redis at this moment for a word, also where it is being left alone. Throws if it gives none within `ms`. */
export async function pingCache(env: Bindings, ms: number): Promise<void> {
  await connect(env, ms).ping()
}

/** Drops what is kept under keys that begin with `prefix`, `CLEARED_MAX` keys at most. Never throws; null: Redis is away. */
export async function clearCache(env: Bindings, prefix: string): Promise<{ dropped: number; isAll: boolean } | null> {
  const cache = cacheOf(env)
  let dropped = 0
  let cursor = '0'
  do {
    const step = await attempt(cache, () => cache.redis.scan(cursor, { match: `${prefix}*`, count: KEYS_PER_SCAN }))
    if (!step) return null
    const [next, found] = step
    if (found.length > 0) dropped += (await attempt(cache, () => cache.redis.del(...found))) ?? 0
    cursor = next
  } while (cursor !== '0' && dropped < CLEARED_MAX)
  return { dropped, isAll: cursor === '0' }
}

type Cache = { redis: Redis; secret: Uint8Array; awayUntil: number }

const caches = new WeakMap<Bindings, Cache>()

function cacheOf(env: Bindings): Cache {
  const known = caches.get(env)
  if (known) return known
  const secret = hmac(sha256, utf8ToBytes('agentlink cache'), utf8ToBytes(settings(env).ENCRYPTION_KEY))
  const cache = { redis: connect(env, TIME_LIMIT_MS), secret, awayUntil: 0 }
  caches.set(env, cache)
  return cache
}

function connect(env: Bindings, limitMs: number): Redis {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = settings(env)
  return new Redis({
    url,
    token,
    // One try: a second one would double the time that a call can lose here.
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(limitMs),
    automaticDeserialization: false,
    enableTelemetry: false,
    readYourWrites: false,
  })
}

async function attempt<T>(cache: Cache, work: () => Promise<T>): Promise<T | null> {
  if (clock.now() < cache.awayUntil) return null
  try {
    return await work()
  } catch (thrown) {
    cache.awayUntil = clock.now() + COOL_DOWN_MS
    // The message is left out: the client quotes the whole command in it.
    log.warn('redis.away', { error: describe(thrown) })
    return null
  }
}

function codeOf(cache: Cache, key: string, text: string): string {
  return bytesToHex(hmac(sha256, cache.secret, utf8ToBytes(`${key}\n${text}`)))
}
