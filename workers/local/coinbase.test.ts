import { createHmac, generateKeyPairSync } from 'node:crypto'
import { importJWK, importPKCS8, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCoinbase } from './coinbase.ts'
import type { Checkout, Refund } from './coinbase/checkouts.ts'
import { newKeySecret } from './coinbase/token.ts'
import { control, hooks, press, type SignedRequest } from '../tests/tills.ts'
import type { HttpDoor } from './http-door.ts'

const KEY = { keyId: 'key-of-the-tests', keySecret: newKeySecret() }
const WEBHOOKS = { current: 'current secret', previous: 'previous secret' }
const PATH = '/api/v1/checkouts'

let door: HttpDoor

beforeAll(async () => {
  door = await startCoinbase({ port: 0, ...KEY, webhookSecrets: WEBHOOKS })
})

afterAll(() => door.stop())

describe('a checkout', () => {
  test('is active until it is paid, and then says what came in', async () => {
    const checkout = await open()
    expect(checkout).toMatchObject({ status: 'ACTIVE', amount: '10.00', currency: 'USDC', network: 'base' })
    expect(checkout.id).toMatch(/^[0-9a-f]{24}$/)
    const answers = await Promise.all([press(checkout.url, 'exact'), press(checkout.url, 'exact')])
    expect(answers.map((answer) => [answer.status, answer.headers.get('location')])).toEqual([
      [303, 'https://shop.test/done'],
      [303, 'https://shop.test/done'],
    ])
    expect(await get(checkout.id)).toMatchObject({
      status: 'COMPLETED',
      metadata: { payment_id: 'order-1' },
      settlement: { totalAmount: '10.00', feeAmount: '0.12', netAmount: '9.88', currency: 'USDC' },
    })
    const sent = await hooks(door.url, { about: checkout.id })
    expect(sent.map(({ type }) => type)).toEqual(['checkout.payment.success'])
    expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({
      id: checkout.id,
      eventType: 'checkout.payment.success',
      status: 'COMPLETED',
      amount: '10.00',
    })
  })

  test('that is sent too little fails, and too much completes with more', async () => {
    const [under, over] = [await open(), await open()]
    expect((await press(under.url, 'under')).headers.get('location')).toBe('https://shop.test/failed')
    expect(await get(under.id)).toMatchObject({ status: 'FAILED' })
    await press(over.url, 'over')
    expect(await get(over.id)).toMatchObject({ status: 'COMPLETED', settlement: { totalAmount: '20.00' } })
  })

  test('that is seen on the chain is processing until it settles', async () => {
    const checkout = await open()
    await press(checkout.url, 'pending')
    expect(await get(checkout.id)).toMatchObject({ status: 'PROCESSING' })
    expect(await hooks(door.url, { about: checkout.id })).toEqual([])
    await control(door.url, 'settle', { payment: checkout.id })
    expect(await get(checkout.id)).toMatchObject({ status: 'COMPLETED' })
  })

  test('cannot be paid once it has expired or was withdrawn', async () => {
    const [expired, withdrawn] = [await open(), await open()]
    await control(door.url, 'expire', { payment: expired.id })
    await call('POST', `${PATH}/${withdrawn.id}/deactivate`)
    for (const one of [expired, withdrawn]) await press(one.url, 'exact')
    expect(await get(expired.id)).toMatchObject({ status: 'EXPIRED' })
    expect(await get(withdrawn.id)).toMatchObject({ status: 'DEACTIVATED' })
    expect((await hooks(door.url, { about: expired.id })).map(({ type }) => type)).toEqual(['checkout.payment.expired'])
  })

  test('is refunded in parts, each pending until it is done', async () => {
    const checkout = await open()
    await control(door.url, 'pay', { payment: checkout.id })
    const begun = await call('POST', `${PATH}/${checkout.id}/refund`, { amount: '2.5' })
    expect(begun.body.refund).toMatchObject({ status: 'PENDING', amount: '2.50' })
    expect(await get(checkout.id)).toMatchObject({ status: 'COMPLETED' })
    await control(door.url, 'refund/end', { payment: checkout.id })
    expect(await get(checkout.id)).toMatchObject({ status: 'PARTIALLY_REFUNDED', refundedAmount: '2.50' })
    const tooMuch = await call('POST', `${PATH}/${checkout.id}/refund`, { amount: '7.51' })
    expect(tooMuch).toMatchObject({ status: 400, body: { errorType: 'invalid_request' } })
    await call('POST', `${PATH}/${checkout.id}/refund`, { amount: '7.50' })
    await control(door.url, 'refund/end', { payment: checkout.id, succeeded: false })
    expect(await get(checkout.id)).toMatchObject({ status: 'PARTIALLY_REFUNDED' })
    await control(door.url, 'refund', { payment: checkout.id })
    expect(await get(checkout.id)).toMatchObject({ status: 'REFUNDED', refundedAmount: '10.00' })
    expect((await hooks(door.url, { about: checkout.id })).map(({ type }) => type)).toEqual([
      'checkout.payment.success',
      'checkout.refund.success',
      'checkout.refund.failed',
      'checkout.refund.success',
    ])
  })
})

