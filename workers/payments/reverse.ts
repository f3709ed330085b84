/**
 * The steps of money that goes back: refunds and disputes. First the account gives what it has not used, then the calls of
 * what was bought give what is not settled yet, newest first, and the platform bears the rest. `sync.ts` has the states.
 */
import { and, eq, isNull, sql, type SQL } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, isUnchanged, mustChange, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { newId } from '../base/ids.ts'
import {
  add,
  amount,
  format,
  fromUnits,
  negate as minus,
  subtract,
  toUnits,
  ZERO,
  type Amount,
} from '../money/amount.ts'
import { isPosted, post } from '../money/ledger.ts'
import { bookReversal, negate } from '../money/reversals.ts'
import { giveBack, takeBack } from '../quota/quota.ts'
import { unitOf } from './credit.ts'
import { providerOf } from './providers.ts'
import { paymentReversals, reversedCalls } from './tables.ts'
import { unsettledCreators, unsettledCalls, type CallShare } from './unsettled.ts'
import type { LedgerAccount } from '../money/accounts.ts'
import type { LotState } from '../quota/protocol.ts'
import type { Bindings } from '../env.ts'
import type { Known, Reversal } from './payments.ts'
import type { Payment, ReversalTruth } from './provider.ts'

/** Notes that the provider tells of a refund or dispute that we have not heard of. */
export async function see(env: Bindings, { id }: Payment, truth: ReversalTruth): Promise<void> {
  const { kind, source, outcome } = truth
  const row = { paymentId: id, kind, source, outcome, amountUsd: format(truth.amount) }
  await reach(() => db(env).insert(paymentReversals).values(row).onConflictDoNothing())
}

/** Takes back what is there to take, and books it. */
export async function apply(env: Bindings, payment: Payment, reversal: Reversal): Promise<void> {
  const share = await shareOf(env, payment, reversal)
  if (share === null) return applyUncounted(env, payment, reversal)
  const { unused, due, calls } = share
  const whole = amount(reversal.amountUsd)
  const id = newId()
  const creators = calls ? await unsettledCreators(env, calls) : []
  const sum = (what: SQL): SQL => sql`(SELECT coalesce(sum(${what}), 0) FROM reversed)`
  const money = { kind: reversal.kind, source: reversal.source, id, amount: whole, unused } as const
  const applying = db(env).execute(sql`
    WITH ${unsettledCalls(calls, creators)},
    noted AS (
      INSERT INTO reversed_calls (call_id, part, reversal_id, amount_usd)
      SELECT call_id, ${calls?.part ?? 'unit'}, ${reversal.id}::uuid, amount FROM reversed
    ),
    ${bookReversal(sql`reversed`, { ...money, cash: providerOf(payment.paymentMethod).cash })},
    applied AS (
      UPDATE payment_reversals SET
        state = 'applied', applied_at = now(), transaction_id = ${id}::uuid, taken_usd = ${format(unused.amount)}::decimal,
        creators_usd = ${sum(sql`revenue`)}, margin_usd = ${sum(sql`amount - revenue`)},
        loss_usd = amount_usd - ${format(unused.amount)}::decimal - ${sum(sql`amount`)},
        late_usd = ${due === ZERO ? '0' : null}::decimal
      WHERE id = ${reversal.id} AND state = 'seen' RETURNING id
    )
    SELECT demand_change(count(*)) FROM applied`)
  await unlessDone(() =>
    db(env).batch([locked(env, payment), lockedCreators(env, creators), applying, restated(env, payment)]),
  )
}

