/**
 * Which settled earnings a withdrawal is taken from: the oldest first, each with the fee rate that was frozen on it.
 *
 * Everything stays exact. The amount is whole cents, and what is taken at one rate in a row is a whole number of 10⁻⁴ dollars;
 * times a whole percent that is a whole number of 10⁻⁶, which is as fine as USDC. What is finer waits (less than 10⁻⁴ dollars,
 * and only where the rate changes) and is taken together with what follows at the same rate.
 */
import { add, amount, least, percentOf, subtract, wholeUnits, ZERO, type Amount } from '../money/amount.ts'

/** What is left of a settlement at one fee rate. */
export type Part = { settlementId: string; feePercent: number; left: Amount }
export type Taken = { settlementId: string; feePercent: number; amount: Amount }
export type Allocation = { taken: Taken[]; fee: Amount; net: Amount }

const STEP = amount('0.0001')
export const CENT = amount('0.01')

/** Takes `asked`, whole cents, from `parts`, oldest first; null if they do not come to as much. */
export function allocate(parts: readonly Part[], asked: Amount): Allocation | null {
  const taken: Taken[] = []
  let open = asked
  let fee = ZERO
  for (const run of runsOf(parts)) {
    let here = least(open, wholeUnits(run.left, STEP))
    open = subtract(open, here)
    fee = add(fee, percentOf(here, run.feePercent))
    for (const { settlementId, feePercent, left } of run.parts) {
      const piece = least(here, left)
      if (piece > ZERO) taken.push({ settlementId, feePercent, amount: piece })
      here = subtract(here, piece)
    }
  }
  return open > ZERO ? null : { taken, fee, net: subtract(asked, fee) }
}

/** The most that can be taken at once, in whole cents. */
export function withdrawable(parts: readonly Part[]): Amount {
  return wholeUnits(
    runsOf(parts)
      .map(({ left }) => wholeUnits(left, STEP))
      .reduce(add, ZERO),
    CENT,
  )
}

type Run = { feePercent: number; left: Amount; parts: Part[] }

/** Neighbours with the same rate, together. */
function runsOf(parts: readonly Part[]): Run[] {
  const runs: Run[] = []
  for (const part of parts) {
    const last = runs.at(-1)
    if (last?.feePercent === part.feePercent) {
      last.parts.push(part)
      last.left = add(last.left, part.left)
    } else runs.push({ feePercent: part.feePercent, left: part.left, parts: [part] })
  }
  return runs
}
