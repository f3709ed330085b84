/** Stores that are away, silent, lying or slow to take what is sent to them: calls go on, and nothing of them is lost. */
import { env, runDurableObjectAlarm, runInDurableObject, SELF } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { db } from '../base/db.ts'
import { hashKey, newKey } from '../keys/key-format.ts'
import type { Bindings } from '../env.ts'
import type { CallLogBatch } from '../quota/call-log.ts'
import { callLogs } from '../quota/tables.ts'
import { fault } from './faults.ts'
import { ask, bindings, door, eventsOf, logsOf, newAgent, newDeveloper, pay, type Ask } from './world.ts'

afterEach(async () => {
  vi.restoreAllMocks()
  await door('/postgres/resume')
})
afterAll(() => door('/redis/resume'))

async function codeOf(response: Response): Promise<string> {
  const body: { error?: { code: string } } = await response.json()
  return `${response.status} ${body.error?.code}`
}

describe('with Postgres and Redis away', () => {
  test('warm calls go on as if nothing were; afterwards the log holds every one of them, once', async () => {
    const developer = await newDeveloper()
    await pay(developer, 1_000)
    const agent = await newAgent()
    expect((await ask(developer, agent, 'Warm up.')).status).toBe(200)
    await door('/postgres/pause')
    await door('/redis/pause')
    let made = 1
    // Longer than copies of an agent are good for while Postgres answers.
    for (const end = Date.now() + 2_500; Date.now() < end; made += 4) {
      const outcomes = await Promise.all(
        [true, false, true, false].map(async (stream) => {
          const response = await ask(developer, agent, `Go on. ${fault({ events: 3 })}`, { stream, patient: true })
          if (!stream) return response.status
          return (await eventsOf(response)).at(-1)?.data
        }),
      )
      expect(outcomes).toEqual(['[DONE]', 200, '[DONE]', 200])
      await runDurableObjectAlarm(developer.account)
    }
    expect(await developer.account.quota()).toMatchObject({ used: made, held: 0, unsent: 0 })
    // Redis stays away for good.
    await door('/postgres/resume')
    const rows = (): Promise<number> => db(bindings).$count(callLogs, eq(callLogs.userId, developer.id))
    await expect.poll(rows, { timeout: 40_000, interval: 200 }).toBe(made)
    expect(new Set((await logsOf(developer, made)).map(({ id }) => id)).size).toBe(made)
  })

  test('what is not known here yet is 503 50302 and never 401, and answers once they are back', async () => {
    const [developer, agent, cold] = [await newDeveloper(), await newAgent(), await newAgent()]
    const warm = await newDeveloper()
    expect((await ask(warm, agent, 'Warm up.')).status).toBe(200)
    await door('/redis/pause')
    await door('/postgres/pause')
    const unknown = { key: newKey() }
    const both: Ask[] = [{ dialect: 'agentlink' }, { dialect: 'openai' }, { stream: true }]
    for (const options of both) {
      expect(await codeOf(await ask(unknown, agent, 'Hi', options))).toBe('503 50302')
      expect(await codeOf(await ask(developer, agent, 'Hi', options))).toBe('503 50302')
      expect(await codeOf(await ask(warm, cold, 'Hi', options))).toBe('503 50302')
    }
    // Junk is junk whatever the stores do.
    expect(await codeOf(await ask({ key: `${unknown.key.slice(0, -1)}~` }, agent, 'Hi'))).toBe('401 40103')
    expect(await codeOf(await SELF.fetch('https://agentlink.test/v1/models'))).toBe('503 50302')
    expect((await SELF.fetch('https://agentlink.test/health')).status).toBe(200)
    await door('/postgres/resume')
    expect(await codeOf(await ask(unknown, agent, 'Hi'))).toBe('401 40103')
    expect((await ask(developer, cold, 'Hi')).status).toBe(200)
    expect(await developer.account.quota()).toMatchObject({ used: 1, held: 0 })
    expect(await warm.account.quota()).toMatchObject({ used: 1, held: 0 })
  })

  test('a Postgres that takes questions and never answers costs a warm call nothing, a cold one two seconds', async () => {
    await door('/redis/resume')
    const [warm, cold] = [await newDeveloper(), await newDeveloper()]
    const agent = await newAgent()
    await ask(warm, agent, 'Warm up.')
    const real = globalThis.fetch
    vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) => {
      if (url !== env['DATABASE_HTTP_URL']) return real(url, init)
      return new Promise((_, reject) =>
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)),
      )
    })
    const startedAt = Date.now()
    const answers = [ask(cold, agent, 'Hi'), ask(warm, agent, 'Hi')]
    expect((await answers[1])?.status).toBe(200)
    expect(Date.now() - startedAt).toBeLessThan(1_500)
    expect(await codeOf(await (answers[0] as Promise<Response>))).toBe('503 50302')
    expect(Date.now() - startedAt).toBeLessThan(4_000)
  })
})

