/**
 * Who calls, what is called, and may they: two look-ups beside each other that a warm isolate answers from memory, then
 * one request to the account, which reserves a unit under the call's id.
 */
import { findAgent, openAgent, type Agent } from '../agents/agents.ts'
import { AppError, type ErrorOptions } from '../base/errors.ts'
import { flags } from '../base/flags.ts'
import { newId } from '../base/ids.ts'
import { observe } from '../base/metrics.ts'
import { settings, type Bindings } from '../env.ts'
import { identify, type Caller } from '../keys/keys.ts'
import { format, fromUnits, toUnits } from '../money/amount.ts'
import { accountOf, admit as askAccount, type Account } from '../quota/quota.ts'
import type { OpenedConfig } from '../agents/vault.ts'
import type { Admission, RateState, Refusal } from '../quota/protocol.ts'
import type { IncomingCall } from './door.ts'

/** What a lease adds to the longest time a call can take. */
const LEASE_SPARE_MS = 60_000

/**
 * Calls of this isolate that wait for their admission at once. It takes a millisecond or two; when so many wait, this isolate cannot
 * keep up, and whoever comes next is better told at once.
 */
const WAITING_MAX = 600
let waiting = 0

/** An admitted call: whose it is, what it calls, and the unit that is reserved for it. */
export type Ticket = {
  callId: string
  caller: Caller
  account: Account
  agent: Agent
  config: OpenedConfig
  admission: Exclude<Admission, { kind: 'refused' }>
}

/**
 * Admits a call. Throws `AppError`: 40103 for a key that is nobody's or revoked, 40401 for an agent that is not published,
 * 402, 403, 409, 422 and 429 as the account refuses, 50302 when a store that must be asked is away, 50309 when too many wait.
 */
export async function admit(env: Bindings, call: IncomingCall): Promise<Ticket> {
  if (waiting >= WAITING_MAX) throw new AppError('overloaded', { headers: { 'retry-after': '1' } })
  waiting += 1
  try {
    return await admitted(env, call)
  } finally {
    waiting -= 1
  }
}

async function admitted(env: Bindings, call: IncomingCall): Promise<Ticket> {
  const [caller, agent] = await Promise.all([identify(env, call.key), findAgent(env, call.agent)])
  if (!caller) throw new AppError('invalidApiKey')
  call.trace.userId = caller.accountId
  if (agent?.status !== 'active') throw new AppError('agentNotFound')
  if (call.trial && !(await flags(env)).enable_trial_mode)
    throw new AppError('switchedOff', {
      message: 'Trial calls are switched off at the moment; call with quota instead.',
    })
  call.trace.agentId = agent.id
  const config = await openAgent(env, agent)
  const callId = newId()
  const account = accountOf(env, caller.accountId)
  const admission = await askAccount(env, account, {
    v: 1,
    callId,
    requestId: call.requestId,
    accountId: caller.accountId,
    keyId: caller.keyId,
    agentId: agent.id,
    agentVersion: agent.version,
    creatorId: agent.creatorId,
    provider: agent.provider,
    model: agent.model,
    stream: call.wish.stream,
    price: toUnits(agent.pricePerCall),
    trial: call.trial,
    leaseMs: leaseMs(env, call.wish.stream),
    ...(call.idempotency ? { idempotency: call.idempotency } : {}),
  })
  observe('quota_remaining', {}, admission.remaining)
  if (admission.kind === 'refused') throw refused(admission.refusal, admission)
  return { callId, caller, account, agent, config, admission }
}

/** The headers that tell a caller where the limits stand. */
export function limitHeaders({ rate, remaining }: { rate: RateState; remaining: number }): Record<string, string> {
  return {
    'x-ratelimit-limit': String(rate.limit),
    'x-ratelimit-remaining': String(rate.remaining),
    'x-ratelimit-reset': String(wholeSeconds(rate.resetMs)),
    'x-quota-remaining': String(remaining),
  }
}

function leaseMs(env: Bindings, isStream: boolean): number {
  const { STREAM_TOTAL_MS, JSON_TOTAL_MS } = settings(env)
  return (isStream ? STREAM_TOTAL_MS : JSON_TOTAL_MS) + LEASE_SPARE_MS
}

function refused(refusal: Refusal, limits: { rate: RateState; remaining: number }): AppError {
  const refuse = (options: ErrorOptions = {}): ErrorOptions => ({
    ...options,
    headers: { ...limitHeaders(limits), ...options.headers },
  })
  const noRetry = { 'x-should-retry': 'false' }
  switch (refusal.why) {
    case 'keyRevoked':
      return new AppError('invalidApiKey')
    case 'rateLimited':
      return new AppError(
        'rateLimited',
        refuse({
          headers: { 'retry-after': String(wholeSeconds(refusal.retryAfterMs)) },
          details: { limit: limits.rate.limit, window_seconds: 60 },
        }),
      )
    case 'quotaExhausted':
      return new AppError(
        'quotaExhausted',
        refuse({
          headers: noRetry,
          details: { missing: 'calls', needed: 1, remaining: limits.remaining, buy: '/pricing' },
        }),
      )
    case 'trialsUsed':
      return new AppError('trialsUsed', refuse({ headers: noRetry }))
    case 'insufficientBalance':
      return new AppError(
        'insufficientBalance',
        refuse({
          headers: noRetry,
          details: {
            missing: 'balance',
            needed_usd: format(fromUnits(refusal.premium)),
            balance_usd: format(fromUnits(refusal.balance)),
            top_up: '/pricing',
          },
        }),
      )
    case 'keyCapReached':
      return new AppError(
        'keyCapReached',
        refuse({
          headers: { ...noRetry, 'retry-after': String(wholeSeconds(refusal.retryAfterMs)) },
          details: { cap: refusal.cap, period: refusal.period },
        }),
      )
    case 'callInProgress':
      return new AppError('callInProgress', refuse({ headers: { 'retry-after': '1' } }))
    case 'accountSuspended':
    case 'keyRestricted':
    case 'notReplayable':
    case 'idempotencyMismatch':
      return new AppError(refusal.why, refuse({ headers: noRetry }))
  }
}

/** Whole seconds, rounded up: who waits that long has waited long enough. */
function wholeSeconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1_000))
}
