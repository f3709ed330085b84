/**
 * A history: one developer and one creator, and what happens between them, in one of the orders in which it can. Beside the
 * platform runs the simplest account of it that can be kept; `check` says where the two differ once everything has come to rest.
 */
import type { Books } from './books.ts'
import { DAY_MS, type Platform } from './platform.ts'
import type { PlayedJob } from './signer.ts'
import type { Rooms } from './rooms.ts'

/** 10⁻⁸ dollars. */
const CENT = 1_000_000
const BASE = 500_000
const PROMOTIONAL = 100
const UNIT = CENT
const FEE_PERCENT = 20
const PRICES = [100_000, BASE, 5_000_000]
const DEAR_PRICES = [5_000_000, 700_000_000, 2_500_000_000, 2_500_000_000]
/** Of those who come, so many buy something at once; the others try what is free. */
const BUYERS = 0.3
const STARTER = { package: 'starter', calls: 1_000, cents: 1_000 } as const
const TOP_UP = { package: null, calls: 0, cents: 10_000 } as const
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

/** A payment as its buyer and the bank know it; in cents. */
type Bought = {
  id: string
  cents: number
  calls: number
  isPaid: boolean
  refunded: number
  /** Taken back by the bank, for as long as the dispute is not won. */
  disputed: number
  disputes: number
  isDecided: boolean
}
type Charged = { price: number; funding: string }

export class History {
  readonly #platform: Platform
  readonly #rooms: Rooms
  readonly user: string
  readonly creator: string
  readonly #bought: Bought[] = []
  readonly #charged: Charged[] = []
  readonly #withdrawals = new Map<string, number>()

  constructor(platform: Platform, rooms: Rooms) {
    this.#platform = platform
    this.#rooms = rooms
    this.user = crypto.randomUUID()
    this.creator = crypto.randomUUID()
  }

  /** Happens, one step after the other: whoever reads on decides what else happens in between. */
  async *happen(): AsyncGenerator<void> {
    const { random } = this.#platform
    await this.#register()
    // Most histories are short, and some are long.
    const steps = random.chance(0.85) ? 1 + random.below(4) : 5 + random.below(12)
    for (let step = 0; step < steps; step++) {
      yield
      await this.#something(step)
    }
  }

  /** Weeks later, when everything can be settled. */
  async end(): Promise<void> {
    for (const bought of this.#bought) await this.#news(bought)
    if (this.#charged.length > 0) await this.#settle()
  }

  /** Some creators take out what they have, or what they would like to have. */
  async cashIn(): Promise<void> {
    if (this.#charged.length > 0 && this.#platform.random.chance(0.5)) await this.#withdraw()
  }

  async #something(step: number): Promise<void> {
    const { random } = this.#platform
    const dice = step === 0 && random.chance(BUYERS) ? 10 : random.below(24)
    if (dice < 10) return this.#call()
    if (dice < 12) return this.#buy(random.chance(0.4) ? STARTER : TOP_UP)
    if (dice < 14) return this.#refund()
    if (dice < 17) return this.#dispute()
    if (dice < 19) this.#platform.now += random.below(5 * DAY_MS)
    else if (dice < 20) return this.#settle()
    else if (dice < 23) return this.#withdraw()
    else
      for (const id of this.#withdrawals.keys())
        await this.#rooms.payouts.advance(this.#platform.env, id).catch(() => {})
  }

  async #register(): Promise<void> {
    const wallet = `0x${this.creator.replaceAll('-', '').padEnd(40, '0')}`
    await this.#platform.database.query(
      `INSERT INTO users (id, email, password_hash, user_type, email_verified, wallet_address, wallet_changed_at) VALUES
        ($1, $2, 'none', 'developer', true, NULL, NULL), ($3, $4, 'none', 'creator', true, $5, '2026-01-01T00:00:00Z')`,
      [this.user, `${this.user}@simulation`, this.creator, `${this.creator}@simulation`, wallet],
    )
  }

  /** Orders something and pays for it, or tries to. */
  async #buy(what: { package: 'starter' | null; calls: number; cents: number }): Promise<void> {
    const { env, random, till } = this.#platform
    const { package: name, calls, cents } = what
    const price = this.#rooms.amounts.fromUnits(cents * CENT)
    const order = { userId: this.user, method: 'stripe', package: name, calls, price, key: crypto.randomUUID() }
    const opened = await this.#platform
      .insist(() => this.#rooms.checkout.checkout(env, order), isOfTheNetwork)
      .catch(unlessRefused)
    if (!opened) return
    const payment: Bought = {
      id: opened.paymentId,
      cents,
      calls,
      isPaid: false,
      refunded: 0,
      disputed: 0,
      disputes: 0,
      isDecided: false,
    }
    this.#bought.push(payment)
    const session = await till.happens('pay', { payment: payment.id, how: random.chance(0.9) ? 'card' : 'decline' })
    payment.isPaid = session !== null && 'payment_status' in session && session.payment_status === 'paid'
    if (payment.isPaid) this.#platform.happened.payment++
    await this.#news(payment)
  }

  /** Somebody hears of a payment: a webhook, the page that the buyer comes back to, or the poller. */
  async #news({ id }: Bought): Promise<void> {
    for (let times = this.#platform.random.chance(0.25) ? 2 : 1; times > 0; times--)
      await this.#platform.tell('PAYMENT_EVENTS', { version: 1, payment: id })
  }

  async #refund(): Promise<void> {
    const { random, till } = this.#platform
    const payment = this.#somePaid()
    if (!payment) return
    const amount = random.chance(0.5) ? payment.cents - payment.refunded : 1 + random.below(payment.cents)
    if (!(await till.happens('refund', { payment: payment.id, amount }))) return
    payment.refunded += amount
    this.#platform.happened.refund++
    await this.#news(payment)
  }

