/**
 * What this room asks of an outside party that takes money, and in which words it answers. `stripe.ts` and `coinbase.ts` are
 * such parties; everything else here knows only this. All of them throw `checkoutUnavailable` when they cannot be reached, so
 * that it is not known what they did, and `checkoutRefused` when they said no.
 */
import type { Asset } from '../money/accounts.ts'
import type { Amount } from '../money/amount.ts'
import type { Bindings } from '../env.ts'
import type { payments } from './tables.ts'

export type Payment = typeof payments.$inferSelect
export type Method = Payment['paymentMethod']

export type Provider = {
  /** Where what it has taken lies in the ledger. */
  cash: Asset
  /** Whether there are keys for it. */
  isOn(env: Bindings): boolean
  /** Whether its keys move real money. */
  isLive(env: Bindings): boolean
  /** Opens a page to pay at. Repeatable by the payment's id: then it is the same page. */
  create(env: Bindings, order: CheckoutOrder): Promise<Checkout>
  /** What it knows of a payment at this moment. */
  truthOf(env: Bindings, payment: OpenedPayment): Promise<Truth>
  /** Believes a webhook that it has signed within five minutes, or throws `badSignature`. */
  verify(env: Bindings, body: string, headers: Headers): Promise<Heard>
  /** What a webhook that was believed speaks of. */
  heardIn(body: string): About
  /** The payment of ours that has this reference, by what it knows; or null. */
  paymentWith(env: Bindings, reference: string): Promise<string | null>
  /** Sends money back. Repeatable by `id`, a UUID of version 4. Throws `refundRefused` where it cannot be. */
  refund(env: Bindings, payment: OpenedPayment, refund: { id: string; amount: Amount }): Promise<void>
}

export type CheckoutOrder = { id: string; name: string; amount: Amount; expiresAt: Date; returnUrl: string }
export type Checkout = { id: string; url: string }
/** A payment that has a page at its provider. */
export type OpenedPayment = Pick<Payment, 'id' | 'reference'> & { paymentId: string }

export type Truth = {
  /** `over`: it can never be paid any more. */
  state: 'open' | 'paid' | 'over'
  /** What came in, once it is paid. Dollars and their stablecoin are both `USD`. */
  received: { amount: Amount; currency: string } | null
  isLive: boolean
  /** Whether it is for the order that we made it for. */
  isOurs: boolean
  /** What the provider kept of it, once that is known. */
  fee: Amount | null
  reference: string | null
  /** Oldest first. */
  reversals: ReversalTruth[]
}

/** A refund or a dispute. `fee` is what it costs besides its amount. */
export type ReversalTruth = { source: string; amount: Amount; fee: Amount } & (
  | { kind: 'refund'; outcome: 'pending' | 'done' | 'failed' }
  | { kind: 'dispute'; outcome: 'open' | 'won' | 'lost' }
)

/** Our payment's id, or the provider's reference by which it can be found. */
export type About = { paymentId: string | null; reference: string | null }
export type Heard = About & { eventId: string; type: string }

/** Whether money is gone, or on its way: what such a reversal took stays taken. */
export function isEffective(outcome: ReversalTruth['outcome']): boolean {
  return outcome !== 'failed' && outcome !== 'won'
}

/** Whether a reversal that was here can have come there since; otherwise it is the older of two truths that says so. */
export function isLater(from: ReversalTruth['outcome'], to: ReversalTruth['outcome']): boolean {
  return (LATER[from] ?? []).includes(to)
}

const LATER: Partial<Record<ReversalTruth['outcome'], ReversalTruth['outcome'][]>> = {
  pending: ['done', 'failed'],
  done: ['failed'],
  open: ['won', 'lost'],
}

/** The JSON object in a body; an empty one if there is none. */
export function readObject(body: string): Record<string, unknown> {
  try {
    return objectIn({ body: JSON.parse(body) as unknown }, 'body')
  } catch {
    return {}
  }
}

/** The object under a name; an empty one if there is none. */
export function objectIn(thing: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = thing[name]
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
