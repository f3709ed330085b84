/** How long to wait before the next attempt. */

const JITTER = 0.2
/** What a receiver may ask for at most; longer, and the delivery would be forgotten before it is over. */
const RETRY_AFTER_SECONDS_MAX = 3_600

/**
 * Whole seconds between failed attempt `attempt` (from 1) and the next one: what `schedule` says, more or less a fifth so
 * that many that failed together do not come back together, or what the receiver asked for if that is longer. `chance` is
 * a number in [0, 1).
 */
export function delayOf(
  attempt: number,
  schedule: readonly number[],
  chance: number,
  retryAfterSeconds: number | null,
): number {
  const standard = (schedule[attempt - 1] ?? 0) * (1 - JITTER + 2 * JITTER * chance)
  return Math.max(Math.round(standard), Math.min(retryAfterSeconds ?? 0, RETRY_AFTER_SECONDS_MAX))
}
