/**
 * The account object: one per developer account, the only authority on its quota, rate window, key status, trials and
 * idempotency keys. The hot path meets it twice a call: `admit` before the provider, `settle` after.
 *
 * States of a call
 *
 *     (none) ──admit──▶ held ──settle(charge)───▶ charged  ──drain──▶ sent
 *                        ├────settle(release)──▶ released ──drain──▶ sent
 *                        └────lease runs out───▶ released
 *
 * States of a lot, which reversals (reversals.ts) lead through: active ⇄ frozen → closed; only an active one is drawn from
 *
 * Invariants, true after every event and after every crash
 *
 *  1. Units: in each lot spent + open + taken back ≤ calls, so `remaining` is never negative.
 *  2. A call id is admitted once and settled once: `admit` and `settle` repeated give the first answer and change nothing.
 *  3. A charged call spends exactly one unit of one lot, or one trial, and its premium; a released call spends nothing.
 *  4. No window of 60 s, wherever it begins, holds more admissions than the account's limit.
 *  5. A key that `setKey` has revoked is in no later admission, nor is any key once `setAccount` has suspended the account.
 *  6. Every settled call reaches the queue at least once, under its call id (the consumer inserts by that id).
 *  7. While a call is held or unsent, or a low mark untold, an alarm is set. The alarm never throws and re-arms itself.
 *  8. Every fall of a lot's low mark (low-marks.ts) is told at least once, under one id.
 *  9. A reversal takes once per id, never more than was asked for, and only what no charged call has drawn; what it waits for
 *     goes to it or to the charged call that holds it, never back. Given back, it is as if it had never been.
 * 10. Memory is a copy: everything is rebuilt from storage when the object wakes.
 *
 * A warm call writes two rows: one at admission, one at settlement. Its slot is used again once it has been sent on and has
 * left the rate window, so nothing has to be deleted; units move into their lot's row when the outbox drains, once for the
 * whole batch. All changes of one event are one synchronous transaction: nothing waits between reading and writing, and no
 * answer leaves before its writes are durable (the platform's output gate).
 */
import { DurableObject } from 'cloudflare:workers'
import { clock } from '../base/clock.ts'
import { idFrom } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { settings, type Bindings } from '../env.ts'
import { BASE_VALUE_UNITS } from '../money/prices.ts'
import { emit } from '../webhooks/webhooks.ts'
import { Balance } from './balance.ts'
import { callLog } from './call-log.ts'
import { Calls, type Call } from './calls.ts'
import { Exposures } from './exposures.ts'
import { IdempotencyKeys } from './idempotency.ts'
import { KeyStatuses } from './key-status.ts'
import { Lots, remaining, unused } from './lots.ts'
import { LowMarks } from './low-marks.ts'
import { RateWindow } from './rate-window.ts'
import { Reversals, type Hold } from './reversals.ts'
import { Standing } from './standing.ts'
import { Trials } from './trials.ts'
import { Watch } from './watch.ts'
import type { Funding } from './call-log.ts'
import type {
  AccountInput,
  Admission,
  AdmitRequest,
  DepositInput,
  ExposedRange,
  ExposeRequest,
  KeyInput,
  LotInput,
  QuotaState,
  RateState,
  Refusal,
  Reversal,
  ReversalInput,
  SettleRequest,
  Settlement,
  Stop,
  StopRequest,
  WatchRequest,
} from './protocol.ts'

/** Admissions in 60 s of an account that has never paid, and of one that has. */
export const RATE_LIMIT_FREE = 10
export const RATE_LIMIT_PAID = 1000
/** Calls given to every new account. */
export const PROMOTIONAL_CALLS = 100

/** Calls in one queue message: at most about 1 KB each, and a message may have 128 KB. */
const LOGS_PER_MESSAGE = 100
/** Messages sent in one alarm; what is left waits for the next, at once. */
const MESSAGES_PER_ALARM = 10
const RETRY_FIRST_MS = 2_000
/** So long after its lease a call is not merely waiting for the alarm. */
const OVERDUE_MS = 5 * 60_000
const RETRY_MAX_MS = 300_000

