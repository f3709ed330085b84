/**
 * Money that comes in. This room owns packages and top-ups, payments, and what was heard of them. It promises that a payment
 * counts exactly once and only as it was ordered, and that what goes back is taken back from whoever still has it. It never
 * believes a redirect, an unsigned word or an older truth, and asks nobody but the two providers.
 */
import { and, asc, desc, eq, sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { atMicros, micros, Micros, readCursor, toPage } from '../base/page.ts'
import { paymentReversals, payments } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { Payment } from './provider.ts'

export type Reversal = typeof paymentReversals.$inferSelect
/** A payment as we have it, with what went back of it, oldest first. */
export type Known = { payment: Payment; reversals: Reversal[] }

/** Refunds and disputes of one payment that are shown and followed. */
const REVERSALS_MAX = 200
const Place = z.tuple([Micros, z.uuid()])

/** Throws `notFound`. */
export async function known(env: Bindings, paymentId: string): Promise<Known> {
  const ofIt = eq(paymentReversals.paymentId, paymentId)
  const [[payment], reversals] = await reach(() =>
    db(env).batch([
      db(env).select().from(payments).where(eq(payments.id, paymentId)),
      db(env)
        .select()
        .from(paymentReversals)
        .where(ofIt)
        .orderBy(asc(paymentReversals.createdAt), asc(paymentReversals.id))
        .limit(REVERSALS_MAX),
    ]),
  )
  if (!payment) throw new AppError('notFound')
  return { payment, reversals }
}

/** Somebody's payment. Throws `notFound`, also for somebody else's. */
export async function ownPayment(env: Bindings, userId: string, paymentId: string): Promise<Known> {
  const found = await known(env, paymentId)
  if (found.payment.userId !== userId) throw new AppError('notFound')
  return found
}

export type PaymentFilter = {
  userId?: string | undefined
  status?: Payment['status'] | undefined
  method?: Payment['paymentMethod'] | undefined
}

/** A page of payments, newest first. */
export async function paymentsOf(
  env: Bindings,
  { userId, status, method }: PaymentFilter,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ items: Payment[]; next_cursor: string | null }> {
  const after = readCursor(cursor, Place)
  const isOlder: SQL | undefined =
    after && sql`(${payments.createdAt}, ${payments.id}) < (${atMicros(after[0])}, ${after[1]}::uuid)`
  const rows = await reach(() =>
    db(env)
      .select({ payment: payments, place: micros(payments.createdAt) })
      .from(payments)
      .where(
        and(
          userId === undefined ? undefined : eq(payments.userId, userId),
          status === undefined ? undefined : eq(payments.status, status),
          method === undefined ? undefined : eq(payments.paymentMethod, method),
          isOlder,
        ),
      )
      .orderBy(desc(payments.createdAt), desc(payments.id))
      .limit(limit + 1),
  )
  const page = toPage(rows, limit, ({ place, payment }) => [place, payment.id])
  return { ...page, items: page.items.map(({ payment }) => payment) }
}
