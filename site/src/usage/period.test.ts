import { expect, test } from 'vitest'
import { daysOf, periodOf } from './period.ts'

test('a period in the address is taken as it is, with both its ends', () => {
  const period = periodOf(new URLSearchParams('from=2026-02-27&to=2026-03-01'))
  expect(period).toEqual({ from: '2026-02-27', to: '2026-03-01', name: undefined })
  expect(daysOf(period)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
})

test.each(['', 'days=7', 'from=2026-03-01', 'from=2026-03-02&to=2026-03-01', 'from=x&to=y'])(
  '%j is no period, so it is 30 days',
  (query) => {
    const period = periodOf(new URLSearchParams(query))
    expect([period.name, daysOf(period).length]).toEqual(['d30', 30])
  },
)

test('a named period ends today', () => {
  const period = periodOf(new URLSearchParams('days=d7'))
  expect(daysOf(period)).toHaveLength(7)
  expect(period.to).toBe(new Date().toISOString().slice(0, 10))
})