/** Doubles from try to try, up to five minutes. */
function retryDelayMs(failures: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (failures - 1))
}

type AccountRow = { sent_seq: number; premiums_spent: number; latest: number }

export class AccountObject extends DurableObject<Bindings> {
  readonly #sql: SqlStorage
  readonly #lingerMs: number
  readonly #busyMs: number
  readonly #lots: Lots
  readonly #reversals: Reversals
  readonly #lowMarks: LowMarks
  readonly #calls: Calls
  readonly #balance: Balance
  readonly #keys: KeyStatuses
  readonly #standing: Standing
  readonly #trials: Trials
  readonly #idempotency: IdempotencyKeys
  readonly #exposures: Exposures
  readonly #watch: Watch
  readonly #rate = new RateWindow()
  /** The latest time seen: the object's own clock never runs backwards. */
  #latest = 0
  /** When the alarm is set to ring, or Infinity. */
  #alarmAt = Infinity
  #failedDrains = 0
  #failedTellings = 0
  #lastSettledAt = 0

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    const { OUTBOX_LINGER_MS, OUTBOX_BUSY_MS } = settings(env)
    this.#lingerMs = OUTBOX_LINGER_MS
    this.#busyMs = OUTBOX_BUSY_MS
    const account = this.#readAccount()
    this.#latest = account.latest
    this.#lots = new Lots(this.#sql)
    this.#reversals = new Reversals(this.#sql)
    this.#lowMarks = new LowMarks(this.#sql)
    this.#calls = new Calls(this.#sql, account.sent_seq)
    this.#balance = new Balance(this.#sql, account.premiums_spent)
    this.#keys = new KeyStatuses(this.#sql)
    this.#standing = new Standing(this.#sql)
    this.#trials = new Trials(this.#sql)
    this.#idempotency = new IdempotencyKeys(this.#sql)
    this.#exposures = new Exposures(this.#sql)
    this.#watch = new Watch(this.#sql, env)
    this.#lots.add({ id: 'promotional', kind: 'promotional', calls: PROMOTIONAL_CALLS, unitValue: 0 })
    this.#copyReversals()
    this.#recount(account.sent_seq)
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = (await ctx.storage.getAlarm()) ?? Infinity
    })
  }

  /** Admits a call and reserves what it may cost, or says why not. Repeatable by call id. */
  admit(request: AdmitRequest): Admission {
    return this.#transaction((now) => this.#admit(request, now))
  }

  /** Settles a held call for good: charged, or released as if it had never been. Repeatable by call id. */
  settle(request: SettleRequest): Settlement {
    return this.#transaction((now) => {
      const call = this.#calls.get(request.callId)
      if (!call) return { state: 'unknown', remaining: remaining(this.#lots) }
      if (call.state === 'held') this.#settle(call, request, now)
      return { state: call.state === 'charged' ? 'charged' : 'released', remaining: remaining(this.#lots) }
    })
  }

  /** Counts what a call lets through of its agent's prompt against the account's drip budget; gives all that has been counted. */
  expose(request: ExposeRequest): ExposedRange[] {
    return this.#transaction((now) => {
      const call = this.#calls.get(request.callId)
      if (!call) return request.ranges
      const { agentId, agentVersion } = call.facts
      this.#exposures.add(agentId, agentVersion, request.ranges, now)
      return this.#exposures.of(agentId, agentVersion, now)
    })
  }

  /** Adds a lot of calls, once per id. Says whether this request added it. */
  credit(lot: LotInput): { added: boolean; remaining: number } {
    return this.#transaction(() => {
      const added = this.#lots.add(lot)
      if (added) this.#copyReversals()
      return { added, remaining: remaining(this.#lots) }
    })
  }

  /** Takes back what is unused of a lot or of the balance, and says what a lot now is. Repeatable by id. */
  takeBack(input: ReversalInput): Reversal {
    return this.#transaction(() => {
      const { lotId } = input
      const lot = lotId === null ? undefined : this.#lots.get(lotId)
      const free = lotId === null ? this.#balance.available : lot ? unused(lot) : 0
      const reversal = this.#reversals.take(input, free, this.#holds(lotId))
      this.#copyReversals()
      return reversal
    })
  }

  /** Undoes a reversal: what it took is there again, and its lot is as it was without it. Repeatable by id. */
  giveBack(id: string): Reversal {
    return this.#transaction(() => {
      const reversal = this.#reversals.giveBack(id)
      this.#copyReversals()
      return reversal
    })
  }

  /** Adds prepaid money for premiums, once per id. The answer is the balance that is free. */
  deposit(input: DepositInput): { balance: number } {
    return this.#transaction(() => {
      this.#balance.deposit(input.id, input.amount)
      return { balance: this.#balance.available }
    })
  }

  /** Replaces what is known of a key. Once this has answered, a revoked key is admitted no more. */
  setKey(input: KeyInput): void {
    this.#transaction(() => this.#keys.set(input))
  }

  /** Notes that somebody watches: until then calls are sent on, and shown to them, soon after they end. */
  watch({ until }: WatchRequest): void {
    this.#transaction((now) => this.#watch.set(until, now))
    this.#armForWork()
  }

  /** Says whether the account may call at all. Once this has answered, a suspended account is admitted no more. */
  setAccount({ state }: AccountInput): void {
    this.#transaction(() => this.#standing.set(state))
  }

  /** Why whoever holds this key is to be refused whatever they ask, or null. Changes nothing. */
  stop({ keyId }: StopRequest): Stop | null {
    if (this.#standing.refusal()) return 'accountSuspended'
    return this.#keys.isOver(keyId, this.#now()) ? 'keyRevoked' : null
  }

  /** The account's figures at this moment. Changes nothing. */
  quota(): QuotaState {
    const now = this.#now()
    const lots = this.#lots.all()
    const openUnits = lots.reduce((sum, lot) => sum + lot.open, 0)
    const spentUnits = lots.reduce((sum, lot) => sum + lot.spent, 0)
    const heldUnits = [...this.#calls.all()].filter((call) => call.state === 'held' && call.lotId !== null).length
    return {
      remaining: remaining(this.#lots),
      held: this.#calls.heldCount,
      used: spentUnits + openUnits - heldUnits,
      granted: lots.reduce((sum, lot) => sum + lot.calls - lot.taken, 0),
      balance: this.#balance.available,
      rate: this.#rateState(now),
      unsent: this.#calls.unsentCount,
      overdue: this.#calls.expired(now - OVERDUE_MS).length,
      lots: lots.map((lot) => ({
        id: lot.id,
        kind: lot.kind,
        calls: lot.calls,
        remaining: unused(lot),
        state: lot.state,
      })),
      keys: this.#keys.usage(now),
    }
  }

  /** Releases what nobody settled in time, sends settled calls on and tells of low marks. Never throws; re-arms itself while there is work. */
  override async alarm(): Promise<void> {
    this.#alarmAt = Infinity
    try {
      this.#transaction((now) => this.#expireLeases(now))
      if (this.#sendAt(this.#now()) <= this.#now()) await this.#drain()
      this.#failedDrains = 0
    } catch (thrown) {
      this.#failedDrains++
      log.warn('quota.drain_failed', { error: describe(thrown), attempt: this.#failedDrains })
    }
    // Apart from the calls: a queue of events that is away holds up no call log.
    try {
      await this.#tellLowMarks()
      this.#failedTellings = 0
    } catch (thrown) {
      this.#failedTellings++
      log.warn('quota.low_not_told', { error: describe(thrown), attempt: this.#failedTellings })
    }
    this.#armForWork()
  }

  #admit(request: AdmitRequest, now: number): Admission {
    const { keyId, agentId } = request
    const known = this.#calls.get(request.callId)
    if (known) return this.#admitted(known, now)

    const refuse = (refusal: Refusal): Admission => ({
      kind: 'refused',
      refusal,
      remaining: remaining(this.#lots),
      rate: this.#rateState(now),
    })
    const keyRefusal = this.#standing.refusal() ?? this.#keys.refusal(keyId, agentId, now)
    if (keyRefusal) return refuse(keyRefusal)

    if (request.idempotency) {
      const claim = this.#idempotency.look(request.idempotency.key, request.idempotency.fingerprint, now)
      if (claim.state === 'kept')
        return {
          kind: 'replay',
          response: claim.response,
          remaining: remaining(this.#lots),
          rate: this.#rateState(now),
        }
      if (claim.state === 'mismatch') return refuse({ why: 'idempotencyMismatch' })
      if (claim.state === 'running') return refuse({ why: 'callInProgress' })
      if (claim.state === 'not-kept') return refuse({ why: 'notReplayable' })
    }

    const waitMs = this.#rateState(now).remaining > 0 ? 0 : this.#rate.waitMs(now, this.#rateLimit)
    if (waitMs > 0) return refuse({ why: 'rateLimited', retryAfterMs: waitMs })

    const lot = request.trial ? undefined : this.#lots.next()
    const premium = request.trial ? 0 : Math.max(0, request.price - BASE_VALUE_UNITS)
    if (request.trial && this.#trials.remaining(agentId) <= 0) return refuse({ why: 'trialsUsed' })
    if (!request.trial && !lot) return refuse({ why: 'quotaExhausted' })
    if (premium > this.#balance.available)
      return refuse({ why: 'insufficientBalance', premium, balance: this.#balance.available })
    const capRefusal = this.#keys.capRefusal(keyId, now)
    if (capRefusal) return refuse(capRefusal)

    const { v: _v, callId, leaseMs, trial: _trial, ...facts } = request
    const funding: Funding = lot ? lot.kind : 'trial'
    this.#calls.hold(
      {
        id: callId,
        funding,
        lotId: lot?.id ?? null,
        premium,
        admittedAt: now,
        leaseUntil: now + leaseMs,
        facts: { ...facts, unitValue: lot?.unitValue ?? 0 },
      },
      now,
    )
    if (lot) lot.open++
    else this.#trials.take(agentId)
    this.#balance.open += premium
    this.#rate.add(now)
    this.#keys.count(keyId, now, 1)
    if (request.idempotency) this.#idempotency.claim(request.idempotency.key, request.idempotency.fingerprint, callId)
    // An alarm that is set already rings soon enough for the outbox; the lease is what it must not miss.
    this.#armBefore(this.#alarmAt === Infinity ? now + this.#lingerMs : now + leaseMs)
    return this.#admitted({ funding, facts }, now)
  }

  #admitted(
    call: Pick<Call, 'funding'> & { facts: Pick<AdmitRequest, 'agentId' | 'agentVersion'> },
    now: number,
  ): Admission {
    return {
      kind: 'admitted',
      funding: call.funding,
      remaining: remaining(this.#lots),
      rate: this.#rateState(now),
      exposed: this.#exposures.of(call.facts.agentId, call.facts.agentVersion, now),
    }
  }

  #settle(call: Call, request: SettleRequest, now: number): void {
    const { v: _v, callId: _callId, charge, response, ...outcome } = request
    this.#calls.settle(call, charge ? 'charged' : 'released', outcome, now)
    this.#lastSettledAt = now
    const key = call.facts.idempotency?.key
    this.#endHolds(call, charge)
    if (charge) {
      if (key) this.#armBefore(this.#idempotency.keep(key, response, now))
    } else {
      if (key) this.#idempotency.giveBack(key)
      this.#giveBack(call)
    }
    if (this.#calls.unsentCount === 1) this.#armBefore(now + this.#watch.lingerMs(now, this.#lingerMs))
  }

  /** Undoes what admission took. The place in the rate window stays taken. */
  #giveBack(call: Call): void {
    const lot = call.lotId === null ? undefined : this.#lots.get(call.lotId)
    if (lot) lot.open--
    else this.#trials.giveBack(call.facts.agentId)
    this.#balance.open -= call.premium
    this.#keys.count(call.facts.keyId, call.admittedAt, -1)
  }

  /** Lets reversals that wait for a call have what it held, unless it is charged. */
  #endHolds({ id: callId, lotId, premium }: Call, isCharged: boolean): void {
    const lot = lotId === null ? undefined : this.#lots.get(lotId)
    if (lot) lot.taken += this.#reversals.end({ callId, lotId, amount: 1, isCharged })
    this.#balance.taken += this.#reversals.end({ callId, lotId: null, amount: premium, isCharged })
  }

  /** What running calls hold of a lot, or of the balance. */
  #holds(lotId: string | null): Hold[] {
    return [...this.#calls.all()]
      .filter((call) => call.state === 'held' && (lotId === null ? call.premium > 0 : call.lotId === lotId))
      .map((call) => ({ callId: call.id, amount: lotId === null ? call.premium : 1 }))
  }

  /** Brings what lots and balance say of reversals in line with these. */
  #copyReversals(): void {
    for (const lot of this.#lots.all()) {
      lot.taken = this.#reversals.takenOf(lot.id)
      lot.state = this.#reversals.stateOf(lot.id)
    }
    this.#balance.taken = this.#reversals.takenOf(null)
  }

  #expireLeases(now: number): void {
    for (const call of this.#calls.expired(now)) {
      log.warn('quota.lease_expired', { call_id: call.id, agent_id: call.facts.agentId })
      const lost = {
        status: 'error',
        errorCode: '50001',
        inputTokens: null,
        outputTokens: null,
        firstContentMs: null,
      } as const
      this.#settle(call, { v: 1, callId: call.id, charge: false, ...lost, latencyMs: now - call.admittedAt }, now)
    }
    this.#idempotency.sweep(now)
  }

  /** Sends settled calls to the queue in the order of their settlement, then notes that they have been sent. */
  async #drain(): Promise<void> {
    for (let sent = 0; sent < MESSAGES_PER_ALARM; sent++) {
      const calls = this.#calls.unsent(LOGS_PER_MESSAGE)
      const last = calls.at(-1)
      if (!last) return
      const { accountId } = last.facts
      const logs = calls.map(callLog)
      await Promise.all([
        this.env.CALL_LOGS.send({ version: 1, accountId, logs }),
        this.#watch.show(accountId, logs, this.#now()),
      ])
      this.#transaction(() => this.#markSent(calls, last.settledSeq))
    }
  }

  #markSent(calls: Call[], sentSeq: number): void {
    this.#calls.markSent(calls.length)
    const lastLot = this.#lots.last()
    const units = new Map<string, number>()
    let premiums = 0
    for (const call of calls) {
      if (call.state !== 'charged') continue
      premiums += call.premium
      if (call.lotId !== null) units.set(call.lotId, (units.get(call.lotId) ?? 0) + 1)
    }
    for (const [lotId, spent] of units) this.#lots.spend(lotId, spent)
    const [first] = calls
    if (first && lastLot && units.has(lastLot.id))
      this.#lowMarks.note(lastLot, {
        userId: first.facts.accountId,
        remaining: remaining(this.#lots),
        at: this.#latest,
      })
    this.#balance.spend(premiums)
    this.#sql.exec(
      'UPDATE account SET sent_seq = ?, premiums_spent = ?, latest = ? WHERE one = 1',
      sentSeq,
      this.#balance.spent,
      this.#latest,
    )
  }

  async #tellLowMarks(): Promise<void> {
    for (const mark of this.#lowMarks.untold()) {
      const { lotId, userId, percent, remaining: units, at } = mark
      const id = await idFrom('quota.low', userId, lotId, String(percent))
      const data = { percent, remaining: units, lot_id: lotId }
      await emit(this.env, [{ v: 1, id, type: 'quota.low', userId, at, data }])
      this.#transaction(() => this.#lowMarks.markTold(mark))
    }
  }

  /** Brings what is counted in memory in line with the calls' rows. */
  #recount(sentSeq: number): void {
    const calls = [...this.#calls.all()].toSorted((a, b) => a.admittedAt - b.admittedAt)
    for (const call of calls) {
      this.#latest = Math.max(this.#latest, call.admittedAt, call.settledAt)
      this.#rate.add(call.admittedAt)
      const isOpen = call.state === 'held' || (call.state === 'charged' && call.settledSeq > sentSeq)
      if (!isOpen) continue
      this.#balance.open += call.premium
      const lot = call.lotId === null ? undefined : this.#lots.get(call.lotId)
      if (lot) lot.open++
    }
  }

  get #rateLimit(): number {
    return this.#lots.isPaid ? RATE_LIMIT_PAID : RATE_LIMIT_FREE
  }

  #rateState(now: number): RateState {
    return this.#rate.state(now, this.#rateLimit)
  }

  #now(): number {
    this.#latest = Math.max(this.#latest, clock.now())
    return this.#latest
  }

  /**
   * Runs one event's changes, which wait for nothing and so are one transaction of the platform's: all are written or
   * none. If it throws, memory may be ahead of storage, and what was not committed is dropped: the object starts anew.
   */
  #transaction<T>(change: (now: number) => T): T {
    try {
      return change(this.#now())
    } catch (thrown) {
      log.error('quota.transaction_failed', { error: describe(thrown) })
      this.ctx.abort('A transaction failed.')
      throw thrown
    }
  }

  #armForWork(): void {
    const now = this.#now()
    const drainAt = this.#failedDrains > 0 ? now + retryDelayMs(this.#failedDrains) : this.#sendAt(now)
    const tellAt = this.#failedTellings > 0 ? now + retryDelayMs(this.#failedTellings) : Infinity
    this.#armBefore(Math.min(drainAt, tellAt, this.#calls.firstLease(), this.#idempotency.nextExpiry()))
  }

  /** When the outbox is due: soon after a single call, at once when it fills a message, later while calls keep coming. */
  #sendAt(now: number): number {
    const [oldest, second] = this.#calls.unsent(2)
    if (!oldest) return Infinity
    if (this.#watch.isOn(now)) return oldest.settledAt + this.#watch.lingerMs(now, this.#lingerMs)
    if (!second) return oldest.settledAt + Math.min(this.#lingerMs, this.#busyMs)
    const isBusy = this.#calls.unsentCount < LOGS_PER_MESSAGE && this.#lastSettledAt + this.#lingerMs > now
    return isBusy ? oldest.settledAt + this.#busyMs : now
  }

  /** Makes sure that the alarm rings at `time` or before. */
  #armBefore(time: number): void {
    if (time >= this.#alarmAt) return
    this.#alarmAt = time
    void this.ctx.storage.setAlarm(time)
  }

  #readAccount(): AccountRow {
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS account (
      one INTEGER PRIMARY KEY CHECK (one = 1), sent_seq INTEGER NOT NULL, premiums_spent INTEGER NOT NULL, latest INTEGER NOT NULL
    )`)
    this.#sql.exec('INSERT OR IGNORE INTO account (one, sent_seq, premiums_spent, latest) VALUES (1, 0, 0, 0)')
    return this.#sql.exec<AccountRow>('SELECT sent_seq, premiums_spent, latest FROM account').one()
  }
}
