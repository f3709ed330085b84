/** The buyer's side of a payment: session, payment intent, charge. A step that has been taken is not taken again, whoever clicks twice. */
import type { Books } from './books.ts'
import { newCharge, newIntent } from './charge-shape.ts'
import { type Charge, type Intent, seconds, type Session } from './things.ts'

/** Of every card payment: 2.9 % and 30 cents (https://stripe.com/pricing). A refund does not give it back. */
const FEE_PERCENT = 2.9
const FEE_CENTS = 30

/** `later`: a method that takes days, such as a bank debit; `settle` says how it ended. */
export const HOWS = ['card', 'decline', 'later'] as const

export type How = (typeof HOWS)[number]

/** What happens when somebody presses "Pay". A session that is not open any more stays as it is. */
export function pay(books: Books, id: string, how: How): Session {
  const session = books.session(id)
  if (session.status !== 'open') return session
  const intent = intentOf(books, session)
  if (how === 'decline') return decline(books, session, intent)
  if (how === 'later') books.put(books.intents, { ...intent, status: 'processing' }, 'payment_intent.processing')
  else takeCharge(books, session, intent)
  return complete(books, id, how === 'card')
}

/** The end of a payment that was made with a slow method. */
export function settle(books: Books, id: string, succeeded: boolean): Session {
  const session = books.session(id)
  const intent = intentOf(books, session)
  if (intent.status !== 'processing') return session
  if (succeeded) {
    takeCharge(books, session, intent)
    const paid: Session = { ...session, payment_status: 'paid' }
    return books.put(books.sessions, paid, 'checkout.session.async_payment_succeeded')
  }
  books.put(books.intents, { ...intent, status: 'requires_payment_method' }, 'payment_intent.payment_failed')
  return books.put(books.sessions, session, 'checkout.session.async_payment_failed')
}

export function expire(books: Books, id: string): Session {
  const session = books.session(id)
  if (session.status !== 'open') return session
  return books.put(books.sessions, { ...session, status: 'expired', url: null }, 'checkout.session.expired')
}

/** Expires what nobody has paid in time. */
export function expireDue(books: Books): void {
  for (const { id, status, expires_at } of books.sessions.all())
    if (status === 'open' && expires_at <= seconds()) expire(books, id)
}

function intentOf(books: Books, session: Session): Intent {
  const known = typeof session.payment_intent === 'string' ? books.intents.get(session.payment_intent) : undefined
  if (known) return known
  const order = books.orders.get(session.id)
  const intent = newIntent({
    livemode: session.livemode,
    amount: session.amount_total ?? 0,
    currency: session.currency ?? 'usd',
    metadata: order?.intentMetadata ?? {},
    payment_method_types: session.payment_method_types,
    description: order?.description ?? null,
  })
  books.sessions.put(session.id, { ...session, payment_intent: intent.id })
  return books.put(books.intents, intent, 'payment_intent.created')
}

function decline(books: Books, session: Session, intent: Intent): Session {
  const charge = newCharge({ intent, email: session.customer_email, receipts: null })
  books.put(books.charges, charge, 'charge.failed')
  const error: Intent['last_payment_error'] = {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'generic_decline',
    message: 'Your card was declined.',
    charge: charge.id,
  }
  const failed = { ...intent, latest_charge: charge.id, last_payment_error: error }
  books.put(books.intents, failed, 'payment_intent.payment_failed')
  return books.session(session.id)
}

function takeCharge(books: Books, session: Session, intent: Intent): void {
  const receipts = `${books.orders.get(session.id)?.door ?? ''}/receipts`
  const charge = newCharge({ intent, email: session.customer_email, receipts })
  const transaction = books.book({
    type: 'charge',
    amount: charge.amount,
    currency: charge.currency,
    source: charge.id,
    fee: Math.round((charge.amount * FEE_PERCENT) / 100) + FEE_CENTS,
    reporting_category: 'charge',
  })
  const paid: Charge = { ...charge, balance_transaction: transaction.id }
  books.put(books.charges, paid, 'charge.succeeded')
  const succeeded: Intent = {
    ...intent,
    status: 'succeeded',
    amount_received: intent.amount,
    latest_charge: charge.id,
    payment_method: charge.payment_method,
    last_payment_error: null,
  }
  books.put(books.intents, succeeded, 'payment_intent.succeeded')
}

function complete(books: Books, id: string, isPaid: boolean): Session {
  const session = books.session(id)
  const completed: Session = {
    ...session,
    status: 'complete',
    payment_status: isPaid ? 'paid' : 'unpaid',
    url: null,
    customer_details: {
      address: null,
      business_name: null,
      email: session.customer_email ?? 'buyer@example.com',
      individual_name: null,
      name: null,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
  }
  return books.put(books.sessions, completed, 'checkout.session.completed')
}
