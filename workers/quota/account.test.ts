import { env } from 'cloudflare:workers'
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { clock } from '../base/clock.ts'
import { QuotaModel } from '../tests/quota-model.ts'
import type { AccountObject } from './account.object.ts'
import type { AdmitRequest, SettleRequest } from './protocol.ts'

const realNow = clock.now
afterEach(() => {
  clock.now = realNow
})

type Account = DurableObjectStub<AccountObject>

let accounts = 0
function newAccount(): Account {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(`account-${accounts++}`))
}

function call(id: string, change: Partial<AdmitRequest> = {}): AdmitRequest {
  return {
    v: 1,
    callId: id,
    requestId: 'r',
    accountId: 'account',
    keyId: 'key',
    agentId: 'agent',
    agentVersion: 1,
    creatorId: 'creator',
    provider: 'openai',
    model: 'gpt-4.1-mini',
    stream: false,
    price: 500_000,
    trial: false,
    leaseMs: 90_000,
    ...change,
  }
}

function end(id: string, charge: boolean, change: Partial<SettleRequest> = {}): SettleRequest {
  const counts = { inputTokens: 1, outputTokens: 2, latencyMs: 3, firstContentMs: 2 }
  return {
    v: 1,
    callId: id,
    charge,
    status: charge ? 'success' : 'error',
    errorCode: charge ? null : '50201',
    ...counts,
    ...change,
  }
}

async function pay(account: Account, calls = 1000): Promise<void> {
  await account.credit({ v: 1, id: `lot-${calls}`, kind: 'paid', calls, unitValue: 1_000_000 })
}

describe('quota', () => {
  test('a new account has its free calls, once', async () => {
    const account = newAccount()
    expect((await account.quota()).remaining).toBe(100)
    await evictDurableObject(account)
    expect((await account.quota()).remaining).toBe(100)
  })

  test('admitting and settling again under the same call id changes nothing', async () => {
    const account = newAccount()
    const first = await account.admit(call('a'))
    const second = await account.admit(call('a'))
    expect([first.kind, second.kind, second.remaining]).toEqual(['admitted', 'admitted', 99])
    expect(await account.settle(end('a', true))).toMatchObject({ state: 'charged', remaining: 99 })
    expect(await account.settle(end('a', false))).toMatchObject({ state: 'charged', remaining: 99 })
    expect(await account.settle(end('never', true))).toMatchObject({ state: 'unknown' })
  })

  test('a released call gives back its unit, its premium, its trial and its place under the cap', async () => {
    const account = newAccount()
    await account.deposit({ v: 1, id: 'd', amount: 1_000_000 })
    await account.setKey({ v: 1, keyId: 'key', state: 'active', caps: { day: 1 } })
    await account.admit(call('dear', { price: 1_500_000 }))
    expect(await account.admit(call('capped'))).toMatchObject({
      refusal: { why: 'keyCapReached', cap: 1, period: 'day' },
    })
    await account.settle(end('dear', false))
    expect(await account.quota()).toMatchObject({ remaining: 100, balance: 1_000_000, held: 0, used: 0 })
    expect((await account.admit(call('again'))).kind).toBe('admitted')
  })

  test('promotional units are drawn before paid ones, and paid ones in the order of purchase', async () => {
    const account = newAccount()
    await account.credit({ v: 1, id: 'first', kind: 'paid', calls: 1, unitValue: 1_000_000 })
    await account.credit({ v: 1, id: 'second', kind: 'paid', calls: 5, unitValue: 500_000 })
    const funding: string[] = []
    for (let i = 0; i < 102; i++) {
      const admission = await account.admit(call(`c${i}`))
      if (admission.kind === 'admitted') funding.push(admission.funding)
    }
    expect(funding.filter((kind) => kind === 'promotional').length).toBe(100)
    expect(funding.slice(100)).toEqual(['paid', 'paid'])
    const { lots } = await account.quota()
    expect(lots.map(({ id, remaining }) => [id, remaining])).toEqual([
      ['promotional', 0],
      ['first', 0],
      ['second', 4],
    ])
  })

  test('a dear agent takes its premium from the balance, and is refused without it', async () => {
    const account = newAccount()
    expect(await account.admit(call('a', { price: 600_000 }))).toMatchObject({
      refusal: { why: 'insufficientBalance', premium: 100_000, balance: 0 },
    })
    await account.deposit({ v: 1, id: 'd', amount: 150_000 })
    await account.deposit({ v: 1, id: 'd', amount: 150_000 })
    expect((await account.admit(call('b', { price: 600_000 }))).kind).toBe('admitted')
    expect(await account.admit(call('c', { price: 600_000 }))).toMatchObject({
      refusal: { why: 'insufficientBalance', balance: 50_000 },
    })
  })

  test('a lot is credited once per id', async () => {
    const account = newAccount()
    const lot = { v: 1, id: 'lot', kind: 'paid', calls: 10, unitValue: 1 } as const
    expect([(await account.credit(lot)).added, (await account.credit(lot)).added]).toEqual([true, false])
    expect((await account.quota()).remaining).toBe(110)
  })

  test('200 calls at once on the last unit: exactly one is admitted', async () => {
    const account = newAccount()
    await pay(account, 1)
    for (let i = 0; i < 100; i++) await account.admit(call(`spent-${i}`))
    const kinds = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => (await account.admit(call(`c${i}`))).kind),
    )
    expect(kinds.filter((kind) => kind === 'admitted').length).toBe(1)
  })
})

