/** Stripe's objects as its API shows them, typed by its SDK, with what a one-off card payment through Checkout fills in. */
import { randomBytes } from 'node:crypto'
import type { Stripe } from 'stripe'

export const API_VERSION = '2026-10-28.endive'
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

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
