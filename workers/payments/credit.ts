/** The steps of a payment that comes in. Each stands or falls with what it posts; `sync.ts` says when each is due. */
import { and, eq, inArray, isNull, sql, type SQL } from 'drizzle-orm'
import { db, isUnchanged, mustChange, reach } from '../base/db.ts'
import { clock } from '../base/clock.ts'
import { amount, format, fromUnits, negate, subtract, toUnits, ZERO, type Amount } from '../money/amount.ts'
import { isPosted, post, type Entry } from '../money/ledger.ts'
import { bookBalance, bookLot, unitValueOf, type PaidBy } from '../quota/bought.ts'
import { credit as creditLot, deposit } from '../quota/quota.ts'
import { providerOf } from './providers.ts'
import { payments } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { Payment, Truth } from './provider.ts'

type Change = Partial<typeof payments.$inferInsert>

/** Whether what came in is what was ordered. */
export function isOrdered({ amountUsd }: Payment, received: Amount): boolean {
  return received === amount(amountUsd)
}

/** Whether an admin has decided that a held payment counts, and nothing of it has gone back since. */
export function isAccepted({ status, acceptedAt, refundedUsd, disputedUsd }: Payment): boolean {
  const isWhole = amount(refundedUsd) === ZERO && amount(disputedUsd) === ZERO
  return status === 'held' && acceptedAt !== null && isWhole
}

/** Books a payment as ordered, or a held one as accepted. From here on it counts. */
export async function complete(env: Bindings, payment: Payment, truth: Truth): Promise<void> {
  const change = { status: 'completed', completedAt: new Date(clock.now()), problem: null } as const
  const reference = payment.reference ?? truth.reference
  if (payment.status === 'held') {
    const stays = sql`${payments.status} = 'held' AND ${payments.acceptedAt} IS NOT NULL AND ${payments.refundedUsd} = 0 AND ${payments.disputedUsd} = 0`
    return step(env, payment, stays, { ...change, reference }, bookingOfHeld(env, payment))
  }
  const paidBy: PaidBy = { kind: 'payment', account: providerOf(payment.paymentMethod).cash }
  await step(env, payment, isUnpaid, { ...change, reference }, booking(env, payment, amount(payment.amountUsd), paidBy))
}

/**
 * Keeps a payment that does not fit its order for an admin to decide. What came in is booked as held if it is real dollars;
 * money of another currency or mode is none that the ledger could count.
 */
export async function hold(env: Bindings, payment: Payment, truth: Truth, problem: string): Promise<void> {
  const isCounted = problem !== 'mode' && problem !== 'currency'
  const received = isCounted ? (truth.received?.amount ?? ZERO) : null
  const { cash } = providerOf(payment.paymentMethod)
  const entries: Entry[] =
    received === null
      ? []
      : [
          { account: cash, amount: received },
          { account: `held:${payment.id}`, amount: negate(received) },
        ]
  const change = { status: 'held', problem, receivedUsd: received && format(received) } as const
  await step(env, payment, isUnpaid, { ...change, reference: payment.reference ?? truth.reference }, [
    post(env, 'payment', payment.id, entries),
  ])
}

/** Ends a payment that can never be made any more. Nothing was booked, and nothing is. */
export async function fail(env: Bindings, payment: Payment): Promise<void> {
  const change = {
    status: 'failed',
    problem: payment.paymentId === null ? 'not opened' : 'expired or declined',
  } as const
  await step(env, payment, eq(payments.status, 'pending'), change, [])
}

/** Tells the account of what was bought, under the payment's id, and then notes that it has heard. */
export async function credit(env: Bindings, payment: Payment): Promise<void> {
  const { id, userId, quotaPurchased: calls } = payment
  const unitValue = calls > 0 ? unitValueOf({ calls, price: amount(payment.amountUsd) }) : null
  if (unitValue !== null) await creditLot(env, userId, { v: 1, id, kind: 'paid', calls, unitValue })
  const money = prepaidBy(payment)
  if (money > ZERO) await deposit(env, userId, { v: 1, id, amount: toUnits(money) })
  await note(env, payment, isNull(payments.creditedAt), { creditedAt: new Date(clock.now()) })
}

