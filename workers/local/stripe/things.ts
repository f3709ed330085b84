/** Stripe's objects as its API shows them, typed by its SDK, with what a one-off card payment through Checkout fills in. */
import { randomBytes } from 'node:crypto'
import type { Stripe } from 'stripe'

export const API_VERSION = '2026-10-28.endive'
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const AVAILABLE_AFTER_SECONDS = 2 * 24 * 60 * 60
const EVIDENCE_SECONDS = 14 * 24 * 60 * 60

export type Session = Stripe.Checkout.Session
export type Intent = Stripe.PaymentIntent
export type Charge = Stripe.Charge
export type Refund = Stripe.Refund
export type Transaction = Stripe.BalanceTransaction
/** Evidence is uploaded in the dashboard, which is not modelled. */
export type Dispute = Omit<Stripe.Dispute, 'evidence'>
export type LineItem = Omit<Stripe.LineItem, 'price'> & { price: Omit<Stripe.Price, 'unit_amount_decimal'> }
export type Event = Omit<Stripe.EventBase, 'type' | 'data'> & { type: string; data: { object: { id: string } } }

export function newId(prefix: string, length = 24): string {
  return prefix + Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

/** Seconds since 1970, as everywhere in Stripe's API. */
export function seconds(): number {
  return Math.floor(Date.now() / 1_000)
}

export type SessionInput = {
  id: string
  url: string
  livemode: boolean
  amount: number
  currency: string
  success_url: string
  cancel_url: string | null
  client_reference_id: string | null
  customer_email: string | null
  metadata: Record<string, string>
  payment_method_types: string[]
  expires_at: number
}

export function newSession({ amount, ...given }: SessionInput): Session {
  return {
    ...given,
    object: 'checkout.session',
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: amount,
    amount_total: amount,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: seconds(),
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: null,
    customer_account: null,
    customer_creation: 'if_required',
    customer_details: null,
    discounts: [],
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    locale: null,
    managed_payments: null,
    mode: 'payment',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_status: 'unpaid',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    wallet_options: null,
  }
}

export type LineInput = { name: string; unitAmount: number; quantity: number; currency: string; livemode: boolean }

export function newLineItem({ name, unitAmount, quantity, currency, livemode }: LineInput): LineItem {
  const created = seconds()
  const amount = unitAmount * quantity
  return {
    id: newId('li_'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency,
    description: name,
    metadata: {},
    price: {
      id: newId('price_'),
      object: 'price',
      active: false,
      billing_scheme: 'per_unit',
      created,
      currency,
      custom_unit_amount: null,
      livemode,
      lookup_key: null,
      metadata: {},
      nickname: null,
      product: newId('prod_', 14),
      recurring: null,
      tax_behavior: 'unspecified',
      tiers_mode: null,
      transform_quantity: null,
      type: 'one_time',
      unit_amount: unitAmount,
    },
    quantity,
  }
}

export type IntentInput = Pick<Intent, 'livemode' | 'amount' | 'currency' | 'metadata' | 'payment_method_types'> & {
  description: string | null
}

export function newIntent(given: IntentInput): Intent {
  const id = newId('pi_3')
  return {
    ...given,
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: newId(`${id}_secret_`),
    confirmation_method: 'automatic',
    created: seconds(),
    customer: null,
    customer_account: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    managed_payments: null,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  }
}

/** `receipts`: where they are shown; null makes a charge that is declined. */
export type ChargeInput = { intent: Intent; email: string | null; receipts: string | null }

export function newCharge({ intent, email, receipts }: ChargeInput): Charge {
  const declined = receipts === null
  const id = newId('ch_3')
  return {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: declined ? 0 : intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: null, email, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: 'AGENTLINK',
    captured: !declined,
    created: seconds(),
    currency: intent.currency,
    customer: null,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: declined ? 'card_declined' : null,
    failure_message: declined ? 'Your card was declined.' : null,
    fraud_details: {},
    livemode: intent.livemode,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: {
      advice_code: declined ? 'try_again_later' : null,
      network_advice_code: null,
      network_decline_code: declined ? '01' : null,
      network_status: declined ? 'declined_by_network' : 'approved_by_network',
      reason: declined ? 'generic_decline' : null,
      risk_level: 'normal',
      seller_message: declined ? 'The bank did not return any further details with this decline.' : 'Payment complete.',
      type: declined ? 'issuer_declined' : 'authorized',
    },
    paid: !declined,
    payment_intent: intent.id,
    payment_method: newId('pm_1'),
    payment_method_details: {
      type: 'card',
      card: {
        amount_authorized: declined ? null : intent.amount,
        authorization_code: null,
        brand: 'visa',
        checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
        country: 'US',
        electronic_commerce_indicator: null,
        exp_month: 12,
        exp_year: 2034,
        fingerprint: newId('', 16),
        funding: 'credit',
        installments: null,
        last4: declined ? '0002' : '4242',
        mandate: null,
        network: 'visa',
        network_transaction_id: null,
        regulated_status: 'unregulated',
        three_d_secure: null,
        transaction_link_id: null,
        wallet: null,
      },
    },
    receipt_email: null,
    receipt_number: null,
    receipt_url: declined ? null : `${receipts}/${id}`,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: declined ? 'failed' : 'succeeded',
    transfer_data: null,
    transfer_group: null,
  }
}

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