/** Undoes a reversal that did not come to be: what it took is there again, and what it booked is booked the other way round. */
export async function undo(env: Bindings, payment: Payment, reversal: Reversal): Promise<void> {
  const { id, kind, source, state, transactionId, lateUsd } = reversal
  if (payment.completedAt !== null) await giveBack(env, payment.userId, id)
  const isStill = and(
    eq(paymentReversals.id, id),
    eq(paymentReversals.state, state),
    sql`${paymentReversals.lateUsd} IS NOT DISTINCT FROM ${lateUsd}::decimal`,
  )
  const change = db(env)
    .update(paymentReversals)
    .set({ state: 'undone', undoneAt: new Date(clock.now()) })
    .where(isStill)
    .returning({ id: paymentReversals.id })
  if (transactionId === null)
    return unlessDone(() => db(env).batch([locked(env, payment), mustChange(env, change), restated(env, payment)]))
  const creators = await creatorsIn(env, transactionId)
  const late = lateUsd !== null && amount(lateUsd) > ZERO ? [{ kind: 'reversal_late', source } as const] : []
  await unlessDone(() =>
    db(env).batch([
      locked(env, payment),
      lockedCreators(env, creators),
      mustChange(env, change),
      db(env).update(reversedCalls).set({ undone: true }).where(eq(reversedCalls.reversalId, id)),
      negate(env, kind === 'dispute' ? 'dispute_won' : 'refund_failed', source, [{ kind, source }, ...late]),
      restated(env, payment),
    ]),
  )
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

type Share = {
  unused: { account: LedgerAccount; amount: Amount }
  /** What running calls hold: not asked of creators, and the platform's until these calls end. */
  due: Amount
  /** Where the rest may be taken from, and how much at most. */
  calls: CallShare | null
}

/** What the account gives, and what its calls may be asked for. Null: nothing of this payment was ever booked. */
async function shareOf(env: Bindings, payment: Payment, reversal: Reversal): Promise<Share | null> {
  const whole = amount(reversal.amountUsd)
  if (!isCounted(payment)) return null
  const account = unusedAccount(payment)
  if (payment.completedAt === null) {
    const gone = add(amount(payment.refundedUsd), amount(payment.disputedUsd))
    const left = subtract(amount(payment.receivedUsd ?? '0'), gone)
    return { unused: { account, amount: left < whole ? left : whole }, due: ZERO, calls: null }
  }
  const answer = await takeBack(env, payment.userId, wish(payment, reversal))
  // Somebody with a newer truth is undoing this at the moment.
  if (answer.isUndone) throw new AppError('conflict')
  const [taken, due] = [inDollars(payment, answer.taken), inDollars(payment, answer.due)]
  const rest = subtract(subtract(whole, taken), due)
  const part = payment.quotaPurchased > 0 ? 'unit' : 'premium'
  const owner = { paymentId: payment.id, userId: payment.userId }
  // Units go back whole: what is less than one is the platform's.
  const unit = part === 'unit' ? unitOf(payment) : fromUnits(1)
  const max = fromUnits(toUnits(rest) - (toUnits(rest) % toUnits(unit)))
  const calls = max > ZERO ? ({ ...owner, part, max, count: toUnits(max) / toUnits(unit) } as const) : null
  return { unused: { account, amount: taken }, due, calls }
}

/** What the account is asked for. */
function wish(payment: Payment, { id, kind, outcome, amountUsd }: Reversal) {
  const whole = amount(amountUsd)
  if (payment.quotaPurchased === 0) return { v: 1, id, lotId: null, max: toUnits(whole) } as const
  const closes = whole >= amount(payment.amountUsd) ? 'closed' : 'active'
  const lot: LotState = kind === 'dispute' && outcome === 'open' ? 'frozen' : closes
  return { v: 1, id, lotId: payment.id, max: Math.floor(toUnits(whole) / toUnits(unitOf(payment))), lot } as const
}

function inDollars(payment: Payment, units: number): Amount {
  return payment.quotaPurchased > 0 ? fromUnits(units * toUnits(unitOf(payment))) : fromUnits(units)
}

function unusedAccount(payment: Payment): LedgerAccount {
  if (payment.completedAt === null) return `held:${payment.id}`
  return payment.quotaPurchased > 0 ? `lot:${payment.id}` : `prepaid:${payment.userId}`
}

function isCounted({ completedAt, receivedUsd }: Payment): boolean {
  return completedAt !== null || receivedUsd !== null
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

async function creatorsIn(env: Bindings, transactionId: string): Promise<string[]> {
  const { rows } = await reach(() =>
    db(env).execute<{ id: string }>(
      sql`SELECT DISTINCT creator_id AS id FROM earnings WHERE transaction_id = ${transactionId}`,
    ),
  )
  return rows.map((row) => row.id)
}

/** Runs a batch; one that found its thing done already has changed nothing, which is fine. */
async function unlessDone(batch: () => Promise<unknown>): Promise<void> {
  try {
    await reach(batch)
  } catch (thrown) {
    if (!isUnchanged(thrown) && !isPosted(thrown)) throw thrown
  }
}
