import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { coverOf, daysOf } from './period.ts'

const DAY_MS = 86_400_000
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

test('the months and days of which a period is made have every day of it once, and no other', () => {
  const first = fc.integer({ min: Date.parse('2020-01-01') / DAY_MS, max: Date.parse('2030-01-01') / DAY_MS })
  fc.assert(
    fc.property(first, fc.nat(365), (start, length) => {
      const period = { from: dayOf(start * DAY_MS), to: dayOf((start + length) * DAY_MS) }
      const { months, days } = coverOf(period)
      const firsts = months ? daysOf(months).filter((day) => day.endsWith('-01')) : []
      const ofMonths = firsts.flatMap((day) => {
        const [year = 0, month = 0] = day.split('-').map(Number)
        return daysOf({ from: day, to: dayOf(Date.UTC(year, month, 1) - DAY_MS) })
      })
      const all = [...ofMonths, ...days.flatMap(daysOf)]
      expect(all.toSorted()).toEqual(daysOf(period))
      // Whole months are not counted by their days.
      expect(days.every((some) => daysOf(some).length < 31 || !months)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})
