/** Money that goes back: refunds, and disputes with their fee. */
import type { Books } from './books.ts'
import { newDispute, newRefund } from './balance-shape.ts'
import { RefusedError } from './refused.ts'
import { type Charge, type Dispute, type Refund } from './things.ts'

/** Of every dispute, whoever wins it (https://support.stripe.com/questions/june-2025-pricing-updates-for-disputes). */
const DISPUTE_FEE_CENTS = 1_500

export type RefundAsked = {
  amount?: number | undefined
  reason?: string | undefined
  metadata?: Record<string, string>
}

/** Throws Stripe's refusal if the charge is disputed, or less is left of it. */
export function refund(books: Books, charge: Charge, { amount: asked, reason, metadata }: RefundAsked): Refund {
  const left = charge.amount_captured - charge.amount_refunded
  const amount = asked ?? left
  const { id } = charge
  if (books.disputes.all().some((dispute) => dispute.charge === id && dispute.status !== 'won'))
    throw new RefusedError(`Charge ${id} has been charged back; cannot issue a refund.`, 'charge', 'charge_disputed')
  if (left === 0) throw new RefusedError(`Charge ${id} has already been refunded.`, 'charge', 'charge_already_refunded')
  if (amount > left)
    throw new RefusedError(
      `Refund amount (${dollars(amount)}) is greater than unrefunded amount on charge (${dollars(left)})`,
      'amount',
    )
  const made = newRefund({ charge, amount, reason: reason ?? null, metadata: metadata ?? {} })
  const transaction = books.book({
    type: 'refund',
    amount: -amount,
    currency: charge.currency,
    source: made.id,
    fee: 0,
    reporting_category: 'refund',
  })
  const booked = books.put(books.refunds, { ...made, balance_transaction: transaction.id }, 'refund.created')
  const refunded = charge.amount_refunded + amount
  const changed = { ...charge, amount_refunded: refunded, refunded: refunded === charge.amount_captured }
  books.put(books.charges, changed, 'charge.refunded')
  books.tell('refund.updated', booked)
  return booked
}

/** A refund that the buyer's bank has sent back: the money is ours again. */
export function failRefund(books: Books, id: string): Refund {
  const known = books.refunds.get(id)
  const charge = typeof known?.charge === 'string' ? books.charges.get(known.charge) : undefined
  if (!known || !charge) throw new RefusedError(`No such refund: '${id}'`, 'id', 'resource_missing', 404)
  if (known.status === 'failed') return known
  const transaction = books.book({
    type: 'refund_failure',
    amount: known.amount,
    currency: known.currency,
    source: id,
    fee: 0,
    reporting_category: 'refund_failure',
  })
  const failed: Refund = {
    ...known,
    status: 'failed',
    failure_reason: 'expired_or_canceled_card',
    failure_balance_transaction: transaction.id,
  }
  books.put(books.refunds, failed, 'refund.updated')
  books.tell('refund.failed', failed)
  const refunded = charge.amount_refunded - known.amount
  books.put(books.charges, { ...charge, amount_refunded: refunded, refunded: false }, 'charge.updated')
  return failed
}

/** The cardholder takes the money back through the bank. A charge is disputed once. */
export function dispute(books: Books, charge: Charge, asked: { amount?: number; reason?: string }): Dispute {
  const known = books.disputes.all().find((one) => one.charge === charge.id)
  if (known) return known
  const amount = asked.amount ?? charge.amount_captured - charge.amount_refunded
  const made = newDispute({ charge, amount, reason: asked.reason ?? 'fraudulent' })
  const withdrawn = books.book({
    type: 'adjustment',
    amount: -amount,
    currency: charge.currency,
    source: made.id,
    fee: DISPUTE_FEE_CENTS,
    reporting_category: 'dispute',
  })
  const opened = books.put(books.disputes, { ...made, balance_transactions: [withdrawn] }, 'charge.dispute.created')
  books.put(books.charges, { ...charge, disputed: true }, 'charge.updated')
  books.tell('charge.dispute.funds_withdrawn', opened)
  return opened
}

/** A dispute that is closed stays as it is. */
export function closeDispute(books: Books, id: string, outcome: 'won' | 'lost'): Dispute {
  const known = books.disputes.get(id)
  if (!known) throw new RefusedError(`No such dispute: '${id}'`, 'dispute', 'resource_missing', 404)
  if (known.status === 'won' || known.status === 'lost') return known
  if (outcome === 'lost') return books.put(books.disputes, { ...known, status: 'lost' }, 'charge.dispute.closed')
  const returned = books.book({
    type: 'adjustment',
    amount: known.amount,
    currency: known.currency,
    source: id,
    fee: 0,
    reporting_category: 'dispute_reversal',
  })
  const won: Dispute = { ...known, status: 'won', balance_transactions: [...known.balance_transactions, returned] }
  books.put(books.disputes, won, 'charge.dispute.funds_reinstated')
  books.tell('charge.dispute.closed', won)
  return won
}

function dollars(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`
}
