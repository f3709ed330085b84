/**
 * The one way in which a payment changes: ask its provider what is true, and take the steps that bring our state there.
 * Webhooks, the page that a buyer returns to, the poller and admins all do nothing but call `sync`; so it does not matter in
 * which order, how often or how late anybody hears of anything.
 *
 * States of a payment
 *
 *     pending ──paid as ordered──▶ completed ⇄ disputed     while a dispute is open or lost
 *        ├──paid otherwise──────▶ held ──accepted──▶ completed ⇄ refunded     when all of it went back
 *        │                          └──all went back──▶ refunded
 *        └──cannot be paid──────▶ failed ──paid after all──▶ as from pending
 *
 * States of a reversal, a refund or dispute that the provider tells of
 *
 *     seen ──take from the account, then book──▶ applied ──it failed, or was won: the exact opposite──▶ undone
 *       └──it failed, or was won, before that──▶ undone
 *
 * Invariants, true after every step and after a crash within one
 *
 *  1. A step is one batch that changes its row only from the state that it was decided on, together with what it posts: the
 *     ledger has one `payment` for a payment that is completed or held, and none before.
 *  2. The account object is told under the payment's id, or the reversal's, and told again until our row says that it heard:
 *     units and money are added exactly once, and taken back exactly once.
 *  3. Nothing is credited but by a payment that is completed: amount, currency and mode are those of its order, or an admin
 *     has accepted it.
 *  4. A reversal comes to its amount, shared by the buyer's unused part, creators' unsettled revenue, margin and the platform.
 *     No call gives more than it had, over all reversals together.
 *  5. The last look at the truth comes after the last step. A truth that has grown old meanwhile can start a step that a newer
 *     one has to undo, never one that stays.
 */
import { eq } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { amount, ZERO } from '../money/amount.ts'
import { complete, credit, fail, hold, isAccepted, isOrdered, noteFee, noteReference } from './credit.ts'
import { checkTime } from './check-time.ts'
import { known, type Known, type Reversal } from './payments.ts'
import { providerOf } from './providers.ts'
import { apply, bookLate, changeOutcome, collect, noteDisputeFee, see, undo } from './reverse.ts'
import { payments } from './tables.ts'
import { tellPayment, tellReversal, wantsReversalTelling, wantsTelling } from './tell.ts'
import { isEffective, isLater, type Payment, type ReversalTruth, type Truth } from './provider.ts'
import type { Bindings } from '../env.ts'

/** How often the truth is looked at anew, and how many steps may follow from one look, before something must be wrong. */
const LOOKS_MAX = 8
const STEPS_MAX = 500
/** A payment whose page could not be opened is given up after this long. */
const UNOPENED_MS = 3_600_000

/** Does one thing; what somebody else has done meanwhile is no error. */
type Step = () => Promise<void>

/**
 * Brings a payment to what its provider says of it, and gives it as it then is. Repeatable, at any time, by many at once.
 * Throws `notFound`, and `checkoutUnavailable` or `storeUnavailable`: then it is somewhere on the way, and goes on from there.
 */
export async function sync(env: Bindings, paymentId: string): Promise<Known> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const truth = await truthOf(env, await known(env, paymentId))
    const { now, steps } = await follow(env, paymentId, truth)
    if (steps > 0) continue
    await reach(() =>
      db(env)
        .update(payments)
        .set({ checkAt: checkTime(now, clock.now()) })
        .where(eq(payments.id, paymentId)),
    )
    return now
  }
  throw new AppError('conflict')
}

/** Takes steps towards this truth until there are none left. */
async function follow(env: Bindings, paymentId: string, truth: Truth): Promise<{ now: Known; steps: number }> {
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const now = await known(env, paymentId)
    const step = nextStep(env, now, truth)
    if (step) {
      await step()
      continue
    }
    if (await bookLate(env, now)) continue
    return { now, steps }
  }
  throw new AppError('conflict')
}

