/** The days that a figure is about. */
import * as z from 'zod'
import { clock } from '../base/clock.ts'
import { refuseField } from '../base/errors.ts'
import { Day } from '../base/wire.ts'

const DAY_MS = 86_400_000
const DAYS_MAX = 366
const DAYS_STANDARD = 30
const FIRST_DAY = '2020-01-01'

/** What a route about a period takes in its query. Both days belong to the period. */
export const PeriodQuery = z.object({
  from: Day.optional().describe('The first day, in UTC. Default: 29 days before `to`.'),
  to: Day.optional().describe('The last day, in UTC. Default: today.'),
})

/** A period in an answer. */
export const ShownPeriod = z.object({ from: Day, to: Day })

/** From the first to the last day, both as YYYY-MM-DD and both included. */
export type Period = { from: string; to: string }

/** The period that was asked for: at most 366 days. Throws `validationFailed`. */
export function periodOf(asked: { from?: string | undefined; to?: string | undefined }): Period {
  const today = toDay(clock.now())
  const to = asked.to ?? (asked.from !== undefined && asked.from > today ? asked.from : today)
  const from = asked.from ?? dayBefore(to, DAYS_STANDARD - 1)
  if (from < FIRST_DAY) throw refuseField('from', `is before ${FIRST_DAY}, when there was nothing to count`)
  if (from > to) throw refuseField('from', 'is after the last day')
  if (from < dayBefore(to, DAYS_MAX - 1)) throw refuseField('from', `makes a period of more than ${DAYS_MAX} days`)
  return { from, to }
}

/** The last `days` days, today included. */
export function lastDays(days: number): Period {
  const to = toDay(clock.now())
  return { from: dayBefore(to, days - 1), to }
}

/** Every day of a period, the first one first. */
export function daysOf({ from, to }: Period): string[] {
  const days: string[] = []
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) days.push(toDay(at))
  return days
}

/** The whole months of a period, by their first days, and the days that are left over before and after them. */
export type Cover = { months: Period | null; days: Period[] }

/** Cuts a period into as few months and days as make it up: none is cut, none comes twice. */
export function coverOf({ from, to }: Period): Cover {
  const first = from.endsWith('-01') ? from : firstAfter(from)
  const end = firstAfter(to) === dayBefore(to, -1) ? firstAfter(to) : `${to.slice(0, 7)}-01`
  if (first >= end) return { months: null, days: [{ from, to }] }
  const days = [
    { from, to: dayBefore(first, 1) },
    { from: end, to },
  ]
  return {
    months: { from: first, to: `${dayBefore(end, 1).slice(0, 7)}-01` },
    days: days.filter((some) => some.from <= some.to),
  }
}

/** The first day of the month after that of `day`. */
function firstAfter(day: string): string {
  const [year = 0, month = 0] = day.split('-').map(Number)
  return toDay(Date.UTC(year, month, 1))
}

const toDay = (at: number): string => new Date(at).toISOString().slice(0, 10)

const dayBefore = (day: string, days: number): string => toDay(Date.parse(day) - days * DAY_MS)
