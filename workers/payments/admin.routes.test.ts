import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { auditLog } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { books, deliverAll, happens, order, paid, quotaOf, refreshed, tillOf, total } from '../tests/buying.ts'
import { control } from '../tests/tills.ts'
import { api, bindings, signIn } from '../tests/world.ts'

const REASON = 'The buyer asked for it'

/** A payment of which something else came in than was ordered. */
async function heldPayment(what: Parameters<typeof order>[0], received: number) {
  const bought = await order(what)
  const { payment_intent } = (await happens(bought, 'pay')) as { payment_intent: string }
  await control(tillOf('stripe'), 'alter', { id: payment_intent, fields: { amount_received: received } })
  expect(await refreshed(bought)).toMatchObject({ status: 'held' })
  return bought
}

async function lineOf(paymentId: string, action: string) {
  const rows = await db(bindings).select().from(auditLog).where(eq(auditLog.subjectId, paymentId))
  return rows.filter((row) => row.action === action)
}

describe('the list', () => {
  test('shows who may manage payments those of a status, a method and a user', async () => {
    const admin = await signIn('admin')
    const held = await heldPayment({ package: 'starter' }, 999)
    const bought = await paid({ package: 'starter' }, { method: 'coinbase' })
    const { body } = await api('GET /api/v1/admin/payments?status=held&limit=1', { as: admin })
    expect(body.items).toMatchObject([{ id: held.id, status: 'held', problem: 'amount', received_usd: '9.99' }])
    const theirs = await api(`GET /api/v1/admin/payments?method=coinbase&user_id=${bought.developer.id}`, { as: admin })
    expect(theirs.body.items).toMatchObject([{ id: bought.id, method: 'coinbase', user_id: bought.developer.id }])
    for (const role of ['moderator', 'support'] as const)
      expect((await api('GET /api/v1/admin/payments', { as: await signIn('admin', role) })).status).toBe(403)
  })

  test('of one payment shows what was booked and what was heard', async () => {
    const admin = await signIn('admin')
    const bought = await paid({ package: 'starter' })
    await deliverAll(bought)
    await happens(bought, 'refund', { amount: 300 })
    await refreshed(bought)
    const { body } = await api(`GET /api/v1/admin/payments/${bought.id}`, { as: admin })
    expect(body).toMatchObject({ refundable_usd: '7.00', fee_usd: '0.59', refunded_usd: '3.00' })
    expect(body.reversals).toMatchObject([{ kind: 'refund', state: 'applied', taken_usd: '3.00', loss_usd: '0.00' }])
    expect(body.ledger.map(({ kind }: { kind: string }) => kind)).toEqual(['payment', 'processor_fee', 'refund'])
    expect(body.ledger[0].entries).toEqual([
      { account: 'cash_stripe', amount: '10.00' },
      { account: `lot:${bought.id}`, amount: '-10.00' },
    ])
    expect(body.events.length).toBeGreaterThan(2)
    expect(body.events[0]).not.toHaveProperty('body')
    expect((await api(`GET /api/v1/admin/payments/${newId()}`, { as: admin })).status).toBe(404)
  })
})

describe('a held payment', () => {
  test.each([
    ['too little', 900, { 'lot:': '-10.00' }, { calls: 1_100, balance: '0.00' }],
    ['too much', 1_150, { 'lot:': '-10.00', 'prepaid:': '-1.50' }, { calls: 1_100, balance: '1.50' }],
  ])('of %s counts as ordered once it is accepted', async (_, received, booked, quota) => {
    const admin = await signIn('admin')
    const bought = await heldPayment({ package: 'starter' }, received)
    const path = `POST /api/v1/admin/payments/${bought.id}/accept`
    const [one, two] = await Promise.all([1, 2].map(() => api(path, { as: admin, body: { reason: REASON } })))
    expect(new Set([one?.status, two?.status])).toEqual(new Set([200, 409]))
    expect(await refreshed(bought)).toMatchObject({ status: 'completed', credited: true })
    expect(await quotaOf(bought)).toMatchObject(quota)
    const names = { 'lot:': `lot:${bought.id}`, 'prepaid:': `prepaid:${bought.developer.id}` }
    const wanted = Object.entries(booked).map(([kind, value]) => [names[kind as 'lot:'], value])
    expect(await books([...Object.values(names), `held:${bought.id}`])).toEqual(Object.fromEntries(wanted))
    expect(await lineOf(bought.id, 'payment.accept')).toMatchObject([{ actorId: admin.id, reason: REASON }])
    expect(await total()).toBe(0n)
  })

  test('of a top-up counts with what came in', async () => {
    const admin = await signIn('admin')
    const bought = await heldPayment({ top_up_usd: '20.00' }, 1_234)
    await api(`POST /api/v1/admin/payments/${bought.id}/accept`, { as: admin, body: { reason: REASON } })
    expect(await quotaOf(bought)).toMatchObject({ calls: 100, balance: '12.34' })
  })

  test('can be sent back instead, and then cannot be accepted', async () => {
    const admin = await signIn('admin')
    const bought = await heldPayment({ package: 'starter' }, 900)
    const body = { refund_id: newId(), amount_usd: '4.00', reason: REASON }
    await api(`POST /api/v1/admin/payments/${bought.id}/refund`, { as: admin, body })
    const accepted = await api(`POST /api/v1/admin/payments/${bought.id}/accept`, {
      as: admin,
      body: { reason: REASON },
    })
    expect([accepted.status, accepted.body.error.code]).toEqual([409, '40938'])
    expect(await books([`held:${bought.id}`])).toEqual({ [`held:${bought.id}`]: '-5.00' })
  })
})

