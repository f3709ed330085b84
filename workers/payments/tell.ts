/** What the buyer is told, as events: at least once each, under an id that is made of what happened. */
import { and, eq, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { idFrom } from '../base/ids.ts'
import { amount, format } from '../money/amount.ts'
import { emit } from '../webhooks/webhooks.ts'
import { paymentReversals, payments } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { Reversal } from './payments.ts'
import type { Payment } from './provider.ts'

/** Whether a payment has come to something that its owner has not been told. */
export function wantsTelling(payment: Payment): boolean {
  const news = newsOf(payment)
  return news !== null && news !== payment.told
}

/** Tells how a payment ended. */
export async function tellPayment(env: Bindings, payment: Payment): Promise<void> {
  const { id, userId, amountUsd, quotaPurchased: calls, problem } = payment
  const news = newsOf(payment)
  if (news === null) return
  const about = { payment_id: id, amount_usd: format(amount(amountUsd)) }
  const event = { v: 1, id: await idFrom('payment', id, news), userId, at: clock.now() } as const
  await emit(env, [
    news === 'completed'
      ? { ...event, type: 'payment.succeeded', data: { ...about, calls } }
      : { ...event, type: 'payment.failed', data: { ...about, reason: problem ?? 'failed' } },
  ])
  await reach(() => db(env).update(payments).set({ told: news }).where(eq(payments.id, id)))
}

/** Whether a reversal has come to something that the payment's owner has not been told. */
export function wantsReversalTelling(reversal: Reversal): boolean {
  return reversal.appliedAt !== null && reversal.told !== statusOf(reversal)
}

/** Tells what has become of a refund or dispute. */
export async function tellReversal(env: Bindings, { id, userId }: Payment, reversal: Reversal): Promise<void> {
  const status = statusOf(reversal)
  const about = { payment_id: id, amount_usd: format(amount(reversal.amountUsd)) }
  const event = { v: 1, id: await idFrom('payment.reversal', reversal.id, status), userId, at: clock.now() } as const
  await emit(env, [
    status === 'refunded' || status === 'failed'
      ? { ...event, type: 'payment.refunded', data: { ...about, status } }
      : { ...event, type: 'payment.disputed', data: { ...about, status } },
  ])
  const isStill = and(eq(paymentReversals.id, reversal.id), sql`${paymentReversals.told} IS DISTINCT FROM ${status}`)
  await reach(() => db(env).update(paymentReversals).set({ told: status }).where(isStill))
}

function newsOf({ status, creditedAt }: Payment): 'completed' | 'failed' | null {
  if (creditedAt !== null) return 'completed'
  return status === 'failed' ? 'failed' : null
}

/** A refund that is on its way and one that has arrived are the same news. */
function statusOf({ outcome }: Reversal): 'refunded' | 'failed' | 'open' | 'won' | 'lost' {
  return outcome === 'pending' || outcome === 'done' ? 'refunded' : outcome
}