describe('a request', () => {
  test('with the same idempotency key has one effect; with another body it is refused', async () => {
    const headers = { 'x-idempotency-key': crypto.randomUUID() }
    const [first, second] = await Promise.all([
      call('POST', PATH, NEW, { headers }),
      call('POST', PATH, NEW, { headers }),
    ])
    expect(first.status).toBe(201)
    expect(second).toEqual(first)
    const other = await call('POST', PATH, { ...NEW, amount: '11' }, { headers })
    expect(other).toMatchObject({ status: 422, body: { errorType: 'idempotency_error' } })
    const notAUuid = await call('POST', PATH, NEW, { headers: { 'x-idempotency-key': 'order-1' } })
    expect(notAUuid.status).toBe(400)
  })

  test.each([
    { amount: '0' },
    { amount: '1.001' },
    { amount: 10 },
    { currency: 'BTC' },
    { successRedirectUrl: 'http://shop.test/' },
    { expiresAt: '2020-01-01T00:00:00Z' },
    { metadata: { long: 'x'.repeat(101) } },
    { colour: 'red' },
  ])('with %j is refused', async (wrong) => {
    const refused = await call('POST', PATH, { ...NEW, ...wrong })
    expect(refused).toMatchObject({ status: 400, body: { errorType: 'invalid_request' } })
  })

  test('for a list goes through all of it, page by page, in the sandbox as well', async () => {
    const made = [await open(), await open(), await open()].map(({ id }) => id)
    const first = await call('GET', `/sandbox${PATH}?pageSize=2&status=ACTIVE`)
    const next = await call('GET', `${PATH}?pageSize=1&status=ACTIVE&pageToken=${first.body.nextPageToken}`)
    expect([...first.body.checkouts, ...next.body.checkouts].map(({ id }) => id)).toEqual(made.toReversed())
  })
})

describe('a token', () => {
  const wrongs: Record<string, Partial<Token>> = {
    'of another key': { secret: newKeySecret() },
    'of another key id': { kid: 'another' },
    'of another subject': { sub: 'another' },
    'of another issuer': { iss: 'another' },
    'for another place': { place: 'POST /api/v1/checkouts' },
    'that is over': { at: -200 },
    'that lasts longer than two minutes': { lasts: 121 },
  }
  test.each(Object.keys(wrongs))('%s is refused', async (name) => {
    const refused = await call('GET', PATH, undefined, { token: wrongs[name] ?? {} })
    expect(refused).toMatchObject({ status: 401, body: { errorType: 'unauthorized' } })
  })

  test('of a key for ES256 is as good, and a single `uri` as well', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const keySecret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const other = await startCoinbase({ port: 0, keyId: 'ec', keySecret, webhookSecrets: WEBHOOKS })
    const now = Math.floor(Date.now() / 1_000)
    const token = await new SignJWT({ uri: `GET ${new URL(other.url).host}${PATH}` })
      .setProtectedHeader({ alg: 'ES256', kid: 'ec' })
      .setIssuer('cdp')
      .setSubject('ec')
      .setNotBefore(now)
      .setExpirationTime(now + 120)
      .sign(await importPKCS8(keySecret, 'ES256'))
    const answer = await fetch(other.url + PATH, { headers: { authorization: `Bearer ${token}` } })
    expect(await answer.json()).toEqual({ checkouts: [] })
    await other.stop()
  })
})

