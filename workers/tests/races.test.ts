/** Many at once: whatever order things happen in, every call counts exactly once, and what was promised last holds. */
import { abortAllDurableObjects, env, runInDurableObject, SELF } from 'cloudflare:test'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Agent } from '../agents/agents.ts'
import { newId } from '../base/ids.ts'
import type { AdmitRequest, SettleRequest } from '../quota/protocol.ts'
import { fault } from './faults.ts'
import {
  ask,
  bindings,
  eventsIn,
  logsOf,
  newAgent,
  newDeveloper,
  pay,
  providerCalls,
  type Ask,
  type Developer,
  type ProviderName,
} from './world.ts'

const PROVIDERS: ProviderName[] = ['openai', 'anthropic', 'google']
/** Fewer failures than open a breaker, also where each of them is tried twice. */
const FAILURES_PER_AGENT = 4
/** The premium of an agent at $0.105 is $0.10: in 10⁻⁸ dollars. */
const PREMIUM_UNITS = 10_000_000

let agent: Agent
beforeAll(async () => {
  agent = await newAgent()
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** What became of a call, in its last word. */
async function outcome(answer: Response): Promise<{ status: number; code: string; isWhole: boolean; text: string }> {
  const text = await answer.text()
  const code = /"code":"(\d{5})"/.exec(text)?.[1] ?? ''
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream')
  const isWhole = answer.ok && (isStream ? eventsIn(text).at(-1)?.data === '[DONE]' : text.endsWith('}'))
  return { status: answer.status, code, isWhole, text }
}

/** Uses up units without a provider. What is logged of it is someone else's. */
async function burn(developer: Developer, units: number): Promise<void> {
  for (let i = 0; i < units; i++) {
    const callId = newId()
    const nobody = { accountId: newId(), keyId: newId(), agentId: newId(), creatorId: newId(), requestId: newId() }
    const facts = { agentVersion: 1, provider: 'openai', model: 'none', stream: false, price: 400_000, trial: false }
    const request: AdmitRequest = { v: 1, callId, leaseMs: 60_000, ...nobody, ...facts }
    expect((await developer.account.admit(request)).kind).toBe('admitted')
    const nothing = { inputTokens: null, outputTokens: null, firstContentMs: null, latencyMs: 1, errorCode: null }
    await developer.account.settle({ v: 1, callId, charge: true, status: 'success', ...nothing })
  }
}

async function received(): Promise<number> {
  const calls = await providerCalls()
  return PROVIDERS.reduce((sum, provider) => sum + calls[provider].received, 0)
}

/** From now on accounts do what they are asked, but every fifth first answer is lost, and now and then all objects are aborted. */
function shakeAccounts(): void {
  const get = bindings.ACCOUNT.get.bind(bindings.ACCOUNT)
  const asked = new Set<string>()
  const shake = async (question: string, answer: Promise<unknown>): Promise<unknown> => {
    const isFirst = !asked.has(question)
    asked.add(question)
    if (isFirst && asked.size % 100 === 50) await abortAllDurableObjects()
    const given = await answer
    if (isFirst && asked.size % 5 === 0) throw new Error('The answer was lost.')
    return given
  }
  vi.spyOn(bindings.ACCOUNT, 'get').mockImplementation((id) => {
    const account = get(id)
    const admit = (request: AdmitRequest): unknown => shake(`admit ${request.callId}`, account.admit(request))
    const settle = (request: SettleRequest): unknown => shake(`settle ${request.callId}`, account.settle(request))
    return { admit, settle } as unknown as typeof account
  })
}

describe('500 calls at once on a key with 100 units left, half of them streams', () => {
  test.each([
    ['while all is well', false],
    ['and once more', false],
    ['with objects aborted and their answers lost', true],
  ])('%s: exactly 100 reach the provider and succeed, 400 are refused', async (_, isShaken) => {
    const developer = await newDeveloper()
    // A paid lot lifts the rate limit; with the hundred of every account that is one too many.
    await pay(developer, 1)
    await burn(developer, 1)
    const before = await received()
    if (isShaken) shakeAccounts()
    const calls = Array.from({ length: 500 }, async (_, place) => {
      const asked = `Tell me. ${fault({ delayMs: 150, events: 5 })}`
      const response = await ask(developer, agent, asked, { stream: place % 2 === 1, patient: true })
      return { retry: response.headers.get('x-should-retry'), ...(await outcome(response)) }
    })
    const outcomes = await Promise.all(calls)
    vi.restoreAllMocks()
    const refused = outcomes.filter(({ status }) => status !== 200)
    expect(outcomes.filter(({ isWhole }) => isWhole).length).toBe(100)
    expect(refused.map(({ status, code, retry }) => `${status} ${code} ${retry}`)).toEqual(
      Array(400).fill('429 42901 false'),
    )
    expect((await received()) - before).toBe(100)
    expect(await developer.account.quota()).toMatchObject({ remaining: 0, held: 0, used: 101 })
    const logs = await logsOf(developer, 100)
    expect(logs.length).toBe(100)
    expect(logs.every(({ status, funding }) => status === 'success' && funding !== null)).toBe(true)
  })
})

test('after 1,000 mixed calls nothing is held, and used is what was due and what the log says', async () => {
  const developer = await newDeveloper()
  await pay(developer, 2_000)
  const kinds = ['well', 'well', 'failed', 'failed', 'silent', 'left early', 'left early', 'left late'] as const
  const failing = Math.ceil((1_000 / kinds.length) * 3)
  const agents = await Promise.all(
    Array.from({ length: Math.ceil(failing / FAILURES_PER_AGENT) }, async (_, at) => newAgent(PROVIDERS[at % 3])),
  )
  let failures = 0
  const failingAgent = (): Agent => agents[Math.floor(failures++ / FAILURES_PER_AGENT)] ?? agent
  let due = 0
  const happen = async (place: number): Promise<void> => {
    const kind = kinds[place % kinds.length]
    const stream = place % 3 !== 0
    if (kind === 'well') {
      const { isWhole } = await outcome(await ask(developer, agent, 'Tell me.', { stream, patient: true }))
      expect(isWhole).toBe(true)
      due++
    } else if (kind === 'failed') {
      const faults = [
        { status: 500 },
        { closeAfterEvents: 1 },
        { reset: true, closeAfterEvents: 2 },
        { html200: true },
        { status: 400 },
      ]
      const wanted = faults[place % faults.length] ?? {}
      const { isWhole } = await outcome(
        await ask(developer, failingAgent(), `Tell me. ${fault(wanted)}`, { stream, patient: true }),
      )
      expect(isWhole).toBe(false)
    } else if (kind === 'silent') {
      const wanted = { hangAfterEvents: place % 5 }
      const { code } = await outcome(await ask(developer, failingAgent(), `Tell me. ${fault(wanted)}`, { stream }))
      expect(code).toBe('50401')
    } else if (kind === 'left early') {
      await leaveEarly(developer, place, { stream })
    } else {
      await leaveLate(developer)
      due++
    }
  }
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < 1_000) await happen(next++)
  }
  await Promise.all(Array.from({ length: 60 }, worker))
  await expect.poll(async () => (await developer.account.quota()).held, { timeout: 10_000 }).toBe(0)
  const logs = await logsOf(developer, 1_000)
  const quota = await developer.account.quota()
  expect(quota.used).toBe(due)
  expect(quota.remaining).toBe(2_100 - due)
  expect(logs.filter(({ status }) => status === 'success').length).toBe(due)
  expect(logs.filter(({ funding }) => funding !== null).length).toBe(due)
  expect(logs.length).toBe(new Set(logs.map(({ id }) => id)).size)
  await expect.poll(async () => Object.values(await providerCalls()).reduce((sum, { open }) => sum + open, 0)).toBe(0)
})

