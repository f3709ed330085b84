/**
 * A history: one developer and one creator, and what happens between them, in one of the orders in which it can. Beside the
 * platform runs the simplest account of it that can be kept; `check` says where the two differ once everything has come to rest.
 */
import { DAY_MS, type Platform } from './platform.ts'
import type { PlayedJob } from './signer.ts'
import type { Rooms } from './rooms.ts'

/** 10⁻⁸ dollars. */
const CENT = 1_000_000
const BASE = 500_000
const PROMOTIONAL = 100
const FEE_PERCENT = 20
const PRICES = [100_000, BASE, 5_000_000, 700_000_000, 2_500_000_000]
const PACKAGES = [
  { calls: 5, unit: 1_000_000 },
  { calls: 10, unit: 800_000 },
]
const UNIQUE_VIOLATION = '23505'
const NO_COUNTS = { errorCode: null, inputTokens: null, outputTokens: null, latencyMs: 1, firstContentMs: 1 }
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

type Lot = { id: string; calls: number; unit: number }
type Charged = { price: number; funding: string }

export class History {
  readonly #platform: Platform
  readonly #rooms: Rooms
  readonly #user: string
  readonly #creator: string
  readonly #lots: Lot[] = []
  readonly #charged: Charged[] = []
  readonly #withdrawals = new Map<string, number>()
  #deposited = 0

  constructor(platform: Platform, rooms: Rooms) {
    this.#platform = platform
    this.#rooms = rooms
    this.#user = crypto.randomUUID()
    this.#creator = crypto.randomUUID()
  }

  /** Happens, one step after the other: whoever reads on decides what else happens in between. */
  async *happen(): AsyncGenerator<void> {
    const { random } = this.#platform
    await this.#register()
    yield
    await this.#buy()
    yield
    await this.#topUp()
    for (let steps = 4 + random.below(10); steps > 0; steps--) {
      yield
      await this.#something()
    }
  }

  /** Weeks later, when everything can be settled. */
  async end(): Promise<void> {
    await this.#settle()
  }

  async #something(): Promise<void> {
    const { random } = this.#platform
    const dice = random.below(20)
    if (dice < 10) return this.#call()
    if (dice < 11) return this.#buy()
    if (dice < 12) return this.#topUp()
    if (dice < 14) this.#platform.now += random.below(5 * DAY_MS)
    else if (dice < 17) return this.#settle()
    else if (dice < 19) return this.#withdraw()
    else
      for (const id of this.#withdrawals.keys())
        await this.#rooms.payouts.advance(this.#platform.env, id).catch(() => {})
  }

