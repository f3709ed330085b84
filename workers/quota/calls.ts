/**
 * The calls of an account that are held, or settled and not forgotten yet: one row each, in a numbered slot that is used
 * again. A row is needed until its call has been sent on and has left the rate window.
 */
import { WINDOW_MS } from './rate-window.ts'
import type { CallStatus, Funding } from './call-log.ts'
import type { AdmitRequest } from './protocol.ts'

export type CallState = 'held' | 'charged' | 'released'

/** What is fixed at admission. */
export type CallFacts = Omit<AdmitRequest, 'v' | 'callId' | 'leaseMs' | 'trial'> & { unitValue: number }

/** What is fixed at settlement. */
export type CallOutcome = {
  status: CallStatus
  errorCode: string | null
  inputTokens: number | null
  outputTokens: number | null
  latencyMs: number
  firstContentMs: number | null
}

export type Call = {
  slot: number
  id: string
  state: CallState
  funding: Funding
  lotId: string | null
  /** In 10⁻⁸ dollars. */
  premium: number
  admittedAt: number
  leaseUntil: number
  facts: CallFacts
  settledAt: number
  /** The place in the order of settlements; 0 while held. */
  settledSeq: number
  outcome: CallOutcome | null
}

type Row = {
  slot: number
  id: string
  state: CallState
  funding: Funding
  lot_id: string | null
  premium: number
  admitted_at: number
  lease_until: number
  facts: string
  settled_at: number
  settled_seq: number
  outcome: string | null
}

export class Calls {
  readonly #sql: SqlStorage
  readonly #byId = new Map<string, Call>()
  /** Settled and not sent on, in the order of settlement. */
  #unsent: Call[] = []
  /** Sent on, in the order in which they were: their slots come free as they leave the rate window. */
  #sent: Call[] = []
  #heldCount = 0
  #slots = 0
  #lastSeq = 0

  /** Reads all rows; those settled up to `sentSeq` have been sent on. */
  constructor(sql: SqlStorage, sentSeq: number) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS call (
      slot INTEGER PRIMARY KEY, id TEXT NOT NULL, state TEXT NOT NULL, funding TEXT NOT NULL, lot_id TEXT, premium INTEGER NOT NULL,
      admitted_at INTEGER NOT NULL, lease_until INTEGER NOT NULL, facts TEXT NOT NULL,
      settled_at INTEGER NOT NULL, settled_seq INTEGER NOT NULL, outcome TEXT
    )`)
    this.#lastSeq = sentSeq
    for (const row of sql.exec<Row>('SELECT * FROM call ORDER BY settled_seq')) this.#recall(fromRow(row), sentSeq)
  }

  get(id: string): Call | undefined {
    return this.#byId.get(id)
  }

  all(): Iterable<Call> {
    return this.#byId.values()
  }

  get heldCount(): number {
    return this.#heldCount
  }

  get unsentCount(): number {
    return this.#unsent.length
  }

  /** Writes a held call into a free slot: one row. */
  hold(call: Omit<Call, 'slot' | 'state' | 'settledAt' | 'settledSeq' | 'outcome'>, now: number): void {
    const held: Call = { ...call, slot: this.#freeSlot(now), state: 'held', settledAt: 0, settledSeq: 0, outcome: null }
    this.#sql.exec(
      `INSERT OR REPLACE INTO call (slot, id, state, funding, lot_id, premium, admitted_at, lease_until, facts, settled_at, settled_seq)
       VALUES (?, ?, 'held', ?, ?, ?, ?, ?, ?, 0, 0)`,
      held.slot,
      held.id,
      held.funding,
      held.lotId,
      held.premium,
      held.admittedAt,
      held.leaseUntil,
      JSON.stringify(held.facts),
    )
    this.#byId.set(held.id, held)
    this.#heldCount++
  }

  /** Settles a held call and puts it into the outbox: one row. */
  settle(call: Call, state: 'charged' | 'released', outcome: CallOutcome, now: number): void {
    this.#lastSeq++
    Object.assign(call, { state, outcome, settledAt: now, settledSeq: this.#lastSeq })
    this.#sql.exec(
      'UPDATE call SET state = ?, settled_at = ?, settled_seq = ?, outcome = ? WHERE slot = ?',
      state,
      now,
      this.#lastSeq,
      JSON.stringify(outcome),
      call.slot,
    )
    this.#heldCount--
    this.#unsent.push(call)
  }

  /** The oldest settled calls that have not been sent on, at most `count`. */
  unsent(count: number): Call[] {
    return this.#unsent.slice(0, count)
  }

  /** Notes that the first `count` unsent calls have been sent on. The caller writes the new watermark, its `settledSeq`. */
  markSent(count: number): void {
    this.#sent.push(...this.#unsent.slice(0, count))
    this.#unsent = this.#unsent.slice(count)
  }

  /** The held calls whose lease has run out. */
  expired(now: number): Call[] {
    const calls: Call[] = []
    if (this.#heldCount > 0)
      for (const call of this.#byId.values()) if (call.state === 'held' && call.leaseUntil <= now) calls.push(call)
    return calls
  }

  /** When the first lease runs out, or Infinity. */
  firstLease(): number {
    let first = Infinity
    if (this.#heldCount > 0)
      for (const call of this.#byId.values())
        if (call.state === 'held' && call.leaseUntil < first) first = call.leaseUntil
    return first
  }

  #freeSlot(now: number): number {
    const oldest = this.#sent[0]
    if (!oldest || oldest.admittedAt + WINDOW_MS > now) return ++this.#slots
    this.#sent.shift()
    this.#byId.delete(oldest.id)
    return oldest.slot
  }

  #recall(call: Call, sentSeq: number): void {
    this.#byId.set(call.id, call)
    this.#slots = Math.max(this.#slots, call.slot)
    this.#lastSeq = Math.max(this.#lastSeq, call.settledSeq)
    if (call.state === 'held') this.#heldCount++
    else if (call.settledSeq > sentSeq) this.#unsent.push(call)
    else this.#sent.push(call)
  }
}

function fromRow(row: Row): Call {
  return {
    slot: row.slot,
    id: row.id,
    state: row.state,
    funding: row.funding,
    lotId: row.lot_id,
    premium: row.premium,
    admittedAt: row.admitted_at,
    leaseUntil: row.lease_until,
    facts: JSON.parse(row.facts) as CallFacts,
    settledAt: row.settled_at,
    settledSeq: row.settled_seq,
    outcome: row.outcome === null ? null : (JSON.parse(row.outcome) as CallOutcome),
  }
}
