/**
 * Coinbase Business Checkouts, the successor of Coinbase Commerce's charges: USDC on Base, one dollar each. The only file that
 * speaks to it. It has no disputes. `workers/local/coinbase.ts` lists what its documentation says, and what it does not.
 */
import { importJWK, importPKCS8, SignJWT } from 'jose'
import * as z from 'zod'
import { clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { isUuid, newId } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { amount, format, ZERO } from '../money/amount.ts'
import { settings, type Bindings } from '../env.ts'
import { objectIn, readObject, type About, type Provider, type ReversalTruth, type Truth } from './provider.ts'

const TIMEOUT_MS = 10_000
const TOLERANCE_SECONDS = 300
const TOKEN_SECONDS = 120
/** One by each secret, while they are rolled; the rest is not looked at. */
const SIGNATURES_MAX = 5
const ED25519_SEED_BYTES = 32
const NETWORK = 'base'
const CURRENCY = 'USDC'

const Money = z.string().transform((text) => amount(text))
const Refund = z.object({ id: z.string().min(1), amount: Money, status: z.enum(['PENDING', 'COMPLETED', 'FAILED']) })
/** What is read of a checkout; other fields are let be. */
const Checkout = z.object({
  id: z.string().min(1),
  url: z.url(),
  status: z.string(),
  amount: Money,
  currency: z.string(),
  network: z.string(),
  metadata: z.record(z.string(), z.unknown()).default({}),
  settlement: z.object({ totalAmount: Money, feeAmount: Money, currency: z.string() }).optional(),
  refunds: z.array(Refund).default([]),
})
type Checkout = z.output<typeof Checkout>

const PAID = new Set(['COMPLETED', 'PARTIALLY_REFUNDED', 'REFUNDED'])
const OVER = new Set(['EXPIRED', 'FAILED', 'DEACTIVATED'])
const OUTCOMES = { PENDING: 'pending', COMPLETED: 'done', FAILED: 'failed' } as const

export const coinbase: Provider = {
  cash: 'cash_coinbase',
  isOn: (env) => settings(env).COINBASE_API_KEY_ID !== '',
  isLive: (env) => !new URL(settings(env).COINBASE_BASE_URL).pathname.startsWith('/sandbox'),

  async create(env, { id, name, amount: price, expiresAt, returnUrl }) {
    const order = {
      amount: format(price),
      currency: CURRENCY,
      network: NETWORK,
      description: name,
      metadata: { payment_id: id },
      expiresAt: expiresAt.toISOString(),
      successRedirectUrl: returnUrl,
      failRedirectUrl: `${returnUrl}&cancelled=true`,
    }
    const { id: checkout, url } = await ask(env, 'POST', '', { body: order, key: id })
    return { id: checkout, url }
  },

  async truthOf(env, { id, paymentId }) {
    const checkout = await ask(env, 'GET', `/${encodeURIComponent(paymentId)}`)
    const { status, metadata, settlement, refunds, network } = checkout
    const isPaid = PAID.has(status)
    return {
      state: isPaid ? 'paid' : OVER.has(status) ? 'over' : 'open',
      received: isPaid ? receivedBy(checkout) : null,
      isLive: coinbase.isLive(env),
      isOurs: metadata['payment_id'] === id && network === NETWORK,
      fee: isPaid && settlement?.currency === CURRENCY ? settlement.feeAmount : null,
      reference: null,
      reversals: refunds.map((one): ReversalTruth => ({
        kind: 'refund',
        source: one.id,
        amount: one.amount,
        fee: ZERO,
        outcome: OUTCOMES[one.status],
      })),
    } satisfies Truth
  },

  async verify(env, body, headers) {
    const { COINBASE_WEBHOOK_SECRET, COINBASE_WEBHOOK_SECRET_PREVIOUS } = settings(env)
    const secrets = [COINBASE_WEBHOOK_SECRET, COINBASE_WEBHOOK_SECRET_PREVIOUS].filter((secret) => !!secret)
    const signed = signatureOf(headers)
    if (!signed || Math.abs(clock.now() / 1_000 - signed.at) > TOLERANCE_SECONDS) throw new AppError('badSignature')
    const text = `${signed.at}.${signed.names.join(' ')}.${signed.values.join('.')}.${body}`
    const checks = secrets.flatMap((secret) =>
      signed.signatures.map((signature) => isSigned(secret ?? '', text, signature)),
    )
    if (!(await Promise.all(checks)).includes(true)) throw new AppError('badSignature')
    return { eventId: signed.eventId, type: eventTypeIn(body), ...coinbase.heardIn(body) }
  },

  heardIn(body) {
    const { payment_id: id } = objectIn(readObject(body), 'metadata')
    return { paymentId: typeof id === 'string' && isUuid(id) ? id : null, reference: null } satisfies About
  },

  paymentWith: async () => null,

  async refund(env, { paymentId }, { id, amount: asked }) {
    const path = `/${encodeURIComponent(paymentId)}/refund`
    await send(env, 'POST', path, { body: { amount: format(asked), currency: CURRENCY }, key: id }, 'refundRefused')
  },
}

/** What came in: a stablecoin counts as the dollars that it stands for. */
function receivedBy({ settlement, amount: asked, currency }: Checkout): Truth['received'] {
  const what = settlement
    ? { amount: settlement.totalAmount, currency: settlement.currency }
    : { amount: asked, currency }
  return { ...what, currency: what.currency === CURRENCY ? 'USD' : what.currency }
}

type Sent = { body?: unknown; key?: string }

/** A checkout, as Coinbase has it now. */
async function ask(env: Bindings, method: 'GET' | 'POST', path: string, sent: Sent = {}): Promise<Checkout> {
  const read = Checkout.safeParse(await send(env, method, path, sent))
  if (read.success) return read.data
  log.error('payments.coinbase_unreadable', { provider: 'coinbase' })
  throw new AppError('checkoutUnavailable', { cause: read.error })
}

/** The answer of the API. What it says when it refuses is logged as a status and goes no further. */
async function send(
  env: Bindings,
  method: 'GET' | 'POST',
  path: string,
  { body, key }: Sent,
  refusal: 'checkoutRefused' | 'refundRefused' = 'checkoutRefused',
): Promise<unknown> {
  const url = new URL(`${settings(env).COINBASE_BASE_URL.replace(/\/$/, '')}/api/v1/checkouts${path}`)
  let status = 0
  try {
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${await tokenFor(env, `${method} ${url.host}${url.pathname}`)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'x-idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    status = response.status
    if (response.ok) return await response.json()
    await response.body?.cancel()
  } catch (thrown) {
    log.warn('payments.coinbase_away', { provider: 'coinbase', error: describe(thrown) })
    throw new AppError('checkoutUnavailable', { cause: thrown })
  }
  log.warn('payments.coinbase_failed', { provider: 'coinbase', status })
  throw new AppError(status >= 400 && status < 500 && status !== 429 ? refusal : 'checkoutUnavailable')
}

/** A token for one request, good for two minutes. */
async function tokenFor(env: Bindings, request: string): Promise<string> {
  const { COINBASE_API_KEY_ID: keyId, COINBASE_API_KEY_SECRET: secret } = settings(env)
  const isPem = secret.startsWith('-----BEGIN')
  const alg = isPem ? 'ES256' : 'EdDSA'
  const key = isPem ? await importPKCS8(secret, alg) : await importJWK(ed25519(secret), alg)
  const now = Math.floor(clock.now() / 1_000)
  return new SignJWT({ uris: [request] })
    .setProtectedHeader({ alg, kid: keyId, typ: 'JWT', nonce: newId().replaceAll('-', '') })
    .setIssuer('cdp')
    .setSubject(keyId)
    .setNotBefore(now)
    .setExpirationTime(now + TOKEN_SECONDS)
    .sign(key)
}

/** A secret as Coinbase hands it out: base64 of the seed and the public key. */
function ed25519(secret: string) {
  const bytes = Uint8Array.fromBase64(secret)
  const text = (part: Uint8Array): string => part.toBase64({ alphabet: 'base64url', omitPadding: true })
  const [d, x] = [bytes.subarray(0, ED25519_SEED_BYTES), bytes.subarray(ED25519_SEED_BYTES)].map(text)
  return { kty: 'OKP', crv: 'Ed25519', d: d ?? '', x: x ?? '' }
}

type Signature = { at: number; names: string[]; values: string[]; eventId: string; signatures: string[] }

/**
 * What `X-Hook0-Signature: t=…,v0=…,h=…,v1=…` says, or null. Only v1 counts: it covers the headers in h, and the event's id has to
 * be one of them, because that is how an event is known to be one that we have had.
 */
function signatureOf(headers: Headers): Signature | null {
  const parts = (headers.get('x-hook0-signature') ?? '').split(',').map((part) => part.split('='))
  const allOf = (name: string): string[] => parts.flatMap(([key, value]) => (key?.trim() === name ? [value ?? ''] : []))
  const [t = '', ...furtherTimes] = allOf('t')
  const [h = '', ...furtherNames] = allOf('h')
  const names = h.split(' ').filter((name) => name !== '')
  const eventId = headers.get('x-event-id') ?? ''
  const isWhole = /^\d{1,12}$/.test(t) && furtherTimes.length === 0 && furtherNames.length === 0
  const isKnown = names.some((name) => name.toLowerCase() === 'x-event-id') && /^[\x21-\x7e]{1,255}$/.test(eventId)
  if (!isWhole || !isKnown) return null
  return {
    at: Number(t),
    names,
    values: names.map((name) => headers.get(name) ?? ''),
    eventId,
    signatures: allOf('v1').slice(0, SIGNATURES_MAX),
  }
}

async function isSigned(secret: string, text: string, signature: string): Promise<boolean> {
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false
  const encoder = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['verify'])
  return crypto.subtle.verify('HMAC', key, Uint8Array.fromHex(signature), encoder.encode(text))
}

function eventTypeIn(body: string): string {
  const { eventType } = readObject(body)
  return typeof eventType === 'string' ? eventType : 'unknown'
}
