import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, amount, format, percentOf, subtract, ZERO, type Amount } from '../money/amount.ts'
import { allocate, withdrawable, type Part } from './allocate.ts'

/** Revenue has at most six decimals. */
const left = fc.integer({ min: 1, max: 50_000_000_000 }).map((millionths) => (BigInt(millionths) * 100n) as Amount)
const parts = fc
  .array(fc.record({ left, feePercent: fc.constantFrom(20, 20, 20, 15, 7, 0, 100) }), { maxLength: 12 })
  .map((some): Part[] => some.map((one, at) => ({ settlementId: String(at), ...one })))
const cents = fc.integer({ min: 1, max: 100_000_00 }).map((count) => (BigInt(count) * 1_000_000n) as Amount)
const sum = (values: Amount[]): Amount => values.reduce(add, ZERO)

const part = (settlementId: string, usd: string, feePercent = 20): Part => ({
  settlementId,
  feePercent,
  left: amount(usd),
})

describe('taking an amount from settled earnings', () => {
  it('takes the oldest first, with the fee that was frozen on them', () => {
    const found = allocate([part('a', '30'), part('b', '50', 10), part('c', '100')], amount('90'))
    expect(found?.taken.map(({ settlementId, amount: piece }) => [settlementId, format(piece)])).toEqual([
      ['a', '30.00'],
      ['b', '50.00'],
      ['c', '10.00'],
    ])
    // 20 % of 30, 10 % of 50, 20 % of 10.
    expect([format(found?.fee ?? ZERO), format(found?.net ?? ZERO)]).toEqual(['13.00', '77.00'])
  })

  it('comes to the last digit across settlements of odd amounts', () => {
    const found = allocate([part('a', '3.333333'), part('b', '6.666667')], amount('10'))
    expect(found?.taken.map(({ amount: piece }) => format(piece))).toEqual(['3.333333', '6.666667'])
    expect(format(found?.net ?? ZERO)).toBe('8.00')
  })

  it('leaves what is finer than a USDC where the rate changes, and takes it with what follows at the same rate', () => {
    const two = [part('a', '3.33333333', 20), part('b', '100', 15)]
    const found = allocate(two, amount('10'))
    expect(found?.taken.map(({ amount: piece }) => format(piece))).toEqual(['3.3333', '6.6667'])
    expect(allocate([part('a', '0.00003333'), part('c', '9.99996667')], amount('10'))?.taken).toHaveLength(2)
  })

  it('is refused where there is less, and tells how much there is in whole cents', () => {
    expect(allocate([part('a', '9.999999')], amount('10'))).toBeNull()
    expect(format(withdrawable([part('a', '9.999999')]))).toBe('9.99')
    expect(withdrawable([])).toBe(ZERO)
  })

  it('is exact: nothing is lost, nothing is taken twice, and what is sent has six decimals', () => {
    fc.assert(
      fc.property(parts, cents, (some, asked) => {
        const found = allocate(some, asked)
        expect(found === null).toBe(withdrawable(some) < asked)
        if (!found) return
        const { taken, fee, net } = found
        expect(sum(taken.map(({ amount: piece }) => piece))).toBe(asked)
        expect(add(fee, net)).toBe(asked)
        expect(net % 100n).toBe(0n)
        // The fee is the sum of whole percents of what was taken at each rate, and none of these was rounded.
        const byRate = Map.groupBy(taken, ({ feePercent }) => feePercent)
        const fees = [...byRate].map(([percent, pieces]) => {
          const base = sum(pieces.map(({ amount: piece }) => piece))
          expect((base * BigInt(percent)) % 100n).toBe(0n)
          return percentOf(base, percent)
        })
        expect(sum(fees)).toBe(fee)
        for (const { settlementId, amount: piece } of taken) {
          const from = some[Number(settlementId)]?.left ?? ZERO
          expect(piece > 0n && piece <= from).toBe(true)
        }
        // Oldest first: what was passed over is less than can be taken at its rate.
        const lastTaken = Number(taken.at(-1)?.settlementId)
        for (const [at, { left: had }] of some.entries()) {
          const piece = taken.find(({ settlementId }) => Number(settlementId) === at)?.amount ?? ZERO
          if (at < lastTaken) expect(subtract(had, piece) < amount('0.0001')).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})
