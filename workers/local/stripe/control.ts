/**
 * What happens to payments, made to happen, under `/control`. A payment is named by its session, payment intent, charge or
 * `client_reference_id`, as `payment`; amounts are in cents.
 *
 * - `POST /control/pay {payment, how: "card" | "decline" | "later"}`, `POST /control/settle {payment, succeeded}`, `POST /control/expire {payment}`
 * - `POST /control/refund {payment, amount, reason}` as from the dashboard
 * - `POST /control/dispute {payment, amount, reason}`, `POST /control/dispute/won {payment}`, `POST /control/dispute/lost {payment}`
 * - `POST /control/alter {id, fields}`: a stored thing with other fields, without an event: a wrong amount, currency or mode
 * - `GET  /control/payments`: the latest sessions
 *
 * Each answers with what it changed.
 */
import * as z from 'zod'
import { readBody } from '../courier-control.ts'
import { type Answer, type Asked, json } from '../http-door.ts'
import { RefusedError } from './refused.ts'
import type { Charge, Session } from './things.ts'
import type { Till } from './till.ts'

const LISTED = 100
const cents = z.coerce.number().int().positive().optional()
const Payment = z.object({ payment: z.string() })
const Pay = Payment.extend({ how: z.enum(['card', 'decline', 'later']).default('card') })
const Settle = Payment.extend({ succeeded: z.boolean().default(true) })
const Amount = Payment.extend({ amount: cents, reason: z.string().optional() })
const Alter = z.object({ id: z.string(), fields: z.record(z.string(), z.json()) })

/** The answer, or undefined if the path is none of these. Throws a ZodError for a body that does not fit, or a refusal. */
export function controlPayments(till: Till, asked: Asked): Answer | undefined {
  const body = asked.method === 'POST' ? readBody(asked) : {}
  switch (`${asked.method} ${asked.path}`) {
    case 'GET /control/payments':
      return json(200, till.sessions.all().slice(-LISTED).toReversed())
    case 'POST /control/pay': {
      const { payment, how } = Pay.parse(body)
      return json(200, till.pay(sessionOf(till, payment).id, how))
    }
    case 'POST /control/settle': {
      const { payment, succeeded } = Settle.parse(body)
      return json(200, till.settle(sessionOf(till, payment).id, succeeded))
    }
    case 'POST /control/expire':
      return json(200, till.expire(sessionOf(till, Payment.parse(body).payment).id))
    case 'POST /control/refund': {
      const { payment, ...rest } = Amount.parse(body)
      return json(200, till.refund(chargeOf(till, payment), rest))
    }
    case 'POST /control/dispute': {
      const { payment, ...rest } = Amount.parse(body)
      return json(200, till.dispute(chargeOf(till, payment), rest))
    }
    case 'POST /control/dispute/won':
    case 'POST /control/dispute/lost': {
      const charge = chargeOf(till, Payment.parse(body).payment)
      const dispute = till.disputes.all().find((one) => one.charge === charge.id)
      return json(200, till.closeDispute(dispute?.id ?? '', asked.path.endsWith('won') ? 'won' : 'lost'))
    }
    case 'POST /control/alter': {
      const { id, fields } = Alter.parse(body)
      return json(200, alter(till, id, fields))
    }
    default:
      return undefined
  }
}

function sessionOf(till: Till, payment: string): Session {
  const intent = till.charges.get(payment)?.payment_intent ?? payment
  const found = till.sessions
    .all()
    .findLast((one) => [one.id, one.payment_intent, one.client_reference_id].includes(String(intent)))
  if (found) return found
  throw new RefusedError(`There is no payment ${payment}.`, 'payment', 'resource_missing', 404)
}

function chargeOf(till: Till, payment: string): Charge {
  const intent = sessionOf(till, payment).payment_intent
  const charge = till.charges.all().find((one) => one.payment_intent === intent && one.paid)
  if (charge) return charge
  throw new RefusedError(`The payment ${payment} is not paid.`, 'payment', 'resource_missing', 404)
}

function alter(till: Till, id: string, fields: Record<string, unknown>): object {
  const shelves: { get(id: string): object | undefined; put(id: string, thing: never): object }[] = [
    till.sessions,
    till.intents,
    till.charges,
    till.refunds,
    till.disputes,
    till.transactions,
    till.events,
  ]
  const shelf = shelves.find((one) => one.get(id) !== undefined)
  if (!shelf) throw new RefusedError(`There is no ${id}.`, 'id', 'resource_missing', 404)
  return shelf.put(id, { ...shelf.get(id), ...fields } as never)
}
