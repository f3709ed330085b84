import { Redis } from '@upstash/redis'
import { afterEach, expect, test } from 'vitest'
import { startRedis, type RedisDoor } from './redis.ts'

const TOKEN = 'a token for tests'
const doors: RedisDoor[] = []

async function open(): Promise<{ door: RedisDoor; redis: Redis }> {
  const door = await startRedis({ port: 0, token: TOKEN })
  doors.push(door)
  return { door, redis: new Redis({ url: door.url, token: door.token, retry: false, enableTelemetry: false }) }
}

function post(door: RedisDoor, path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(door.url + path, { method: 'POST', body, headers: { authorization: `Bearer ${TOKEN}`, ...headers } })
}

afterEach(async () => {
  await Promise.all(doors.splice(0).map((door) => door.stop()))
})

test('the official client reads what it wrote, in any script', async () => {
  const { redis } = await open()
  for (const value of ['plain', 'Grüße, 世界 🌍', '', 'OK', '{"a":[1,2]}']) {
    expect(await redis.set('key', `text ${value}`)).toBe('OK')
    expect(await redis.get('key')).toBe(`text ${value}`)
  }
  expect(await redis.get('nothing here')).toBeNull()
})

test('a key lives as long as it was told, whichever way the option is written', async () => {
  const { door, redis } = await open()
  await redis.set('by client', 'a', { ex: 100 })
  await post(door, '/', '["SET","by hand","b","px","90000"]')
  expect(await redis.ttl('by client')).toBeGreaterThan(95)
  expect(await redis.ttl('by hand')).toBeGreaterThan(85)
  expect(await redis.set('by client', 'c', { nx: true })).toBeNull()
})

test('hashes, lists, sets and sorted sets come back in their shapes', async () => {
  const { redis } = await open()
  await redis.hset('hash', { a: '1x', b: '2x' })
  expect(await redis.hgetall('hash')).toEqual({ a: '1x', b: '2x' })
  await redis.rpush('list', 'one', 'two')
  expect(await redis.lrange('list', 0, -1)).toEqual(['one', 'two'])
  await redis.zadd('zset', { score: 2, member: 'b' }, { score: 1, member: 'a' })
  expect(await redis.zrange('zset', 0, -1)).toEqual(['a', 'b'])
  expect(await redis.del('hash', 'list', 'gone')).toBe(2)
})

test('a pipeline answers command by command; one that fails does not stop the others', async () => {
  const { door } = await open()
  const response = await post(door, '/pipeline', '[["SET","a","1"],["NONSENSE"],["INCR","a"]]')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual([{ result: 'OK' }, { error: "ERR unknown command 'NONSENSE'" }, { result: 2 }])
})

test('a transaction answers as a list', async () => {
  const { redis } = await open()
  expect(await redis.multi().set('n', 5).incrby('n', 2).get('n').exec()).toEqual(['OK', 7, 7])
})

test('scripts run by text, then by hash; an unknown hash is NOSCRIPT', async () => {
  const { redis } = await open()
  const source =
    '#!lua flags=allow-key-locking\nlocal n = redis.call("incrby", KEYS[1], ARGV[1])\nreturn {n, redis.call("GET", "nothing")}'
  const sha = await redis.scriptLoad(source)
  expect(await redis.evalsha(sha, ['counter'], ['2'])).toEqual([2, null])
  expect(await redis.eval(source, ['counter'], ['3'])).toEqual([5, null])
  await expect(redis.evalsha('0'.repeat(40), [], [])).rejects.toThrow('NOSCRIPT')
})

test('a command may be written as a path, the token as a parameter', async () => {
  const { door } = await open()
  const set = await fetch(`${door.url}/set/some%20key/value?EX=100&_token=${encodeURIComponent(TOKEN)}`)
  expect(await set.json()).toEqual({ result: 'OK' })
  const get = await post(door, '/get/some%20key', '')
  expect(await get.json()).toEqual({ result: 'value' })
})

test('strings are encoded in base64 only when asked', async () => {
  const { door } = await open()
  await post(door, '/', '["SET","a","OK"]')
  expect(await (await post(door, '/', '["ECHO","hello"]')).json()).toEqual({ result: 'hello' })
  const encoded = await post(door, '/', '["ECHO","hello"]', { 'upstash-encoding': 'base64' })
  expect(await encoded.json()).toEqual({ result: 'aGVsbG8=' })
})

test('bad tokens, bad commands and bodies too large get an error in the same form', async () => {
  const { door } = await open()
  const refused = await post(door, '/', '["GET","a"]', { authorization: 'Bearer another' })
  expect([refused.status, await refused.json()]).toEqual([401, { error: 'WRONGPASS invalid or missing auth token' }])
  const cases = [
    'not json',
    '[]',
    '{"a":1}',
    '["SUBSCRIBE","a"]',
    '["constructor"]',
    `["SET","a","${'x'.repeat(5_000_000)}"]`,
  ]
  for (const body of cases) {
    const response = await post(door, '/', body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^ERR /) })
  }
})

test('a paused door takes requests and answers them once it is resumed', async () => {
  const { door, redis } = await open()
  await redis.set('a', 'x')
  door.pause()
  let isAnswered = false
  const read = redis.get('a').finally(() => (isAnswered = true))
  await expect(fetch(door.url, { method: 'POST', body: '["PING"]', signal: AbortSignal.timeout(50) })).rejects.toThrow(
    /timeout/i,
  )
  expect(isAnswered).toBe(false)
  door.resume()
  expect(await read).toBe('x')
})

test('two doors keep their keys apart', async () => {
  const one = await open()
  const other = await open()
  await one.redis.set('a', 'x')
  expect(await other.redis.get('a')).toBeNull()
})
