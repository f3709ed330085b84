/**
 * The state machine of a one-off payment at Stripe: session, payment intent, charge, refunds, dispute, each step with its balance
 * transaction and its events. Steps that have been taken are not taken again, whoever clicks twice.
 */
import type { Courier } from '../courier.ts'
import type { Shelves } from '../shelves.ts'
import { RefusedError } from './refused.ts'
import {
  API_VERSION,
  type Charge,
  type Dispute,
  type Event,
  type Intent,
  type LineItem,
  newCharge,
  newDispute,
  newId,
  newIntent,
  newRefund,
  newTransaction,
  type Refund,
  seconds,
  type Session,
  type Transaction,
} from './things.ts'

/** Of every card payment: 2.9 % and 30 cents (https://stripe.com/pricing). A refund does not give it back. */
const FEE_PERCENT = 2.9
const FEE_CENTS = 30
/** Of every dispute, kept whoever wins it. */
const DISPUTE_FEE_CENTS = 1_500
const EVENTS_MAX = 10_000

/** `later`: a method that takes days, such as a bank debit; `settle` says how it ended. */
export type How = 'card' | 'decline' | 'later'

/** What a session was made with that its API does not show. */
type Order = { items: LineItem[]; intentMetadata: Record<string, string>; description: string | null }

export class Till {
  readonly sessions
  readonly orders
  readonly intents
  readonly charges
  readonly refunds
  readonly disputes
  readonly transactions
  readonly events
  readonly #courier: Courier
  readonly #receiptsUrl: () => string

  constructor(shelves: Shelves, courier: Courier, receiptsUrl: () => string) {
    this.sessions = shelves.of<Session>('sessions')
    this.orders = shelves.of<Order>('orders')
    this.intents = shelves.of<Intent>('intents')
    this.charges = shelves.of<Charge>('charges')
    this.refunds = shelves.of<Refund>('refunds')
    this.disputes = shelves.of<Dispute>('disputes')
    this.transactions = shelves.of<Transaction>('transactions')
    this.events = shelves.of<Event>('events')
    this.#courier = courier
    this.#receiptsUrl = receiptsUrl
  }

  open(session: Session, order: Order): Session {
    this.orders.put(session.id, order)
    return this.sessions.put(session.id, session)
  }

  /** What happens when somebody presses "Pay". A session that is not open any more stays as it is. */
  pay(id: string, how: How): Session {
    const session = this.session(id)
    if (session.status !== 'open') return session
    const intent = this.#intentOf(session)
    if (how === 'decline') return this.#decline(session, intent)
    if (how === 'card') return this.#complete(session, this.#charge(session, intent))
    this.#put(this.intents, { ...intent, status: 'processing' }, 'payment_intent.processing')
    return this.#complete(session, null)
  }

  /** The end of a payment that was made with a slow method. */
  settle(id: string, succeeded: boolean): Session {
    const session = this.session(id)
    const intent = this.#intentOf(session)
    if (intent.status !== 'processing') return session
    const type = `checkout.session.async_payment_${succeeded ? 'succeeded' : 'failed'}`
    if (!succeeded) {
      this.#put(this.intents, { ...intent, status: 'requires_payment_method' }, 'payment_intent.payment_failed')
      return this.#put(this.sessions, session, type)
    }
    this.#charge(session, intent)
    return this.#put(this.sessions, { ...session, payment_status: 'paid' }, type)
  }

  expire(id: string): Session {
    const session = this.session(id)
    if (session.status !== 'open') return session
    return this.#put(this.sessions, { ...session, status: 'expired', url: null }, 'checkout.session.expired')
  }

  /** Expires what nobody has paid in time. */
  expireDue(): void {
    for (const { id, status, expires_at } of this.sessions.all())
      if (status === 'open' && expires_at <= seconds()) this.expire(id)
  }

