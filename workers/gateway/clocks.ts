/**
 * The clocks of one call. One timer watches all of them: a deadline that is moved costs an assignment, not a timer.
 * When one runs out, or the caller leaves, the call's signal aborts and everything that waits upstream lets go.
 */
import { clock } from '../base/clock.ts'

export type StopReason = 'timeout' | 'caller-left'

/** After the terminal marker a provider should close by itself; it is given this long, so that its connection can be used again. */
const CLOSING_MS = 1_000

export class Clocks {
  readonly #abort = new AbortController()
  readonly #caller: AbortSignal
  readonly #idleMs: number
  readonly #endsAt: number
  #deadline: number
  #hasBegun = false
  #isCallersTurn = false
  #timer: number | null = null
  #reason: StopReason | undefined
  readonly #leave = (): void => this.leave()

  /** `firstMs` until the first content, then `idleMs` between events, `totalMs` for the whole call. */
  constructor(caller: AbortSignal, limits: { firstMs: number; idleMs: number; totalMs: number }) {
    const now = clock.now()
    this.#caller = caller
    this.#idleMs = limits.idleMs
    this.#endsAt = now + limits.totalMs
    this.#deadline = Math.min(now + limits.firstMs, this.#endsAt)
    caller.addEventListener('abort', this.#leave)
    this.#watch()
    if (caller.aborted) this.leave()
  }

  /** Aborts when time is up or the caller has left. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Why the signal was aborted, or undefined. */
  get stopped(): StopReason | undefined {
    return this.#reason
  }

  /** Content has come: from now on it is the silence between two events that is timed. */
  begin(): void {
    this.#hasBegun = true
    this.heard()
  }

  /** The provider has said something. */
  heard(): void {
    if (this.#hasBegun) this.#allow(this.#idleMs)
  }

  /** We wait for the caller to read: only the whole call's time runs, and it is the caller's. */
  callersTurn(): void {
    this.#isCallersTurn = true
    this.#deadline = this.#endsAt
  }

  /** The caller has read; the provider is timed again. */
  providersTurn(): void {
    this.#isCallersTurn = false
    this.heard()
  }

  /** The provider has said its last; only its connection is left to close. */
  closing(): void {
    this.#hasBegun = false
    this.#allow(CLOSING_MS)
  }

  /** The caller is known to have left. */
  leave(): void {
    this.#stop('caller-left')
  }

  /** Lets go of the timer and of the caller's signal. */
  end(): void {
    clearTimeout(this.#timer)
    this.#caller.removeEventListener('abort', this.#leave)
  }

  #allow(ms: number): void {
    this.#deadline = Math.min(clock.now() + ms, this.#endsAt)
  }

  #watch(): void {
    const leftMs = this.#deadline - clock.now()
    if (leftMs > 0) this.#timer = setTimeout(() => this.#watch(), leftMs)
    else this.#stop(this.#isCallersTurn ? 'caller-left' : 'timeout')
  }

  #stop(reason: StopReason): void {
    if (this.#reason) return
    this.#reason = reason
    this.end()
    this.#abort.abort(new Error(reason))
  }
}