describe('what is taken back', () => {
  const lot = { v: 1, id: 'lot', kind: 'paid', calls: 10, unitValue: 1_000_000 } as const
  async function withoutPromotional(): Promise<Account> {
    const account = newAccount()
    await account.takeBack({ v: 1, id: 'all', lotId: 'promotional', max: 100 })
    await account.credit(lot)
    return account
  }

  test('is taken once, and only what nobody has drawn', async () => {
    const account = await withoutPromotional()
    for (const id of ['a', 'b', 'c']) await account.admit(call(id))
    await account.settle(end('a', true))
    const wish = { v: 1, id: 'refund', lotId: 'lot', max: 10, lot: 'closed' } as const
    const first = await account.takeBack(wish)
    expect(first).toEqual({ taken: 7, due: 2, late: 0, isWaiting: true, isUndone: false })
    await evictDurableObject(account)
    expect(await account.takeBack({ ...wish, max: 3 })).toEqual(first)
    expect(await account.quota()).toMatchObject({ remaining: 0, used: 1, held: 2 })
    expect(await account.admit(call('d'))).toMatchObject({ refusal: { why: 'quotaExhausted' } })
  })

  test('does not come to life again with a call that is released later', async () => {
    const account = await withoutPromotional()
    await account.deposit({ v: 1, id: 'd', amount: 1_000_000 })
    for (const id of ['a', 'b']) await account.admit(call(id, { price: 900_000 }))
    await account.takeBack({ v: 1, id: 'units', lotId: 'lot', max: 10, lot: 'closed' })
    await account.takeBack({ v: 1, id: 'money', lotId: null, max: 1_000_000 })
    await account.settle(end('a', false))
    await evictDurableObject(account)
    await account.settle(end('b', true))
    const again = { v: 1, max: 0 } as const
    const rest = { isWaiting: false, isUndone: false }
    expect(await account.takeBack({ ...again, id: 'units', lotId: 'lot', lot: 'closed' })).toEqual({
      taken: 8,
      due: 2,
      late: 1,
      ...rest,
    })
    expect(await account.takeBack({ ...again, id: 'money', lotId: null })).toEqual({
      taken: 200_000,
      due: 800_000,
      late: 400_000,
      ...rest,
    })
    const quota = await account.quota()
    expect(quota).toMatchObject({ remaining: 0, balance: 0, used: 1 })
    expect(quota.lots[1]).toEqual({ id: 'lot', kind: 'paid', calls: 10, remaining: 0, state: 'closed' })
  })

  test('leaves later money alone, whatever becomes of the calls that it was too late for', async () => {
    const account = newAccount()
    await account.deposit({ v: 1, id: 'd1', amount: 400_000 })
    await account.admit(call('a', { price: 900_000 }))
    expect(await account.takeBack({ v: 1, id: 'r', lotId: null, max: 400_000 })).toMatchObject({
      taken: 0,
      due: 400_000,
    })
    await account.settle(end('a', true))
    await account.deposit({ v: 1, id: 'd2', amount: 400_000 })
    await account.admit(call('b', { price: 900_000 }))
    await account.settle(end('b', false))
    expect(await account.quota()).toMatchObject({ balance: 400_000 })
  })

  test('is given back whole, and a lot thaws with the last reversal that froze it', async () => {
    const account = await withoutPromotional()
    await account.takeBack({ v: 1, id: 'one', lotId: 'lot', max: 4, lot: 'frozen' })
    await account.takeBack({ v: 1, id: 'two', lotId: 'lot', max: 0, lot: 'frozen' })
    await account.giveBack('one')
    expect((await account.quota()).remaining).toBe(0)
    expect((await account.admit(call('a'))).kind).toBe('refused')
    await account.giveBack('two')
    await account.giveBack('two')
    await evictDurableObject(account)
    expect(await account.quota()).toMatchObject({ remaining: 10, granted: 10 })
    expect((await account.admit(call('b'))).kind).toBe('admitted')
  })

  test('stays where it is when it was given back before it was asked for', async () => {
    const account = await withoutPromotional()
    await account.giveBack('late')
    const answer = await account.takeBack({ v: 1, id: 'late', lotId: 'lot', max: 10, lot: 'frozen' })
    expect(answer).toMatchObject({ taken: 0, due: 0, isUndone: true })
    expect((await account.quota()).remaining).toBe(10)
  })

  test('is known for a lot that comes only later', async () => {
    const account = newAccount()
    await account.takeBack({ v: 1, id: 'early', lotId: 'lot', max: 10, lot: 'frozen' })
    await account.credit(lot)
    expect((await account.quota()).lots[1]).toMatchObject({ remaining: 10, state: 'frozen' })
  })
})

