import { Stripe } from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { control, hooks, press } from '../tests/tills.ts'
import type { HttpDoor } from './http-door.ts'
import { startStripe } from './stripe.ts'

const SECRET_KEY = 'sk_test_of_the_tests'
const WEBHOOKS = { current: 'whsec_current', previous: 'whsec_previous' }

let door: HttpDoor
let stripe: Stripe

beforeAll(async () => {
  door = await startStripe({ port: 0, secretKey: SECRET_KEY, webhookSecrets: WEBHOOKS })
  stripe = sdk(door.url)
})

afterAll(() => door.stop())

describe('a payment by Checkout, spoken to by the SDK', () => {
  test('is open until it is paid, and then says what came in', async () => {
    const session = await open()
    expect(session).toMatchObject({ status: 'open', payment_status: 'unpaid', amount_total: 1_000, livemode: false })
    expect(session.url).toBe(`${door.url}/pay/${session.id}`)
    await control(door.url, 'pay', { payment: session.id })
    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent.latest_charge.balance_transaction', 'line_items'],
    })
    expect(paid).toMatchObject({ status: 'complete', payment_status: 'paid', client_reference_id: 'order-1' })
    expect(paid.line_items?.data).toMatchObject([{ description: 'Starter', quantity: 1, amount_total: 1_000 }])
    const intent = paid.payment_intent as Stripe.PaymentIntent
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 1_000, metadata: { order: '1' } })
    const charge = intent.latest_charge as Stripe.Charge
    expect(charge.balance_transaction).toMatchObject({ amount: 1_000, fee: 59, net: 941, type: 'charge' })
  })

  test('is paid once by a button that is pressed twice', async () => {
    const session = await open()
    const answers = await Promise.all(['card', 'card', 'card'].map((how) => press(session.url, how)))
    expect(answers.map((answer) => [answer.status, answer.headers.get('location')])).toEqual(
      Array.from({ length: 3 }, () => [303, `https://shop.test/done?session=${session.id}`]),
    )
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(session.id)
    expect((await stripe.charges.list({ payment_intent: intent as string })).data).toHaveLength(1)
  })

  test('stays open when the card is declined, and can be paid with another', async () => {
    const session = await open()
    const declined = await press(session.url, 'decline')
    expect(await declined.text()).toContain('declined')
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'open' })
    await press(session.url, 'card')
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ payment_status: 'paid' })
    expect((await hooks(door.url, { about: session.id })).map(({ type }) => type)).toEqual([
      'payment_intent.created',
      'charge.failed',
      'payment_intent.payment_failed',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
    ])
  })

  test('by a slow method is complete but unpaid until it settles', async () => {
    const session = await open()
    await press(session.url, 'later')
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
    })
    await control(door.url, 'settle', { payment: session.id })
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ payment_status: 'paid' })
    expect((await hooks(door.url, { about: session.id })).at(-1)?.type).toBe('checkout.session.async_payment_succeeded')
  })

  test('cannot be paid once it has expired, and leads back when it is cancelled', async () => {
    const session = await open()
    expect((await press(session.url, 'cancel')).headers.get('location')).toBe('https://shop.test/cancelled')
    await stripe.checkout.sessions.expire(session.id)
    expect(await (await press(session.url, 'card')).text()).toContain('expired')
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'expired', url: null })
    await expect(stripe.checkout.sessions.expire(session.id)).rejects.toMatchObject({ statusCode: 400 })
  })
})

