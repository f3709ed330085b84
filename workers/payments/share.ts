/** Who gives what of money that goes back: the account what it has not used, and its calls what they may be asked for. */
import { clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { add, amount, fromUnits, subtract, toUnits, ZERO, type Amount } from '../money/amount.ts'
import { takeBack } from '../quota/quota.ts'
import { unitOf } from './credit.ts'
import type { LedgerAccount } from '../money/accounts.ts'
import type { LotState } from '../quota/protocol.ts'
import type { Bindings } from '../env.ts'
import type { Reversal } from './payments.ts'
import type { Payment } from './provider.ts'
import type { CallShare } from './unsettled.ts'

export type Share = {
  unused: { account: LedgerAccount; amount: Amount }
  /** What running calls hold: not asked of creators, and the platform's until these calls end. */
  due: Amount
  /** Where the rest may be taken from, and how much at most. */
  calls: CallShare | null
}

/** What the account gives, and what its calls may be asked for. Null: nothing of this payment was ever booked. */
export async function shareOf(env: Bindings, payment: Payment, reversal: Reversal): Promise<Share | null> {
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
  return { unused: { account, amount: taken }, due, calls: sharePart(payment, rest, new Date(clock.now())) }
}

/** From which calls so much may be taken, or null if it is less than a unit: units go back whole, and the platform bears the rest. */
export function sharePart(payment: Payment, rest: Amount, until: Date): CallShare | null {
  const part = payment.quotaPurchased > 0 ? 'unit' : 'premium'
  const unit = part === 'unit' ? toUnits(unitOf(payment)) : 1
  const max = fromUnits(toUnits(rest) - (toUnits(rest) % unit))
  return max > ZERO ? { part, paymentId: payment.id, userId: payment.userId, max, until } : null
}

/** What the account is asked for. */
export function wish(payment: Payment, { id, kind, outcome, amountUsd }: Reversal) {
  const whole = amount(amountUsd)
  if (payment.quotaPurchased === 0) return { v: 1, id, lotId: null, max: toUnits(whole) } as const
  const closes = whole >= amount(payment.amountUsd) ? 'closed' : 'active'
  const lot: LotState = kind === 'dispute' && outcome === 'open' ? 'frozen' : closes
  return { v: 1, id, lotId: payment.id, max: Math.floor(toUnits(whole) / toUnits(unitOf(payment))), lot } as const
}

/** What units of a lot, or 10⁻⁸ dollars of the balance, come to. */
export function inDollars(payment: Payment, units: number): Amount {
  return payment.quotaPurchased > 0 ? fromUnits(units * toUnits(unitOf(payment))) : fromUnits(units)
}

/** What stands for the unused part in the ledger. */
export function unusedAccount(payment: Payment): LedgerAccount {
  if (payment.completedAt === null) return `held:${payment.id}`
  return payment.quotaPurchased > 0 ? `lot:${payment.id}` : `prepaid:${payment.userId}`
}

/** Whether anything of a payment is in the ledger. */
export function isCounted({ completedAt, receivedUsd }: Payment): boolean {
  return completedAt !== null || receivedUsd !== null
}