/** Books what the provider kept of the payment. */
export async function noteFee(env: Bindings, payment: Payment, { fee }: Truth): Promise<void> {
  const kept = fee ?? ZERO
  await step(env, payment, isNull(payments.feeUsd), { feeUsd: format(kept) }, [
    post(env, 'processor_fee', payment.id, [
      { account: 'processor_fees', amount: kept },
      { account: providerOf(payment.paymentMethod).cash, amount: negate(kept) },
    ]),
  ])
}

/** Notes by which other id the provider speaks of the payment. */
export async function noteReference(env: Bindings, payment: Payment, { reference }: Truth): Promise<void> {
  await note(env, payment, isNull(payments.reference), { reference })
}

/** What a payment adds to the prepaid balance: a top-up, or what was paid beyond a package's price. */
export function prepaidBy({ amountUsd, receivedUsd, quotaPurchased }: Payment): Amount {
  const received = amount(receivedUsd ?? amountUsd)
  if (quotaPurchased === 0) return received
  const over = subtract(received, amount(amountUsd))
  return over > ZERO ? over : ZERO
}

const isUnpaid = inArray(payments.status, ['pending', 'failed'])

/** The statements that book what was bought. */
function booking(env: Bindings, { id, userId, quotaPurchased: calls }: Payment, price: Amount, paidBy: PaidBy) {
  return calls > 0
    ? bookLot(env, { id, userId, calls, price }, paidBy)
    : [bookBalance(env, { id, userId, amount: price }, paidBy)]
}

/** The same of a payment that is held: a package has its own price, whatever came in, and the platform gives what is missing. */
function bookingOfHeld(env: Bindings, payment: Payment) {
  const { id, userId, quotaPurchased: calls } = payment
  const held = { kind: 'accepted', account: `held:${id}` } as const
  const price = amount(payment.amountUsd)
  const received = amount(payment.receivedUsd ?? '0')
  if (calls === 0) return [bookBalance(env, { id, userId, amount: received }, held)]
  const missing = subtract(price, received)
  const over = prepaidBy(payment)
  return [
    post(env, 'grant', id, missing > ZERO ? between('granted', held.account, missing) : []),
    ...bookLot(env, { id, userId, calls, price }, held),
    bookBalance(env, { id: `${id}:over`, userId, amount: over }, held),
  ]
}

function between(from: Entry['account'], to: Entry['account'], value: Amount): Entry[] {
  return [
    { account: from, amount: value },
    { account: to, amount: negate(value) },
  ]
}

type Statement = ReturnType<typeof post>

/** Changes a payment that still is as it was decided on, with what that posts; else nothing, and no error. */
async function step(
  env: Bindings,
  { id }: Payment,
  isStill: SQL | undefined,
  change: Change,
  statements: readonly (Statement | ReturnType<typeof bookLot>[number])[],
): Promise<void> {
  const changed = db(env)
    .update(payments)
    .set(change)
    .where(and(eq(payments.id, id), isStill))
    .returning({ id: payments.id })
  try {
    await reach(() => db(env).batch([mustChange(env, changed), ...statements]))
  } catch (thrown) {
    if (!isUnchanged(thrown) && !isPosted(thrown)) throw thrown
  }
}

async function note(env: Bindings, { id }: Payment, isStill: SQL | undefined, change: Change): Promise<void> {
  await reach(() =>
    db(env)
      .update(payments)
      .set(change)
      .where(and(eq(payments.id, id), isStill)),
  )
}

/** What one unit of a package cost, as an amount. */
export function unitOf({ amountUsd, quotaPurchased: calls }: Payment): Amount {
  return fromUnits(unitValueOf({ calls, price: amount(amountUsd) }) ?? 0)
}
