/**
 * The steps of money that goes back: refunds and disputes. First the account gives what it has not used, then the calls of
 * what was bought give what is not settled yet, newest first, and the platform bears the rest. `sync.ts` has the states.
 */
import { and, eq, isNull, sql, type SQL } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, isUnchanged, mustChange, reach } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { amount, format, negate as minus, ZERO, type Amount } from '../money/amount.ts'
import { isPosted, post } from '../money/ledger.ts'
import { bookReversal, creatorsIn, negate, type Posted, type ReversedMoney } from '../money/reversals.ts'
import { giveBack, takeBack } from '../quota/quota.ts'
import { providerOf } from './providers.ts'
import { paymentReversals } from './tables.ts'
import { inDollars, isCounted, shareOf, sharePart, unusedAccount, wish } from './share.ts'
import { creatorsAsked, unsettledCalls, type CallShare } from './unsettled.ts'
import type { Bindings } from '../env.ts'
import type { Known, Reversal } from './payments.ts'
import type { Payment, ReversalTruth } from './provider.ts'

/** Notes that the provider tells of a refund or dispute that we have not heard of. */
export async function see(env: Bindings, { id }: Payment, truth: ReversalTruth): Promise<void> {
  const { kind, source, outcome } = truth
  const row = { paymentId: id, kind, source, outcome, amountUsd: format(truth.amount) }
  await reach(() => db(env).insert(paymentReversals).values(row).onConflictDoNothing())
}

/** Takes back what is there to take, and books it: of many calls the first some thousands, `collect` the others. */
export async function apply(env: Bindings, payment: Payment, reversal: Reversal): Promise<void> {
  const share = await shareOf(env, payment, reversal)
  if (share === null) return applyUncounted(env, payment, reversal)
  const { unused, due, calls } = share
  const { id, kind, source } = reversal
  const transactionId = newId()
  const money = { kind, source, id: transactionId, amount: amount(reversal.amountUsd), unused }
  const change = sql`
    state = 'applied', applied_at = now(), transaction_id = ${transactionId}::uuid, taken_usd = ${format(unused.amount)}::decimal,
    creators_usd = ${SUM.creators}, margin_usd = ${SUM.margin},
    loss_usd = amount_usd - ${format(unused.amount)}::decimal - ${SUM.all},
    open_usd = ${REST.open}, open_until = ${REST.until}, late_usd = ${due === ZERO ? '0' : null}::decimal
    WHERE id = ${id} AND state = 'seen'`
  await take(env, payment, { reversalId: id, calls, money, change })
}

/** Asks the next calls for what they may still be asked for, in the platform's favour. */
export async function collect(env: Bindings, payment: Payment, reversal: Reversal): Promise<void> {
  const { id, source, parts, openUsd, openUntil } = reversal
  const calls = sharePart(payment, amount(openUsd), openUntil ?? new Date(clock.now()))
  const unused = { account: unusedAccount(payment), amount: ZERO }
  const money = { kind: 'reversal_part', source: `${source}:${parts + 1}`, id: newId(), amount: ZERO, unused } as const
  const change = sql`
    creators_usd = creators_usd + ${SUM.creators}, margin_usd = margin_usd + ${SUM.margin}, loss_usd = loss_usd - ${SUM.all},
    open_usd = ${REST.open}, open_until = ${REST.until}, parts = parts + 1
    WHERE id = ${id} AND state = 'applied' AND parts = ${parts}`
  await take(env, payment, { reversalId: id, calls, money, change })
}

type Taking = {
  reversalId: string
  calls: CallShare | null
  money: Omit<ReversedMoney, 'cash'>
  /** What becomes of the reversal's row, and what it still has to be. */
  change: SQL
}

/** Takes from calls and books it, with what that makes of the reversal. */
async function take(env: Bindings, payment: Payment, { reversalId, calls, money, change }: Taking): Promise<void> {
  const creators = calls ? await creatorsAsked(env, calls) : []
  const { cash } = providerOf(payment.paymentMethod)
  const taking = db(env).execute(sql`
    WITH ${unsettledCalls(calls, creators)},
    noted AS (
      INSERT INTO reversed_calls (call_id, part, reversal_id, amount_usd)
      SELECT call_id, ${calls?.part ?? 'unit'}, ${reversalId}::uuid, amount FROM reversed
    ),
    ${bookReversal(sql`reversed`, { ...money, cash })},
    changed AS (UPDATE payment_reversals SET ${change} RETURNING id)
    SELECT demand_change(count(*)) FROM changed`)
  await unlessDone(() =>
    db(env).batch([locked(env, payment), lockedCreators(env, creators), taking, restated(env, payment)]),
  )
}

