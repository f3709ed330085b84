import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { asc, eq, sql } from 'drizzle-orm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { db } from '../base/db.ts'
import { deadLettersQueue } from '../base/dead-letters.queue.ts'
import { newId } from '../base/ids.ts'
import { deadLetters } from '../base/tables.ts'
import type { Bindings } from '../env.ts'
import { EVENTS, type PlatformEvent } from '../notifications/events.ts'
import type { CallLog, CallLogBatch } from './call-log.ts'
import { callLogsQueue } from './call-logs.queue.ts'
import { partitionsCron } from './partitions.cron.ts'
import { signIn } from '../tests/world.ts'
import { webhooks } from '../webhooks/tables.ts'
import { callLogs } from './tables.ts'

const NOW = Date.parse('2026-11-22T12:00:00.123Z')
const nowhere: Bindings = Object.assign({}, env, {
  DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c',
  DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
})

afterEach(() => {
  vi.restoreAllMocks()
})

function logOf(userId: string, change: Partial<CallLog> = {}): CallLog {
  return {
    id: newId(),
    requestId: 'request',
    agentId: newId(),
    agentVersion: 2,
    creatorId: newId(),
    apiKeyId: newId(),
    userId,
    provider: 'openai',
    model: 'gpt-4.1-mini',
    stream: true,
    status: 'success',
    errorCode: null,
    inputTokens: null,
    outputTokens: 7,
    latencyMs: 1_200,
    firstContentMs: 300,
    funding: 'paid',
    lotId: 'lot-1',
    priceUsd: '0.25',
    premiumUsd: '0.245',
    revenueUsd: '0.25',
    unitValueUsd: '0.01',
    feePercent: 20,
    admittedAt: NOW - 1_200,
    settledAt: NOW,
    ...change,
  }
}

/** Somebody whose webhook asks for calls. */
async function listener(): Promise<string> {
  const { id } = await signIn()
  await db(env)
    .insert(webhooks)
    .values({
      userId: id,
      url: 'https://hooks.example.com/',
      events: ['call.completed', 'call.failed'],
      secret: `test-1:${newId().slice(0, 22)}`,
    })
  return id
}

const batchOf = (accountId: string, ...logs: CallLog[]): CallLogBatch => ({ version: 1, accountId, logs })

type Given = { id?: string; body: unknown; attempts?: number }
type Consumer = typeof callLogsQueue | typeof deadLettersQueue

type Delivery = { acks: string[]; retries: [id: string, delaySeconds: number | undefined][] }

/** Delivers messages in one batch, and says which were acknowledged and which are to come again, after how long. */
async function deliver(consumer: Consumer, given: Given[], to: Bindings = env): Promise<Delivery> {
  const messages = given.map(({ id = newId(), body, attempts = 1 }) => ({
    id,
    body,
    attempts,
    timestamp: new Date(NOW),
  }))
  // What a test hands over is not always what the types promise; neither is what a queue does.
  const batch = createMessageBatch('call-logs', messages) as MessageBatch<CallLogBatch>
  // The result that the test runtime gives leaves the delays out.
  const asked = new Map(batch.messages.map((message) => [message.id, vi.spyOn(message, 'retry')]))
  await consumer(batch, to)
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext())
  const delayOf = (id: string): number | undefined => asked.get(id)?.mock.calls[0]?.[0]?.delaySeconds
  return { acks: explicitAcks, retries: retryMessages.map(({ msgId }) => [msgId, delayOf(msgId)]) }
}

/** An environment whose queue of events is heard, and may refuse. */
function listening(): { told: PlatformEvent[]; to: Bindings; refuse: (does: boolean) => void } {
  const told: PlatformEvent[] = []
  let refuses = false
  const sendBatch = async (messages: { body: PlatformEvent }[]): Promise<void> => {
    if (refuses) throw new Error('The queue of events is away.')
    told.push(...messages.map(({ body }) => body))
  }
  const to: Bindings = Object.assign({}, env, { EVENTS: { sendBatch } as unknown as Bindings['EVENTS'] })
  return { told, to, refuse: (does) => void (refuses = does) }
}

const rowsOf = (userId: string): Promise<(typeof callLogs.$inferSelect)[]> =>
  db(env).select().from(callLogs).where(eq(callLogs.userId, userId)).orderBy(asc(callLogs.id))

