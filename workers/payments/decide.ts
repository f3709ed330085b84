/** What admins decide about payments. Each decision is in the audit log before anything comes of it. */
import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import { audited, type AuditEntry } from '../auth/audit.ts'
import { auditLog } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db, isUnchanged, mustChange, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { add, amount, format, subtract, ZERO, type Amount } from '../money/amount.ts'
import { providerOf } from './providers.ts'
import { sync } from './sync.ts'
import { payments } from './tables.ts'
import { isEffective } from './provider.ts'
import type { Bindings } from '../env.ts'
import type { Known } from './payments.ts'

/** Who decides, why, and in which request. */
export type Cause = Required<Pick<AuditEntry, 'actor' | 'reason' | 'requestId'>>

/** When the poller looks whether a refund has been noted, should this request not come to that. */
const CHECK_MS = 60_000

/** Lets a held payment count as what was ordered. Throws `notHeld`, also for money that the ledger cannot count. */
export async function accept(env: Bindings, { payment }: Known, cause: Cause): Promise<Known> {
  const { id, problem, receivedUsd, amountUsd } = payment
  const change = db(env)
    .update(payments)
    .set({ acceptedAt: new Date(clock.now()) })
    .where(
      and(
        eq(payments.id, id),
        eq(payments.status, 'held'),
        isNotNull(payments.receivedUsd),
        isNull(payments.acceptedAt),
        eq(payments.refundedUsd, '0'),
      ),
    )
    .returning({ id: payments.id })
  const details = { problem, ordered_usd: amountUsd, received_usd: receivedUsd }
  const line = audited(env, { action: 'payment.accept', subject: { type: 'payment', id }, details, ...cause })
  try {
    await reach(() => db(env).batch([mustChange(env, change), line]))
  } catch (thrown) {
    if (!isUnchanged(thrown)) throw thrown
    throw new AppError('notHeld')
  }
  return sync(env, id)
}

/**
 * Sends money back by the provider, all that is left without an amount. Repeatable by the refund's id. Throws `notPaid`,
 * `idempotencyMismatch` for another amount under the same id, and `refundRefused` for more than is left or while the payment
 * is disputed.
 */
export async function refund(
  env: Bindings,
  known: Known,
  { id: refundId, amount: asked }: { id: string; amount: Amount | null },
  cause: Cause,
): Promise<Known> {
  const { payment } = known
  const { id, paymentId, paymentMethod } = payment
  if (paymentId === null || (payment.completedAt === null && payment.status !== 'held')) throw new AppError('notPaid')
  const left = refundable(known)
  const decided = await decidedAmount(env, id, refundId)
  if (decided !== null && asked !== null && decided !== asked) throw new AppError('idempotencyMismatch')
  const value = decided ?? asked ?? left
  const details = { refund: refundId, amount_usd: format(value) }
  await reach(() =>
    db(env).batch([
      audited(env, { action: 'payment.refund', subject: { type: 'payment', id }, details, ...cause }),
      db(env)
        .update(payments)
        .set({ checkAt: new Date(clock.now() + CHECK_MS) })
        .where(eq(payments.id, id)),
    ]),
  )
  // Whether so much is left is the provider's to say: a refund that is asked for again is in it already.
  if (value === ZERO) throw new AppError('refundRefused', { details: { refundable_usd: format(left) } })
  try {
    await providerOf(paymentMethod).refund(env, { ...payment, paymentId }, { id: refundId, amount: value })
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.kind !== 'refundRefused') throw thrown
    throw new AppError('refundRefused', { cause: thrown, details: { refundable_usd: format(left) } })
  }
  return sync(env, id)
}

/** What was decided under this refund's id before, or null. */
async function decidedAmount(env: Bindings, paymentId: string, refundId: string): Promise<Amount | null> {
  const [line] = await reach(() =>
    db(env)
      .select({ value: sql<string>`${auditLog.details} ->> 'amount_usd'` })
      .from(auditLog)
      .where(
        and(
          eq(auditLog.subjectType, 'payment'),
          eq(auditLog.subjectId, paymentId),
          eq(auditLog.action, 'payment.refund'),
          sql`${auditLog.details} ->> 'refund' = ${refundId}`,
        ),
      )
      .limit(1),
  )
  return line ? amount(line.value) : null
}

/** What has not gone back of a payment, nor is on its way. */
export function refundable({ payment, reversals }: Known): Amount {
  const back = reversals.filter(({ outcome }) => isEffective(outcome)).map(({ amountUsd }) => amount(amountUsd))
  const left = subtract(amount(payment.receivedUsd ?? payment.amountUsd), back.reduce(add, ZERO))
  return left > ZERO ? left : ZERO
}
