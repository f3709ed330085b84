/**
 * What happens to checkouts, made to happen, under `/control`. A payment is named by its checkout's id or by a value of its
 * metadata, as `payment`; amounts are decimal texts.
 *
 * - `POST /control/pay {payment, how: "exact" | "under" | "over" | "pending" | "fail"}`, `POST /control/settle {payment, succeeded}`
 * - `POST /control/expire {payment}`
 * - `POST /control/refund {payment, amount, reason}`: begun and ended, as from the dashboard
 * - `POST /control/refund/end {payment, refund, succeeded}`: the end of one that the API has begun; without `refund`, of each of them
 * - `POST /control/alter {payment, fields}`: with other fields, without an event: a wrong amount, currency or network
 * - `GET  /control/payments`: the latest checkouts
 *
 * Each answers with the checkout.
 */
import * as z from 'zod'
import { readBody } from '../courier-control.ts'
import { type Answer, type Asked, json } from '../http-door.ts'
import { type Checkout, type Checkouts, HOWS } from './checkouts.ts'
import { RefusedError } from './refused.ts'

const LISTED = 100
const Payment = z.object({ payment: z.string() })
const Pay = Payment.extend({ how: z.enum(HOWS).default('exact') })
const Settle = Payment.extend({ succeeded: z.boolean().default(true) })
const Refund = Payment.extend({ amount: z.string().exactOptional(), reason: z.string().exactOptional() })
const EndRefund = Settle.extend({ refund: z.string().optional() })
const Alter = Payment.extend({ fields: z.record(z.string(), z.json()) })

/** The answer, or undefined if the path is none of these. Throws a ZodError for a body that does not fit, or a refusal. */
export function controlCheckouts(checkouts: Checkouts, asked: Asked): Answer | undefined {
  const body = asked.method === 'POST' ? readBody(asked) : {}
  switch (`${asked.method} ${asked.path}`) {
    case 'GET /control/payments':
      return json(200, checkouts.all().slice(0, LISTED))
    case 'POST /control/pay': {
      const { payment, how } = Pay.parse(body)
      return json(200, checkouts.pay(named(checkouts, payment).id, how))
    }
    case 'POST /control/settle': {
      const { payment, succeeded } = Settle.parse(body)
      return json(200, checkouts.settle(named(checkouts, payment).id, succeeded))
    }
    case 'POST /control/expire':
      return json(200, checkouts.expire(named(checkouts, Payment.parse(body).payment).id))
    case 'POST /control/refund': {
      const { payment, ...rest } = Refund.parse(body)
      const { id } = named(checkouts, payment)
      const { refund } = checkouts.refund(id, rest)
      return json(200, checkouts.endRefund(id, refund.id, true))
    }
    case 'POST /control/refund/end': {
      const { payment, refund, succeeded } = EndRefund.parse(body)
      const { id, refunds = [] } = named(checkouts, payment)
      for (const one of refunds)
        if (refund === undefined || refund === one.id) checkouts.endRefund(id, one.id, succeeded)
      return json(200, checkouts.get(id))
    }
    case 'POST /control/alter': {
      const { payment, fields } = Alter.parse(body)
      return json(200, checkouts.alter(named(checkouts, payment).id, fields))
    }
    default:
      return undefined
  }
}

function named(checkouts: Checkouts, payment: string): Checkout {
  const found =
    checkouts.find(payment) ?? checkouts.all().find(({ metadata }) => Object.values(metadata).includes(payment))
  if (found) return found
  throw new RefusedError('not_found', `There is no payment ${payment}.`)
}