describe('the queue call-logs', () => {
  it('writes a log as it came, its cost and times in their columns', async () => {
    const userId = newId()
    const { settledAt, admittedAt, ...log } = logOf(userId)
    const body = batchOf(userId, { ...log, settledAt, admittedAt })
    expect(await deliver(callLogsQueue, [{ id: 'a', body }])).toEqual({ acks: ['a'], retries: [] })
    expect(await rowsOf(userId)).toEqual([
      {
        ...log,
        costUsd: '0.25000000',
        priceUsd: '0.25000000',
        premiumUsd: '0.24500000',
        revenueUsd: '0.25000000',
        unitValueUsd: '0.01000000',
        transactionId: expect.any(String),
        admittedAt: new Date(admittedAt),
        createdAt: new Date(settledAt),
      },
    ])
  })

  it.each([
    ['paid', '0.25000000'],
    ['promotional', '0.25000000'],
    ['trial', '0.00000000'],
    [null, '0.00000000'],
  ] as const)('a call funded as %s cost %s', async (funding, costUsd) => {
    const userId = newId()
    await deliver(callLogsQueue, [{ body: batchOf(userId, logOf(userId, { funding })) }])
    expect(await rowsOf(userId)).toMatchObject([{ funding, costUsd }])
  })

  it('writes a call once, however often and in whatever company it comes', async () => {
    const userId = newId()
    const [one, two, three] = [logOf(userId), logOf(userId), logOf(userId)]
    await deliver(callLogsQueue, [{ body: batchOf(userId, one, two) }, { body: batchOf(userId, two, one, one) }])
    await deliver(callLogsQueue, [{ body: batchOf(userId, three, one) }])
    const ids = [one, two, three].map((log) => log.id).toSorted()
    expect((await rowsOf(userId)).map((row) => row.id)).toEqual(ids)
  })

  it('takes a hundred logs in two round trips: to write them, and to learn who wants to hear of them', async () => {
    const userId = newId()
    const asked = vi.spyOn(globalThis, 'fetch')
    await deliver(callLogsQueue, [{ body: batchOf(userId, ...Array.from({ length: 100 }, () => logOf(userId))) }])
    expect(asked).toHaveBeenCalledTimes(2)
    expect(await rowsOf(userId)).toHaveLength(100)
  })

  it('writes what is too much for one statement in several, each as a transaction of its own', async () => {
    const userId = newId()
    const messages = Array.from({ length: 5 }, () => ({
      body: batchOf(userId, ...Array.from({ length: 500 }, () => logOf(userId))),
    }))
    expect((await deliver(callLogsQueue, messages)).acks).toHaveLength(5)
    const rows = await rowsOf(userId)
    expect(rows).toHaveLength(2_500)
    expect(new Set(rows.map(({ transactionId }) => transactionId)).size).toBe(2)
  })

  it('tells each call as an event, under the call’s own id and once for each message that holds it', async () => {
    const userId = await listener()
    const [good, bad] = [logOf(userId), logOf(userId, { status: 'timeout', funding: null })]
    const { told, to } = listening()
    await deliver(callLogsQueue, [{ body: batchOf(userId, good, bad, good) }], to)
    expect(told.map(({ id, type, userId: whose }) => [id, type, whose])).toEqual([
      [good.id, 'call.completed', userId],
      [bad.id, 'call.failed', userId],
    ])
    const data = { call_id: good.id, agent_id: good.agentId, status: 'success', cost_usd: '0.25', latency_ms: 1_200 }
    expect(told[0]).toMatchObject({ v: 1, at: NOW, data })
    expect(told[1]).toMatchObject({ data: { cost_usd: '0.00', funding: null } })
    for (const event of told) expect(EVENTS[event.type].safeParse(event.data).success).toBe(true)
  })

  it('writes the rows and comes again when the events could not be told, and counts nothing twice', async () => {
    const userId = await listener()
    const log = logOf(userId)
    const { told, to, refuse } = listening()
    refuse(true)
    const body = batchOf(userId, log)
    expect(await deliver(callLogsQueue, [{ id: 'a', body }], to)).toEqual({ acks: [], retries: [['a', 5]] })
    expect(await rowsOf(userId)).toHaveLength(1)
    refuse(false)
    expect(await deliver(callLogsQueue, [{ id: 'a', body, attempts: 2 }], to)).toEqual({ acks: ['a'], retries: [] })
    expect(told.map(({ id }) => id)).toEqual([log.id])
    const { rows } = await db(env).execute(
      sql`SELECT sum(calls)::int AS calls FROM account_usage WHERE user_id = ${userId}`,
    )
    expect(rows).toEqual([{ calls: 1 }])
  })

  it('retries the message that fails, and acknowledges its neighbours', async () => {
    const userId = newId()
    const good = batchOf(userId, logOf(userId))
    const bad = batchOf(userId, logOf(userId, { model: 'no \u0000 in Postgres' }))
    const result = await deliver(callLogsQueue, [
      { id: 'good', body: good },
      { id: 'bad', body: bad },
    ])
    expect(result).toEqual({ acks: ['good'], retries: [['bad', 5]] })
    expect(await rowsOf(userId)).toHaveLength(1)
  })

  it.each([
    ['of another version', { version: 2, accountId: 'a', logs: [logOf(newId())] }],
    ['without logs', { version: 1, accountId: 'a', logs: [] }],
    ['with an id that is none', batchOf('a', logOf(newId(), { id: 'x' }))],
    ['with a price that is none', batchOf('a', logOf(newId(), { priceUsd: '1e3' }))],
    ['that is nothing', null],
  ])('retries a message %s, so that a newer consumer may take it', async (_, body) => {
    expect(await deliver(callLogsQueue, [{ id: 'a', body }])).toEqual({
      acks: [],
      retries: [['a', 5]],
    })
  })

  it('retries while Postgres is away, after longer and longer, at most a minute', async () => {
    const body = batchOf('a', logOf(newId()))
    const given = [1, 2, 4, 5, 99].map((attempts) => ({ id: `${attempts}`, body, attempts }))
    const { acks, retries } = await deliver(callLogsQueue, given, nowhere)
    expect(acks).toEqual([])
    expect(Object.fromEntries(retries)).toEqual({ 1: 5, 2: 10, 4: 40, 5: 60, 99: 60 })
  })
})

