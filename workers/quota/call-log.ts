/**
 * What is recorded of a call, once it is over: the row of `call_logs`, as it travels from an account's outbox through the
 * queue to Postgres. Amounts are decimal strings of dollars. It can hold no message, prompt or key by construction.
 */
import { FEE_PERCENT } from '../money/prices.ts'
import { format, fromUnits, ZERO } from '../money/amount.ts'
import type { Call } from './calls.ts'

export type CallStatus = 'success' | 'error' | 'timeout'

/** Where the unit of a call came from. */
export type Funding = 'paid' | 'promotional' | 'trial'

export type CallLog = {
  /** The call id: the log row's identity, for ever. */
  id: string
  requestId: string
  agentId: string
  agentVersion: number
  creatorId: string
  apiKeyId: string
  userId: string
  provider: string
  model: string
  stream: boolean
  status: CallStatus
  /** One of the platform's error codes, or null. A successful call whose caller left early carries `49901`. */
  errorCode: string | null
  /** Null where the provider gave no count: absent is not zero. */
  inputTokens: number | null
  outputTokens: number | null
  latencyMs: number
  /** From the start of the call to its first content, or null if none came. */
  firstContentMs: number | null
  /** Null unless the call was charged. */
  funding: Funding | null
  lotId: string | null
  /** What the unit that was drawn had cost, 0 if none was paid for. Messages from before the ledger do not have it. */
  unitValueUsd?: string
  /** The agent's price at admission, frozen. */
  priceUsd: string
  /** What the developer's balance paid on top of the unit. */
  premiumUsd: string
  /** What counts as the creator's revenue. */
  revenueUsd: string
  /** The platform's share, in whole percents, frozen. */
  feePercent: number
  /** When the call was admitted, milliseconds since 1970. */
  admittedAt: number
  /** When it was settled. */
  settledAt: number
}

/** One message of the queue `call-logs`: calls of one account, in the order in which they were settled. */
export type CallLogBatch = { version: 1; accountId: string; logs: CallLog[] }

/**
 * The log of a settled call. Revenue is what is backed by cash: the full price on a paid unit, the premium alone on a
 * promotional one, nothing on a trial or a call that was not charged.
 */
export function callLog(call: Call): CallLog {
  const { facts, outcome } = call
  if (!outcome) throw new Error('A call is logged after it has been settled.')
  const isCharged = call.state === 'charged'
  const premium = isCharged ? fromUnits(call.premium) : ZERO
  const revenue = isCharged && call.funding === 'paid' ? fromUnits(facts.price) : premium
  return {
    id: call.id,
    requestId: facts.requestId,
    agentId: facts.agentId,
    agentVersion: facts.agentVersion,
    creatorId: facts.creatorId,
    apiKeyId: facts.keyId,
    userId: facts.accountId,
    provider: facts.provider,
    model: facts.model,
    stream: facts.stream,
    ...outcome,
    funding: isCharged ? call.funding : null,
    lotId: isCharged ? call.lotId : null,
    unitValueUsd: format(isCharged ? fromUnits(facts.unitValue) : ZERO),
    priceUsd: format(fromUnits(facts.price)),
    premiumUsd: format(premium),
    revenueUsd: format(revenue),
    feePercent: FEE_PERCENT,
    admittedAt: call.admittedAt,
    settledAt: call.settledAt,
  }
}
