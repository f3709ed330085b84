import { env } from 'cloudflare:workers'
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { clock } from '../base/clock.ts'
import { newId } from '../base/ids.ts'
import type { PlatformEvent } from '../notifications/events.ts'
import type { AccountObject } from './account.object.ts'
import type { CallLogBatch } from './call-log.ts'

const realNow = clock.now
let now = realNow()
afterEach(() => {
  clock.now = realNow
})

type Low = { id: string; percent: number; lot: string; user: string }

/** An account whose queues are watched: what it sends on, and what it tells of low marks, which may be refused. */
class Watched {
  readonly userId = newId()
  readonly batches: CallLogBatch[] = []
  readonly told: Low[] = []
  refuses = false
  #calls = 0

  get stub(): DurableObjectStub<AccountObject> {
    return env.ACCOUNT.get(env.ACCOUNT.idFromName(this.userId))
  }

  async call(charge: boolean, trial = false): Promise<void> {
    now += 6_001
    clock.now = () => now
    const callId = `c${this.#calls++}`
    const { kind } = await this.stub.admit({
      v: 1,
      callId,
      requestId: 'r',
      accountId: this.userId,
      keyId: 'key',
      agentId: 'agent',
      agentVersion: 1,
      creatorId: 'creator',
      provider: 'openai',
      model: 'm',
      stream: false,
      price: 1,
      trial,
      leaseMs: 1e9,
    })
    if (kind !== 'admitted') return
    const counts = { inputTokens: 1, outputTokens: 1, latencyMs: 1, firstContentMs: 1 }
    await this.stub.settle({ v: 1, callId, charge, status: charge ? 'success' : 'error', errorCode: null, ...counts })
  }

  async credit(id: string, kind: 'paid' | 'promotional', calls: number): Promise<void> {
    await this.stub.credit({ v: 1, id, kind, calls, unitValue: kind === 'paid' ? 1_000_000 : 0 })
  }

  /** Evicts the object, which has to be there for that. */
  async forget(): Promise<void> {
    await this.stub.quota()
    await evictDurableObject(this.stub)
  }

  /** Lets the alarm ring, with this test's queues in place of the real ones. */
  async drain(): Promise<void> {
    now += 60_000
    clock.now = () => now
    const events = {
      sendBatch: async (messages: { body: PlatformEvent }[]) => {
        if (this.refuses) throw new Error('The queue of events is away.')
        for (const { body } of messages)
          if (body.type === 'quota.low')
            this.told.push({ id: body.id, percent: body.data.percent, lot: body.data.lot_id, user: body.userId })
      },
    }
    const logs = { send: async (batch: CallLogBatch) => void this.batches.push(batch) }
    await runInDurableObject(this.stub, (instance) => {
      ;(instance as unknown as { env: unknown }).env = { ...env, CALL_LOGS: logs, EVENTS: events }
    })
    await runDurableObjectAlarm(this.stub)
  }
}

const shown = (told: Low[]): [string, number][] => told.map(({ lot, percent }) => [lot, percent])

test('the marks of the only lot are told as it is used up, each once', async () => {
  const account = new Watched()
  for (let i = 1; i <= 100; i++) {
    await account.call(true)
    if (i % 5 === 0) await account.drain()
    if (i === 49) expect(account.told).toEqual([])
  }
  expect(shown(account.told)).toEqual([
    ['promotional', 50],
    ['promotional', 20],
    ['promotional', 10],
    ['promotional', 0],
  ])
  expect(account.told.every(({ user }) => user === account.userId)).toBe(true)
  expect(new Set(account.told.map(({ id }) => id)).size).toBe(4)
})

test('while there is a later lot, only that one’s marks are told; a new lot has its own', async () => {
  const account = new Watched()
  await account.credit('first', 'paid', 2)
  for (let i = 0; i < 101; i++) await account.call(true)
  await account.drain()
  await account.drain()
  expect(shown(account.told)).toEqual([['first', 50]])
  await account.credit('second', 'paid', 10)
  for (let i = 0; i < 6; i++) await account.call(true)
  await account.drain()
  expect(shown(account.told)).toEqual([
    ['first', 50],
    ['second', 50],
  ])
  for (let i = 0; i < 5; i++) await account.call(true)
  await account.drain()
  expect(shown(account.told).at(-1)).toEqual(['second', 0])
})

