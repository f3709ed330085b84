/**
 * The circuit breaker of one provider and model, as a pure state machine.
 *
 *     closed ──enough failures in the window──▶ open ──30 s──▶ half-open ──all probes well──▶ closed
 *                                                ▲                  │
 *                                                └────one fails─────┘
 *
 * Only 5xx, timeouts and malformed or truncated answers are failures; 4xx, 429 and callers who leave are not outcomes at
 * all. Invariants: no call while open; in half-open at most `PROBES` calls are let through, however many wait.
 */

/** The window over which failures are counted. */
export const WINDOW_MS = 10_000
/** The share of failures that opens the breaker. */
export const FAILURE_RATIO = 0.5
/** Fewer calls than this in the window say nothing. */
export const VOLUME_MIN = 10
/** How long an open breaker refuses. */
export const OPEN_MS = 30_000
/** How many calls half-open lets through, and how many have to go well. */
export const PROBES = 5
/** A probe whose end is never told counts as failed after this time: longer than a call can run. */
const PROBE_LOST_MS = 360_000

const BUCKET_MS = 1_000

type Bucket = { startsAt: number; successes: number; failures: number }

export type BreakerState =
  | { state: 'closed'; buckets: Bucket[] }
  | { state: 'open'; until: number }
  | { state: 'half-open'; probesGiven: number; probesWell: number; since: number }

export const CLOSED: BreakerState = { state: 'closed', buckets: [] }

/** Notes outcomes of calls that were let through while closed. */
export function report(
  breaker: BreakerState,
  outcomes: { successes: number; failures: number },
  now: number,
): BreakerState {
  if (breaker.state !== 'closed') return breaker
  const buckets = breaker.buckets.filter((bucket) => bucket.startsAt + WINDOW_MS > now)
  const startsAt = Math.floor(now / BUCKET_MS) * BUCKET_MS
  const current = buckets.find((bucket) => bucket.startsAt === startsAt) ?? { startsAt, successes: 0, failures: 0 }
  const counted = {
    startsAt,
    successes: current.successes + outcomes.successes,
    failures: current.failures + outcomes.failures,
  }
  const kept = [...buckets.filter((bucket) => bucket !== current), counted]
  const failures = kept.reduce((sum, bucket) => sum + bucket.failures, 0)
  const total = kept.reduce((sum, bucket) => sum + bucket.failures + bucket.successes, 0)
  const isBroken = total >= VOLUME_MIN && failures / total >= FAILURE_RATIO
  return isBroken ? { state: 'open', until: now + OPEN_MS } : { state: 'closed', buckets: kept }
}

/** The breaker at this time: open turns half-open when its time is up, and lost probes count as failed. */
export function at(breaker: BreakerState, now: number): BreakerState {
  if (breaker.state === 'open' && breaker.until <= now)
    return { state: 'half-open', probesGiven: 0, probesWell: 0, since: now }
  if (breaker.state === 'half-open' && breaker.since + PROBE_LOST_MS <= now)
    return { state: 'open', until: now + OPEN_MS }
  return breaker
}

/** Whether a probe may go, and the breaker after that. */
export function takeProbe(breaker: BreakerState): { isAllowed: boolean; breaker: BreakerState } {
  if (breaker.state === 'closed') return { isAllowed: true, breaker }
  if (breaker.state === 'open' || breaker.probesGiven >= PROBES) return { isAllowed: false, breaker }
  return { isAllowed: true, breaker: { ...breaker, probesGiven: breaker.probesGiven + 1 } }
}

/** Notes how a probe ended; one that says nothing (the caller left, a 4xx) gives its place back. */
export function reportProbe(breaker: BreakerState, outcome: 'success' | 'failure' | 'none', now: number): BreakerState {
  if (breaker.state !== 'half-open') return breaker
  if (outcome === 'failure') return { state: 'open', until: now + OPEN_MS }
  if (outcome === 'none') return { ...breaker, probesGiven: breaker.probesGiven - 1 }
  const probesWell = breaker.probesWell + 1
  return probesWell >= PROBES ? CLOSED : { ...breaker, probesWell }
}

/** How long a refused caller should wait, in milliseconds. */
export function retryAfterMs(breaker: BreakerState, now: number): number {
  return breaker.state === 'open' ? Math.max(0, breaker.until - now) : 1_000
}
