/** Calls through everything that can go wrong: each is in the log, the ledger and the earnings once, or in none of them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Platform } from './platform.ts'
import { Random } from './random.ts'

const HISTORIES = 300
const QUOTA = '../../../quota/quota.ts'

type Quota = Record<
  'credit' | 'deposit' | 'admit' | 'settle' | 'quotaOf',
  (...parameters: unknown[]) => Promise<unknown>
> & {
  accountOf(env: unknown, id: string): unknown
}
type Admission = { kind: string; funding?: string }
type Charged = { price: number; unit: number; funding: string }

let platform: Platform
let quota: Quota
beforeAll(async () => {
  platform = await Platform.start()
  quota = (await import(QUOTA)) as Quota
})
afterAll(() => platform.database.stop())

const UNIT = 1_000_000
const BASE = 500_000

test(`${HISTORIES} histories of calls with lost answers, evictions and repeated messages`, async () => {
  for (let seed = 1; seed <= HISTORIES; seed += 50) {
    platform.random = new Random(seed)
    platform.trouble = 0.08
    const histories = Array.from({ length: 50 }, (_, i) => `${seed}-${i}`)
    const ends = await Promise.all(histories.map(() => history()))
    await platform.settleDown()
    for (const end of ends) await check(end, `seed ${seed}`)
    platform.clear()
  }
})

type End = { user: string; creator: string; lot: string; charged: Charged[] }

async function history(): Promise<End> {
  const { env, random } = platform
  const [user, creator, lot] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
  const charged: Charged[] = []
  await platform.insist(() => quota.credit(env, user, { v: 1, id: lot, kind: 'paid', calls: 5, unitValue: UNIT }))
  await platform.insist(() => quota.deposit(env, user, { v: 1, id: lot, amount: 100_000_000 }))
  for (let i = random.below(8); i > 0; i--) {
    const price = random.pick([100_000, BASE, 5_000_000])
    const call = { ...CALL, callId: crypto.randomUUID(), requestId: 'r', accountId: user, creatorId: creator, price }
    const account = quota.accountOf(env, user)
    // An admission that nobody hears of is released by who asked for it: its id is not used again.
    const admitted = await (quota.admit(env, account, call) as Promise<Admission>).catch(() => null)
    if (admitted?.kind !== 'admitted') continue
    const charge = random.chance(0.7)
    const outcome = { v: 1, callId: call.callId, charge, status: charge ? 'success' : 'error', ...NO_COUNTS }
    await platform.insist(() => quota.settle(env, account, outcome))
    const funding = admitted.funding ?? ''
    if (charge) charged.push({ price, unit: funding === 'paid' ? UNIT : 0, funding })
    if (random.chance(0.3)) await platform.step()
  }
  return { user, creator, lot, charged }
}

const NO_COUNTS = { errorCode: null, inputTokens: null, outputTokens: null, latencyMs: 1, firstContentMs: 1 }
const CALL = {
  v: 1,
  keyId: crypto.randomUUID(),
  agentId: crypto.randomUUID(),
  agentVersion: 1,
  provider: 'openai',
  model: 'm',
  stream: false,
  trial: false,
  leaseMs: 60_000,
}

async function check({ user, creator, lot, charged }: End, seed: string): Promise<void> {
  const premiums = charged.reduce((sum, call) => sum + Math.max(0, call.price - BASE), 0)
  const revenue = charged.reduce(
    (sum, { price, funding }) => sum + (funding === 'paid' ? price : Math.max(0, price - BASE)),
    0,
  )
  const units = charged.reduce((sum, { unit }) => sum + unit, 0)
  expect(await balance(`prepaid:${user}`), seed).toBe(premiums)
  expect(await balance(`creator_pending:${creator}`), seed).toBe(0 - revenue)
  expect(await balance(`lot:${lot}`), seed).toBe(units)
  const [rows] = await platform.database.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM call_logs WHERE user_id = $1 AND status = 'success'",
    [user],
  )
  expect(rows?.n, seed).toBe(charged.length)
  const state = (await quota.quotaOf(platform.env, user)) as { used: number; held: number; unsent: number }
  expect([state.used, state.held, state.unsent], seed).toEqual([charged.length, 0, 0])
}

/** What an account comes to, in 10⁻⁸ dollars. */
async function balance(account: string): Promise<number> {
  const [row] = await platform.database.query<{ units: string }>(
    'SELECT (balance * 100000000)::bigint::text AS units FROM ledger_balances WHERE account = $1',
    [account],
  )
  return Number(row?.units ?? 0)
}