/** Asks and hangs up before anything has come. */
async function leaveEarly(developer: Developer, place: number, options: Ask): Promise<void> {
  const abort = new AbortController()
  setTimeout(() => abort.abort(), (place * 7) % 150)
  const asked = `Tell me. ${fault({ delayMs: 5_000 })}`
  const response = await ask(developer, agent, asked, { ...options, patient: true, signal: abort.signal })
  expect((await outcome(response)).code).toBe('49901')
}

/** Asks for a stream and hangs up after its first event. */
async function leaveLate(developer: Developer): Promise<void> {
  const abort = new AbortController()
  const asked = `Tell me. ${fault({ events: 50, gapMs: 20 })}`
  const response = await ask(developer, agent, asked, { stream: true, patient: true, signal: abort.signal })
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel().catch(() => {})
  abort.abort()
}

test('a key revoked under load is in no admission after the acknowledgement; running streams end well', async () => {
  const developer = await newDeveloper()
  await pay(developer, 5_000)
  const running = Array.from({ length: 5 }, async () =>
    outcome(
      await ask(developer, agent, `Slowly. ${fault({ events: 30, gapMs: 30 })}`, { stream: true, patient: true }),
    ),
  )
  let acknowledgedAt = Infinity
  const late: number[] = []
  let admitted = 0
  const caller = async (): Promise<void> => {
    for (let after = 0; after < 5;) {
      const isLate = Date.now() > acknowledgedAt
      const { status } = await outcome(await ask(developer, agent, 'Hi.', { patient: true }))
      if (status === 200) admitted++
      if (isLate) after = late.push(status)
    }
  }
  const callers = Array.from({ length: 20 }, caller)
  await expect.poll(() => admitted, { interval: 5 }).toBeGreaterThan(100)
  const revoked = await SELF.fetch(`https://agentlink.test/api/v1/admin/keys/${developer.keyId}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${env.OPERATOR_TOKEN}` },
  })
  acknowledgedAt = Date.now()
  expect(revoked.status).toBe(204)
  await Promise.all(callers)
  expect(new Set(late)).toEqual(new Set([401]))
  expect((await Promise.all(running)).every(({ isWhole }) => isWhole)).toBe(true)
  const lastAdmission = await runInDurableObject(developer.account, (_, { storage }) =>
    storage.sql.exec<{ last: number }>('SELECT MAX(admitted_at) AS last FROM call').one(),
  )
  expect(lastAdmission.last).toBeLessThanOrEqual(acknowledgedAt)
  expect(await developer.account.quota()).toMatchObject({ held: 0, used: admitted + running.length })
})

