/** Opening a payment: our row first, with what is to be bought; then a page at the provider, under the row's id. */
import { and, eq } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { newId } from '../base/ids.ts'
import { format, type Amount } from '../money/amount.ts'
import { settings, type Bindings } from '../env.ts'
import { nameOf, type PackageName } from './packages.ts'
import { openProvider } from './providers.ts'
import { payments } from './tables.ts'
import type { Method, Payment } from './provider.ts'

/** How long the page stays open. Stripe takes half an hour to a day, counted from when it is asked. */
const OPEN_MS = 6 * 3_600_000
/** When to look whether a payment came to anything of which nobody told. */
const FIRST_CHECK_MS = 60_000

export type Order = {
  userId: string
  method: Method
  /** Null: a top-up. */
  package: PackageName | null
  calls: number
  price: Amount
  /** The buyer's Idempotency-Key: what they ask twice is one payment. */
  key: string | null
}

export type OpenCheckout = { paymentId: string; url: string; expiresAt: Date }

/**
 * Opens a page to pay at. Throws `paymentMethodOff`, `checkoutRefused`, after which the payment has failed, and
 * `checkoutUnavailable`, after which it can be tried again with the same key; `idempotencyMismatch` and `checkoutOver` for a
 * key that was used.
 */
export async function checkout(env: Bindings, order: Order): Promise<OpenCheckout> {
  const provider = await openProvider(env, order.method)
  const payment = await orderRow(env, order, provider.isLive(env))
  const opened = openOf(payment)
  if (opened) return opened
  const { id, expiresAt } = payment
  if (payment.status !== 'pending' || !expiresAt || expiresAt.getTime() < clock.now())
    throw new AppError('checkoutOver', { details: { payment_id: id } })
  const returnUrl = `${settings(env).SITE_URL}/developer/billing?payment=${id}`
  try {
    const page = await provider.create(env, { id, name: nameOf(payment), amount: order.price, expiresAt, returnUrl })
    return { paymentId: id, url: page.url, expiresAt: await noteOpened(env, payment, page) }
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown
    if (thrown.kind === 'checkoutRefused') await noteRefused(env, id)
    throw new AppError(thrown.kind, { cause: thrown, details: { payment_id: id } })
  }
}

/** The row of an order: a new one, or that of the same order under the same key. Throws `idempotencyMismatch`. */
async function orderRow(env: Bindings, order: Order, isLive: boolean): Promise<Payment> {
  const { userId, method, key, price, calls } = order
  const requestPrint = key === null ? null : [method, order.package ?? 'top-up', format(price)].join(' ')
  const now = clock.now()
  const [made] = await reach(() =>
    db(env)
      .insert(payments)
      .values({
        id: newId(),
        userId,
        amountUsd: format(price),
        quotaPurchased: calls,
        paymentMethod: method,
        package: order.package,
        isLive,
        requestKey: key,
        requestPrint,
        createdAt: new Date(now),
        expiresAt: new Date(now + OPEN_MS),
        checkAt: new Date(now + FIRST_CHECK_MS),
      })
      .onConflictDoNothing()
      .returning(),
  )
  if (made) return made
  const isIt = and(eq(payments.userId, userId), eq(payments.requestKey, key ?? ''))
  const [known] = await reach(() => db(env).select().from(payments).where(isIt))
  if (!known) throw new AppError('conflict')
  if (known.requestPrint !== requestPrint) throw new AppError('idempotencyMismatch')
  return known
}

/** The page that is open already, if there is one. */
function openOf({ id, checkoutUrl, expiresAt }: Payment): OpenCheckout | null {
  return checkoutUrl !== null && expiresAt ? { paymentId: id, url: checkoutUrl, expiresAt } : null
}

async function noteOpened(env: Bindings, { id }: Payment, page: { id: string; url: string }): Promise<Date> {
  const isStill = and(eq(payments.id, id), eq(payments.status, 'pending'))
  const [row] = await reach(() =>
    db(env)
      .update(payments)
      .set({ paymentId: page.id, checkoutUrl: page.url })
      .where(isStill)
      .returning({ expiresAt: payments.expiresAt }),
  )
  if (!row?.expiresAt) throw new AppError('checkoutOver')
  return row.expiresAt
}

/** The provider will never take this order: whoever hears of it in the answer need not be told again. */
async function noteRefused(env: Bindings, id: string): Promise<void> {
  const refused = { status: 'failed', problem: 'refused', told: 'failed', checkAt: null } as const
  await reach(() =>
    db(env)
      .update(payments)
      .set(refused)
      .where(and(eq(payments.id, id), eq(payments.status, 'pending'))),
  )
}