test('calls that fail, and trials, move no mark', async () => {
  const account = new Watched()
  await account.credit('last', 'paid', 1)
  for (let i = 0; i < 5; i++) await account.call(false)
  for (let i = 0; i < 3; i++) await account.call(true, true)
  await account.drain()
  expect(account.told).toEqual([])
})

test('a queue of events that is away holds up no call log, and the mark is told when it is back, also after an eviction', async () => {
  const account = new Watched()
  for (let i = 0; i < 60; i++) await account.call(true)
  account.refuses = true
  await account.drain()
  await account.call(true)
  await account.drain()
  expect(account.batches.flatMap(({ logs }) => logs)).toHaveLength(61)
  expect(account.told).toEqual([])
  await account.forget()
  account.refuses = false
  await account.drain()
  expect(shown(account.told)).toEqual([['promotional', 50]])
})

/** The model of low-marks.ts, over what the account says it has sent on. */
function expected(batches: CallLogBatch[], lots: { id: string; kind: string; calls: number; since: number }[]): Low[] {
  const left = new Map(lots.map(({ id, calls }) => [id, calls]))
  const marks = new Map<string, number>()
  return batches.flatMap(({ logs, accountId }, i) => {
    const there = lots.filter((lot) => lot.since <= i && (left.get(lot.id) ?? 0) > 0)
    const last = there.findLast(({ kind }) => kind === 'paid') ?? there.at(-1)
    for (const { lotId } of logs) if (lotId !== null) left.set(lotId, (left.get(lotId) ?? 0) - 1)
    if (!last || !logs.some(({ lotId }) => lotId === last.id)) return []
    const percent = [0, 10, 20, 50].find((mark) => (left.get(last.id) ?? 0) / last.calls <= mark / 100)
    if (percent === undefined || percent >= (marks.get(last.id) ?? 100)) return []
    marks.set(last.id, percent)
    return [{ id: '', percent, lot: last.id, user: accountId }]
  })
}

test('whatever is bought, called, released, refused and forgotten: the marks that fall are the marks that are told', async () => {
  const step = fc.record({
    do: fc.constantFrom('call', 'call', 'call', 'call', 'drain', 'drain', 'credit', 'evict', 'refuse'),
    n: fc.integer({ min: 1, max: 12 }),
    charge: fc.constantFrom(true, true, true, false),
    kind: fc.constantFrom('paid' as const, 'paid' as const, 'promotional' as const),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const account = new Watched()
      const lots = [{ id: 'promotional', kind: 'promotional', calls: 100, since: 0 }]
      for (let i = 0; i < 96; i++) await account.call(true)
      await account.drain()
      for (const [i, s] of steps.entries()) {
        if (s.do === 'call') for (let n = 0; n < s.n; n++) await account.call(s.charge)
        else if (s.do === 'drain') await account.drain()
        else if (s.do === 'evict') await account.forget()
        else if (s.do === 'refuse') account.refuses = !account.refuses
        else {
          await account.credit(`lot${i}`, s.kind, s.n)
          lots.push({ id: `lot${i}`, kind: s.kind, calls: s.n, since: account.batches.length })
        }
      }
      account.refuses = false
      await account.drain()
      await account.drain()
      const fallen = expected(account.batches, lots)
      const final = new Map(fallen.map((low) => [low.lot, low.percent]))
      const told = shown(account.told)
      // While events were refused a mark may have fallen further: then only the lower one is told.
      for (const mark of told) expect(shown(fallen)).toContainEqual(mark)
      for (const [lot, percent] of final) expect(told.findLast(([id]) => id === lot)).toEqual([lot, percent])
      expect(new Set(account.told.map(({ id }) => id)).size).toBe(account.told.length)
      for (const lot of final.keys()) {
        const percents = told.filter(([id]) => id === lot).map(([, percent]) => percent)
        expect(percents).toEqual(percents.toSorted((a, b) => b - a))
      }
    }),
    { numRuns: 20 },
  )
})
