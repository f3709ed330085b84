/** When to ask a provider again of a payment, if nobody tells us anything: soon while it is new, ever less often later. */
import type { Known } from './payments.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Cardholders have about 120 days for a dispute. */
const WATCHED_MS = 128 * DAY_MS
/** How long a payment that failed is looked at, should it be paid after all. */
const FAILED_MS = 3 * DAY_MS

/** The next time, or null: not any more. */
export function checkTime({ payment, reversals }: Known, now: number): Date | null {
  const ageMs = now - payment.createdAt.getTime()
  const waits = reversals.flatMap(({ state, outcome, lateUsd }) => {
    if (state === 'applied' && lateUsd === null) return [2 * MINUTE_MS]
    if (outcome === 'pending') return [HOUR_MS]
    return outcome === 'open' ? [6 * HOUR_MS] : []
  })
  const own = ownWait(payment.status, ageMs)
  const soonest = Math.min(...waits, own)
  return Number.isFinite(soonest) ? new Date(now + soonest) : null
}

function ownWait(status: Known['payment']['status'], ageMs: number): number {
  if (status === 'pending') return ageMs < 10 * MINUTE_MS ? MINUTE_MS : ageMs < 2 * HOUR_MS ? 10 * MINUTE_MS : HOUR_MS
  if (status === 'failed') return ageMs < FAILED_MS ? DAY_MS : Infinity
  return ageMs < WATCHED_MS ? Math.max(DAY_MS, ageMs) : Infinity
}