describe('keys', () => {
  test('a revoked key is refused from the acknowledgement on, and cannot come back', async () => {
    const account = newAccount()
    await account.setKey({ v: 1, keyId: 'key', state: 'revoked' })
    await account.setKey({ v: 1, keyId: 'key', state: 'active' })
    await evictDurableObject(account)
    expect(await account.admit(call('a'))).toMatchObject({ refusal: { why: 'keyRevoked' } })
    expect((await account.admit(call('b', { keyId: 'other' }))).kind).toBe('admitted')
  })

  test('a key may be bound to agents and to a time', async () => {
    const account = newAccount()
    await account.setKey({ v: 1, keyId: 'key', state: 'active', agentIds: ['other'], expiresAt: null })
    expect(await account.admit(call('a'))).toMatchObject({ refusal: { why: 'keyRestricted' } })
    await account.setKey({ v: 1, keyId: 'key', state: 'active', expiresAt: clock.now() - 1 })
    expect(await account.admit(call('b'))).toMatchObject({ refusal: { why: 'keyRevoked' } })
  })
})

describe('idempotency keys', () => {
  const idempotency = { key: 'k', fingerprint: 'f' }
  const response = { contentType: 'application/json', body: '{}' }

  test('a kept answer is given again for a day, and costs nothing', async () => {
    const account = newAccount()
    await account.admit(call('a', { idempotency }))
    expect(await account.admit(call('b', { idempotency }))).toMatchObject({ refusal: { why: 'callInProgress' } })
    await account.settle(end('a', true, { response }))
    expect(await account.admit(call('c', { idempotency }))).toMatchObject({
      kind: 'replay',
      response: { ...response, callId: 'a' },
      remaining: 99,
    })
    expect(await account.admit(call('d', { idempotency: { key: 'k', fingerprint: 'other' } }))).toMatchObject({
      refusal: { why: 'idempotencyMismatch' },
    })
    clock.now = () => realNow() + 24 * 3_600_000 + 1
    expect((await account.admit(call('e', { idempotency }))).kind).toBe('admitted')
  })

  test('a call that cost nothing gives its key back; one whose answer is too long to keep does not', async () => {
    const account = newAccount()
    await account.admit(call('a', { idempotency }))
    await account.settle(end('a', false))
    expect((await account.admit(call('b', { idempotency }))).kind).toBe('admitted')
    await account.settle(end('b', true, { response: { contentType: 'text/plain', body: 'x'.repeat(600_000) } }))
    expect(await account.admit(call('c', { idempotency }))).toMatchObject({ refusal: { why: 'notReplayable' } })
  })
})

describe('the lease', () => {
  test('a call that nobody settles is released when its lease runs out, and is logged as an error', async () => {
    const account = newAccount()
    await account.admit(call('lost', { leaseMs: 1_000 }))
    clock.now = () => realNow() + 1_001
    await runDurableObjectAlarm(account)
    expect(await account.quota()).toMatchObject({ held: 0, remaining: 100, used: 0 })
    expect(await account.settle(end('lost', true))).toMatchObject({ state: 'released' })
  })
})

