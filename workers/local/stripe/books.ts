/** Everything Stripe knows of the account, and the three ways to add to it: a thing with its event, an event, a balance transaction. */
import type { Courier } from '../courier.ts'
import type { Shelf, Shelves } from '../shelves.ts'
import { newTransaction } from './balance-shape.ts'
import { RefusedError } from './refused.ts'
import {
  API_VERSION,
  type Charge,
  type Dispute,
  type Event,
  type Intent,
  type LineItem,
  newId,
  type Refund,
  seconds,
  type Session,
  type Transaction,
} from './things.ts'

const EVENTS_MAX = 10_000
const DESCRIPTIONS: Record<string, string> = { charge: 'Payment', refund: 'Refund', adjustment: 'Chargeback' }

/** What a session was made with that its API does not show. */
export type Order = {
  items: LineItem[]
  intentMetadata: Record<string, string>
  description: string | null
  /** Where the buyer's pages are. */
  door: string
}

type Booking = Pick<Transaction, 'type' | 'amount' | 'currency' | 'fee' | 'reporting_category'> & { source: string }

export class Books {
  readonly sessions: Shelf<Session>
  readonly orders: Shelf<Order>
  readonly intents: Shelf<Intent>
  readonly charges: Shelf<Charge>
  readonly refunds: Shelf<Refund>
  readonly disputes: Shelf<Dispute>
  readonly transactions: Shelf<Transaction>
  readonly events: Shelf<Event>
  readonly #courier: Courier

  constructor(shelves: Shelves, courier: Courier) {
    this.sessions = shelves.of('sessions')
    this.orders = shelves.of('orders')
    this.intents = shelves.of('intents')
    this.charges = shelves.of('charges')
    this.refunds = shelves.of('refunds')
    this.disputes = shelves.of('disputes')
    this.transactions = shelves.of('transactions')
    this.events = shelves.of('events')
    this.#courier = courier
  }

  /** Throws Stripe's refusal if there is none. */
  session(id: string): Session {
    const session = this.sessions.get(id)
    if (session) return session
    throw new RefusedError(`No such checkout.session: ${id}`, 'session', 'resource_missing', 404)
  }

  /** The thing as it is now, told of. */
  put<T extends { id: string }>(shelf: Shelf<T>, thing: T, event: string): T {
    shelf.put(thing.id, thing)
    this.tell(event, thing)
    return thing
  }

  tell(type: string, thing: { id: string }): void {
    const event: Event = {
      id: newId('evt_1'),
      object: 'event',
      api_version: API_VERSION,
      created: seconds(),
      data: { object: structuredClone(thing) },
      livemode: this.#livemodeOf(thing),
      pending_webhooks: 1,
      request: { id: newId('req_', 14), idempotency_key: null },
      type,
    }
    this.events.put(event.id, event)
    for (const old of this.events.all().slice(0, -EVENTS_MAX)) this.events.remove(old.id)
    // Stripe's webhooks come indented: whoever checks a signature over JSON written anew, fails.
    const body = JSON.stringify(event, null, 2)
    this.#courier.send({ event: event.id, type, about: this.#idsOf(thing), body })
  }

  book(booking: Booking): Transaction {
    const transaction = newTransaction({
      ...booking,
      description: DESCRIPTIONS[booking.type] ?? booking.type,
      feeDescription: booking.type === 'charge' ? 'Stripe processing fees' : 'Dispute fee',
    })
    return this.transactions.put(transaction.id, transaction)
  }

  /** A refund does not say its mode: it has its charge's. */
  #livemodeOf({ livemode, charge }: { id: string; livemode?: unknown; charge?: unknown }): boolean {
    if (typeof livemode === 'boolean') return livemode
    return typeof charge === 'string' && this.charges.get(charge)?.livemode === true
  }

  /** The ids by which somebody may ask for the events of a thing: its own, its payment's, its session's, and their reference. */
  #idsOf({ id, charge, payment_intent: intent }: { id: string; charge?: unknown; payment_intent?: unknown }): string[] {
    const ids = [id, charge, intent].filter((value) => typeof value === 'string')
    const session = this.sessions
      .all()
      .findLast((one) => ids.includes(one.id) || ids.some((known) => known === one.payment_intent))
    return [...new Set([...ids, ...(session ? [session.id, session.client_reference_id ?? session.id] : [])])]
  }
}
