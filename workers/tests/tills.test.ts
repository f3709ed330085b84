/** The payment stand-ins, spoken to from within workerd, as the Worker does it. */
import { importJWK, SignJWT } from 'jose'
import { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { settings } from '../env.ts'
import { bindings } from './world.ts'
import { control, hooks } from './tills.ts'

const given = settings(bindings)

test('Stripe’s SDK in workerd is pointed at another address by host, port and protocol', async () => {
  const { hostname, port, protocol } = new URL(given.STRIPE_BASE_URL)
  const stripe = new Stripe(given.STRIPE_SECRET_KEY, {
    host: hostname,
    port,
    protocol: protocol === 'http:' ? 'http' : 'https',
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0,
  })
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    success_url: 'https://site.test/done',
    line_items: [
      { quantity: 1, price_data: { currency: 'usd', unit_amount: 1_000, product_data: { name: 'Starter' } } },
    ],
  })
  await control(given.STRIPE_BASE_URL, 'pay', { payment: session.id })
  const [hook] = await hooks(given.STRIPE_BASE_URL, { about: session.id, type: 'checkout.session.completed' })
  const event = await stripe.webhooks.constructEventAsync(
    hook?.body ?? '',
    hook?.headers['stripe-signature'] ?? '',
    given.STRIPE_WEBHOOK_SECRET,
  )
  expect(event).toMatchObject({ data: { object: { id: session.id, payment_status: 'paid' } } })
})

test('Coinbase takes a token that jose makes in workerd', async () => {
  const url = new URL('/api/v1/checkouts', given.COINBASE_BASE_URL)
  const bytes = Uint8Array.fromBase64(given.COINBASE_API_KEY_SECRET)
  const [d, x] = [bytes.subarray(0, 32), bytes.subarray(32)].map((half) =>
    half.toBase64({ alphabet: 'base64url', omitPadding: true }),
  )
  const now = Math.floor(Date.now() / 1_000)
  const token = await new SignJWT({ uris: [`POST ${url.host}${url.pathname}`] })
    .setProtectedHeader({ alg: 'EdDSA', kid: given.COINBASE_API_KEY_ID, typ: 'JWT' })
    .setIssuer('cdp')
    .setSubject(given.COINBASE_API_KEY_ID)
    .setNotBefore(now)
    .setExpirationTime(now + 120)
    .sign(await importJWK({ kty: 'OKP', crv: 'Ed25519', d: d ?? '', x: x ?? '' }, 'EdDSA'))
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ amount: '10.00', currency: 'USDC' }),
  })
  expect([answer.status, await answer.json()]).toMatchObject([201, { status: 'ACTIVE', amount: '10.00' }])
})