describe('the outbox', () => {
  test('settled calls are sent in one message, units move into their lot, and nothing is sent twice', async () => {
    const account = newAccount()
    for (let i = 0; i < 5; i++) {
      await account.admit(call(`c${i}`))
      await account.settle(end(`c${i}`, i !== 2))
    }
    expect((await account.quota()).unsent).toBe(5)
    const sent = await withQueue(account, async () => {
      await runDurableObjectAlarm(account)
    })
    expect(sent.map(({ logs }) => logs.map(({ id, funding }) => [id, funding]))).toEqual([
      [
        ['c0', 'promotional'],
        ['c1', 'promotional'],
        ['c2', null],
        ['c3', 'promotional'],
        ['c4', 'promotional'],
      ],
    ])
    await evictDurableObject(account)
    expect(await account.quota()).toMatchObject({ unsent: 0, used: 4, remaining: 96, held: 0 })
    expect(await withQueue(account, async () => void (await runDurableObjectAlarm(account)))).toEqual([])
  })

  test('a queue that fails twenty times loses nothing', async () => {
    const account = newAccount()
    await account.admit(call('a'))
    await account.settle(end('a', true))
    let failures = 0
    const sent = await withQueue(
      account,
      async () => {
        for (let i = 0; i < 21; i++) expect(await runDurableObjectAlarm(account)).toBe(true)
      },
      () => {
        if (failures++ < 20) throw new Error('The queue is full.')
      },
    )
    expect(sent.flatMap(({ logs }) => logs.map(({ id }) => id))).toEqual(['a'])
    expect((await account.quota()).unsent).toBe(0)
  })

  test('a warm call writes two rows', async () => {
    const account = newAccount()
    await pay(account)
    await account.admit(call('warm-up'))
    const rows = await runInDurableObject<AccountObject, number>(account, async (instance, state) => {
      const before = state.storage.sql.exec('SELECT total_changes() AS n').one()['n'] as number
      instance.admit(call('a'))
      instance.settle(end('a', true))
      return (state.storage.sql.exec('SELECT total_changes() AS n').one()['n'] as number) - before
    })
    expect(rows).toBe(2)
  })

  test('slots are used again, so that an account does not grow with its calls', async () => {
    const account = newAccount()
    await pay(account, 2_000)
    let now = realNow()
    clock.now = () => now
    for (let minute = 0; minute < 5; minute++) {
      for (let i = 0; i < 20; i++) {
        await account.admit(call(`m${minute}-${i}`))
        await account.settle(end(`m${minute}-${i}`, true))
      }
      await withQueue(account, async () => void (await runDurableObjectAlarm(account)))
      now += 60_001
    }
    const rows = await runInDurableObject(
      account,
      (_, state) => state.storage.sql.exec('SELECT COUNT(*) AS n FROM call').one()['n'],
    )
    expect(rows).toBe(20)
    expect((await account.quota()).used).toBe(100)
  })
})

