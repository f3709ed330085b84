/** Watching an account's calls: what it costs those whom nobody watches, which is nothing, and what it shows the others. */
import { env } from 'cloudflare:workers'
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, expect, test, vi } from 'vitest'
import { clock } from '../base/clock.ts'
import { newId } from '../base/ids.ts'
import { LiveObject } from '../notifications/live.object.ts'
import type { AccountObject } from './account.object.ts'

const realNow = clock.now
afterEach(() => {
  clock.now = realNow
  vi.restoreAllMocks()
})

type Account = { id: string; stub: DurableObjectStub<AccountObject> }

function newAccount(): Account {
  const id = newId()
  return { id, stub: env.ACCOUNT.get(env.ACCOUNT.idFromName(id)) }
}

async function call({ id, stub }: Account, callId = newId()): Promise<string> {
  const who = { accountId: id, keyId: newId(), agentId: newId(), creatorId: newId(), requestId: 'r' }
  const facts = { agentVersion: 1, provider: 'openai', model: 'none', stream: false, price: 400_000, trial: false }
  const counts = { inputTokens: 1, outputTokens: 2, firstContentMs: 3, latencyMs: 4, errorCode: null }
  expect((await stub.admit({ v: 1, callId, leaseMs: 60_000, ...who, ...facts })).kind).toBe('admitted')
  await stub.settle({ v: 1, callId, charge: true, status: 'success', ...counts })
  return callId
}

const watch = ({ stub }: Account): Promise<void> => stub.watch({ v: 1, until: clock.now() + 150_000 })

const alarmOf = ({ stub }: Account): Promise<number | null> =>
  runInDurableObject(stub, (_, { storage }) => storage.getAlarm())

/** What the account writes while `work` runs: rows, and alarms that are set. */
async function written(account: Account, work: () => Promise<void>): Promise<{ rows: number; alarms: number }> {
  const counts = { rows: 0, alarms: 0 }
  await runInDurableObject(account.stub, (_, { storage }) => {
    const sql = Object.getPrototypeOf(storage.sql) as SqlStorage
    // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
    const exec = sql.exec
    vi.spyOn(sql, 'exec').mockImplementation(function (this: SqlStorage, ...args: Parameters<SqlStorage['exec']>) {
      const cursor = exec.apply(this, args)
      counts.rows += cursor.rowsWritten
      return cursor
    } as SqlStorage['exec'])
    const proto = Object.getPrototypeOf(storage) as DurableObjectStorage
    // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
    const setAlarm = proto.setAlarm
    vi.spyOn(proto, 'setAlarm').mockImplementation(function (this: DurableObjectStorage, ...args) {
      counts.alarms++
      return setAlarm.apply(this, args)
    })
  })
  await work()
  vi.restoreAllMocks()
  return counts
}

test('an account that nobody watches does not one thing more for its calls', async () => {
  const account = newAccount()
  await call(account)
  await runDurableObjectAlarm(account.stub)
  const push = vi.spyOn(LiveObject.prototype, 'push')
  let pushes = 0
  const counts = await written(account, async () => {
    for (let i = 0; i < 5; i++) await call(account)
    await runDurableObjectAlarm(account.stub)
    pushes = push.mock.calls.length
  })
  // A row at each admission and each settlement; for the batch, the lot and what has been sent; one alarm.
  expect(counts).toEqual({ rows: 5 * 2 + 2, alarms: 1 })
  expect(pushes).toBe(0)
})

test('a watched account sends its calls on at once and shows each of them, also after it has been evicted', async () => {
  const account = newAccount()
  const push = vi.spyOn(LiveObject.prototype, 'push')
  await watch(account)
  await evictDurableObject(account.stub)
  const callId = await call(account)
  const dueInMs = ((await alarmOf(account)) ?? Infinity) - realNow()
  expect(dueInMs).toBeLessThanOrEqual(150)
  // It may have rung already.
  await runDurableObjectAlarm(account.stub)
  await expect.poll(() => push.mock.calls.length).toBe(1)
  const [{ events } = { events: [] }] = push.mock.calls[0] ?? []
  expect(events.map(({ type, data }) => [type, data['call_id']])).toEqual([['call.completed', callId]])
})

test('calls that keep coming do not put off those before them', async () => {
  const account = newAccount()
  await watch(account)
  await call(account)
  const first = await alarmOf(account)
  await call(account)
  await call(account)
  const then = await alarmOf(account)
  // Either the first still stands, or it has rung and all of them have been sent.
  expect(then === first || then === null || then > (first ?? 0)).toBe(true)
  await runDurableObjectAlarm(account.stub)
  await expect.poll(async () => (await account.stub.quota()).unsent, { timeout: 1_000 }).toBe(0)
})

test('whoever begins to watch sees what was about to be sent later', async () => {
  const account = newAccount()
  await call(account)
  expect((await alarmOf(account)) ?? 0).toBeGreaterThan(realNow() + 1_000)
  await watch(account)
  expect((await alarmOf(account)) ?? 0).toBeLessThanOrEqual(realNow() + 150)
})

test('an account forgets that it was watched', async () => {
  const account = newAccount()
  await account.stub.watch({ v: 1, until: realNow() + 10 * 86_400_000 })
  clock.now = () => realNow() + 301_000
  const push = vi.spyOn(LiveObject.prototype, 'push')
  await call(account)
  await runDurableObjectAlarm(account.stub)
  expect((await account.stub.quota()).unsent).toBe(0)
  expect(push.mock.calls.length).toBe(0)
})

test('calls reach the log also when they cannot be shown', async () => {
  const account = newAccount()
  const push = vi.spyOn(LiveObject.prototype, 'push').mockImplementation(() => {
    throw new Error('away')
  })
  await watch(account)
  await call(account)
  await runDurableObjectAlarm(account.stub)
  await expect.poll(async () => (await account.stub.quota()).unsent).toBe(0)
  expect(push.mock.calls.length).toBeGreaterThan(0)
})
