import { Redis } from '@upstash/redis/cloudflare'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as z from 'zod'
import { settings } from '../env.ts'
import { clock } from './clock.ts'
import { dropCache, readCache, writeCache } from './redis.ts'

const Form = z.object({ text: z.string() })
/** What others in this run write cannot meet it. */
let key: string
let redis: Redis
let now = Date.now()

beforeEach(() => {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = settings(env)
  redis = new Redis({ url, token, automaticDeserialization: false })
  key = crypto.randomUUID()
  // Each test begins after the cool-down that the one before may have left.
  now += 10_000
  vi.spyOn(clock, 'now').mockImplementation(() => now)
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** A server that takes requests and never answers. */
const hang = (_input: unknown, init?: RequestInit): Promise<Response> =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))
  })

test('what was written is read, until it is dropped', async () => {
  await writeCache(env, key, { text: 'Grüße 🌍' }, 60)
  expect(await readCache(env, key, Form)).toEqual({ text: 'Grüße 🌍' })
  expect(await redis.ttl(key)).toBeGreaterThan(50)
  await dropCache(env, [key, `another ${key}`])
  expect(await readCache(env, key, Form)).toBeNull()
})

test('a value that somebody else wrote, changed, or moved to another key is as if it were not there', async () => {
  await writeCache(env, key, { text: 'ours' }, 60)
  const ours = (await redis.get<string>(key)) ?? ''
  const zeros = '0'.repeat(64)
  const foreign = ['', 'null', '{"text":"theirs"}', ours.replace('ours', 'evil'), ours.slice(1), `${zeros}{"text":"x"}`]
  for (const value of foreign) {
    await redis.set(key, value)
    expect(await readCache(env, key, Form)).toBeNull()
  }
  await redis.set(`another ${key}`, ours)
  expect(await readCache(env, `another ${key}`, Form)).toBeNull()
  await redis.rpush(`list ${key}`, 'an element')
  expect(await readCache(env, `list ${key}`, Form)).toBeNull()
})

test('a value of ours in another form is not used', async () => {
  await writeCache(env, key, { words: 1 }, 60)
  expect(await readCache(env, key, Form)).toBeNull()
})

test('a Redis that hangs costs one caller a moment, then nobody anything for a second', async () => {
  await writeCache(env, key, { text: 'ours' }, 60)
  const fetches = vi.spyOn(globalThis, 'fetch').mockImplementation(hang)
  expect(await readCache(env, key, Form)).toBeNull()
  expect(fetches).toHaveBeenCalledTimes(1)

  now += 999
  expect(await readCache(env, key, Form)).toBeNull()
  await writeCache(env, key, { text: 'new' }, 60)
  await dropCache(env, [key])
  expect(fetches).toHaveBeenCalledTimes(1)

  fetches.mockRestore()
  now += 1
  expect(await readCache(env, key, Form)).toEqual({ text: 'ours' })
})

test('a Redis that refuses us, or is not there, never makes anything throw', async () => {
  const wrong = { ...env, UPSTASH_REDIS_REST_TOKEN: 'not the token' }
  await writeCache(wrong, key, { text: 'ours' }, 60)
  expect(await readCache(wrong, key, Form)).toBeNull()
  await dropCache({ ...env, UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1' }, [key])
  expect(await readCache(env, key, Form)).toBeNull()
})

test('what goes wrong is logged without the command, which may hold what is cached', async () => {
  const lines = vi.spyOn(console, 'warn').mockImplementation(() => {})
  await writeCache({ ...env, UPSTASH_REDIS_REST_TOKEN: 'not the token' }, key, { text: 'ours' }, 60)
  expect(lines).toHaveBeenCalledOnce()
  expect(String(lines.mock.calls[0])).not.toMatch(new RegExp(`ours|not the token|${key}`))
})
