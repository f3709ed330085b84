import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addCounts, percentile, readCounts, STARTS, type Counts } from './latency.ts'

const LATENCY_MS_MAX = 600_000

function counted(latencies: number[]): Counts {
  const counts = STARTS.map(() => 0)
  for (const latency of latencies) {
    const place = STARTS.findLastIndex((start) => start <= latency)
    counts[place] = (counts[place] ?? 0) + 1
  }
  return counts
}

/** The nearest rank: the smallest latency that this share of the calls did not exceed. */
function exact(latencies: number[], share: number): number {
  return latencies.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * latencies.length)) - 1] ?? 0
}

test('a percentile told from the buckets is within 10 % of the exact one', () => {
  const latency = fc.oneof(fc.nat(50), fc.nat(3_000), fc.nat(LATENCY_MS_MAX))
  fc.assert(
    fc.property(
      fc.array(latency, { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.95, 0.99, 1),
      (all, share) => {
        const true_ = exact(all, share)
        expect(Math.abs((percentile(counted(all), share) ?? -1) - true_)).toBeLessThanOrEqual(true_ * 0.1)
      },
    ),
    { numRuns: 500 },
  )
})

test('every single latency up to ten minutes is told within 10 %', () => {
  for (let latency = 0; latency <= LATENCY_MS_MAX; latency += latency < 2_000 ? 1 : 37)
    expect(Math.abs((percentile(counted([latency]), 0.5) ?? -1) - latency)).toBeLessThanOrEqual(latency * 0.1)
})

test('counts are read from the number in which they were added up', () => {
  const count = fc.oneof(fc.nat(3), fc.nat(1_000_000_000))
  fc.assert(
    fc.property(fc.array(count, { maxLength: STARTS.length }), (counts) => {
      const number = counts.reduce((sum, one, i) => sum + BigInt(one) * 10n ** BigInt(12 * i), 0n)
      const read = readCounts(String(number))
      expect(STARTS.map((_, i) => read[i] ?? 0)).toEqual(STARTS.map((_, i) => counts[i] ?? 0))
    }),
  )
})

test('counts of two groups, added, are the counts of both together', () => {
  const latencies = fc.array(fc.nat(LATENCY_MS_MAX), { maxLength: 50 })
  fc.assert(
    fc.property(latencies, latencies, (a, b) => {
      expect(addCounts([counted(a), counted(b)])).toEqual(counted([...a, ...b]))
    }),
  )
})

test('without calls there is no percentile, and the last bucket takes everything that is longer', () => {
  expect(percentile([], 0.5)).toBeNull()
  expect(percentile(counted([]), 0.95)).toBeNull()
  expect(percentile(counted([10_000_000]), 0.5)).toBe(STARTS.at(-1))
})
