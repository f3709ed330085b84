/**
 * What the account object is asked and what it answers. A new Worker may meet an old object for minutes after a deploy:
 * `v` names the form, and a form is only ever extended by optional fields. Amounts travel as whole 10⁻⁸ dollars.
 */
import type { CallStatus, Funding } from './call-log.ts'

/** Half-open range of normalised prompt positions that have already left through the guard. */
export type ExposedRange = { start: number; end: number }

export type AdmitRequest = {
  v: 1
  /** Made by the Worker; the identity of the call for ever. */
  callId: string
  requestId: string
  accountId: string
  keyId: string
  agentId: string
  agentVersion: number
  creatorId: string
  provider: string
  model: string
  stream: boolean
  /** The agent's price, in 10⁻⁸ dollars. */
  price: number
  trial: boolean
  /** How long the call may stay unsettled. Longer than it can possibly run. */
  leaseMs: number
  /** `fingerprint` is a hash of what was asked. */
  idempotency?: { key: string; fingerprint: string }
}

export type RateState = { limit: number; remaining: number; resetMs: number }

/** A longer answer is not kept for its idempotency key; asking for it again is refused, and not charged. */
export const KEPT_CHARS_MAX = 512 * 1024

/** An answer that was kept for an idempotency key, to be given again as it was. */
export type KeptResponse = { contentType: string; body: string; callId: string }

export type Admission =
  | { kind: 'admitted'; funding: Funding; remaining: number; rate: RateState; exposed: ExposedRange[] }
  | { kind: 'replay'; response: KeptResponse; remaining: number; rate: RateState }
  | { kind: 'refused'; refusal: Refusal; remaining: number; rate: RateState }

/** Why a call was not admitted, with what a caller needs to act on it. */
export type Refusal =
  | { why: 'accountSuspended' }
  | { why: 'keyRevoked' }
  | { why: 'keyRestricted' }
  | { why: 'keyCapReached'; cap: number; period: CapPeriod; retryAfterMs: number }
  | { why: 'rateLimited'; retryAfterMs: number }
  | { why: 'quotaExhausted' }
  | { why: 'trialsUsed' }
  | { why: 'insufficientBalance'; premium: number; balance: number }
  | { why: 'callInProgress' }
  | { why: 'notReplayable' }
  | { why: 'idempotencyMismatch' }

export type StopRequest = { v: 1; keyId: string }
/** Why a key opens nothing any more, with which no call would be admitted either. */
export type Stop = 'accountSuspended' | 'keyRevoked'

export type SettleRequest = {
  v: 1
  callId: string
  /** Whether the published rule makes the call due. */
  charge: boolean
  status: CallStatus
  errorCode: string | null
  inputTokens: number | null
  outputTokens: number | null
  latencyMs: number
  firstContentMs: number | null
  /** The answer, if it is to be given again under its idempotency key. */
  response?: Omit<KeptResponse, 'callId'>
}

/** Parts of its agent's prompt that a running call is about to let through. */
export type ExposeRequest = { v: 1; callId: string; ranges: ExposedRange[] }

/** The state in which the call now is, and stays. `unknown`: never admitted here, or logged long ago. */
export type Settlement = { state: 'charged' | 'released' | 'unknown'; remaining: number }

/** Calls bought or granted together. `unitValue` in 10⁻⁸ dollars; promotional lots have none. */
export type LotInput = { v: 1; id: string; kind: 'paid' | 'promotional'; calls: number; unitValue: number }
/** Money for premiums, in 10⁻⁸ dollars. */
export type DepositInput = { v: 1; id: string; amount: number }

/** What a lot is: drawn from; not for as long as a dispute about it is open; not any more. */
export type LotState = 'active' | 'frozen' | 'closed'

/**
 * To be taken back, because the payment goes back or is disputed: at most `max` unused units of a lot, or, where `lotId` is
 * null, at most `max` 10⁻⁸ dollars of the prepaid balance. `lot` is what this leaves the lot as, and all that a repetition
 * can change; with `max` 0 it is all that is done.
 */
export type ReversalInput = { v: 1; id: string; lotId: string | null; max: number; lot?: LotState }

/** In the units of its `max`. `due` is what running calls hold; `late` what they have given to it since. */
export type Reversal = {
  taken: number
  due: number
  late: number
  /** Some of these calls are still running: `late` may still grow. */
  isWaiting: boolean
  /** It was given back, for good. */
  isUndone: boolean
}

export type CapPeriod = 'day' | 'week' | 'month'
export type KeyInput = {
  v: 1
  keyId: string
  state: 'active' | 'revoked'
  /** Null or absent: every agent. */
  agentIds?: string[] | null
  /** Milliseconds since 1970; null or absent: never. */
  expiresAt?: number | null
  caps?: Partial<Record<CapPeriod, number>>
  /** Of two settings of a key the one with the higher revision stands, in whatever order they come. Absent: the newest. */
  revision?: number
}

/** Somebody watches this account's calls until then, in milliseconds since 1970: say again while that is so. */
export type WatchRequest = { v: 1; until: number }

/** How far a cap of a key is used. */
export type CapUsage = { period: CapPeriod; cap: number; used: number; resetMs: number }

/** Whether the account may call at all. */
export type AccountInput = { v: 1; state: 'active' | 'suspended' }

export type QuotaState = {
  remaining: number
  held: number
  /** Units of calls charged, trials left out. */
  used: number
  granted: number
  /** 10⁻⁸ dollars, what is held for running calls taken off. */
  balance: number
  rate: RateState
  /** Settled calls that have not been sent on yet. */
  unsent: number
  /** Held calls whose lease has been over for minutes: something does not settle them. */
  overdue?: number
  /** `remaining` counts units that nobody has drawn or taken back, also of lots that are not drawn from now. */
  lots: { id: string; kind: 'paid' | 'promotional'; calls: number; remaining: number; state?: LotState }[]
  /** The keys that have caps and are not revoked. */
  keys?: { keyId: string; caps: CapUsage[] }[]
}
