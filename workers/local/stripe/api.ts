/** Stripe's REST API, `/v1`, as far as one-off payments use it (https://docs.stripe.com/api). */
import * as z from 'zod'
import { type Answer, type Asked, json } from '../http-door.ts'
import type { Idempotency } from '../idempotency.ts'
import type { Books } from './books.ts'
import { expanded } from './expand.ts'
import { type Form, readForm } from './form.ts'
import { page } from './list.ts'
import { openSession } from './new-session.ts'
import { Metadata, readParams, whole } from './params.ts'
import { expire, expireDue } from './pay.ts'
import { RefusedError } from './refused.ts'
import { closeDispute, refund } from './reverse.ts'
import { type Charge, newId } from './things.ts'

const KEY_LENGTH_MAX = 255

const NewRefund = z.strictObject({
  amount: whole.refine((cents) => cents > 0, 'must be positive').optional(),
  charge: z.string().optional(),
  payment_intent: z.string().optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata: Metadata.default({}),
})

export type Api = {
  books: Books
  idempotency: Idempotency
  /** Where the stand-in is. */
  url: string
  secretKey: string
}

/** Answers a request. One with an idempotency key is done once: https://docs.stripe.com/api/idempotent_requests. */
export function answerApi(api: Api, asked: Asked): Answer {
  const answer = refusing(() => {
    authenticate(asked, api.secretKey)
    return idempotent(api, asked)
  })
  return { ...answer, headers: { ...answer.headers, 'request-id': newId('req_', 14) } }
}

function idempotent(api: Api, asked: Asked): Answer {
  const key = asked.headers['idempotency-key']
  if (asked.method !== 'POST' || typeof key !== 'string') return attempt(api, asked)
  if (key.length > KEY_LENGTH_MAX)
    return new RefusedError(`Idempotency-Key exceeds maximum length of ${KEY_LENGTH_MAX} characters.`).answer()
  const kept = api.idempotency.find(key, asked)
  if (kept === 'other')
    return new RefusedError(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      undefined,
      undefined,
      400,
      'idempotency_error',
    ).answer()
  if (kept) return { ...kept, headers: { ...kept.headers, 'idempotent-replayed': 'true' } }
  return api.idempotency.keep(key, asked, attempt(api, asked))
}

function attempt(api: Api, asked: Asked): Answer {
  return refusing(() => {
    expireDue(api.books)
    const form = readForm(asked.method === 'POST' ? new URLSearchParams(asked.body) : asked.query)
    const { expand = [], ...params } = form
    const thing = route(api, asked, params)
    const paths = Array.isArray(expand) ? expand : [expand]
    const named = paths.filter((path) => typeof path === 'string')
    return json(200, expanded(api.books, thing, named))
  })
}

function refusing(answer: () => Answer): Answer {
  try {
    return answer()
  } catch (thrown) {
    if (thrown instanceof RefusedError) return thrown.answer()
    throw thrown
  }
}

function authenticate({ headers }: Asked, secretKey: string): void {
  const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  if (given === secretKey) return
  const message =
    given === undefined
      ? 'You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.'
      : `Invalid API Key provided: ${given.slice(0, 8)}****${given.slice(-4)}`
  throw new RefusedError(message, undefined, undefined, 401)
}

function route({ books, url, secretKey }: Api, { method, path }: Asked, form: Form): object {
  const place = path.slice('/v1/'.length)
  if (method === 'GET') return read(books, path, place, form)
  if (place === 'checkout/sessions')
    return openSession(books, form, { url, livemode: secretKey.startsWith('sk_live_') })
  if (place === 'refunds') {
    const { charge, payment_intent: intent, ...asked } = readParams(NewRefund, form)
    return refund(books, chargeOf(books, charge, intent), asked)
  }
  const [, sessionId] = /^checkout\/sessions\/([^/]+)\/expire$/.exec(place) ?? []
  if (sessionId !== undefined) {
    const { status } = books.session(sessionId)
    if (status === 'open') return expire(books, sessionId)
    throw new RefusedError(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${status}.`,
    )
  }
  const [, disputeId] = /^disputes\/([^/]+)\/close$/.exec(place) ?? []
  if (disputeId !== undefined) return closeDispute(books, disputeId, 'lost')
  throw unknownUrl(method, path)
}

function chargeOf(books: Books, chargeId: string | undefined, intentId: string | undefined): Charge {
  if (chargeId === undefined && intentId === undefined)
    throw new RefusedError('One of the following params should be provided for this request: payment_intent or charge.')
  const intent = books.intents.get(intentId ?? '')
  if (chargeId === undefined && !intent)
    throw new RefusedError(`No such payment_intent: '${intentId}'`, 'payment_intent', 'resource_missing', 404)
  const charge = books.charges
    .all()
    .find(({ id, paid, payment_intent: of }) => (chargeId === undefined ? paid && of === intentId : id === chargeId))
  if (charge?.paid) return charge
  if (chargeId === undefined)
    throw new RefusedError(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`)
  throw new RefusedError(`No such charge: '${chargeId}'`, 'charge', 'resource_missing', 404)
}

function read(books: Books, path: string, place: string, form: Form): object {
  const [, itemsOf] = /^checkout\/sessions\/([^/]+)\/line_items$/.exec(place) ?? []
  if (itemsOf !== undefined) {
    const things = books.orders.get(books.session(itemsOf).id)?.items ?? []
    return page({ path, things, form, filters: [] })
  }
  for (const { at, name, things, filters } of readable(books)) {
    if (place === at) return page({ path, things: things.all(), form, filters })
    const id = place.startsWith(`${at}/`) ? place.slice(at.length + 1) : '/'
    if (id.includes('/')) continue
    const thing = things.get(id)
    if (thing) return thing
    throw new RefusedError(`No such ${name}: '${id}'`, 'id', 'resource_missing', 404)
  }
  throw unknownUrl('GET', path)
}

/** What can be retrieved and listed, and by what a list can be filtered. */
function readable(books: Books) {
  const ofPayment = ['charge', 'payment_intent']
  return [
    {
      at: 'checkout/sessions',
      name: 'checkout.session',
      things: books.sessions,
      filters: ['payment_intent', 'status'],
    },
    { at: 'payment_intents', name: 'payment_intent', things: books.intents, filters: [] },
    { at: 'charges', name: 'charge', things: books.charges, filters: ['payment_intent'] },
    { at: 'refunds', name: 'refund', things: books.refunds, filters: ofPayment },
    { at: 'disputes', name: 'dispute', things: books.disputes, filters: ofPayment },
    {
      at: 'balance_transactions',
      name: 'balance transaction',
      things: books.transactions,
      filters: ['source', 'type', 'currency'],
    },
    { at: 'events', name: 'event', things: books.events, filters: ['type', 'types'] },
  ]
}

function unknownUrl(method: string, path: string): RefusedError {
  return new RefusedError(
    `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
    undefined,
    undefined,
    404,
  )
}
