/** A new balance transaction, and what takes money back, as the API shows them. */
import { type Charge, type Dispute, newId, type Refund, seconds, type Transaction } from './things.ts'

const AVAILABLE_AFTER_SECONDS = 2 * 24 * 60 * 60
const EVIDENCE_SECONDS = 14 * 24 * 60 * 60

export type TransactionInput = Pick<Transaction, 'amount' | 'currency' | 'type' | 'reporting_category'> & {
  source: string
  description: string
  fee: number
  feeDescription: string
}

export function newTransaction({ fee, feeDescription, ...given }: TransactionInput): Transaction {
  const created = seconds()
  return {
    ...given,
    id: newId('txn_3'),
    object: 'balance_transaction',
    available_on: created + AVAILABLE_AFTER_SECONDS,
    balance_type: 'payments',
    created,
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [
            {
              amount: fee,
              application: null,
              currency: given.currency,
              description: feeDescription,
              type: 'stripe_fee',
            },
          ],
    net: given.amount - fee,
    status: 'pending',
  }
}

export type RefundInput = Pick<Refund, 'amount' | 'reason' | 'metadata'> & { charge: Charge }

export function newRefund({ charge, ...given }: RefundInput): Refund {
  return {
    ...given,
    id: newId('re_3'),
    object: 'refund',
    balance_transaction: null,
    charge: charge.id,
    created: seconds(),
    currency: charge.currency,
    customer: null,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  }
}

export type DisputeInput = { charge: Charge; amount: number; reason: string }

export function newDispute({ charge, amount, reason }: DisputeInput): Dispute {
  const created = seconds()
  return {
    id: newId('du_1'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence_details: {
      due_by: created + EVIDENCE_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: charge.livemode,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason,
    status: 'needs_response',
  }
}
