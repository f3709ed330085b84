import { createExecutionContext } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { app } from '../app.ts'
import { forgetFlags } from '../base/flags.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { featureFlags } from '../base/tables.ts'
import {
  books,
  deliverAll,
  eventually,
  happens,
  order,
  paid,
  quotaOf,
  refreshed,
  stateOf,
  tillOf,
  total,
} from '../tests/buying.ts'
import { control, press } from '../tests/tills.ts'
import { api, bindings, signIn } from '../tests/world.ts'
import { payments } from './tables.ts'

const CHECKOUT = 'POST /api/v1/payments/checkout'

describe('what can be bought', () => {
  test('are the document’s packages and top-ups, shown to everybody', async () => {
    const { status, body, headers } = await api('GET /api/v1/payments/packages')
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300'])
    expect(body).toEqual({
      packages: [
        { id: 'starter', name: 'Starter', calls: 1_000, price_usd: '10.00', price_per_call_usd: '0.01' },
        { id: 'pro', name: 'Pro', calls: 10_000, price_usd: '80.00', price_per_call_usd: '0.008' },
        { id: 'enterprise', name: 'Enterprise', calls: 100_000, price_usd: '500.00', price_per_call_usd: '0.005' },
      ],
      top_up: { min_usd: '5.00', max_usd: '10000.00' },
      methods: ['stripe', 'coinbase'],
      currency: 'USD',
    })
  })
})