describe('a webhook', () => {
  test('is signed over the raw body alone, and over headers and body', async () => {
    const checkout = await open()
    await control(door.url, 'pay', { payment: checkout.id })
    const [request] = await hooks(door.url, { about: checkout.id })
    expect(request?.headers['x-event-type']).toBe('checkout.payment.success')
    expect(verdict(request, WEBHOOKS.current)).toEqual({ v0: true, v1: true, isFresh: true })
    expect(verdict(request, WEBHOOKS.previous)).toMatchObject({ v0: false, v1: false })
  })

  test('is signed wrongly, late or by the secret before on request', async () => {
    const checkout = await open()
    await control(door.url, 'pay', { payment: checkout.id })
    const bent = async (bend: object, secret = WEBHOOKS.current) => {
      const [request] = await hooks(door.url, { about: checkout.id, bend })
      return verdict(request, secret)
    }
    expect(await bent({ signature: 'wrong' })).toMatchObject({ v0: false, v1: false })
    expect(await bent({ signature: 'tampered' })).toMatchObject({ v0: false, v1: false })
    expect(await bent({ signature: 'previous' }, WEBHOOKS.previous)).toMatchObject({ v0: true, v1: true })
    expect(await bent({ signature: 'both' }, WEBHOOKS.previous)).toMatchObject({ v0: true, v1: true })
    expect(await bent({ age_seconds: 301 })).toMatchObject({ v1: true, isFresh: false })
    expect(await bent({ alter: { amount: '0.01' } })).toMatchObject({ v1: true })
  })
})

const NEW = {
  amount: '10',
  currency: 'USDC',
  description: 'Starter',
  metadata: { payment_id: 'order-1' },
  successRedirectUrl: 'https://shop.test/done',
  failRedirectUrl: 'https://shop.test/failed',
}

type Token = { secret: string; kid: string; sub: string; iss: string; place: string; at: number; lasts: number }

async function bearer(wanted: Token): Promise<string> {
  const bytes = Buffer.from(wanted.secret, 'base64')
  const [d, x] = [bytes.subarray(0, 32), bytes.subarray(32)].map((half) => half.toString('base64url'))
  const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', d, x } as JWK, 'EdDSA')
  const now = Math.floor(Date.now() / 1_000) + wanted.at
  return new SignJWT({ uris: [wanted.place] })
    .setProtectedHeader({ alg: 'EdDSA', kid: wanted.kid, typ: 'JWT', nonce: crypto.randomUUID() })
    .setIssuer(wanted.iss)
    .setSubject(wanted.sub)
    .setNotBefore(now)
    .setExpirationTime(now + wanted.lasts)
    .sign(key)
}

/** A checkout, a refund, a page of checkouts or a refusal: a test knows which. */
type Answer = Checkout & { refund: Refund; checkouts: Checkout[]; nextPageToken: string }

type Options = { headers?: Record<string, string>; token?: Partial<Token> }

async function call(
  method: string,
  path: string,
  body?: object,
  { headers = {}, token = {} }: Options = {},
): Promise<{ status: number; body: Answer }> {
  const { host, pathname } = new URL(path, door.url)
  const { keyId, keySecret } = KEY
  const own = { secret: keySecret, kid: keyId, sub: keyId, iss: 'cdp', place: `${method} ${host}${pathname}` }
  const signed = await bearer({ ...own, at: 0, lasts: 120, ...token })
  const response = await fetch(door.url + path, {
    method,
    headers: { authorization: `Bearer ${signed}`, 'content-type': 'application/json', ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return { status: response.status, body: (await response.json()) as Answer }
}

async function open(): Promise<Checkout> {
  return (await call('POST', PATH, NEW)).body
}

async function get(id: string): Promise<Checkout> {
  return (await call('GET', `${PATH}/${id}`)).body
}

/** What a receiver finds that follows Coinbase's documentation to the letter. */
function verdict(request: SignedRequest | undefined, secret: string): { v0: boolean; v1: boolean; isFresh: boolean } {
  const { headers = {}, body = '' } = request ?? {}
  const elements = (headers['x-hook0-signature'] ?? '').split(',')
  const field = (name: string): string => elements.find((one) => one.startsWith(`${name}=`))?.split('=')[1] ?? ''
  const [t, h] = [field('t'), field('h')]
  const values = h
    .split(' ')
    .map((name) => headers[name] ?? '')
    .join('.')
  const hmac = (text: string): string => createHmac('sha256', secret).update(text, 'utf8').digest('hex')
  return {
    v0: field('v0') === hmac(`${t}.${body}`),
    v1: field('v1') === hmac(`${t}.${h}.${values}.${body}`),
    isFresh: Date.now() / 1_000 - Number(t) <= 300,
  }
}
