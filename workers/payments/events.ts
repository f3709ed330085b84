/** What providers tell us: kept as it came before anybody is answered, applied later, once each for ever. */
import { and, eq, isNull, lt, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { providerOf } from './providers.ts'
import { paymentEvents, payments } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { About, Heard, Method } from './provider.ts'

type PaymentEvent = typeof paymentEvents.$inferSelect

/** Events that nobody has applied for this long were lost on their way to the queue. */
const LOST_MS = 120_000
const TYPE_CHARS_MAX = 100

/** Keeps what a provider told, and sends it on its way; what was applied before is let be. Throws `storeUnavailable`. */
export async function receive(env: Bindings, method: Method, heard: Heard, body: string): Promise<void> {
  const { eventId, type } = heard
  const row = { provider: method, eventId, type: type.slice(0, TYPE_CHARS_MAX), body }
  const paymentId = await ourPayment(env, method, heard)
  const [kept] = await reach(() =>
    db(env)
      .insert(paymentEvents)
      .values({ ...row, paymentId })
      .onConflictDoUpdate({
        target: [paymentEvents.provider, paymentEvents.eventId],
        set: { eventId: sql`excluded.event_id` },
      })
      .returning({ id: paymentEvents.id, appliedAt: paymentEvents.appliedAt }),
  )
  if (!kept || kept.appliedAt !== null) return
  try {
    await env.PAYMENT_EVENTS.send({ version: 1, event: kept.id })
  } catch (thrown) {
    // It is kept: the poller sends it on.
    log.warn('payments.event_not_sent', { provider: method, error: describe(thrown) })
  }
}

/** An event by our id of it, or null. */
export async function eventOf(env: Bindings, id: string): Promise<PaymentEvent | null> {
  const [event] = await reach(() => db(env).select().from(paymentEvents).where(eq(paymentEvents.id, id)))
  return event ?? null
}

/** The payment that an event speaks of, looked for at its provider if we cannot tell; or null: none of ours. */
export async function paymentOf(env: Bindings, { provider: method, paymentId, body }: PaymentEvent) {
  if (paymentId !== null) return paymentId
  const provider = providerOf(method)
  const about = provider.heardIn(body)
  const known = await ourPayment(env, method, about)
  if (known !== null || about.reference === null) return known
  const named = await provider.paymentWith(env, about.reference)
  return named === null ? null : ourPayment(env, method, { paymentId: named, reference: null })
}

/** Notes that an event has been applied, and to which payment. */
export async function noteApplied(env: Bindings, id: string, paymentId: string | null): Promise<void> {
  const problem = paymentId === null ? 'about no payment of ours' : null
  await reach(() =>
    db(env)
      .update(paymentEvents)
      .set({ appliedAt: new Date(clock.now()), paymentId, problem })
      .where(and(eq(paymentEvents.id, id), isNull(paymentEvents.appliedAt))),
  )
}

/** Notes why an event could not be applied, for who looks at it meanwhile. */
export async function noteProblem(env: Bindings, id: string, problem: string): Promise<void> {
  await db(env).update(paymentEvents).set({ problem }).where(eq(paymentEvents.id, id))
}

/** Events that were kept and got lost before they were applied, oldest first. */
export async function lostEvents(env: Bindings, limit: number): Promise<string[]> {
  const isLost = and(isNull(paymentEvents.appliedAt), lt(paymentEvents.receivedAt, new Date(clock.now() - LOST_MS)))
  const rows = await reach(() =>
    db(env)
      .select({ id: paymentEvents.id })
      .from(paymentEvents)
      .where(isLost)
      .orderBy(paymentEvents.receivedAt)
      .limit(limit),
  )
  return rows.map(({ id }) => id)
}

/** The payment with this id, or this reference, if it is one of ours with this provider. */
async function ourPayment(env: Bindings, method: Method, { paymentId, reference }: About): Promise<string | null> {
  const isIt = paymentId === null ? reference && eq(payments.reference, reference) : eq(payments.id, paymentId)
  if (!isIt) return null
  const [row] = await reach(() =>
    db(env)
      .select({ id: payments.id })
      .from(payments)
      .where(and(isIt, eq(payments.paymentMethod, method)))
      .limit(1),
  )
  return row?.id ?? null
}
