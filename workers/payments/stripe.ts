/** Stripe: hosted Checkout for one-off payments by card, through Stripe's own SDK. The only file that speaks to it. */
import { Stripe } from 'stripe'
import { clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { isUuid } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { add, fromUnits, toUnits, ZERO, type Amount } from '../money/amount.ts'
import { settings, type Bindings } from '../env.ts'
import { objectIn, readObject, type About, type Provider, type ReversalTruth, type Truth } from './provider.ts'

const TIMEOUT_MS = 10_000
const TOLERANCE_SECONDS = 300
/** Refunds and disputes of one payment; nobody has more. */
const REVERSALS_MAX = 100
/** 10⁻⁸ dollars in a cent. */
const CENT_UNITS = 1_000_000
const cryptoProvider = Stripe.createSubtleCryptoProvider()

export const stripe: Provider = {
  cash: 'cash_stripe',
  isOn: (env) => settings(env).STRIPE_SECRET_KEY !== '',
  isLive: (env) => /^[rs]k_live_/.test(settings(env).STRIPE_SECRET_KEY),

  async create(env, { id, name, amount: price, expiresAt, returnUrl }) {
    const metadata = { payment_id: id }
    const session = await ask(() =>
      sdk(env).checkout.sessions.create(
        {
          mode: 'payment',
          line_items: [
            {
              quantity: 1,
              price_data: { currency: 'usd', unit_amount: toCents(price), product_data: { name } },
            },
          ],
          client_reference_id: id,
          metadata,
          payment_intent_data: { metadata },
          success_url: returnUrl,
          cancel_url: `${returnUrl}&cancelled=true`,
          expires_at: Math.floor(expiresAt.getTime() / 1_000),
        },
        { idempotencyKey: id },
      ),
    )
    return { id: session.id, url: session.url ?? '' }
  },

  async truthOf(env, { id, paymentId }) {
    const client = sdk(env)
    const session = await ask(() =>
      client.checkout.sessions.retrieve(paymentId, { expand: ['payment_intent.latest_charge.balance_transaction'] }),
    )
    const intent = expanded(session.payment_intent)
    const booked = expanded(expanded(intent?.latest_charge)?.balance_transaction)
    const isPaid = session.payment_status === 'paid' && intent !== null
    return {
      state: isPaid ? 'paid' : isOver(session, intent) ? 'over' : 'open',
      received: isPaid ? { amount: fromCents(intent.amount_received), currency: intent.currency.toUpperCase() } : null,
      isLive: session.livemode,
      isOurs: session.client_reference_id === id && session.amount_total === (intent?.amount_received ?? null),
      fee: isPaid && booked?.currency === 'usd' ? fromCents(booked.fee) : null,
      reference: intent?.id ?? null,
      reversals: isPaid ? await reversalsOf(client, intent.id) : [],
    } satisfies Truth
  },

  async verify(env, body, headers) {
    const signature = headers.get('stripe-signature') ?? ''
    const { STRIPE_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET_PREVIOUS } = settings(env)
    for (const secret of [STRIPE_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET_PREVIOUS]) {
      const event = secret ? await believed(body, signature, secret) : null
      if (!event) continue
      // An event of the other mode, or of somebody else's account, is nobody's here however well it is signed.
      if (event.livemode !== stripe.isLive(env) || event.account !== undefined) throw new AppError('badSignature')
      return { eventId: event.id, type: event.type, ...stripe.heardIn(body) }
    }
    throw new AppError('badSignature')
  },

  heardIn(body) {
    const thing = objectIn(objectIn(readObject(body), 'data'), 'object')
    const { payment_id: named } = objectIn(thing, 'metadata')
    const ours = [named, thing['client_reference_id']].find((id): id is string => typeof id === 'string' && isUuid(id))
    const intent = thing['object'] === 'payment_intent' ? thing['id'] : thing['payment_intent']
    return { paymentId: ours ?? null, reference: typeof intent === 'string' ? intent : null } satisfies About
  },

  async paymentWith(env, reference) {
    const { metadata } = await ask(() => sdk(env).paymentIntents.retrieve(reference))
    const id = metadata['payment_id']
    return id !== undefined && isUuid(id) ? id : null
  },

  async refund(env, { reference }, { id, amount: asked }) {
    if (reference === null) throw new AppError('notPaid')
    const metadata = { refund_id: id }
    await ask(
      () =>
        sdk(env).refunds.create(
          { payment_intent: reference, amount: toCents(asked), metadata },
          { idempotencyKey: `refund:${id}` },
        ),
      'refundRefused',
    )
  },
}

/** A client for one question: it costs nothing to make. */
function sdk(env: Bindings): Stripe {
  const { STRIPE_SECRET_KEY, STRIPE_BASE_URL } = settings(env)
  const { hostname, port, protocol } = new URL(STRIPE_BASE_URL)
  return new Stripe(STRIPE_SECRET_KEY, {
    host: hostname,
    ...(port === '' ? {} : { port }),
    protocol: protocol === 'http:' ? 'http' : 'https',
    httpClient: Stripe.createFetchHttpClient(),
    timeout: TIMEOUT_MS,
    maxNetworkRetries: 1,
    telemetry: false,
  })
}

/** Its answer. What it says when it refuses is logged and goes no further. */
async function ask<T>(question: () => Promise<T>, refusal: 'checkoutRefused' | 'refundRefused' = 'checkoutRefused') {
  try {
    return await question()
  } catch (thrown) {
    const status = thrown instanceof Stripe.errors.StripeError ? (thrown.statusCode ?? 0) : 0
    const isRefusal = status >= 400 && status < 500 && status !== 409 && status !== 429
    log.warn('payments.stripe_failed', { status, error: describe(thrown) })
    throw new AppError(isRefusal ? refusal : 'checkoutUnavailable', { cause: thrown })
  }
}

async function believed(body: string, signature: string, secret: string): Promise<Stripe.Event | null> {
  try {
    const receivedAt = clock.now()
    return await Stripe.webhooks.constructEventAsync(
      body,
      signature,
      secret,
      TOLERANCE_SECONDS,
      cryptoProvider,
      receivedAt,
    )
  } catch {
    return null
  }
}

/** Expired; or its slow method has failed in the end. */
function isOver({ status }: Stripe.Checkout.Session, intent: Stripe.PaymentIntent | null): boolean {
  const hasFailed = intent?.status === 'requires_payment_method' || intent?.status === 'canceled'
  return status === 'expired' || (status === 'complete' && hasFailed)
}

async function reversalsOf(client: Stripe, intent: string): Promise<ReversalTruth[]> {
  const wanted = { payment_intent: intent, limit: REVERSALS_MAX }
  const [refunds, disputes] = await ask(() => Promise.all([client.refunds.list(wanted), client.disputes.list(wanted)]))
  // Newest first, as Stripe lists them, would be the wrong way round.
  return [...refunds.data.toReversed().map(refundOf), ...disputes.data.toReversed().flatMap(disputeOf)]
}

function refundOf({ id, amount: cents, status }: Stripe.Refund): ReversalTruth {
  const outcome = status === 'succeeded' ? 'done' : status === 'failed' || status === 'canceled' ? 'failed' : 'pending'
  return { kind: 'refund', source: id, amount: fromCents(cents), fee: ZERO, outcome }
}

/** An inquiry (`warning_…`) is no dispute yet: no money has moved. */
function disputeOf({ id, amount: cents, status, balance_transactions }: Stripe.Dispute): ReversalTruth[] {
  if (status.startsWith('warning')) return []
  const fee = balance_transactions.map((one) => fromCents(one.fee)).reduce(add, ZERO)
  const outcome = status === 'won' ? 'won' : status === 'lost' ? 'lost' : 'open'
  return [{ kind: 'dispute', source: id, amount: fromCents(cents), fee, outcome }]
}

/** What was asked to be expanded; null where there is none. */
function expanded<T extends object>(thing: string | T | null | undefined): T | null {
  return typeof thing === 'object' ? thing : null
}

function toCents(value: Amount): number {
  return toUnits(value) / CENT_UNITS
}

function fromCents(cents: number): Amount {
  return fromUnits(cents * CENT_UNITS)
}