describe('a request', () => {
  test('with the same idempotency key has one effect; with other parameters it is refused', async () => {
    const options = { idempotencyKey: crypto.randomUUID() }
    const [first, second] = await Promise.all([open({}, options), open({}, options)])
    expect(second.id).toBe(first.id)
    await expect(open({ client_reference_id: 'other' }, options)).rejects.toMatchObject({
      type: 'StripeIdempotencyError',
    })
  })

  test('that Stripe would refuse is refused, naming the field', async () => {
    await expect(open({ success_url: 'nowhere' })).rejects.toMatchObject({ statusCode: 400, param: 'success_url' })
    await expect(open({ expires_at: 1 })).rejects.toMatchObject({ param: 'expires_at' })
    await expect(open({ colour: 'red' } as object)).rejects.toMatchObject({
      code: 'parameter_unknown',
      param: 'colour',
    })
    await expect(open({ line_items: [line(49)] })).rejects.toMatchObject({ code: 'amount_too_small' })
    await expect(stripe.checkout.sessions.retrieve('cs_test_none')).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    })
    await expect(sdk(door.url, 'sk_test_stranger').charges.list()).rejects.toMatchObject({
      type: 'StripeAuthenticationError',
    })
  })

  test('for a list goes through all of it, page by page', async () => {
    const made: string[] = []
    for (let count = 0; count < 7; count++) made.push((await open()).id)
    const listed: string[] = []
    for await (const session of stripe.checkout.sessions.list({ limit: 3 })) {
      listed.push(session.id)
      if (listed.length === made.length) break
    }
    expect(listed).toEqual(made.toReversed())
    const before = await stripe.checkout.sessions.list({ limit: 2, ending_before: listed[4] ?? '' })
    expect(before.data.map(({ id }) => id)).toEqual(listed.slice(2, 4))
  })
})

describe('money that goes back', () => {
  test('is refunded in parts, and no further than what was paid', async () => {
    const { session, intent } = await paid()
    const refund = await stripe.refunds.create({ payment_intent: intent, amount: 300 })
    expect(refund).toMatchObject({ amount: 300, status: 'succeeded', payment_intent: intent })
    await control(door.url, 'refund', { payment: session.id, amount: 500 })
    await expect(stripe.refunds.create({ payment_intent: intent, amount: 201 })).rejects.toMatchObject({
      param: 'amount',
    })
    await stripe.refunds.create({ payment_intent: intent })
    await expect(stripe.refunds.create({ payment_intent: intent })).rejects.toMatchObject({
      code: 'charge_already_refunded',
    })
    const { data } = await stripe.refunds.list({ payment_intent: intent })
    expect(data.map(({ amount }) => amount)).toEqual([200, 500, 300])
    const [charge] = (await stripe.charges.list({ payment_intent: intent })).data
    expect(charge).toMatchObject({ amount_refunded: 1_000, refunded: true })
    const booked = await stripe.balanceTransactions.list({ source: refund.id })
    expect(booked.data).toMatchObject([{ amount: -300, fee: 0, net: -300 }])
  })

  test('is withdrawn by a dispute with a fee, and comes back if that is won', async () => {
    const { session, intent } = await paid()
    await control(door.url, 'dispute', { payment: session.id })
    const [dispute] = (await stripe.disputes.list({ payment_intent: intent })).data
    expect(dispute).toMatchObject({ amount: 1_000, status: 'needs_response' })
    expect(dispute?.balance_transactions).toMatchObject([{ amount: -1_000, fee: 1_500, net: -2_500 }])
    await expect(stripe.refunds.create({ payment_intent: intent })).rejects.toMatchObject({ code: 'charge_disputed' })
    await control(door.url, 'dispute/won', { payment: session.id })
    await control(door.url, 'dispute/lost', { payment: session.id })
    const won = await stripe.disputes.retrieve(dispute?.id ?? '')
    expect(won.status).toBe('won')
    expect(won.balance_transactions.map(({ amount }) => amount)).toEqual([-1_000, 1_000])
  })

  test('stays away after a dispute that is lost', async () => {
    const { session, intent } = await paid()
    await control(door.url, 'dispute', { payment: session.id, amount: 400 })
    await control(door.url, 'dispute/lost', { payment: session.id })
    expect((await stripe.disputes.list({ payment_intent: intent })).data).toMatchObject([
      { status: 'lost', amount: 400, balance_transactions: [{ amount: -400 }] },
    ])
  })
})