/** What calls have given in a statement. */
const SUM = {
  creators: sql`(SELECT coalesce(sum(revenue), 0) FROM reversed)`,
  margin: sql`(SELECT coalesce(sum(amount - revenue), 0) FROM reversed)`,
  all: sql`(SELECT coalesce(sum(amount), 0) FROM reversed)`,
}

/** What older calls may still be asked for after it. */
const REST = { open: sql`(SELECT open FROM rest)`, until: sql`(SELECT until FROM rest)` }

/** Undoes a reversal that did not come to be: what it took is there again, and what it booked is booked the other way round. */
export async function undo(env: Bindings, payment: Payment, reversal: Reversal): Promise<void> {
  const { id, kind, source, state, parts, transactionId, lateUsd } = reversal
  if (payment.completedAt !== null) await giveBack(env, payment.userId, id)
  const isStill = and(
    eq(paymentReversals.id, id),
    eq(paymentReversals.state, state),
    eq(paymentReversals.parts, parts),
    sql`${paymentReversals.lateUsd} IS NOT DISTINCT FROM ${lateUsd}::decimal`,
  )
  const change = db(env)
    .update(paymentReversals)
    .set({ state: 'undone', undoneAt: new Date(clock.now()) })
    .where(isStill)
    .returning({ id: paymentReversals.id })
  if (transactionId === null)
    return unlessDone(() => db(env).batch([locked(env, payment), mustChange(env, change), restated(env, payment)]))
  const booked = postingsIn(reversal)
  const creators = await creatorsIn(env, booked)
  const opposite = { kind: kind === 'dispute' ? 'dispute_won' : 'refund_failed', source } as const
  await unlessDone(() =>
    db(env).batch([
      locked(env, payment),
      lockedCreators(env, creators),
      mustChange(env, change),
      negate(env, opposite, booked),
      restated(env, payment),
    ]),
  )
}

/** What has been booked of a reversal that stands. */
export function postingsIn({ kind, source, parts, lateUsd }: Reversal): Posted[] {
  const late = lateUsd !== null && amount(lateUsd) > ZERO
  return [
    { kind, source },
    ...Array.from(
      { length: parts },
      (_, part) => ({ kind: 'reversal_part', source: `${source}:${part + 1}` }) as const,
    ),
    ...(late ? [{ kind: 'reversal_late', source } as const] : []),
  ]
}

/** Everything that can have been booked of a payment. */
export function namedBy({ payment: { id }, reversals }: Known): Posted[] {
  const own = ['payment', 'grant', 'accepted', 'processor_fee'] as const
  const opposite = { refund: 'refund_failed', dispute: 'dispute_won' } as const
  return [
    ...own.map((kind) => ({ kind, source: id })),
    { kind: 'accepted' as const, source: `${id}:over` },
    ...reversals.flatMap((reversal) => [
      ...postingsIn(reversal),
      { kind: opposite[reversal.kind], source: reversal.source },
      { kind: 'processor_fee' as const, source: reversal.source },
    ]),
  ]
}

/** Notes what the provider now says of a reversal. A dispute that is lost decides what becomes of its lot. */
export async function changeOutcome(
  env: Bindings,
  payment: Payment,
  reversal: Reversal,
  outcome: ReversalTruth['outcome'],
): Promise<void> {
  const decided = { ...reversal, outcome }
  if (outcome === 'lost' && reversal.state === 'applied' && payment.completedAt !== null)
    await takeBack(env, payment.userId, wish(payment, decided))
  await reach(() =>
    db(env)
      .update(paymentReversals)
      .set({ outcome })
      .where(and(eq(paymentReversals.id, reversal.id), eq(paymentReversals.outcome, reversal.outcome))),
  )
}

