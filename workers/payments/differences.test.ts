import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { amount } from '../money/amount.ts'
import { post } from '../money/ledger.ts'
import { happens, order, paid, refreshed } from '../tests/buying.ts'
import { control } from '../tests/tills.ts'
import { bindings } from '../tests/world.ts'
import { settings } from '../env.ts'
import { paymentDifferences } from './differences.ts'
import { paymentEvents, payments } from './tables.ts'

/** Compares until this payment had its turn; what was found of it then. */
async function differencesOf(paymentId: string) {
  await db(bindings).update(payments).set({ comparedAt: new Date() })
  await db(bindings).update(payments).set({ comparedAt: null }).where(eq(payments.id, paymentId))
  const { looked, found } = await paymentDifferences(bindings)
  expect(looked).toContain(paymentId)
  return found.filter(({ id }) => id === paymentId)
}

test('a payment that went through everything agrees with its provider', async () => {
  const bought = await paid({ package: 'starter' })
  await happens(bought, 'refund', { amount: 300 })
  await happens(bought, 'dispute')
  await refreshed(bought)
  expect(await differencesOf(bought.id)).toEqual([])
  await happens(bought, 'dispute/won')
  expect(await differencesOf(bought.id)).toEqual([])
  const crypto = await paid({ top_up_usd: '7.77' }, { method: 'coinbase' })
  expect(await differencesOf(crypto.id)).toEqual([])
})

test('what is booked and was not, or is missing, is named', async () => {
  const bought = await paid({ package: 'starter' })
  await db(bindings).batch([
    post(bindings, 'grant', bought.id, [
      { account: 'cash_stripe', amount: amount('1') },
      { account: 'granted', amount: amount('-1') },
    ]),
  ])
  expect(await differencesOf(bought.id)).toEqual([
    { kind: 'payment_cash', id: bought.id, expected: '9.41', found: '10.41' },
  ])
})

test('what a provider changes afterwards is named', async () => {
  const bought = await paid({ package: 'starter' })
  const [row] = await db(bindings).select().from(payments).where(eq(payments.id, bought.id))
  const fields = { amount_received: 900 }
  await control(settings(bindings).STRIPE_BASE_URL, 'alter', { id: row?.reference, fields })
  expect(await differencesOf(bought.id)).toMatchObject([{ kind: 'payment_cash', expected: '8.41', found: '9.41' }])
})

test('what has stood still for an hour is named', async () => {
  const bought = await order({ package: 'starter' })
  const hoursAgo = new Date(Date.now() - 2 * 3_600_000)
  const change = { status: 'completed', completedAt: hoursAgo } as const
  await db(bindings).update(payments).set(change).where(eq(payments.id, bought.id))
  const [event] = await db(bindings)
    .insert(paymentEvents)
    .values({ provider: 'stripe', eventId: newId(), type: 'x', body: '{}', receivedAt: hoursAgo })
    .returning({ id: paymentEvents.id })
  await db(bindings).update(payments).set({ comparedAt: new Date() })
  const { found } = await paymentDifferences(bindings)
  const kinds = found.filter(({ id }) => id === bought.id || id === event?.id).map(({ kind }) => kind)
  expect(kinds).toContain('payment_event_waiting')
  await db(bindings)
    .delete(paymentEvents)
    .where(eq(paymentEvents.id, event?.id ?? ''))
  await db(bindings).update(payments).set({ status: 'failed', completedAt: null }).where(eq(payments.id, bought.id))
})