async function truthOf(env: Bindings, { payment }: Known): Promise<Truth> {
  const { paymentId } = payment
  if (paymentId !== null) return providerOf(payment.paymentMethod).truthOf(env, { ...payment, paymentId })
  const isGivenUp = payment.createdAt.getTime() + UNOPENED_MS < clock.now()
  const nothing = { received: null, isLive: payment.isLive, isOurs: true, fee: null, reference: null, reversals: [] }
  return { ...nothing, state: isGivenUp ? 'over' : 'open' }
}

/** The first thing in which our state is behind the truth, as a step that mends it. */
function nextStep(env: Bindings, now: Known, truth: Truth): Step | null {
  const { payment } = now
  const isPaid = payment.completedAt !== null
  if (truth.reference !== null && payment.reference === null) return () => noteReference(env, payment, truth)
  if ((payment.status === 'pending' || payment.status === 'failed') && truth.state === 'paid') {
    const problem = misfitOf(now, truth)
    return problem === null ? () => complete(env, payment, truth) : () => hold(env, payment, truth, problem)
  }
  if (payment.status === 'pending' && truth.state === 'over') return () => fail(env, payment)
  if (isAccepted(payment)) return () => complete(env, payment, truth)
  if (isPaid && payment.creditedAt === null) return () => credit(env, payment)
  if ((isPaid || payment.receivedUsd !== null) && payment.feeUsd === null && truth.fee !== null)
    return () => noteFee(env, payment, truth)
  if (payment.status === 'pending' || payment.status === 'failed') return tellingStep(env, now)
  // What did not come to be gives back first: what came after it may have to be taken from that.
  const pairs = truth.reversals.map((one) => ({ one, ours: oursOf(now, one) }))
  const steps = [
    ...pairs.map(({ one, ours }) => endingStep(env, payment, ours, one)),
    ...pairs.map(({ one, ours }) => beginningStep(env, payment, ours, one)),
  ]
  return steps.find((step) => step !== null) ?? tellingStep(env, now)
}

function oursOf({ reversals }: Known, { kind, source }: ReversalTruth): Reversal | undefined {
  return reversals.find((ours) => ours.kind === kind && ours.source === source)
}

function endingStep(env: Bindings, payment: Payment, ours: Reversal | undefined, truth: ReversalTruth): Step | null {
  if (!ours) return null
  if (isLater(ours.outcome, truth.outcome)) return () => changeOutcome(env, payment, ours, truth.outcome)
  return ours.state !== 'undone' && !isEffective(ours.outcome) ? () => undo(env, payment, ours) : null
}

function beginningStep(env: Bindings, payment: Payment, ours: Reversal | undefined, truth: ReversalTruth): Step | null {
  // A refund that had failed before anybody heard of it has changed nothing. A dispute that was won has cost its fee.
  if (!ours) return truth.outcome === 'failed' ? null : () => see(env, payment, truth)
  if (ours.state === 'seen') return () => apply(env, payment, ours)
  if (ours.state === 'applied' && amount(ours.openUsd) > ZERO) return () => collect(env, payment, ours)
  return ours.kind === 'dispute' && ours.feeUsd === null ? () => noteDisputeFee(env, payment, ours, truth.fee) : null
}

function tellingStep(env: Bindings, { payment, reversals }: Known): Step | null {
  if (wantsTelling(payment)) return () => tellPayment(env, payment)
  const untold = reversals.find(wantsReversalTelling)
  return untold ? () => tellReversal(env, payment, untold) : null
}

/** What of a payment that was made does not fit its order, or null. */
function misfitOf({ payment }: Known, { received, isLive, isOurs }: Truth): string | null {
  if (isLive !== payment.isLive) return 'mode'
  if (received?.currency !== payment.currency) return 'currency'
  if (!isOrdered(payment, received.amount)) return 'amount'
  return isOurs ? null : 'order'
}
