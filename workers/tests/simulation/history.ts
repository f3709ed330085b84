/** A history: one developer and one creator, and what happens between them. What has to be true of it at its end stands in `check`. */
import type { Platform } from './platform.ts'

const QUOTA = '../../quota/quota.ts'

type Ask = (...parameters: unknown[]) => Promise<unknown>
type Quota = Record<'credit' | 'deposit' | 'admit' | 'settle' | 'quotaOf', Ask> & {
  accountOf(env: unknown, id: string): unknown
}
type Admission = { kind: string; funding?: string }
type State = { used: number; held: number; unsent: number }

/** The rooms of the platform as a history needs them. */
export type Rooms = { quota: Quota }

/** Named by a variable, because what the Worker's code is typed with does not hold in Node; what it does, does. */
export async function openRooms(): Promise<Rooms> {
  return { quota: (await import(QUOTA)) as Quota }
}

const UNIT = 1_000_000
const BASE = 500_000
const PROMOTIONAL = 100
const NO_COUNTS = { errorCode: null, inputTokens: null, outputTokens: null, latencyMs: 1, firstContentMs: 1 }

export class History {
  readonly #platform: Platform
  readonly #rooms: Rooms
  readonly #user = crypto.randomUUID()
  readonly #creator = crypto.randomUUID()
  readonly #lot = crypto.randomUUID()
  readonly #charged: { price: number; isPaid: boolean }[] = []
  #deposited = 0

  constructor(platform: Platform, rooms: Rooms) {
    this.#platform = platform
    this.#rooms = rooms
  }

  /** Happens, one step after the other: whoever reads on decides what else happens in between. */
  async *happen(): AsyncGenerator<void> {
    const { env, random } = this.#platform
    const { quota } = this.#rooms
    const lot = { v: 1, id: this.#lot, kind: 'paid', calls: 5, unitValue: UNIT }
    await this.#platform.insist(() => quota.credit(env, this.#user, lot))
    yield
    this.#deposited = 100_000_000
    const deposit = { v: 1, id: this.#lot, amount: this.#deposited }
    await this.#platform.insist(() => quota.deposit(env, this.#user, deposit))
    for (let calls = random.below(8); calls > 0; calls--) {
      yield
      await this.#call()
    }
  }

  async #call(): Promise<void> {
    const { env, random } = this.#platform
    const { quota } = this.#rooms
    const price = random.pick([100_000, BASE, 5_000_000])
    const callId = crypto.randomUUID()
    const account = quota.accountOf(env, this.#user)
    const call = { ...CALL, callId, accountId: this.#user, creatorId: this.#creator, price }
    // An admission that nobody hears of is released by who asked for it: its id is not used again.
    const admitted = await (quota.admit(env, account, call) as Promise<Admission>).catch(() => null)
    if (admitted?.kind !== 'admitted') return
    const charge = random.chance(0.7)
    const outcome = { v: 1, callId, charge, status: charge ? 'success' : 'error', ...NO_COUNTS }
    await this.#platform.insist(() => quota.settle(env, account, outcome))
    if (charge) this.#charged.push({ price, isPaid: admitted.funding === 'paid' })
  }

  /** What is not as it has to be, once everything has come to rest. */
  async *check(): AsyncGenerator<string> {
    const premiumOf = (price: number): number => Math.max(0, price - BASE)
    const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0)
    const premiums = sum(this.#charged.map(({ price }) => premiumOf(price)))
    const revenue = sum(this.#charged.map(({ price, isPaid }) => (isPaid ? price : premiumOf(price))))
    const paid = this.#charged.filter(({ isPaid }) => isPaid).length
    yield* this.#compare('prepaid', await this.#balance(`prepaid:${this.#user}`), premiums)
    yield* this.#compare('earned', await this.#balance(`creator_pending:${this.#creator}`), -revenue)
    yield* this.#compare('drawn', await this.#balance(`lot:${this.#lot}`), paid * UNIT)
    const [row] = await this.#platform.database.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM call_logs WHERE user_id = $1 AND status = 'success'",
      [this.#user],
    )
    yield* this.#compare('logged', row?.n, this.#charged.length)
    const state = (await this.#rooms.quota.quotaOf(this.#platform.env, this.#user)) as State & {
      remaining: number
      balance: number
    }
    yield* this.#compare('used', state.used, this.#charged.length)
    yield* this.#compare('remaining', state.remaining, PROMOTIONAL + 5 - this.#charged.length)
    yield* this.#compare('balance', state.balance, this.#deposited - premiums)
    yield* this.#compare('held', state.held + state.unsent, 0)
  }

  *#compare(what: string, found: number | undefined, expected: number): Generator<string> {
    if (found !== expected && !(found === 0 && expected === 0)) yield `${what}: ${found}, not ${expected}`
  }

  /** What an account of the ledger comes to, in 10⁻⁸ dollars. */
  async #balance(account: string): Promise<number> {
    const [row] = await this.#platform.database.query<{ units: string }>(
      'SELECT (balance * 100000000)::bigint::text AS units FROM ledger_balances WHERE account = $1',
      [account],
    )
    return Number(row?.units ?? 0)
  }
}

const CALL = {
  v: 1,
  requestId: 'r',
  keyId: crypto.randomUUID(),
  agentId: crypto.randomUUID(),
  agentVersion: 1,
  provider: 'openai',
  model: 'm',
  stream: false,
  trial: false,
  leaseMs: 60_000,
}