test('a Redis that holds lies is not believed: the call is its owner’s, and the agent is itself', async () => {
  await door('/redis/resume')
  const [owner, thief] = [await newDeveloper(), await newDeveloper()]
  const [agent, other] = [await newAgent(), await newAgent()]
  // What stands under the thief's own key, signed by us.
  await ask(thief, other, 'Hi')
  const theirs = await redis('GET', `key:1:${hashKey(thief.key)}`)
  expect(theirs).toContain(thief.id)
  const lies = [
    theirs,
    JSON.stringify({ accountId: thief.id, keyId: thief.keyId }),
    'null',
    '',
    '0'.repeat(80),
    '\u0000{"__proto__":{}}',
  ]
  const theirAgent = await redis('GET', `agent:1:${other.id}`)
  expect(theirAgent).toContain(other.slug)
  const deceive = async (lie: unknown): Promise<void> => {
    const [fresh, target] = [await newDeveloper(), await newAgent()]
    await redis('SET', `key:1:${hashKey(fresh.key)}`, String(lie))
    for (const name of [target.id, target.slug])
      await redis('SET', `agent:1:${name}`, String(lie === theirs ? theirAgent : lie))
    expect((await ask(fresh, target, 'Hi', { dialect: 'openai' })).status).toBe(200)
    const [log] = await logsOf(fresh, 1)
    expect(log).toMatchObject({ userId: fresh.id, apiKeyId: fresh.keyId, agentId: target.id })
  }
  await Promise.all(lies.map(deceive))
  expect((await ask(owner, agent, 'Hi')).status).toBe(200)
  expect((await thief.account.quota()).used).toBe(1)
})

/** Speaks to Redis as anybody who has its token can. */
async function redis(...command: string[]): Promise<unknown> {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env as unknown as Record<string, string>
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(url as string, { method: 'POST', headers, body: JSON.stringify(command) })
  const { result }: { result: unknown } = await response.json()
  return result
}

test('an outbox that could not note what it sent sends it again, and the log holds it once', async () => {
  const [developer, agent] = [await newDeveloper(), await newAgent()]
  for (let i = 0; i < 3; i++) await ask(developer, agent, 'Once only.')
  const sent: CallLogBatch[] = []
  await runInDurableObject(developer.account, (object) => {
    const holder = object as unknown as { env: Bindings }
    const send = async (message: CallLogBatch): Promise<void> => {
      await bindings.CALL_LOGS.send(message)
      if (sent.push(message) === 1) throw new Error('The answer of the queue was lost.')
    }
    holder.env = { ...holder.env, CALL_LOGS: { send } as unknown as Bindings['CALL_LOGS'] }
  })
  await runDurableObjectAlarm(developer.account)
  await runDurableObjectAlarm(developer.account)
  expect(sent.map(({ logs }) => logs.length)).toEqual([3, 3])
  expect((await developer.account.quota()).unsent).toBe(0)
  const rows = await logsOf(developer, 3)
  expect(rows.map(({ id }) => id).toSorted()).toEqual(sent[0]?.logs.map(({ id }) => id).toSorted())
})
