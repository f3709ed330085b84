/** Stripe's REST API, `/v1`, as far as one-off payments use it (https://docs.stripe.com/api). */
import { type Answer, type Asked, json } from '../http-door.ts'
import { type Form, readForm } from './form.ts'
import { expanded } from './expand.ts'
import { page } from './list.ts'
import { openSession } from './new-session.ts'
import { RefusedError } from './refused.ts'
import { type Charge, newId } from './things.ts'
import type { Till } from './till.ts'

export type ApiOptions = { till: Till; url: string; secretKey: string }

type Kept = { fingerprint: string; answer: Answer; at: number }

const IDEMPOTENT_MS = 24 * 60 * 60_000
const KEY_LENGTH_MAX = 255

/** Answers requests; remembers the answers to idempotent ones, as Stripe does, for a day. */
export class Api {
  readonly #options: ApiOptions
  readonly #kept = new Map<string, Kept>()

  constructor(options: ApiOptions) {
    this.#options = options
  }

  answer(asked: Asked): Answer {
    const answer = this.#idempotent(asked)
    if (answer === 'cut') return answer
    return { ...answer, headers: { ...answer.headers, 'request-id': newId('req_', 14) } }
  }

  #idempotent(asked: Asked): Answer {
    const key = asked.headers['idempotency-key']
    if (asked.method !== 'POST' || typeof key !== 'string') return this.#plain(asked)
    if (key.length > KEY_LENGTH_MAX)
      return new RefusedError(`Idempotency-Key exceeds maximum length of ${KEY_LENGTH_MAX} characters.`).answer()
    const fingerprint = `${asked.path}\n${asked.body}`
    for (const [old, { at }] of this.#kept) if (at < Date.now() - IDEMPOTENT_MS) this.#kept.delete(old)
    const kept = this.#kept.get(key)
    if (kept && kept.fingerprint !== fingerprint)
      return new RefusedError(
        `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
        undefined,
        undefined,
        400,
        'idempotency_error',
      ).answer()
    if (kept && kept.answer !== 'cut')
      return { ...kept.answer, headers: { ...kept.answer.headers, 'idempotent-replayed': 'true' } }
    const answer = this.#plain(asked)
    // What was refused before anything was done may be asked again, put right, with the same key.
    if (answer !== 'cut' && answer.status < 400) this.#kept.set(key, { fingerprint, answer, at: Date.now() })
    return answer
  }

  #plain(asked: Asked): Answer {
    try {
      this.#authenticate(asked)
      const form = readForm(asked.method === 'POST' ? new URLSearchParams(asked.body) : asked.query)
      const { expand = [], ...rest } = form
      const thing = this.#do(asked, rest)
      const paths = Array.isArray(expand) ? expand.map(String) : [String(expand)]
      return json(200, expanded(this.#options.till, thing, paths))
    } catch (thrown) {
      if (thrown instanceof RefusedError) return thrown.answer()
      throw thrown
    }
  }

  #authenticate({ headers }: Asked): void {
    const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (given === this.#options.secretKey) return
    const message =
      given === undefined
        ? 'You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.'
        : `Invalid API Key provided: ${given.slice(0, 8)}****${given.slice(-4)}`
    throw new RefusedError(message, undefined, undefined, 401)
  }

  #do({ method, path }: Asked, form: Form): object {
    const { till, url, secretKey } = this.#options
    till.expireDue()
    const [, , ...steps] = path.split('/')
    const route = `${method} ${steps.join('/')}`
    if (route === 'POST checkout/sessions')
      return openSession(till, form, { url, livemode: secretKey.startsWith('sk_live_') })
    if (route === 'POST refunds') return this.#refund(form)
    const [, sessionId, act] = /^checkout\/sessions\/([^/]+)\/(expire|line_items)$/.exec(steps.join('/')) ?? []
    if (sessionId !== undefined && act === 'line_items' && method === 'GET') {
      const { id } = till.session(sessionId)
      return page({ path, things: till.orders.get(id)?.items ?? [], form, filters: [] })
    }
    if (sessionId !== undefined && act === 'expire' && method === 'POST') {
      const session = till.session(sessionId)
      if (session.status !== 'open')
        throw new RefusedError(
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of "${session.status}".`,
        )
      return till.expire(session.id)
    }
    const disputeId = /^disputes\/([^/]+)\/close$/.exec(steps.join('/'))?.[1]
    if (disputeId !== undefined && method === 'POST') return till.closeDispute(disputeId, 'lost')
    if (method === 'GET') return this.#read(path, steps.join('/'), form)
    throw unknownUrl(method, path)
  }

  #refund(form: Form): object {
    const { amount, charge: chargeId, payment_intent: intentId, reason, metadata, ...unknown } = form
    const [strange] = Object.keys(unknown)
    if (strange !== undefined)
      throw new RefusedError(`Received unknown parameter: ${strange}`, strange, 'parameter_unknown')
    if (amount !== undefined && !/^[1-9]\d{0,11}$/.test(String(amount)))
      throw new RefusedError(`Invalid positive integer`, 'amount', 'parameter_invalid_integer')
    if (reason !== undefined && !['duplicate', 'fraudulent', 'requested_by_customer'].includes(String(reason)))
      throw new RefusedError('Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer', 'reason')
    return this.#options.till.refund(this.#chargeOf(chargeId, intentId), {
      amount: amount === undefined ? undefined : Number(amount),
      reason: reason === undefined ? undefined : String(reason),
      metadata: (metadata ?? {}) as Record<string, string>,
    })
  }

  #chargeOf(chargeId: Form[string] | undefined, intentId: Form[string] | undefined): Charge {
    const { till } = this.#options
    if (chargeId === undefined && intentId === undefined)
      throw new RefusedError(
        'One of the following params should be provided for this request: payment_intent or charge.',
      )
    const intent = till.intents.get(String(intentId))
    if (chargeId === undefined && !intent)
      throw new RefusedError(`No such payment_intent: '${String(intentId)}'`, 'payment_intent', 'resource_missing', 404)
    const charge = till.charges.get(String(chargeId ?? intent?.latest_charge))
    if (charge?.paid) return charge
    if (chargeId === undefined)
      throw new RefusedError(`This PaymentIntent (${String(intentId)}) does not have a successful charge to refund.`)
    throw new RefusedError(`No such charge: '${String(chargeId)}'`, 'charge', 'resource_missing', 404)
  }

  #read(path: string, route: string, form: Form): object {
    for (const { at, name, things, filters } of kinds(this.#options.till)) {
      if (route === at) return page({ path, things: things.all(), form, filters })
      const id = route.startsWith(`${at}/`) ? route.slice(at.length + 1) : undefined
      if (id === undefined || id.includes('/')) continue
      const thing = things.get(id)
      if (thing) return thing
      throw new RefusedError(`No such ${name}: '${id}'`, 'id', 'resource_missing', 404)
    }
    throw unknownUrl('GET', path)
  }
}

function kinds(till: Till) {
  return [
    {
      at: 'checkout/sessions',
      name: 'checkout.session',
      things: till.sessions,
      filters: ['payment_intent', 'status'],
    },
    { at: 'payment_intents', name: 'payment_intent', things: till.intents, filters: [] },
    { at: 'charges', name: 'charge', things: till.charges, filters: ['payment_intent'] },
    { at: 'refunds', name: 'refund', things: till.refunds, filters: ['charge', 'payment_intent'] },
    { at: 'disputes', name: 'dispute', things: till.disputes, filters: ['charge', 'payment_intent'] },
    {
      at: 'balance_transactions',
      name: 'balance transaction',
      things: till.transactions,
      filters: ['source', 'type', 'currency'],
    },
    { at: 'events', name: 'event', things: till.events, filters: ['type', 'types'] },
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