  refund(
    charge: Charge,
    asked: { amount?: number | undefined; reason?: string | undefined; metadata?: Record<string, string> },
  ): Refund {
    const left = charge.amount_captured - charge.amount_refunded
    const amount = asked.amount ?? left
    if (this.disputes.all().some((dispute) => dispute.charge === charge.id && dispute.status !== 'won'))
      throw new RefusedError(
        `Charge ${charge.id} has been charged back; cannot issue a refund.`,
        'charge',
        'charge_disputed',
      )
    if (left === 0)
      throw new RefusedError(`Charge ${charge.id} has already been refunded.`, 'charge', 'charge_already_refunded')
    if (amount > left)
      throw new RefusedError(
        `Refund amount (${dollars(amount)}) is greater than unrefunded amount on charge (${dollars(left)})`,
        'amount',
      )
    const transaction = this.#book({
      type: 'refund',
      amount: -amount,
      currency: charge.currency,
      source: '',
      fee: 0,
      reporting_category: 'refund',
    })
    const refund = newRefund({
      charge,
      amount,
      reason: (asked.reason ?? null) as Refund['reason'],
      metadata: asked.metadata ?? {},
      transaction: transaction.id,
    })
    this.transactions.put(transaction.id, { ...transaction, source: refund.id })
    const refunded = charge.amount_refunded + amount
    this.#put(this.refunds, refund, 'refund.created')
    this.#put(
      this.charges,
      { ...charge, amount_refunded: refunded, refunded: refunded === charge.amount_captured },
      'charge.refunded',
    )
    this.#tell('refund.updated', refund)
    return refund
  }

  /** The cardholder takes the money back through the bank. */
  dispute(charge: Charge, asked: { amount?: number | undefined; reason?: string | undefined }): Dispute {
    const known = this.disputes.all().find((dispute) => dispute.charge === charge.id)
    if (known) return known
    const amount = asked.amount ?? charge.amount_captured - charge.amount_refunded
    const opened = newDispute({ charge, amount, reason: asked.reason ?? 'fraudulent' })
    const withdrawal = this.#book({
      type: 'adjustment',
      amount: -amount,
      currency: charge.currency,
      source: opened.id,
      fee: DISPUTE_FEE_CENTS,
      reporting_category: 'dispute',
    })
    const dispute = { ...opened, balance_transactions: [withdrawal] }
    this.#put(this.disputes, dispute, 'charge.dispute.created')
    this.#put(this.charges, { ...charge, disputed: true }, 'charge.updated')
    this.#tell('charge.dispute.funds_withdrawn', dispute)
    return dispute
  }

  closeDispute(id: string, outcome: 'won' | 'lost'): Dispute {
    const dispute = this.disputes.get(id)
    if (!dispute) throw new RefusedError(`No such dispute: '${id}'`, 'dispute', 'resource_missing', 404)
    if (dispute.status === 'won' || dispute.status === 'lost') return dispute
    if (outcome === 'lost') return this.#put(this.disputes, { ...dispute, status: 'lost' }, 'charge.dispute.closed')
    const returned = this.#book({
      type: 'adjustment',
      amount: dispute.amount,
      currency: dispute.currency,
      source: id,
      fee: 0,
      reporting_category: 'dispute_reversal',
    })
    const won: Dispute = {
      ...dispute,
      status: 'won',
      balance_transactions: [...dispute.balance_transactions, returned],
    }
    this.disputes.put(id, won)
    this.#tell('charge.dispute.funds_reinstated', won)
    this.#tell('charge.dispute.closed', won)
    return won
  }

  session(id: string): Session {
    const session = this.sessions.get(id)
    if (session) return session
    throw new RefusedError(`No such checkout.session: ${id}`, 'session', 'resource_missing', 404)
  }

  #intentOf(session: Session): Intent {
    const known = typeof session.payment_intent === 'string' ? this.intents.get(session.payment_intent) : undefined
    if (known) return known
    const order = this.orders.get(session.id)
    const intent = newIntent({
      livemode: session.livemode,
      amount: session.amount_total ?? 0,
      currency: session.currency ?? 'usd',
      metadata: order?.intentMetadata ?? {},
      payment_method_types: session.payment_method_types,
      description: order?.description ?? null,
    })
    this.sessions.put(session.id, { ...session, payment_intent: intent.id })
    return this.#put(this.intents, intent, 'payment_intent.created')
  }

  #decline(session: Session, intent: Intent): Session {
    const charge = newCharge({
      intent,
      email: session.customer_email,
      receiptsUrl: this.#receiptsUrl(),
      declined: true,
    })
    this.#put(this.charges, charge, 'charge.failed')
    const error = {
      type: 'card_error' as const,
      code: 'card_declined',
      decline_code: 'generic_decline',
      message: 'Your card was declined.',
      charge: charge.id,
    }
    this.#put(
      this.intents,
      { ...intent, latest_charge: charge.id, last_payment_error: error as Intent['last_payment_error'] },
      'payment_intent.payment_failed',
    )
    return this.session(session.id)
  }

  #charge(session: Session, intent: Intent): Charge {
    const charge = newCharge({
      intent,
      email: session.customer_email,
      receiptsUrl: this.#receiptsUrl(),
      declined: false,
    })
    const transaction = this.#book({
      type: 'charge',
      amount: charge.amount,
      currency: charge.currency,
      source: charge.id,
      fee: Math.round((charge.amount * FEE_PERCENT) / 100) + FEE_CENTS,
      reporting_category: 'charge',
    })
    const paid = { ...charge, balance_transaction: transaction.id }
    this.#put(this.charges, paid, 'charge.succeeded')
    this.#put(
      this.intents,
      {
        ...intent,
        status: 'succeeded',
        amount_received: intent.amount,
        latest_charge: charge.id,
        payment_method: charge.payment_method,
        last_payment_error: null,
      },
      'payment_intent.succeeded',
    )
    return paid
  }

  #complete({ id }: Session, charge: Charge | null): Session {
    const session = this.session(id)
    const email = session.customer_email ?? 'buyer@example.com'
    return this.#put(
      this.sessions,
      {
        ...session,
        status: 'complete',
        payment_status: charge ? 'paid' : 'unpaid',
        url: null,
        customer_details: {
          address: null,
          business_name: null,
          email,
          individual_name: null,
          name: null,
          phone: null,
          tax_exempt: 'none',
          tax_ids: [],
        },
      },
      'checkout.session.completed',
    )
  }

  #book(
    given: Pick<Transaction, 'type' | 'amount' | 'currency' | 'fee' | 'reporting_category'> & { source: string },
  ): Transaction {
    const descriptions: Record<string, string> = { charge: 'Payment', refund: 'Refund', adjustment: 'Chargeback' }
    const transaction = newTransaction({
      ...given,
      description: descriptions[given.type] ?? given.type,
      feeDescription: given.type === 'charge' ? 'Stripe processing fees' : 'Dispute fee',
    })
    return this.transactions.put(transaction.id, transaction)
  }

  #put<T extends { id: string }>(shelf: { put(id: string, thing: T): T }, thing: T, type: string): T {
    shelf.put(thing.id, thing)
    this.#tell(type, thing)
    return thing
  }

  #tell(type: string, thing: object): void {
    const event: Event = {
      id: newId('evt_1'),
      object: 'event',
      api_version: API_VERSION,
      created: seconds(),
      data: { object: structuredClone(thing) as Event['data']['object'] },
      livemode: (thing as { livemode?: boolean }).livemode ?? this.#livemodeOf(thing),
      pending_webhooks: 1,
      request: { id: newId('req_', 14), idempotency_key: null },
      type,
    }
    this.events.put(event.id, event)
    for (const old of this.events.all().slice(0, -EVENTS_MAX)) this.events.remove(old.id)
    // Stripe's webhooks come indented: whoever checks a signature over JSON written anew, fails.
    this.#courier.send({
      event: event.id,
      type,
      about: this.#allIdsOf(thing),
      body: JSON.stringify(event, null, 2),
    })
  }

  /** A refund does not say its mode. */
  #livemodeOf(thing: object): boolean {
    const { charge } = thing as { charge?: unknown }
    return typeof charge === 'string' && this.charges.get(charge)?.livemode === true
  }

  /** The ids by which somebody may ask for the events of a thing: its own, its payment's, its session's and their reference. */
  #allIdsOf(thing: object): string[] {
    const { id, charge, payment_intent: intent } = thing as Partial<Record<'id' | 'charge' | 'payment_intent', unknown>>
    const ids = [id, charge, intent].filter((value): value is string => typeof value === 'string')
    const session = this.sessions
      .all()
      .findLast((one) => ids.includes(one.id) || ids.includes(String(one.payment_intent)))
    return [...new Set([...ids, ...(session ? [session.id, session.client_reference_id ?? session.id] : [])])]
  }
}

function dollars(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`
}