describe('properties', () => {
  test('property 06: no window of 60 s holds more admissions than the limit, and none below it is refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 15, maxLength: 40 }),
        fc.nat(40),
        async (gaps, evictAt) => {
          const account = newAccount()
          let now = realNow()
          clock.now = () => now
          const admitted: number[] = []
          for (const [i, gap] of gaps.entries()) {
            now += gap
            if (i === evictAt && i > 0) await evictDurableObject(account)
            const admission = await account.admit(call(`c${i}`))
            const inWindow = admitted.filter((at) => at + 60_000 > now).length
            if (admission.kind === 'admitted') {
              expect(inWindow).toBeLessThan(10)
              admitted.push(now)
              continue
            }
            expect(inWindow).toBe(10)
            const { refusal } = admission as Extract<typeof admission, { kind: 'refused' }>
            if (refusal.why !== 'rateLimited') throw new Error(refusal.why)
            now += refusal.retryAfterMs
            expect((await account.admit(call(`retry${i}`))).kind).toBe('admitted')
            admitted.push(now)
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  test('property 25: exactly three trials per developer and agent, released ones not counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 4, maxLength: 9 }), async (charges) => {
        const account = newAccount()
        let charged = 0
        for (const [i, charge] of charges.entries()) {
          const admission = await account.admit(call(`t${i}`, { trial: true, price: 90_000_000 }))
          expect(admission.kind).toBe(charged < 3 ? 'admitted' : 'refused')
          if (admission.kind === 'admitted') await account.settle(end(`t${i}`, charge))
          if (admission.kind === 'admitted' && charge) charged++
        }
        expect((await account.quota()).remaining).toBe(100)
      }),
      { numRuns: 25 },
    )
  })

  test('property 03: any history of calls, losses, evictions and crashes agrees with the model', async () => {
    type Step = { do: string; n: number; charge: boolean; trial: boolean; premium: number; gapMs: number }
    const step: fc.Arbitrary<Step> = fc.record({
      do: fc.constantFrom(
        'admit',
        'admit',
        'admit',
        'settle',
        'settle',
        'evict',
        'abort',
        'alarm',
        'credit',
        'deposit',
        'revoke',
        'take back',
        'take back',
        'give back',
      ),
      n: fc.nat(12),
      charge: fc.boolean(),
      trial: fc.boolean(),
      premium: fc.constantFrom(0, 0, 100_000),
      gapMs: fc.integer({ min: 0, max: 8_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const model = new QuotaModel()
        let account = newAccount()
        const { name } = account
        let now = realNow()
        clock.now = () => now
        let calls = 0
        let logged = 0
        const logs = new Set<string>()
        for (const [i, s] of steps.entries()) {
          now += s.gapMs
          if (s.do === 'admit') {
            const id = `c${s.n < 9 ? ++calls : calls}`
            const wish = { id, key: `key${s.n % 3}`, agent: `agent${s.n % 2}`, premium: s.premium, trial: s.trial }
            const answer = await account.admit(
              call(id, {
                keyId: wish.key,
                agentId: wish.agent,
                price: 500_000 + s.premium,
                trial: s.trial,
                leaseMs: 1e9,
              }),
            )
            expect(answer.kind === 'refused' ? answer.refusal.why : answer.kind).toBe(model.admit(wish, now))
          } else if (s.do === 'settle') {
            const id = `c${calls - (s.n % 4)}`
            const isLongGone = (model.calls.get(id)?.at ?? now) + 60_000 <= now
            const { state } = await account.settle(end(id, s.charge))
            if (!isLongGone || state !== 'unknown') expect(state).toBe(model.settle(id, s.charge))
          } else if (s.do === 'evict') {
            await account.quota()
            await evictDurableObject(account)
          } else if (s.do === 'abort') {
            await abortAllDurableObjects()
            account = env.ACCOUNT.get(env.ACCOUNT.idFromName(name ?? ''))
          } else if (s.do === 'alarm') {
            const sent = await withQueue(account, async () => void (await runDurableObjectAlarm(account)))
            for (const log of sent.flatMap((batch) => batch.logs)) {
              logs.add(log.id)
              logged++
            }
          } else if (s.do === 'credit') {
            await account.credit({ v: 1, id: `lot${s.n % 4}`, kind: 'paid', calls: 3, unitValue: 1_000_000 })
            model.credit(`lot${s.n % 4}`, 3)
          } else if (s.do === 'deposit') {
            await account.deposit({ v: 1, id: `d${i}`, amount: 150_000 })
            model.deposited += 150_000
          } else if (s.do === 'take back') {
            // Twelve reversals of four lots, of the promotional one and of the balance, some asked for again.
            const lotId = [null, 'lot0', 'lot1', 'lot2', 'lot3', 'promotional'][s.n % 6] ?? null
            const lot = (['active', 'frozen', 'closed'] as const)[(i + s.n) % 3] ?? 'active'
            const max = lotId === null ? 170_000 : lotId === 'promotional' ? 99 : 2
            const answer = await account.takeBack({ v: 1, id: `r${s.n}`, lotId, max, lot })
            const { taken, due, late, isUndone } = model.takeBack(`r${s.n}`, lotId, max, lot)
            expect(answer).toMatchObject({ taken, due, late, isUndone })
          } else if (s.do === 'give back') {
            await account.giveBack(`r${s.n}`)
            model.giveBack(`r${s.n}`)
          } else {
            await account.setKey({ v: 1, keyId: `key${s.n % 3}`, state: 'revoked' })
            model.revoked.add(`key${s.n % 3}`)
          }
          const quota = await account.quota()
          expect({ remaining: quota.remaining, balance: quota.balance }).toEqual({
            remaining: model.remaining(),
            balance: model.balance(),
          })
          for (const lot of quota.lots)
            expect(lot).toMatchObject({ remaining: model.unused(lot.id), state: model.stateOf(lot.id) })
          expect(quota.held).toBe([...model.calls.values()].filter((known) => known.state === 'held').length)
        }
        expect(logged).toBe(logs.size)
      }),
      { numRuns: 60 },
    )
  })
})

type SentBatch = { logs: { id: string; funding: string | null }[] }

/** Runs `work` with a queue in place of the account's own that notes what is sent, and may refuse it. */
async function withQueue(
  account: Account,
  work: () => Promise<void>,
  refuse: () => void = () => {},
): Promise<SentBatch[]> {
  const sent: SentBatch[] = []
  const put = (send: (batch: SentBatch) => Promise<void>): Promise<void> =>
    runInDurableObject(account, (instance) => {
      ;(instance as unknown as { env: { CALL_LOGS: { send: typeof send } } }).env = { ...env, CALL_LOGS: { send } }
    })
  await put(async (batch) => {
    refuse()
    sent.push(batch)
  })
  await work()
  await put(async (batch) => void (await env.CALL_LOGS.send(batch as never)))
  return sent
}
