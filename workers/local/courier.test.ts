import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { control } from '../tests/tills.ts'
import { startCoinbase } from './coinbase.ts'
import type { HttpDoor } from './http-door.ts'
import { TEST_COINBASE, TEST_STRIPE } from './test-keys.ts'
import { startStripe } from './stripe.ts'

let dir: string
let receiver: Server
let target: string
let received: { type: string; id: string }[]
/** What the receiver answers, one after the other; then 200. */
let answers: number[]
let door: HttpDoor

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'courier-'))
  received = []
  answers = []
  receiver = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      received.push(JSON.parse(Buffer.concat(chunks).toString()) as { type: string; id: string })
      response.writeHead(answers.shift() ?? 200).end()
    })()
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  target = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  door = await open()
})

afterEach(async () => {
  await door.stop()
  receiver.close()
  receiver.closeAllConnections()
  await rm(dir, { recursive: true, force: true })
})

test('what was not taken is delivered again, with the same id, until it is', async () => {
  await control(door.url, 'rules', { times: 3, bend: { drop: true } })
  answers = [500, 302]
  await control(door.url, 'pay', { payment: await newSession() })
  await vi.waitFor(() => expect(types()).toEqual(Array.from({ length: 3 }, () => 'checkout.session.completed')))
  expect(new Set(received.map(({ id }) => id)).size).toBe(1)
  await vi.waitFor(async () => {
    const shown = await fetch(`${door.url}/control/deliveries?type=checkout.session.completed`)
    const attempts = [{ status: 500 }, { status: 302 }, { status: 200 }]
    expect(await shown.json()).toMatchObject([{ nextAt: null, attempts }])
  })
})

test('on request it is dropped, or comes more than once', async () => {
  await control(door.url, 'rules', { type: 'charge.succeeded', bend: { copies: 3 } })
  await control(door.url, 'rules', { type: 'payment_intent.succeeded', bend: { drop: true } })
  await control(door.url, 'pay', { payment: await newSession() })
  await vi.waitFor(() => expect(types()).toContain('checkout.session.completed'))
  await vi.waitFor(() => expect(types().filter((type) => type === 'charge.succeeded')).toHaveLength(3))
  expect(types()).not.toContain('payment_intent.succeeded')
})

test('what is held leaves in the order that is asked for', async () => {
  await control(door.url, 'hold')
  await control(door.url, 'pay', { payment: await newSession() })
  expect(received).toEqual([])
  await control(door.url, 'release', { order: 'reverse' })
  expect(types()).toEqual([
    'checkout.session.completed',
    'payment_intent.succeeded',
    'charge.succeeded',
    'payment_intent.created',
  ])
})

test('a delay is kept to, and can be outlived by a restart', async () => {
  await control(door.url, 'rules', { type: 'charge.succeeded', bend: { delay_ms: 200 } })
  await control(door.url, 'pay', { payment: await newSession() })
  await vi.waitFor(() => expect(received).toHaveLength(3))
  expect(types()).not.toContain('charge.succeeded')
  await door.stop()
  door = await open()
  await vi.waitFor(() => expect(types()).toContain('charge.succeeded'))
})

test('after a restart everything is as it was, at Stripe and at Coinbase', async () => {
  const session = await newSession()
  await control(door.url, 'pay', { payment: session })
  const before = await payments(door)
  await door.stop()
  door = await open()
  expect(await payments(door)).toEqual(before)
  expect(before).toMatchObject([{ id: session, payment_status: 'paid' }])

  const file = join(dir, 'coinbase.jsonl')
  const first = await startCoinbase({ port: 0, ...TEST_COINBASE, file })
  await first.stop()
  const second = await startCoinbase({ port: 0, ...TEST_COINBASE, file })
  expect(await payments(second)).toEqual([])
  await second.stop()
})

test('the desk shows the latest payments, and its buttons make things happen', async () => {
  const payment = await newSession()
  const desk = async (url: string): Promise<string> => (await fetch(`${url}/`)).text()
  expect(await desk(door.url)).toContain('open, unpaid')
  await control(door.url, 'pay', { payment })
  for (const path of ['dispute', 'dispute/won', 'refund']) {
    expect(await desk(door.url)).toContain(`formaction="/control/${path}"`)
    const body = new URLSearchParams({ payment })
    const pressed = await fetch(`${door.url}/control/${path}`, { method: 'POST', body, redirect: 'manual' })
    expect([pressed.status, pressed.headers.get('location')]).toEqual([303, '/'])
  }
  expect(await desk(door.url)).toContain('refunded $5.00, dispute won')
})

test('out of order, it answers 503, or nothing, having done what was asked or not', async () => {
  await control(door.url, 'outage', { how: 'refused' })
  expect((await create()).status).toBe(503)
  await control(door.url, 'outage', { how: 'cut' })
  await expect(create()).rejects.toThrow('fetch failed')
  expect(await payments(door)).toHaveLength(0)
  await control(door.url, 'outage', { how: 'lost' })
  await expect(create()).rejects.toThrow('fetch failed')
  expect(await payments(door)).toHaveLength(1)
})

test('a mistyped control is refused by name', async () => {
  await expect(control(door.url, 'rules', { bend: { dorp: true } })).rejects.toThrow('dorp')
  await expect(control(door.url, 'refund', { payment: 'nobody' })).rejects.toThrow('nobody')
  await expect(control(door.url, 'pya', {})).rejects.toThrow('nothing here')
})

function open(): Promise<HttpDoor> {
  const file = join(dir, 'stripe.jsonl')
  return startStripe({ port: 0, ...TEST_STRIPE, targets: [target], file, retryMs: [10, 10, 10] })
}

function types(): string[] {
  return received.map(({ type }) => type)
}

function create(): Promise<Response> {
  return fetch(`${door.url}/v1/checkout/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_STRIPE.secretKey}` },
    body: new URLSearchParams({
      mode: 'payment',
      success_url: 'https://shop.test/',
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': 'usd',
      'line_items[0][price_data][unit_amount]': '500',
      'line_items[0][price_data][product_data][name]': 'Top-up',
    }),
  })
}

async function newSession(): Promise<string> {
  return ((await (await create()).json()) as { id: string }).id
}

async function payments({ url }: HttpDoor): Promise<unknown[]> {
  return (await (await fetch(`${url}/control/payments`)).json()) as unknown[]
}