  async #dispute(): Promise<void> {
    const { random, till } = this.#platform
    const payment = this.#somePaid()
    if (!payment) return
    if (payment.disputed === 0 && payment.disputes === 0) {
      const amount = payment.cents - payment.refunded
      if (amount === 0 || !(await till.happens('dispute', { payment: payment.id, amount }))) return
      payment.disputed = amount
      payment.disputes = 1
      this.#platform.happened.dispute++
    } else if (!payment.isDecided) {
      const isWon = random.chance(0.5)
      if (!(await till.happens(isWon ? 'dispute/won' : 'dispute/lost', { payment: payment.id }))) return
      payment.isDecided = true
      if (isWon) payment.disputed = 0
    }
    await this.#news(payment)
  }

  #somePaid(): Bought | null {
    const paid = this.#bought.filter(({ isPaid }) => isPaid)
    return paid.length > 0 ? this.#platform.random.pick(paid) : null
  }

  async #call(): Promise<void> {
    const { env, random } = this.#platform
    const { quota } = this.#rooms
    const price = random.pick(this.#bought.length > 0 ? DEAR_PRICES : PRICES)
    const callId = crypto.randomUUID()
    const account = quota.accountOf(env, this.user)
    const call = { ...CALL, callId, accountId: this.user, creatorId: this.creator, price }
    // An admission that nobody hears of is released by who asked for it: its id is not used again.
    const admitted = await quota.admit(env, account, call).catch(() => null)
    if (admitted?.kind !== 'admitted') return
    const charge = random.chance(0.8)
    const outcome = { v: 1, callId, charge, status: charge ? 'success' : 'error', ...NO_COUNTS }
    await this.#platform.insist(() => quota.settle(env, account, outcome))
    this.#platform.happened.call++
    if (charge) this.#charged.push({ price, funding: admitted.funding ?? '' })
  }

  async #settle(): Promise<void> {
    const to = this.#rooms.periods.dueEnd(this.#platform.env, this.#platform.now)
    const message = { version: 1, creatorId: this.creator, to, asOf: null, expected: null }
    await this.#platform.tell('SETTLEMENTS', message)
    this.#platform.happened.settlement++
  }

  async #withdraw(): Promise<void> {
    const { env, random } = this.#platform
    const id = crypto.randomUUID()
    const units = (1_000 + random.below(6_000)) * CENT
    const asked = { id, creatorId: this.creator, amount: this.#rooms.amounts.fromUnits(units) }
    const withdrawn = await this.#platform
      .insist(() => this.#rooms.withdrawals.withdraw(env, asked), isOfTheNetwork)
      .catch(unlessRefused)
    if (!withdrawn) return
    this.#withdrawals.set(id, units)
    this.#platform.happened.withdrawal++
    await this.#rooms.payouts.advance(env, id).catch(() => {})
  }

  /** Takes every withdrawal on, as the sweep would. */
  async sweep(): Promise<void> {
    for (const id of this.#withdrawals.keys())
      await this.#platform.insist(() => this.#rooms.payouts.advance(this.#platform.env, id))
  }

  /** What is not as it has to be. `payouts` is what the chain did. */
  async *check(books: Books, payouts: Map<string, PlayedJob>): AsyncGenerator<string> {
    yield* this.#checkAccount(books)
    yield* this.#checkPayments(books)
    yield* this.#checkEarnings(books, payouts)
    for (const id of books.wrong(this.creator))
      yield `the settlement ${id} is not the sum of its lines, or was not posted`
  }

  /** The account's object and the books agree, on what the calls and payments make of them. */
  async *#checkAccount(books: Books): AsyncGenerator<string> {
    const state = await this.#rooms.quota.quotaOf(this.#platform.env, this.user)
    yield* compare('used', state.used, this.#charged.length)
    yield* compare('held', state.held + state.unsent, 0)
    yield* compare('prepaid', books.owed(`prepaid:${this.user}`), state.balance)
    for (const lot of state.lots.filter(({ kind }) => kind === 'paid')) {
      const bought = this.#bought.find(({ id }) => id === lot.id)
      yield* compare('value of a lot', books.owed(`lot:${lot.id}`), lot.remaining * UNIT)
      if (!bought?.isPaid) yield `the lot ${lot.id} was not paid for`
    }
    const isLeftAlone = this.#bought.every(({ refunded, disputes }) => refunded === 0 && disputes === 0)
    if (isLeftAlone) {
      const paid = this.#bought.filter(({ isPaid }) => isPaid)
      const premiums = sum(this.#charged.map(({ price }) => premiumOf(price)))
      const calls = sum(paid.map((bought) => bought.calls))
      const topUps = sum(paid.filter((bought) => bought.calls === 0).map(({ cents }) => cents * CENT))
      yield* compare('remaining', state.remaining, PROMOTIONAL + calls - this.#charged.length)
      yield* compare('balance', state.balance, topUps - premiums)
    }
    yield* compare('logged', books.logged(this.user), this.#charged.length)
  }

  /** Each payment has come to what its buyer and the bank know of it. */
  *#checkPayments(books: Books): Generator<string> {
    for (const { id, isPaid, refunded, disputed } of this.#bought) {
      const row = books.payment(id)
      const isBooked = ['completed', 'refunded', 'disputed'].includes(row?.status ?? '')
      if (isBooked !== isPaid) yield `the payment ${id} is ${row?.status}`
      yield* compare(`back from a payment that is ${row?.status}`, row?.back, refunded + disputed)
    }
  }

  /** What the bank has let us keep of the payments, before fees, in 10⁻⁸ dollars; and the fee of each dispute. */
  get kept(): number {
    const paid = this.#bought.filter(({ isPaid }) => isPaid)
    return sum(
      paid.map(({ cents, refunded, disputed, disputes }) => (cents - refunded - disputed - disputes * 1_500) * CENT),
    )
  }

  async *#checkEarnings(books: Books, payouts: Map<string, PlayedJob>): AsyncGenerator<string> {
    const earned = sum(this.#charged.map(({ price, funding }) => (funding === 'paid' ? price : premiumOf(price))))
    const back = books.reversed(this.creator)
    const revenue = earned + back
    if (back > 0 || revenue < 0) yield `more was given or taken back than there was: ${back} of ${earned}`
    const earnings = await this.#rooms.settlements.earningsOf(this.#platform.env, this.creator)
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
    yield* compare('left of settlements', books.left(this.creator), revenue - paid - open)
    if (open > 0) yield 'a withdrawal is still on its way'
  }
}

/** Null where the platform says no and means it. */
function unlessRefused(thrown: unknown): null {
  if (isOfTheNetwork(thrown)) throw thrown
  return null
}

function isOfTheNetwork(thrown: unknown): boolean {
  const { name, kind } = thrown as { name: string; kind?: string }
  return name !== 'AppError' || kind === 'storeUnavailable' || kind === 'checkoutUnavailable'
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