describe('a webhook', () => {
  test('is signed over the raw body, so that the SDK believes it, in either way', async () => {
    const { session } = await paid()
    const [request] = await hooks(door.url, { about: session.id, type: 'checkout.session.completed' })
    const { body = '', headers = {} } = request ?? {}
    const signature = headers['stripe-signature'] ?? ''
    const event = stripe.webhooks.constructEvent(body, signature, WEBHOOKS.current)
    expect(event).toMatchObject({
      type: 'checkout.session.completed',
      livemode: false,
      data: { object: { id: session.id } },
    })
    expect(await stripe.webhooks.constructEventAsync(body, signature, WEBHOOKS.current)).toEqual(event)
    expect(await stripe.events.retrieve(event.id)).toMatchObject({ id: event.id, data: event.data })
    const anew = JSON.stringify(JSON.parse(body))
    expect(() => stripe.webhooks.constructEvent(anew, signature, WEBHOOKS.current)).toThrow('No signatures found')
  })

  test('is signed wrongly, late, twice or not at all on request', async () => {
    const { session } = await paid()
    const about = { about: session.id, type: 'charge.succeeded' }
    const verdict = async (bend: object, secret = WEBHOOKS.current) => {
      const [request] = await hooks(door.url, { ...about, bend })
      try {
        return stripe.webhooks.constructEvent(request?.body ?? '', request?.headers['stripe-signature'] ?? '', secret)
          .type
      } catch (thrown) {
        return (thrown as Error).message.split('.')[0]
      }
    }
    expect(await verdict({ signature: 'both' })).toBe('charge.succeeded')
    expect(await verdict({ signature: 'both' }, WEBHOOKS.previous)).toBe('charge.succeeded')
    expect(await verdict({ signature: 'wrong_first' })).toBe('charge.succeeded')
    expect(await verdict({ signature: 'previous' }, WEBHOOKS.previous)).toBe('charge.succeeded')
    expect(await verdict({ signature: 'previous' })).toMatch('No signatures found')
    expect(await verdict({ signature: 'wrong' })).toMatch('No signatures found')
    expect(await verdict({ signature: 'tampered' })).toMatch('No signatures found')
    expect(await verdict({ signature: 'v0' })).toMatch('expected scheme')
    expect(await verdict({ signature: 'untimed' })).toMatch('Unable to extract timestamp')
    expect(await verdict({ signature: 'missing' })).toMatch('No stripe-signature header')
    expect(await verdict({ age_seconds: 299 })).toBe('charge.succeeded')
    expect(await verdict({ age_seconds: 302 })).toMatch('Timestamp outside')
  })

  test('tells of another mode or amount on request, rightly signed', async () => {
    const { session } = await paid()
    const alter = { livemode: true, 'data.object.amount_total': 1 }
    const [one, two] = await hooks(door.url, {
      about: session.id,
      type: 'checkout.session.completed',
      bend: { alter, copies: 2 },
    })
    expect(two?.body).toBe(one?.body)
    const event = stripe.webhooks.constructEvent(
      one?.body ?? '',
      one?.headers['stripe-signature'] ?? '',
      WEBHOOKS.current,
    )
    expect(event).toMatchObject({ livemode: true, data: { object: { amount_total: 1 } } })
  })
})

function sdk(url: string, key = SECRET_KEY): Stripe {
  const { hostname, port } = new URL(url)
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: 'http',
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0,
  })
}

function line(cents: number): Stripe.Checkout.SessionCreateParams.LineItem {
  return { quantity: 1, price_data: { currency: 'usd', unit_amount: cents, product_data: { name: 'Starter' } } }
}

function open(
  other: Partial<Stripe.Checkout.SessionCreateParams> = {},
  options: Stripe.RequestOptions = {},
): Promise<Stripe.Checkout.Session> {
  return stripe.checkout.sessions.create(
    {
      mode: 'payment',
      line_items: [line(1_000)],
      client_reference_id: 'order-1',
      metadata: { payment_id: 'order-1' },
      payment_intent_data: { metadata: { order: '1' } },
      success_url: 'https://shop.test/done?session={CHECKOUT_SESSION_ID}',
      cancel_url: 'https://shop.test/cancelled',
      ...other,
    },
    options,
  )
}

async function paid(): Promise<{ session: Stripe.Checkout.Session; intent: string }> {
  const { id } = await open()
  await control(door.url, 'pay', { payment: id })
  const session = await stripe.checkout.sessions.retrieve(id)
  return { session, intent: session.payment_intent as string }
}
