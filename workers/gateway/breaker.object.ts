/**
 * The breaker object: one per provider and model, the only authority on whether calls may go there. Isolates tell it their
 * outcomes (failures at once, successes in batches) and keep a copy of its verdict for a second: see `breaker-copy.ts`.
 * Its state is one row; losing the last second of it would cost nothing but a few calls.
 */
import { DurableObject } from 'cloudflare:workers'
import { clock } from '../base/clock.ts'
import { log } from '../base/log.ts'
import { at, CLOSED, report, reportProbe, retryAfterMs, takeProbe, type BreakerState } from './breaker.ts'
import type { Bindings } from '../env.ts'

export type Verdict = { state: BreakerState['state']; retryAfterMs: number }

export class BreakerObject extends DurableObject<Bindings> {
  #breaker: BreakerState

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#breaker = ctx.storage.kv.get<BreakerState>('breaker') ?? CLOSED
  }

  /** Takes outcomes of calls made while closed; answers with the verdict that holds from now on. */
  report(outcomes: { successes: number; failures: number }): Verdict {
    const now = clock.now()
    this.#move(report(at(this.#breaker, now), outcomes, now))
    return this.#verdict(now)
  }

  /** The verdict at this moment. Changes nothing. */
  look(): Verdict {
    const now = clock.now()
    const breaker = at(this.#breaker, now)
    return { state: breaker.state, retryAfterMs: retryAfterMs(breaker, now) }
  }

  /** Asks to send a call as a probe. `isProbe` is false where the breaker has closed meanwhile. */
  takeProbe(): Verdict & { isAllowed: boolean; isProbe: boolean } {
    const now = clock.now()
    const { isAllowed, breaker } = takeProbe(at(this.#breaker, now))
    this.#move(breaker)
    return { ...this.#verdict(now), isAllowed, isProbe: breaker.state === 'half-open' }
  }

  /** Tells how a probe ended. */
  reportProbe(outcome: 'success' | 'failure' | 'none'): Verdict {
    const now = clock.now()
    this.#move(reportProbe(at(this.#breaker, now), outcome, now))
    return this.#verdict(now)
  }

  #verdict(now: number): Verdict {
    return { state: this.#breaker.state, retryAfterMs: retryAfterMs(this.#breaker, now) }
  }

  #move(next: BreakerState): void {
    if (next === this.#breaker) return
    if (next.state !== this.#breaker.state)
      log.warn(`breaker.${next.state}`, this.ctx.id.name ? { model: this.ctx.id.name } : {})
    this.#breaker = next
    this.ctx.storage.kv.put('breaker', next)
  }
}