describe('a refund', () => {
  test.each(['stripe', 'coinbase'] as const)('by %s goes back once, however often it is asked for', async (method) => {
    const admin = await signIn('admin')
    const bought = await paid({ package: 'starter' }, { method })
    const path = `POST /api/v1/admin/payments/${bought.id}/refund`
    const body = { refund_id: newId(), amount_usd: '4.00', reason: REASON }
    const answers = []
    for (let count = 0; count < 3; count++) answers.push(await api(path, { as: admin, body }))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers[2]?.body).toMatchObject({ refunded_usd: '4.00', refundable_usd: '6.00' })
    expect(await quotaOf(bought)).toMatchObject({ calls: 700 })
    const other = await api(path, { as: admin, body: { ...body, amount_usd: '5.00' } })
    expect([other.status, other.body.error.code]).toEqual([422, '42201'])
    const rest = { refund_id: newId(), reason: REASON }
    for (let count = 0; count < 2; count++)
      expect((await api(path, { as: admin, body: rest })).body).toMatchObject({
        status: 'refunded',
        refundable_usd: '0.00',
      })
    expect(await lineOf(bought.id, 'payment.refund')).toMatchObject([{ actorId: admin.id }, {}, {}, {}, {}])
    expect(await total()).toBe(0n)
  })

  test('of more than is left, of a payment that was not made, or by somebody else, is refused', async () => {
    const admin = await signIn('admin')
    const bought = await paid({ package: 'starter' })
    const path = `POST /api/v1/admin/payments/${bought.id}/refund`
    const tooMuch = await api(path, { as: admin, body: { refund_id: newId(), amount_usd: '10.01', reason: REASON } })
    expect([tooMuch.status, tooMuch.body.error]).toMatchObject([
      409,
      { code: '40939', details: { refundable_usd: '10.00' } },
    ])
    const unpaid = await order({ package: 'starter' })
    const early = await api(`POST /api/v1/admin/payments/${unpaid.id}/refund`, {
      as: admin,
      body: { refund_id: newId(), reason: REASON },
    })
    expect([early.status, early.body.error.code]).toEqual([409, '40937'])
    const zero = await api(path, { as: admin, body: { refund_id: newId(), amount_usd: '0.00', reason: REASON } })
    expect(zero.status).toBe(400)
    const body = { refund_id: newId(), reason: REASON }
    expect((await api(path, { as: bought.developer, body })).status).toBe(403)
    expect((await api(path, { as: await signIn('admin', 'support'), body })).status).toBe(403)
    await happens(bought, 'dispute')
    expect((await api(path, { as: admin, body })).body.error.code).toBe('40939')
  })

  test('whose answer was lost is made once all the same', async () => {
    const admin = await signIn('admin')
    const bought = await paid({ package: 'starter' })
    const request = { as: admin, body: { refund_id: newId(), amount_usd: '1.00', reason: REASON } }
    await control(tillOf('stripe'), 'outage', { how: 'lost', times: 2 })
    const lost = await api(`POST /api/v1/admin/payments/${bought.id}/refund`, request)
    await control(tillOf('stripe'), 'outage', { times: 0 })
    expect(lost.status).toBe(503)
    const { body } = await api(`POST /api/v1/admin/payments/${bought.id}/refund`, request)
    expect(body).toMatchObject({ refunded_usd: '1.00' })
    expect(body.reversals).toHaveLength(1)
  })
})
