/** Payments as admins see them: what is held, what was booked, what was heard; and the decisions that are theirs. */
import { Hono } from 'hono'
import { asc, eq } from 'drizzle-orm'
import * as z from 'zod'
import { admin } from '../auth/auth.ts'
import { db, reach } from '../base/db.ts'
import { pageOf, PageQuery } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { plainText } from '../base/text.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { amount, format } from '../money/amount.ts'
import { Dollars } from '../money/dollars.ts'
import { postingsOf } from '../money/ledger.ts'
import { accept, refund, refundable, type Cause } from './decide.ts'
import { Method, PaymentAnswer, ReversalAnswer, shown, Status } from './payment-answer.ts'
import { known, paymentsOf, type Known, type Reversal } from './payments.ts'
import { namedBy } from './reverse.ts'
import { paymentEvents } from './tables.ts'
import type { Context } from 'hono'
import type { User } from '../auth/auth.ts'
import type { AppContext, Bindings } from '../env.ts'
import type { Payment } from './provider.ts'

export const adminPayments = new Hono<AppContext>()
const route = routesOf(adminPayments, 'Administration')

const EVENTS_MAX = 100
const Reason = plainText(3, 500)
const RefundAmount = z
  .string()
  .regex(/^(?!0+(\.0+)?$)\d{1,5}(\.\d{1,2})?$/, 'must be a decimal string of dollars and whole cents above 0')

const AdminPayment = PaymentAnswer.extend({
  user_id: Id,
  is_live: z.boolean(),
  /** Why it is held or has failed. */
  problem: z.string().nullable(),
  /** What came in, where that is not the amount. */
  received_usd: Dollars.nullable(),
  provider_id: z.string().nullable(),
  reference: z.string().nullable(),
  fee_usd: Dollars.nullable(),
})

const InFull = AdminPayment.extend({
  refundable_usd: Dollars,
  reversals: z.array(
    ReversalAnswer.extend({
      source: z.string(),
      state: z.enum(['seen', 'applied', 'undone']),
      /** Who gave what. */
      taken_usd: Dollars.nullable(),
      creators_usd: Dollars.nullable(),
      margin_usd: Dollars.nullable(),
      loss_usd: Dollars.nullable(),
      late_usd: Dollars.nullable(),
      fee_usd: Dollars.nullable(),
    }),
  ),
  ledger: z.array(
    z.object({
      kind: z.string(),
      source: z.string(),
      posted_at: Moment,
      entries: z.array(z.object({ account: z.string(), amount: Dollars })),
    }),
  ),
  events: z.array(
    z.object({
      event_id: z.string(),
      type: z.string(),
      received_at: Moment,
      applied_at: Moment.nullable(),
      problem: z.string().nullable(),
    }),
  ),
})

route(
  'GET /api/v1/admin/payments',
  {
    summary: 'Payments, newest first',
    description: '`status=held` are those that wait for a decision.',
    who: admin('payments:manage'),
    query: PageQuery.extend({ status: Status.optional(), method: Method.optional(), user_id: Id.optional() }),
    answer: pageOf(AdminPayment),
  },
  async ({ env, query: { user_id: userId, status, method, ...page } }) => {
    const { items, next_cursor } = await paymentsOf(env, { userId, status, method }, page)
    return { items: items.map(shownToAdmin), next_cursor }
  },
)

route(
  'GET /api/v1/admin/payments/:id',
  {
    summary: 'One payment, with what was booked and what was heard of it',
    who: admin('payments:manage'),
    params: IdParams,
    answer: InFull,
    errors: ['notFound'],
  },
  async ({ env, params }) => inFull(env, await known(env, params.id)),
)

route(
  'POST /api/v1/admin/payments/:id/accept',
  {
    summary: 'Let a held payment count as what was ordered',
    description:
      'A package is credited as ordered: what is missing is the platform’s, what is too much becomes prepaid balance. A top-up is credited with what came in.',
    who: admin('payments:manage'),
    params: IdParams,
    body: z.object({ reason: Reason }),
    answer: InFull,
    errors: ['notFound', 'notHeld', 'checkoutUnavailable'],
  },
  async ({ c, env, me, params, body }) =>
    inFull(env, await accept(env, await known(env, params.id), causeOf(c, me, body.reason))),
)

route(
  'POST /api/v1/admin/payments/:id/refund',
  {
    summary: 'Send money back, all of it or an amount',
    description:
      'By the way it came. What it had paid for is taken back as far as it is unused, then from earnings that are not settled; the platform bears the rest. `refund_id` is yours to make: asked again with it, nothing more goes back.',
    who: admin('payments:manage'),
    params: IdParams,
    body: z.object({ refund_id: z.uuidv4(), amount_usd: RefundAmount.optional(), reason: Reason }),
    answer: InFull,
    errors: ['notFound', 'notPaid', 'refundRefused', 'idempotencyMismatch', 'checkoutUnavailable'],
  },
  async ({ c, env, me, params, body }) => {
    const asked = { id: body.refund_id, amount: body.amount_usd === undefined ? null : amount(body.amount_usd) }
    return inFull(env, await refund(env, await known(env, params.id), asked, causeOf(c, me, body.reason)))
  },
)

function causeOf(c: Context<AppContext>, actor: User, reason: string): Cause {
  return { actor, reason, requestId: c.var.requestId }
}

function shownToAdmin(payment: Payment): z.input<typeof AdminPayment> {
  const { userId, isLive, problem, receivedUsd, paymentId, reference, feeUsd } = payment
  return {
    ...shown(payment),
    user_id: userId,
    is_live: isLive,
    problem,
    received_usd: receivedUsd,
    provider_id: paymentId,
    reference,
    fee_usd: feeUsd,
  }
}

async function inFull(env: Bindings, found: Known): Promise<z.input<typeof InFull>> {
  const { payment, reversals } = found
  const [ledger, events] = await Promise.all([
    postingsOf(env, namedBy(found)),
    reach(() =>
      db(env)
        .select()
        .from(paymentEvents)
        .where(eq(paymentEvents.paymentId, payment.id))
        .orderBy(asc(paymentEvents.receivedAt))
        .limit(EVENTS_MAX),
    ),
  ])
  return {
    ...shownToAdmin(payment),
    refundable_usd: format(refundable(found)),
    reversals: reversals.map(shownReversal),
    ledger: ledger.map(({ kind, source, postedAt, entries }) => ({ kind, source, posted_at: postedAt, entries })),
    events: events.map(({ eventId, type, receivedAt, appliedAt, problem }) => ({
      event_id: eventId,
      type,
      received_at: receivedAt,
      applied_at: appliedAt,
      problem,
    })),
  }
}

function shownReversal(reversal: Reversal): z.input<typeof InFull>['reversals'][number] {
  const { id, kind, source, state, outcome, amountUsd, createdAt } = reversal
  return {
    id,
    kind,
    source,
    state,
    outcome,
    amount_usd: amountUsd,
    created_at: createdAt,
    taken_usd: reversal.takenUsd,
    creators_usd: reversal.creatorsUsd,
    margin_usd: reversal.marginUsd,
    loss_usd: reversal.lossUsd,
    late_usd: reversal.lateUsd,
    fee_usd: reversal.feeUsd,
  }
}
