/** Bounded repetition of work that is safe to repeat. */

export type RetryOptions = {
  /** How many times in all, the first included. */
  attempts: number
  /** The pause before the second attempt, in milliseconds; it doubles from then on, with jitter of a half. */
  firstDelayMs: number
  /** Says whether this failure is worth another attempt; default: every one. */
  isWorthIt?: (thrown: unknown) => boolean
}

/** Runs `work` until it succeeds, at most `attempts` times; throws what the last attempt threw. `work` must be repeatable. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (thrown) {
      const isLast = attempt >= options.attempts
      if (isLast || options.isWorthIt?.(thrown) === false) throw thrown
      const delayMs = options.firstDelayMs * 2 ** (attempt - 1)
      await pause(delayMs / 2 + (Math.random() * delayMs) / 2)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
