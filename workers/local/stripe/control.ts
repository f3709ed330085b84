/**
 * What happens to payments, made to happen, under `/control`. A payment is named by its session, payment intent, charge or
 * `client_reference_id`, as `payment`; amounts are in cents.
 *
 * - `POST /control/pay {payment, how: "card" | "decline" | "later"}`, `POST /control/settle {payment, succeeded}`, `POST /control/expire {payment}`
 * - `POST /control/refund {payment, amount, reason}` as from the dashboard
 * - `POST /control/refund/failed {refund}`: the bank has sent it back
 * - `POST /control/dispute {payment, amount, reason}`, `POST /control/dispute/won {payment}`, `POST /control/dispute/lost {payment}`
 * - `POST /control/alter {id, fields}`: a stored thing with other fields, without an event: a wrong amount, currency or mode
 * - `GET  /control/payments`: the latest sessions
 *
 * Each answers with what it changed.
 */
import * as z from 'zod'
import { readBody } from '../courier-control.ts'
import { type Answer, type Asked, json } from '../http-door.ts'
import type { Books } from './books.ts'
import { expire, HOWS, pay, settle } from './pay.ts'
import { RefusedError } from './refused.ts'
import { closeDispute, dispute, failRefund, refund } from './reverse.ts'
import type { Charge, Session } from './things.ts'

const LISTED = 100
const cents = z.coerce.number().int().positive()
const Payment = z.object({ payment: z.string() })
const Pay = Payment.extend({ how: z.enum(HOWS).default('card') })
const Settle = Payment.extend({ succeeded: z.boolean().default(true) })
const Amount = Payment.extend({ amount: cents.exactOptional(), reason: z.string().exactOptional() })
const Refund = z.object({ refund: z.string() })
const Alter = z.object({ id: z.string(), fields: z.record(z.string(), z.json()) })

/** The answer, or undefined if the path is none of these. Throws a ZodError for a body that does not fit, or a refusal. */
export function controlPayments(books: Books, asked: Asked): Answer | undefined {
  const body = asked.method === 'POST' ? readBody(asked) : {}
  switch (`${asked.method} ${asked.path}`) {
    case 'GET /control/payments':
      return json(200, books.sessions.all().slice(-LISTED).toReversed())
    case 'POST /control/pay': {
      const { payment, how } = Pay.parse(body)
      return json(200, pay(books, sessionOf(books, payment).id, how))
    }
    case 'POST /control/settle': {
      const { payment, succeeded } = Settle.parse(body)
      return json(200, settle(books, sessionOf(books, payment).id, succeeded))
    }
    case 'POST /control/expire':
      return json(200, expire(books, sessionOf(books, Payment.parse(body).payment).id))
    case 'POST /control/refund': {
      const { payment, ...rest } = Amount.parse(body)
      return json(200, refund(books, chargeOf(books, payment), rest))
    }
    case 'POST /control/refund/failed':
      return json(200, failRefund(books, Refund.parse(body).refund))
    case 'POST /control/dispute': {
      const { payment, ...rest } = Amount.parse(body)
      return json(200, dispute(books, chargeOf(books, payment), rest))
    }
    case 'POST /control/dispute/won':
    case 'POST /control/dispute/lost': {
      const charge = chargeOf(books, Payment.parse(body).payment)
      const known = books.disputes.all().find((one) => one.charge === charge.id)
      return json(200, closeDispute(books, known?.id ?? '', asked.path.endsWith('won') ? 'won' : 'lost'))
    }
    case 'POST /control/alter': {
      const { id, fields } = Alter.parse(body)
      return json(200, alter(books, id, fields))
    }
    default:
      return undefined
  }
}

function sessionOf(books: Books, payment: string): Session {
  const id = books.charges.get(payment)?.payment_intent ?? payment
  const found = books.sessions
    .all()
    .findLast((one) => [one.id, one.payment_intent, one.client_reference_id].includes(id))
  if (found) return found
  throw new RefusedError(`There is no payment ${payment}.`, 'payment', 'resource_missing', 404)
}

function chargeOf(books: Books, payment: string): Charge {
  const intent = sessionOf(books, payment).payment_intent
  const charge = books.charges.all().find((one) => one.payment_intent === intent && one.paid)
  if (charge) return charge
  throw new RefusedError(`The payment ${payment} is not paid.`, 'payment', 'resource_missing', 404)
}

function alter(books: Books, id: string, fields: Record<string, unknown>): object {
  const shelves: { get(id: string): object | undefined; put(id: string, thing: never): object }[] = [
    books.sessions,
    books.intents,
    books.charges,
    books.refunds,
    books.disputes,
    books.transactions,
    books.events,
  ]
  const shelf = shelves.find((one) => one.get(id) !== undefined)
  if (!shelf) throw new RefusedError(`There is no ${id}.`, 'id', 'resource_missing', 404)
  return shelf.put(id, { ...shelf.get(id), ...fields } as never)
}
