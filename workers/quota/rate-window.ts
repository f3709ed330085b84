/** A rolling window of 60 seconds over the admissions of one account, exact to the millisecond. */
import type { RateState } from './protocol.ts'

export const WINDOW_MS = 60_000

export class RateWindow {
  /** Times of admission in rising order; those before `#first` have left the window. */
  #times: number[] = []
  #first = 0

  /** Notes an admission. Times must not fall. */
  add(now: number): void {
    this.#times.push(now)
  }

  /** How many more may be admitted now, and when the oldest admission leaves the window. */
  state(now: number, limit: number): RateState {
    this.#forget(now)
    const oldest = this.#times[this.#first]
    const remaining = Math.max(0, limit - (this.#times.length - this.#first))
    return { limit, remaining, resetMs: oldest === undefined ? 0 : oldest + WINDOW_MS - now }
  }

  /** How long until another admission is possible, if none is now: when enough of the oldest have left. */
  waitMs(now: number, limit: number): number {
    this.#forget(now)
    const blocking = this.#times[Math.max(this.#first, this.#times.length - limit)]
    return blocking === undefined ? 0 : blocking + WINDOW_MS - now
  }

  #forget(now: number): void {
    while (this.#first < this.#times.length && (this.#times[this.#first] ?? 0) + WINDOW_MS <= now) this.#first++
    if (this.#first < 1024) return
    this.#times = this.#times.slice(this.#first)
    this.#first = 0
  }
}
