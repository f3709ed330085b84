/** A payment as it is shown to who made it. */
import * as z from 'zod'
import { Id, Moment } from '../base/wire.ts'
import { Dollars } from '../money/dollars.ts'
import { PACKAGE_NAMES } from './packages.ts'
import { METHODS } from './providers.ts'
import type { Known, Reversal } from './payments.ts'
import type { Payment } from './provider.ts'

export const Status = z.enum(['pending', 'held', 'completed', 'failed', 'refunded', 'disputed'])
export const Method = z.enum(METHODS)

export const PaymentAnswer = z.object({
  id: Id,
  status: Status,
  method: Method,
  package: z.enum(PACKAGE_NAMES).nullable().describe('Null: a top-up of the prepaid balance.'),
  calls: z.int(),
  amount_usd: Dollars,
  currency: z.string(),
  /** What went back, and what a bank has taken back for as long as a dispute is open or lost. */
  refunded_usd: Dollars,
  disputed_usd: Dollars,
  /** Where it can be paid; null once that is over. */
  checkout_url: z.string().nullable(),
  expires_at: Moment.nullable(),
  created_at: Moment,
  completed_at: Moment.nullable(),
  credited: z.boolean().describe('Whether what was bought is on the account.'),
})

export const ReversalAnswer = z.object({
  id: Id,
  kind: z.enum(['refund', 'dispute']),
  amount_usd: Dollars,
  outcome: z.enum(['pending', 'done', 'failed', 'open', 'won', 'lost']),
  created_at: Moment,
})

export const PaymentInFull = PaymentAnswer.extend({ reversals: z.array(ReversalAnswer) })

export function shown(payment: Payment): z.input<typeof PaymentAnswer> {
  const { id, status, paymentMethod, quotaPurchased, currency, creditedAt } = payment
  return {
    id,
    status,
    method: paymentMethod,
    package: payment.package,
    calls: quotaPurchased,
    amount_usd: payment.amountUsd,
    currency,
    refunded_usd: payment.refundedUsd,
    disputed_usd: payment.disputedUsd,
    checkout_url: status === 'pending' ? payment.checkoutUrl : null,
    expires_at: payment.expiresAt,
    created_at: payment.createdAt,
    completed_at: payment.completedAt,
    credited: creditedAt !== null,
  }
}

export function shownInFull({ payment, reversals }: Known): z.input<typeof PaymentInFull> {
  return { ...shown(payment), reversals: reversals.map(shownReversal) }
}

function shownReversal({ id, kind, amountUsd, outcome, createdAt }: Reversal): z.input<typeof ReversalAnswer> {
  return { id, kind, amount_usd: amountUsd, outcome, created_at: createdAt }
}
