/** Where our books and the providers say different things about payments, or where something has stood still for too long. */
import { and, inArray, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { add, amount, format, subtract, ZERO, type Amount } from '../money/amount.ts'
import { postingsOf } from '../money/ledger.ts'
import { isEffective, type Truth } from './provider.ts'
import { providerOf } from './providers.ts'
import { namedBy } from './reverse.ts'
import { sync } from './sync.ts'
import { paymentEvents, paymentReversals, payments } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { Known } from './payments.ts'

export type PaymentDifference = {
  kind:
    /** What is booked of its cash is not what its provider has taken, kept and given back. */
    | 'payment_cash'
    /** It counts, and its account has not heard of it for an hour. */
    | 'payment_uncredited'
    /** A refund or dispute that was seen an hour ago, and is not applied. */
    | 'reversal_waiting'
    /** Something a provider told an hour ago that nobody could apply. */
    | 'payment_event_waiting'
  /** The payment's; of an event, its own. */
  id: string
  expected: string
  found: string
}

/** `looked`: the payments that were compared with their providers this time; of everything else all is looked at every time. */
export type PaymentsSeen = { looked: string[]; found: PaymentDifference[] }

/** Payments compared in one run: each is several requests to its provider. */
const COMPARED_AT_ONCE = 20
/** Of each kind at most so many are named. */
const NAMED_MAX = 100
const WAITING_MS = 3_600_000

/** What differs. Payments are compared in turn, those that have waited longest first. Throws `storeUnavailable`. */
export async function paymentDifferences(env: Bindings): Promise<PaymentsSeen> {
  const compared = await Promise.all((await nextToCompare(env)).map((id) => compare(env, id)))
  const looked = compared.filter((one) => one !== null)
  const found = [...looked.flatMap(({ difference }) => difference ?? []), ...(await standing(env))]
  return { looked: looked.map(({ id }) => id), found }
}

async function nextToCompare(env: Bindings): Promise<string[]> {
  const isBooked = or(isNotNull(payments.completedAt), isNotNull(payments.receivedUsd))
  const next = db(env)
    .select({ id: payments.id })
    .from(payments)
    .where(isBooked)
    .orderBy(sql`${payments.comparedAt} NULLS FIRST`)
    .limit(COMPARED_AT_ONCE)
    .for('update', { skipLocked: true })
  const rows = await reach(() =>
    db(env)
      .update(payments)
      .set({ comparedAt: new Date(clock.now()) })
      .where(inArray(payments.id, sql`(${next})`))
      .returning({ id: payments.id }),
  )
  return rows.map(({ id }) => id)
}

/** One payment, brought to the truth first: what then differs is no delay. Null while its provider cannot be asked. */
async function compare(
  env: Bindings,
  id: string,
): Promise<{ id: string; difference: PaymentDifference | null } | null> {
  try {
    const known = await sync(env, id)
    const { payment } = known
    const provider = providerOf(payment.paymentMethod)
    if (payment.paymentId === null) return null
    const truth = await provider.truthOf(env, { ...payment, paymentId: payment.paymentId })
    const postings = await postingsOf(env, namedBy(known))
    const booked = postings
      .flatMap(({ entries }) => entries)
      .filter(({ account }) => account === provider.cash)
      .map((entry) => amount(entry.amount))
      .reduce(add, ZERO)
    const expected = cashOf(known, truth)
    const difference = { kind: 'payment_cash', id, expected: format(expected), found: format(booked) } as const
    return { id, difference: expected === booked ? null : difference }
  } catch (thrown) {
    log.warn('payments.not_compared', { payment_id: id, error: describe(thrown) })
    return null
  }
}

/** What a payment has brought in, by what its provider says; nothing if it is money that the ledger does not count. */
function cashOf({ payment }: Known, { received, fee, reversals }: Truth): Amount {
  if (payment.completedAt === null && payment.receivedUsd === null) return ZERO
  const kept = add(fee ?? ZERO, reversals.map((one) => one.fee).reduce(add, ZERO))
  const back = reversals.filter(({ outcome }) => isEffective(outcome)).map((one) => one.amount)
  return subtract(subtract(received?.amount ?? ZERO, kept), back.reduce(add, ZERO))
}

/** What has stood still for longer than anything should. */
async function standing(env: Bindings): Promise<PaymentDifference[]> {
  const before = new Date(clock.now() - WAITING_MS)
  const [uncredited, seen, events] = await reach(() =>
    db(env).batch([
      db(env)
        .select({ id: payments.id, since: payments.completedAt })
        .from(payments)
        .where(and(isNull(payments.creditedAt), isNotNull(payments.completedAt), lt(payments.completedAt, before)))
        .limit(NAMED_MAX),
      db(env)
        .select({ id: paymentReversals.paymentId, since: paymentReversals.createdAt })
        .from(paymentReversals)
        .where(and(sql`${paymentReversals.state} = 'seen'`, lt(paymentReversals.createdAt, before)))
        .limit(NAMED_MAX),
      db(env)
        .select({ id: paymentEvents.id, since: paymentEvents.receivedAt })
        .from(paymentEvents)
        .where(and(isNull(paymentEvents.appliedAt), lt(paymentEvents.receivedAt, before)))
        .limit(NAMED_MAX),
    ]),
  )
  const named = (kind: PaymentDifference['kind'], rows: { id: string; since: Date | null }[]): PaymentDifference[] =>
    rows.map(({ id, since }) => ({
      kind,
      id,
      expected: 'done within an hour',
      found: `waits since ${since?.toISOString()}`,
    }))
  return [
    ...named('payment_uncredited', uncredited),
    ...named('reversal_waiting', seen),
    ...named('payment_event_waiting', events),
  ]
}
