/**
 * The isolate's side of the breakers. A warm call costs no request to the object: while its copy of the verdict is fresh
 * and closed, a call just goes, and its outcome is added to a batch that is told once a second, or at once on a failure.
 */
import { AppError } from '../base/errors.ts'
import { clock } from '../base/clock.ts'
import { describe, log } from '../base/log.ts'
import { Memory } from '../base/memory.ts'
import type { Bindings } from '../env.ts'
import type { BreakerObject, Verdict } from './breaker.object.ts'

/** Outcomes are told at least this often while there is traffic; an open verdict is asked again after this time. */
const FRESH_MS = 1_000
/** A closed verdict is trusted this long after the last word from the object, then the object is asked first. */
const TRUSTED_MS = 10_000
/** Provider and model pairs of which an isolate keeps a copy. */
const COPIES_MAX = 500

export type Outcome = 'success' | 'failure' | 'none'

/** The leave to call a provider; `over` must be told the outcome exactly once. */
export type Pass = { over(outcome: Outcome): Promise<void> }

type Copy = { verdict: Verdict; at: number; successes: number }

const copies = new Memory<Copy>(COPIES_MAX)

/** Lets a call through, or throws `upstreamUnavailable` with the time left. A breaker that cannot be asked lets calls go. */
export async function passBreaker(env: Bindings, model: string): Promise<Pass> {
  const copy = copies.get(model)
  const ageMs = copy ? clock.now() - copy.at : Infinity
  if (copy?.verdict.state === 'closed' && ageMs < TRUSTED_MS)
    return { over: async (outcome) => tell(env, model, copy, outcome) }
  const isStillOpen = copy?.verdict.state === 'open' && ageMs < Math.min(FRESH_MS, copy.verdict.retryAfterMs)
  if (isStillOpen) throw refusal(copy.verdict.retryAfterMs - ageMs)
  return takeProbe(env, model)
}

async function takeProbe(env: Bindings, model: string): Promise<Pass> {
  const answer = await ask(env, model, async (breaker) => await breaker.takeProbe())
  if (!answer) return { over: async () => {} }
  const copy = remember(model, answer)
  if (!answer.isAllowed) throw refusal(answer.retryAfterMs)
  if (!answer.isProbe) return { over: async (outcome) => tell(env, model, copy, outcome) }
  return {
    over: async (outcome) => {
      const verdict = await ask(env, model, async (breaker) => await breaker.reportProbe(outcome))
      if (verdict) remember(model, verdict)
    },
  }
}

/** Adds an outcome to the batch; tells the object when it is a failure or the last time is a second ago. */
async function tell(env: Bindings, model: string, copy: Copy, outcome: Outcome): Promise<void> {
  if (outcome === 'none') return
  if (outcome === 'success') copy.successes++
  if (outcome === 'success' && copy.at + FRESH_MS > clock.now()) return
  const successes = copy.successes
  copy.successes = 0
  copy.at = clock.now()
  const verdict = await ask(
    env,
    model,
    async (breaker) => await breaker.report({ successes, failures: outcome === 'failure' ? 1 : 0 }),
  )
  if (verdict) remember(model, verdict)
}

function remember(model: string, verdict: Verdict): Copy {
  const copy = copies.get(model) ?? { verdict, at: 0, successes: 0 }
  copy.verdict = { state: verdict.state, retryAfterMs: verdict.retryAfterMs }
  copy.at = clock.now()
  copies.set(model, copy)
  return copy
}

async function ask<T>(
  env: Bindings,
  model: string,
  question: (breaker: DurableObjectStub<BreakerObject>) => Promise<T>,
): Promise<T | null> {
  try {
    return await question(env.BREAKER.get(env.BREAKER.idFromName(model)))
  } catch (thrown) {
    log.warn('breaker.unreachable', { model, error: describe(thrown) })
    return null
  }
}

function refusal(waitMs: number): AppError {
  return new AppError('upstreamUnavailable', {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) },
  })
}
