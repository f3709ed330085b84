import { Redis } from '@upstash/redis/cloudflare'
import { createExecutionContext, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { settings, type AppContext } from '../env.ts'
import { bindings, door } from '../tests/world.ts'
import { clock } from './clock.ts'
import { AppError } from './errors.ts'
import { newId } from './ids.ts'
import { hiddenName } from './redis.ts'
import { anyone, routesOf } from './route.ts'
import { addressOf, throttle } from './throttle.ts'

const HOUR = 3_600

let key: string

beforeEach(() => {
  key = newId()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await door('/redis/resume')
})

/** How many of `count` tries pass, and what the last that did not was told. */
async function tries(count: number, limit: number, more: { name?: string; windowSeconds?: number } = {}) {
  const outcomes = await Promise.all(
    Array.from({ length: count }, () =>
      throttle(bindings, { name: 'test', key, limit, windowSeconds: HOUR, ...more }).catch(
        (thrown: AppError) => thrown,
      ),
    ),
  )
  const refused = outcomes.filter((outcome) => outcome !== undefined)
  return { passed: count - refused.length, refusal: refused.at(-1) }
}

/** Redis is left alone for a second after it was away; each test begins after that. */
function afterCoolDown(): void {
  const now = clock.now
  vi.spyOn(clock, 'now').mockImplementation(() => now() + 10_000)
}

// On a busy machine Redis can be slow once: then both count, and more pass.
describe.each(['Redis', 'the object'])('counted by %s', { retry: 2 }, (by) => {
  beforeEach(async () => {
    if (by === 'Redis') return afterCoolDown()
    await door('/redis/pause')
  })

  test('as many pass as may, and the rest are told when to come back', async () => {
    const { passed, refusal } = await tries(8, 5)
    expect(passed).toBe(5)
    expect(refusal).toMatchObject({ code: '42902', status: 429, details: { limit: 5, window_seconds: HOUR } })
    const seconds = Number(refusal?.headers['retry-after'])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(HOUR + 10)
    expect(refusal?.headers).toEqual({
      'retry-after': String(seconds),
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(seconds),
    })
    expect(refusal?.message).toMatch(/^This was tried too often\. Wait (a second|\d+ seconds), then try again\.$/)
    expect((await tries(2, 5)).passed).toBe(0)
  })

  test('whoever else tries, and whatever else is tried, is counted apart', async () => {
    await tries(3, 3)
    expect((await tries(1, 3)).passed).toBe(0)
    expect((await tries(3, 3, { name: 'another' })).passed).toBe(3)
    key = newId()
    expect((await tries(3, 3)).passed).toBe(3)
  })
})

test('an object’s window slides, and the object is gone when nothing in it counts any more', async () => {
  const stub = bindings.THROTTLE.get(bindings.THROTTLE.idFromName(key))
  const start = Math.ceil(clock.now() / 60_000) * 60_000
  let now = start
  vi.spyOn(clock, 'now').mockImplementation(() => now)
  const take = async (): Promise<boolean> => (await stub.take({ limit: 10, windowMs: 60_000 })).isAllowed
  const passes = async (): Promise<number> => {
    let count = 0
    while (await take()) count++
    return count
  }
  expect(await passes()).toBe(10)
  now = start + 59_999
  expect(await passes()).toBe(0)
  // Of the last window counts what the sliding one still covers.
  now = start + 60_000
  expect(await passes()).toBe(0)
  now = start + 90_000
  expect(await passes()).toBe(5)
  now = start + 240_000
  expect(await passes()).toBe(10)
  await runDurableObjectAlarm(stub)
  expect(await runInDurableObject(stub, (_, state) => state.storage.kv.get('counts'))).toBeUndefined()
})

test('while neither answers, nobody passes', async () => {
  const away = { get: () => ({ take: () => Promise.reject(new Error('away')) }), idFromName: () => null }
  const nowhere = { ...bindings, UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1', THROTTLE: away as never }
  await expect(throttle(nowhere, { name: 'test', key, limit: 5, windowSeconds: HOUR })).rejects.toMatchObject({
    code: '50302',
  })
})

test('nothing in Redis says who it is that is counted, and all of it goes by itself', async () => {
  afterCoolDown()
  const email = `${key}@example.com`
  await throttle(bindings, { name: 'test', key: email, limit: 5, windowSeconds: 60 })
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = settings(bindings)
  const redis = new Redis({ url, token })
  const keys = await redis.keys('*')
  expect(keys.filter((name) => name.includes(key))).toEqual([])
  const counted = keys.find((name) => name.includes(hiddenName(bindings, `test\n${email}`)))
  expect(await redis.pttl(counted ?? '')).toBeGreaterThan(0)
})

test.each([
  [{}, 'unknown'],
  [{ 'cf-connecting-ip': '203.0.113.9' }, '203.0.113.9'],
  [{ 'cf-connecting-ip': '2001:db8:1:2:3:4:5:6' }, '2001:db8:1:2'],
  [{ 'cf-connecting-ip': '2001:0DB8:0001:0002::1' }, '2001:db8:1:2'],
  [{ 'cf-connecting-ip': '2001:db8::1' }, '2001:db8:0:0'],
  [{ 'cf-connecting-ip': '::1' }, '0:0:0:0'],
  [{ 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9' }, 'unknown'],
])('the address of %o is %s', (headers, address) => {
  expect(addressOf(new Headers(headers as Record<string, string>))).toBe(address)
})

test('a route with a limit refuses an address that asks too often, and no other', async () => {
  afterCoolDown()
  const app = new Hono<AppContext>()
  app.onError((thrown) => new Response(null, { status: thrown instanceof AppError ? thrown.status : 500 }))
  routesOf(app, 'Test')(
    'GET /limited',
    { summary: '', who: anyone, limit: { name: key, perMinute: 3 } },
    async () => {},
  )
  const ask = async (address: string): Promise<number> => {
    const headers = { 'cf-connecting-ip': address }
    return (await app.fetch(new Request('https://x.test/limited', { headers }), env, createExecutionContext())).status
  }
  const statuses = []
  for (let turn = 0; turn < 4; turn++) statuses.push(await ask('203.0.113.1'))
  expect(statuses).toEqual([204, 204, 204, 429])
  expect(await ask('203.0.113.2')).toBe(204)
})