describe('ten callers under one Idempotency-Key', () => {
  test.each([false, true])('make one call, at once and after (stream: %s)', async (stream) => {
    const developer = await newDeveloper()
    const options = { stream, patient: true, headers: { 'idempotency-key': 'storm' } }
    const before = await received()
    const asked = `Once. ${fault({ delayMs: 200 })}`
    const storm = Promise.all(
      Array.from({ length: 10 }, async () => outcome(await ask(developer, agent, asked, options))),
    )
    await expect.poll(received, { interval: 1 }).toBe(before + 1)
    await abortAllDurableObjects()
    const outcomes = await storm
    expect(outcomes.filter(({ status }) => status === 409).length).toBe(9)
    const first = outcomes.find(({ status }) => status === 200)
    const again = await Promise.all(
      Array.from({ length: 10 }, async () => outcome(await ask(developer, agent, asked, options))),
    )
    expect(again.map(({ text }) => text)).toEqual(Array(10).fill(first?.text))
    expect((await received()) - before).toBe(1)
    expect(await developer.account.quota()).toMatchObject({ used: 1, held: 0 })
  })

  test('may try again after a failure, which costs nothing', async () => {
    const developer = await newDeveloper()
    const own = await newAgent()
    const options = { headers: { 'idempotency-key': 'again' } }
    const asked = `Once. ${fault({ status: 400, healAfter: 1, key: newId() })}`
    expect((await ask(developer, own, asked, options)).status).toBe(502)
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => (await ask(developer, own, asked, options)).status),
    )
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1)
    expect(statuses.every((status) => status === 200 || status === 409)).toBe(true)
    expect(await developer.account.quota()).toMatchObject({ used: 1, held: 0 })
  })

  test('of two accounts know nothing of each other', async () => {
    const pair = [await newDeveloper(), await newDeveloper()]
    const options = { headers: { 'idempotency-key': 'shared' } }
    const texts = await Promise.all(pair.map(async (one) => (await ask(one, agent, 'Mine.', options)).text()))
    expect(new Set(texts.map((text) => (JSON.parse(text) as { id: string }).id)).size).toBe(2)
    for (const one of pair) expect((await one.account.quota()).used).toBe(1)
  })
})

test('a balance for ten premiums pays for exactly ten of fifty calls, and is given back by those that fail', async () => {
  const developer = await newDeveloper()
  await pay(developer, 1_000)
  const dear = await newAgent('openai', { price_per_call: '0.105' })
  await developer.account.deposit({ v: 1, id: newId(), amount: PREMIUM_UNITS * 10 + PREMIUM_UNITS / 2 })
  const failing = await Promise.all(
    Array.from({ length: FAILURES_PER_AGENT }, async () =>
      outcome(await ask(developer, dear, `Tell. ${fault({ status: 500 })}`)),
    ),
  )
  expect(failing.every(({ status }) => status === 502)).toBe(true)
  expect((await developer.account.quota()).balance).toBe(PREMIUM_UNITS * 10.5)
  const balances: number[] = []
  const calls = Array.from({ length: 50 }, async (_, place) => {
    const result = await outcome(
      await ask(developer, dear, `Tell. ${fault({ delayMs: 50 })}`, { stream: place % 2 === 0, patient: true }),
    )
    balances.push((await developer.account.quota()).balance)
    return result
  })
  const outcomes = await Promise.all(calls)
  expect(outcomes.filter(({ isWhole }) => isWhole).length).toBe(10)
  expect(outcomes.filter(({ code }) => code === '40201').length).toBe(40)
  expect(Math.min(...balances)).toBe(PREMIUM_UNITS / 2)
  const logs = await logsOf(developer, 14)
  const premiums = logs.filter(({ premiumUsd }) => premiumUsd === '0.10000000')
  expect([premiums.length, logs.length]).toEqual([10, 14])
  expect((await developer.account.quota()).balance).toBe(PREMIUM_UNITS / 2)
})