describe('the queue call-logs-dead', () => {
  it('keeps a message exactly as it came, once', async () => {
    const body = { version: 9, text: 'with \u0000 and ä', list: [null] }
    const id = newId()
    expect(await deliver(deadLettersQueue, [{ id, body }])).toEqual({ acks: [id], retries: [] })
    expect(await deliver(deadLettersQueue, [{ id, body, attempts: 2 }])).toEqual({ acks: [id], retries: [] })
    expect(await db(env).select().from(deadLetters).where(eq(deadLetters.id, id))).toMatchObject([
      { queue: 'call-logs', attempts: 1, sentAt: new Date(NOW), replayedAt: null },
    ])
    const { rows } = await db(env).execute(sql`SELECT body::text AS body FROM dead_letters WHERE id = ${id}`)
    expect(rows).toEqual([{ body: JSON.stringify(body) }])
  })

  it('keeps even a message that is nothing', async () => {
    const id = newId()
    expect(await deliver(deadLettersQueue, [{ id, body: null }])).toEqual({ acks: [id], retries: [] })
  })

  it('retries while Postgres is away, ever more patiently: a hundred tries last longer than a queue keeps a message', async () => {
    const given = [1, 2, 9, 10, 99].map((attempts) => ({ id: `after ${attempts}`, body: 1, attempts }))
    const { acks, retries } = await deliver(deadLettersQueue, given, nowhere)
    expect(acks).toEqual([])
    expect(retries.map(([, seconds]) => seconds)).toEqual([60, 120, 15_360, 21_600, 21_600])
  })
})

describe('the cron of partitions', () => {
  it('has partitions for three months ahead, and may run again', async () => {
    await partitionsCron(env)
    await partitionsCron(env)
    const { rows } = await db(env).execute(
      sql`SELECT to_regclass('call_logs_' || to_char(now() AT TIME ZONE 'UTC' + INTERVAL '3 months', 'YYYY_MM')) IS NOT NULL AS is_there`,
    )
    expect(rows).toEqual([{ is_there: true }])
  })

  it('says so when Postgres is away', async () => {
    await expect(partitionsCron(nowhere)).rejects.toMatchObject({ kind: 'storeUnavailable' })
  })
})
