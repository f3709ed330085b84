import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { estimate } from './estimate.ts'

const PACKAGES = [
  { id: 'starter', name: 'Starter', calls: 1_000, price_usd: '10.00' },
  { id: 'pro', name: 'Pro', calls: 10_000, price_usd: '80.00' },
  { id: 'enterprise', name: 'Enterprise', calls: 100_000, price_usd: '500.00' },
]

test('no calls cost nothing', () => {
  expect(estimate(0, 1, PACKAGES)).toEqual({ bought: [], packagesUsd: 0, premiumUsd: 0, left: 0 })
})

test('a larger package is taken where it is cheaper than many small ones', () => {
  expect(estimate(2_000, 0.001, PACKAGES)).toMatchObject({ bought: [{ name: 'Starter', count: 2 }], packagesUsd: 20 })
  expect(estimate(9_000, 0.001, PACKAGES)).toMatchObject({
    bought: [{ name: 'Pro', count: 1 }],
    packagesUsd: 80,
    left: 1_000,
  })
  expect(estimate(90_000, 0.02, PACKAGES)).toMatchObject({
    bought: [{ name: 'Enterprise', count: 1 }],
    packagesUsd: 500,
  })
})

test('what lies above half a cent is the premium', () => {
  expect(estimate(1_000, 0.02, PACKAGES).premiumUsd).toBeCloseTo(15)
})

test('what is bought always holds the calls, and no one package alone would be cheaper', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_000_000 }), (calls) => {
      const { bought, packagesUsd, left } = estimate(calls, 0.001, PACKAGES)
      const held = bought.reduce(
        (sum, { name, count }) => sum + count * (PACKAGES.find((one) => one.name === name)?.calls ?? 0),
        0,
      )
      expect(held - left).toBe(calls)
      for (const one of PACKAGES) {
        expect(packagesUsd).toBeLessThanOrEqual(Math.ceil(calls / one.calls) * Number(one.price_usd))
      }
    }),
  )
})