  async #register(): Promise<void> {
    const wallet = `0x${this.#creator.replaceAll('-', '').padEnd(40, '0')}`
    await this.#platform.database.query(
      `INSERT INTO users (id, email, password_hash, user_type, email_verified, wallet_address, wallet_changed_at) VALUES
        ($1, $2, 'none', 'developer', true, NULL, NULL), ($3, $4, 'none', 'creator', true, $5, '2026-01-01T00:00:00Z')`,
      [this.#user, `${this.#user}@simulation`, this.#creator, `${this.#creator}@simulation`, wallet],
    )
  }

  async #buy(): Promise<void> {
    const { env, random } = this.#platform
    const { calls, unit } = random.pick(PACKAGES)
    const lot = { id: crypto.randomUUID(), calls, unit }
    const price = this.#rooms.amounts.fromUnits(calls * unit)
    await this.#booked(() =>
      this.#rooms.bought.bookLot(
        env,
        { id: lot.id, userId: this.#user, calls, price },
        { kind: 'payment', account: 'cash_stripe' },
      ),
    )
    const told = { v: 1, id: lot.id, kind: 'paid', calls, unitValue: unit }
    await this.#platform.insist(() => this.#rooms.quota.credit(env, this.#user, told))
    this.#lots.push(lot)
  }

  async #topUp(): Promise<void> {
    const { env } = this.#platform
    const units = 100 * 100 * CENT
    const id = crypto.randomUUID()
    const amount = this.#rooms.amounts.fromUnits(units)
    await this.#booked(() => [
      this.#rooms.bought.bookBalance(
        env,
        { id, userId: this.#user, amount },
        { kind: 'payment', account: 'cash_stripe' },
      ),
    ])
    await this.#platform.insist(() => this.#rooms.quota.deposit(env, this.#user, { v: 1, id, amount: units }))
    this.#deposited += units
  }

  /** Books until it is booked: a second time undoes itself. */
  async #booked(statements: () => unknown[]): Promise<void> {
    await this.#platform.insist(async () => {
      try {
        await this.#rooms.database.db(this.#platform.env).batch(statements())
      } catch (thrown) {
        if ((thrown as { code?: string }).code !== UNIQUE_VIOLATION) throw thrown
      }
    })
  }

  async #call(): Promise<void> {
    const { env, random } = this.#platform
    const { quota } = this.#rooms
    const price = random.pick(PRICES)
    const callId = crypto.randomUUID()
    const account = quota.accountOf(env, this.#user)
    const call = { ...CALL, callId, accountId: this.#user, creatorId: this.#creator, price }
    // An admission that nobody hears of is released by who asked for it: its id is not used again.
    const admitted = await quota.admit(env, account, call).catch(() => null)
    if (admitted?.kind !== 'admitted') return
    const charge = random.chance(0.8)
    const outcome = { v: 1, callId, charge, status: charge ? 'success' : 'error', ...NO_COUNTS }
    await this.#platform.insist(() => quota.settle(env, account, outcome))
    if (charge) this.#charged.push({ price, funding: admitted.funding ?? '' })
  }

  async #settle(): Promise<void> {
    const to = this.#rooms.periods.dueEnd(this.#platform.env, this.#platform.now)
    const message = { version: 1, creatorId: this.#creator, to, asOf: null, expected: null }
    const queue = this.#platform.env['SETTLEMENTS'] as { send(body: unknown): Promise<void> }
    await this.#platform.insist(() => queue.send(message))
  }

  async #withdraw(): Promise<void> {
    const { env, random } = this.#platform
    const id = crypto.randomUUID()
    const units = (1_000 + random.below(6_000)) * CENT
    const asked = { id, creatorId: this.#creator, amount: this.#rooms.amounts.fromUnits(units) }
    try {
      await this.#platform.insist(() => this.#rooms.withdrawals.withdraw(env, asked), isOfTheNetwork)
    } catch (thrown) {
      if (isRefusal(thrown)) return
      throw thrown
    }
    this.#withdrawals.set(id, units)
    await this.#rooms.payouts.advance(env, id).catch(() => {})
  }

  /** Takes every withdrawal on, as the sweep would. */
  async sweep(): Promise<void> {
    for (const id of this.#withdrawals.keys())
      await this.#platform.insist(() => this.#rooms.payouts.advance(this.#platform.env, id))
  }

  /** What is not as it has to be. `payouts` is what the chain did. */
  async *check(payouts: Map<string, PlayedJob>): AsyncGenerator<string> {
    yield* this.#checkAccount()
    yield* this.#checkEarnings(payouts)
    yield* this.#checkStatements()
  }

  async *#checkAccount(): AsyncGenerator<string> {
    const premiums = sum(this.#charged.map(({ price }) => premiumOf(price)))
    const paid = this.#charged.filter(({ funding }) => funding === 'paid').length
    const state = await this.#rooms.quota.quotaOf(this.#platform.env, this.#user)
    const bought = sum(this.#lots.map(({ calls }) => calls))
    yield* compare('used', state.used, this.#charged.length)
    yield* compare('remaining', state.remaining, PROMOTIONAL + bought - this.#charged.length)
    yield* compare('balance', state.balance, this.#deposited - premiums)
    yield* compare('held', state.held + state.unsent, 0)
    yield* compare('prepaid', await this.#owed(`prepaid:${this.#user}`), this.#deposited - premiums)
    let [left, drawn] = [0, paid]
    for (const { calls, unit } of this.#lots) {
      left += Math.max(0, calls - drawn) * unit
      drawn = Math.max(0, drawn - calls)
    }
    yield* compare('lots', sum(await Promise.all(this.#lots.map(({ id }) => this.#owed(`lot:${id}`)))), left)
    const [row] = await this.#platform.database.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM call_logs WHERE user_id = $1 AND status = 'success'",
      [this.#user],
    )
    yield* compare('logged', row?.n, this.#charged.length)
  }

  async *#checkEarnings(payouts: Map<string, PlayedJob>): AsyncGenerator<string> {
    const revenue = sum(this.#charged.map(({ price, funding }) => (funding === 'paid' ? price : premiumOf(price))))
    const earnings = await this.#rooms.settlements.earningsOf(this.#platform.env, this.#creator)
    yield* compare('lifetime', Number(earnings.lifetime.gross), revenue)
    yield* compare('lifetime fee', Number(earnings.lifetime.fee), (revenue * FEE_PERCENT) / 100)
    let [paid, open] = [0, 0]
    for (const [id, units] of this.#withdrawals) {
      const job = payouts.get(id)
      if (job?.state === 'final') {
        paid += units
        const { amount } = JSON.parse(job.facts) as { amount: string }
        yield* compare('paid out', Number(amount) * 100, (units * (100 - FEE_PERCENT)) / 100)
      } else if (job?.state !== 'failed') open += units
    }
    yield* compare('pending', Number(earnings.pending), 0)
    yield* compare('in flight', Number(earnings.inFlight), open)
    yield* compare('paid', Number(earnings.paid.gross), paid)
    yield* compare('available', Number(earnings.available), revenue - paid - open)
    if (open > 0) yield 'a withdrawal is still on its way'
  }

  /** Each settlement is the sum of its lines, and the lines are all that was earned. */
  async *#checkStatements(): AsyncGenerator<string> {
    const wrong = await this.#platform.database.query<{ id: string }>(
      `SELECT s.id FROM settlements AS s LEFT JOIN earnings AS e ON e.settlement_id = s.id WHERE s.creator_id = $1
       GROUP BY s.id, s.amount, s.platform_fee, s.status
       HAVING s.amount <> coalesce(sum(e.revenue_usd), 0) OR s.platform_fee <> coalesce(sum(e.fee_usd), 0) OR s.status <> 'posted'`,
      [this.#creator],
    )
    for (const { id } of wrong) yield `the settlement ${id} is not the sum of its lines, or was not posted`
  }

  /** What the ledger says is owed on an account, in 10⁻⁸ dollars. */
  async #owed(account: string): Promise<number> {
    const [row] = await this.#platform.database.query<{ units: string }>(
      'SELECT (-balance * 100000000)::bigint::text AS units FROM ledger_balances WHERE account = $1',
      [account],
    )
    return Number(row?.units ?? 0)
  }
}

/** An answer of the platform that says no, and means it. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AppError' && !isOfTheNetwork(thrown)
}

function isOfTheNetwork(thrown: unknown): boolean {
  const { kind, code } = thrown as { kind?: string; code?: string }
  return kind === 'storeUnavailable' || code === '50302' || !(thrown instanceof Error && thrown.name === 'AppError')
}

function premiumOf(price: number): number {
  return Math.max(0, price - BASE)
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

function* compare(what: string, found: number | undefined, expected: number): Generator<string> {
  if (found !== expected && !(found === 0 && expected === 0)) yield `${what}: ${found}, not ${expected}`
}