describe('a checkout', () => {
  test.each(['stripe', 'coinbase'] as const)('by %s credits a package once, whoever tells of it', async (method) => {
    const bought = await order({ package: 'starter' }, { method })
    expect(await refreshed(bought)).toMatchObject({ status: 'pending', credited: false })
    await happens(bought, 'pay')
    await deliverAll(bought)
    await eventually(bought, ({ credited }) => credited === true)
    await deliverAll(bought)
    expect(await refreshed(bought)).toMatchObject({ status: 'completed', amount_usd: '10.00', calls: 1_000 })
    expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
    expect(await books([`lot:${bought.id}`])).toEqual({ [`lot:${bought.id}`]: '-10.00' })
    expect(await total()).toBe(0n)
  })

  test.each(['stripe', 'coinbase'] as const)('by %s tops up the balance by whole cents', async (method) => {
    const bought = await paid({ top_up_usd: '12.34' }, { method })
    expect(await stateOf(bought)).toMatchObject({ status: 'completed', package: null, calls: 0, amount_usd: '12.34' })
    expect(await quotaOf(bought)).toMatchObject({ calls: 100, balance: '12.34' })
    const account = `prepaid:${bought.developer.id}`
    expect(await books([account])).toEqual({ [account]: '-12.34' })
  })

  test('leads back to the site, and pressing the button twice pays once', async () => {
    const bought = await order({ package: 'pro' })
    const answers = await Promise.all([press(bought.url, 'card'), press(bought.url, 'card')])
    const back = `https://site.test/developer/billing?payment=${bought.id}`
    expect(answers.map(({ headers }) => headers.get('location'))).toEqual([back, back])
    expect(await refreshed(bought)).toMatchObject({ status: 'completed', credited: true })
    expect(await quotaOf(bought)).toMatchObject({ calls: 10_100 })
  })

  test('books what the provider kept', async () => {
    const before = await books(['processor_fees', 'cash_stripe'])
    await paid({ package: 'starter' })
    const after = await books(['processor_fees', 'cash_stripe'])
    const moved = (account: string) => Number(after[account] ?? 0) - Number(before[account] ?? 0)
    expect([moved('processor_fees').toFixed(2), moved('cash_stripe').toFixed(2)]).toEqual(['0.59', '9.41'])
  })

  test.each([
    [{ package: 'starter', top_up_usd: '10.00' }, 'package'],
    [{}, 'package'],
    [{ package: 'platinum' }, 'package'],
    [{ top_up_usd: '4.99' }, 'top_up_usd'],
    [{ top_up_usd: '10000.01' }, 'top_up_usd'],
    [{ top_up_usd: '5.001' }, 'top_up_usd'],
    [{ top_up_usd: '-5' }, 'top_up_usd'],
    [{ top_up_usd: 5 }, 'top_up_usd'],
    [{ package: 'starter', method: 'cash' }, 'method'],
  ])('refuses %j, naming %s', async (what, field) => {
    const developer = await signIn('developer')
    const { status, body } = await api(CHECKOUT, { as: developer, body: { method: 'stripe', ...what } })
    expect([status, body.error.code]).toEqual([400, '40002'])
    expect(body.error.details.fields.map((one: { field: string }) => one.field)).toContain(field)
  })

  test('is for developers', async () => {
    expect((await api(CHECKOUT, { body: { package: 'starter', method: 'stripe' } })).status).toBe(401)
    const creator = await signIn('creator')
    expect((await api(CHECKOUT, { as: creator, body: { package: 'starter', method: 'stripe' } })).status).toBe(403)
  })

  test('asked for twice with one Idempotency-Key is one payment; for something else with it, refused', async () => {
    const developer = await signIn('developer')
    const headers = { 'idempotency-key': newId() }
    const body = { package: 'starter', method: 'stripe' }
    const [one, two] = await Promise.all([1, 2].map(() => api(CHECKOUT, { as: developer, body, headers })))
    expect(two?.body).toEqual(one?.body)
    expect((await api('GET /api/v1/payments/history', { as: developer })).body.items).toHaveLength(1)
    const other = await api(CHECKOUT, { as: developer, body: { ...body, package: 'pro' }, headers })
    expect([other.status, other.body.error.code]).toEqual([422, '42201'])
    const stranger = await api(CHECKOUT, { as: await signIn('developer'), body, headers })
    expect(stranger.body.payment_id).not.toBe(one?.body.payment_id)
    const long = await api(CHECKOUT, { as: developer, body, headers: { 'idempotency-key': 'x'.repeat(256) } })
    expect(long.status).toBe(400)
  })

  test.each([
    ['stripe', 'refused'],
    ['stripe', 'lost'],
    ['coinbase', 'cut'],
    ['coinbase', 'lost'],
  ] as const)('at %s whose answer is %s can be tried again, and is one payment', async (method, how) => {
    const developer = await signIn('developer')
    const request = { as: developer, body: { package: 'starter', method }, headers: { 'idempotency-key': newId() } }
    await control(tillOf(method), 'outage', { how, times: method === 'stripe' ? 2 : 1 })
    const failed = await api(CHECKOUT, request)
    await control(tillOf(method), 'outage', { times: 0 })
    expect([failed.status, failed.body.error.code]).toEqual([503, '50330'])
    const { status, body } = await api(CHECKOUT, request)
    expect(status).toBe(201)
    expect(body.payment_id).toBe(failed.body.error.details.payment_id)
    const bought = { id: body.payment_id as string, url: body.checkout_url as string, method, developer }
    await happens(bought, 'pay')
    expect(await refreshed(bought)).toMatchObject({ status: 'completed', credited: true })
    expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
  })

  test('that never came to a page ends as failed', async () => {
    const developer = await signIn('developer')
    await control(tillOf('stripe'), 'outage', { how: 'refused', times: 2 })
    const { body } = await api(CHECKOUT, { as: developer, body: { package: 'starter', method: 'stripe' } })
    await control(tillOf('stripe'), 'outage', { times: 0 })
    const bought = { id: body.error.details.payment_id as string, url: '', method: 'stripe' as const, developer }
    expect(await refreshed(bought)).toMatchObject({ status: 'pending' })
    const createdAt = new Date(Date.now() - 3_700_000)
    await db(bindings).update(payments).set({ createdAt }).where(eq(payments.id, bought.id))
    expect(await refreshed(bought)).toMatchObject({ status: 'failed' })
  })

  test('that the provider refuses has failed, and says which it was', async () => {
    const developer = await signIn('developer')
    const env = { ...bindings, STRIPE_SECRET_KEY: 'sk_test_of_a_stranger' }
    const { status, body } = await ask(env, developer.token, { package: 'starter', method: 'stripe' })
    expect([status, body.error.code]).toEqual([502, '50230'])
    const bought = { id: body.error.details.payment_id as string, url: '', method: 'stripe' as const, developer }
    expect(await stateOf(bought)).toMatchObject({ status: 'failed', credited: false })
    expect(JSON.stringify(body)).not.toMatch(/sk_test|Invalid API Key/)
  })

  test('without a key for it says that it is off, and what is on', async () => {
    const developer = await signIn('developer')
    const env = { ...bindings, STRIPE_SECRET_KEY: '' }
    const { status, body } = await ask(env, developer.token, { package: 'starter', method: 'stripe' })
    expect([status, body.error.code]).toEqual([403, '40330'])
    expect(body.error.details).toEqual({ method: 'stripe', available: ['coinbase'] })
  })

  test('by crypto says that it is off while admins have switched it off', async () => {
    const developer = await signIn('developer')
    const flag = { name: 'enable_crypto_payments', enabled: false }
    await db(bindings).insert(featureFlags).values(flag).onConflictDoUpdate({ target: featureFlags.name, set: flag })
    forgetFlags()
    const { status, body } = await api(CHECKOUT, { as: developer, body: { package: 'starter', method: 'coinbase' } })
    await db(bindings).delete(featureFlags).where(eq(featureFlags.name, flag.name))
    forgetFlags()
    expect([status, body.error.code, body.error.details.available]).toEqual([403, '40330', ['stripe']])
  })
})