/** Books what calls that were running have given back since to the reversals that waited for them. Says whether it was anything. */
export async function bookLate(env: Bindings, { payment, reversals }: Known): Promise<boolean> {
  for (const reversal of reversals) {
    if (reversal.state !== 'applied' || reversal.lateUsd !== null) continue
    const { late, isWaiting, isUndone } = await takeBack(env, payment.userId, wish(payment, reversal))
    if (isWaiting || isUndone) continue
    const value = inDollars(payment, late)
    const change = db(env)
      .update(paymentReversals)
      .set({ lateUsd: format(value) })
      .where(
        and(
          eq(paymentReversals.id, reversal.id),
          eq(paymentReversals.state, 'applied'),
          isNull(paymentReversals.lateUsd),
        ),
      )
      .returning({ id: paymentReversals.id })
    const entries = [
      { account: unusedAccount(payment), amount: value },
      { account: 'chargeback_loss', amount: minus(value) },
    ] as const
    await unlessDone(() =>
      db(env).batch([mustChange(env, change), post(env, 'reversal_late', reversal.source, entries)]),
    )
    return true
  }
  return false
}

/** Books what a dispute costs besides its amount: the provider keeps it, whoever wins. */
export async function noteDisputeFee(env: Bindings, payment: Payment, reversal: Reversal, fee: Amount): Promise<void> {
  const change = db(env)
    .update(paymentReversals)
    .set({ feeUsd: format(fee) })
    .where(and(eq(paymentReversals.id, reversal.id), isNull(paymentReversals.feeUsd)))
    .returning({ id: paymentReversals.id })
  const entries = [
    { account: 'chargeback_loss', amount: fee },
    { account: providerOf(payment.paymentMethod).cash, amount: minus(fee) },
  ] as const
  await unlessDone(() =>
    db(env).batch([
      mustChange(env, change),
      post(env, 'processor_fee', reversal.source, isCounted(payment) ? entries : []),
    ]),
  )
}

/** A refund of money that the ledger could not count: noted, and nothing booked. */
async function applyUncounted(env: Bindings, payment: Payment, { id, amountUsd }: Reversal): Promise<void> {
  const none = { creatorsUsd: '0', marginUsd: '0', lossUsd: '0', lateUsd: '0' }
  const change = db(env)
    .update(paymentReversals)
    .set({ state: 'applied', appliedAt: new Date(clock.now()), takenUsd: amountUsd, ...none })
    .where(and(eq(paymentReversals.id, id), eq(paymentReversals.state, 'seen')))
    .returning({ id: paymentReversals.id })
  await unlessDone(() => db(env).batch([locked(env, payment), mustChange(env, change), restated(env, payment)]))
}

/** One reversal of a payment after the other, and none while it is completed. Undone if it was completed since we read it. */
function locked(env: Bindings, { id, completedAt }: Payment) {
  return db(env).execute(sql`
    WITH locked AS (
      SELECT id FROM payments WHERE id = ${id} AND (completed_at IS NULL) = ${completedAt === null} FOR NO KEY UPDATE
    )
    SELECT demand_change(count(*)) FROM locked`)
}

/** What is not settled of these creators stays so until the batch is over: settlements take the same locks. */
function lockedCreators(env: Bindings, creators: string[]) {
  return db(env).execute(sql`
    SELECT id FROM users WHERE id = ANY (ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(creators)}::jsonb))::uuid[]) ORDER BY id FOR NO KEY UPDATE`)
}

/** Brings the payment's figures and status in line with its reversals. */
function restated(env: Bindings, { id }: Payment) {
  return db(env).execute(sql`
    UPDATE payments SET refunded_usd = back.refunded, disputed_usd = back.disputed, status = CASE
      WHEN completed_at IS NOT NULL AND back.disputed > 0 THEN 'disputed'
      WHEN back.refunded + back.disputed >= coalesce(received_usd, amount_usd) THEN 'refunded'
      WHEN completed_at IS NULL THEN 'held'
      ELSE 'completed' END
    FROM (
      SELECT coalesce(sum(amount_usd) FILTER (WHERE kind = 'refund'), 0) AS refunded,
        coalesce(sum(amount_usd) FILTER (WHERE kind = 'dispute'), 0) AS disputed
      FROM payment_reversals WHERE payment_id = ${id} AND state = 'applied'
    ) AS back
    WHERE id = ${id}`)
}

/** Runs a batch; one that found its thing done already has changed nothing, which is fine. */
async function unlessDone(batch: () => Promise<unknown>): Promise<void> {
  try {
    await reach(batch)
  } catch (thrown) {
    if (!isUnchanged(thrown) && !isPosted(thrown)) throw thrown
  }
}