async function ask(env: typeof bindings, token: string, body: object) {
  const request = new Request('https://agentlink.test/api/v1/payments/checkout', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const response = await app.fetch(request, env, createExecutionContext())
  return {
    status: response.status,
    body: await response.json<{ error: { code: string; details: Record<string, unknown> } }>(),
  }
}

describe('payments', () => {
  test('are listed newest first, page by page, by status, and only to who made them', async () => {
    const developer = await signIn('developer')
    const made = []
    for (let count = 0; count < 3; count++) made.push(await order({ top_up_usd: '5' }, { developer }))
    await happens(made[1] ?? { id: '', method: 'stripe', developer, url: '' }, 'pay')
    await refreshed(made[1] ?? { id: '', method: 'stripe', developer, url: '' })
    const first = await api('GET /api/v1/payments/history?limit=2', { as: developer })
    const ids = made.map(({ id }) => id).toReversed()
    expect(first.body.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2))
    const rest = await api(`GET /api/v1/payments/history?limit=2&cursor=${first.body.next_cursor}`, { as: developer })
    expect(rest.body).toMatchObject({ items: [{ id: ids[2] }], next_cursor: null })
    const completed = await api('GET /api/v1/payments/history?status=completed', { as: developer })
    expect(completed.body.items).toMatchObject([{ id: made[1]?.id }])
    const stranger = await signIn('developer')
    expect((await api('GET /api/v1/payments/history', { as: stranger })).body.items).toEqual([])
    const theirs = await api(`GET /api/v1/payments/${ids[0]}`, { as: stranger })
    const none = await api(`GET /api/v1/payments/${newId()}`, { as: stranger })
    expect([theirs.status, theirs.body.error]).toEqual([404, none.body.error])
  })

  test('are shown as we know them while the provider cannot be asked', async () => {
    const bought = await order({ package: 'starter' })
    await happens(bought, 'pay')
    await control(tillOf('stripe'), 'outage', { how: 'refused', times: 2 })
    expect(await refreshed(bought)).toMatchObject({ status: 'pending' })
    await control(tillOf('stripe'), 'outage', { times: 0 })
    expect(await refreshed(bought)).toMatchObject({ status: 'completed' })
  })
})

describe('a receipt', () => {
  test('says what was paid, for programs and on paper', async () => {
    const bought = await paid({ package: 'starter' })
    await happens(bought, 'refund', { amount: 250 })
    await refreshed(bought)
    const { body } = await api(`GET /api/v1/payments/${bought.id}/receipt`, { as: bought.developer })
    expect(body).toMatchObject({
      payment_id: bought.id,
      buyer: { id: bought.developer.id, email: bought.developer.email },
      lines: [{ description: 'Starter, 1,000 calls', quantity: 1, amount_usd: '10.00' }],
      total_usd: '10.00',
      method: 'stripe',
      reversals: [{ kind: 'refund', amount_usd: '2.50', outcome: 'done' }],
      balance_usd: '7.50',
    })
    expect(body.number).toMatch(/^AL-[0-9A-F]{12}$/)
    expect(body.provider_reference).toMatch(/^pi_/)
    for (const [query, headers] of [
      ['?format=html', {}],
      ['', { accept: 'text/html,application/json;q=0.5' }],
    ] as const) {
      const page = await api(`GET /api/v1/payments/${bought.id}/receipt${query}`, { as: bought.developer, headers })
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      for (const words of [body.number, bought.developer.email, '$10.00', '−$2.50', '$7.50'])
        expect(page.body).toContain(words)
    }
  })

  test('is there once the payment has been made, and for nobody else', async () => {
    const bought = await order({ package: 'starter' })
    const early = await api(`GET /api/v1/payments/${bought.id}/receipt`, { as: bought.developer })
    expect([early.status, early.body.error.code]).toEqual([409, '40937'])
    const stranger = await signIn('developer')
    expect((await api(`GET /api/v1/payments/${bought.id}/receipt`, { as: stranger })).status).toBe(404)
  })
})

test('a buyer is told once of a payment that came, failed, went back or is disputed', async () => {
  const bought = await paid({ package: 'starter' })
  await happens(bought, 'refund', { amount: 100 })
  await refreshed(bought)
  await happens(bought, 'dispute')
  await refreshed(bought)
  await happens(bought, 'dispute/won')
  await refreshed(bought)
  const failed = await order({ package: 'starter' }, { developer: bought.developer })
  await happens(failed, 'expire')
  await refreshed(failed)
  await refreshed(failed)
  const told = async () =>
    (await api('GET /api/v1/notifications?limit=100', { as: bought.developer })).body.items.map(
      ({ type }: { type: string }) => type,
    ) as string[]
  const wanted = ['payment.disputed', 'payment.disputed', 'payment.failed', 'payment.refunded', 'payment.succeeded']
  for (let tries = 0; tries < 100 && (await told()).length < wanted.length; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50))
  expect((await told()).toSorted()).toEqual(wanted)
})
