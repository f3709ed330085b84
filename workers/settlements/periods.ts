/** Periods of settlement: whole days in UTC, half open. A day is written YYYY-MM-DD. */
import { settings, type Bindings } from '../env.ts'

export type PeriodKind = 'day' | 'week' | 'month'

const DAY_MS = 86_400_000
const MONDAY = 1

/** The UTC day of a moment. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** When a day begins, in milliseconds since 1970. */
export function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`)
}

/** The latest end of a period on or before this day: every day, Mondays, or the first of a month. */
export function lastEnd(kind: PeriodKind, day: string): string {
  if (kind === 'day') return day
  if (kind === 'month') return `${day.slice(0, 7)}-01`
  const weekday = new Date(startOf(day)).getUTCDay()
  return dayOf(startOf(day) - ((weekday + 7 - MONDAY) % 7) * DAY_MS)
}

/** The end of the period that this day lies in. */
export function nextEnd(kind: PeriodKind, day: string): string {
  const longest = { day: 1, week: 7, month: 31 }[kind]
  for (let days = 1; ; days++) {
    const later = dayOf(startOf(day) + days * DAY_MS)
    if (lastEnd(kind, later) > day || days > longest) return lastEnd(kind, later)
  }
}

/** The end of the latest period that has been over for as long as earnings are held back. */
export function dueEnd(env: Bindings, now: number): string {
  const { SETTLEMENT_PERIOD, SETTLEMENT_HOLD_DAYS } = settings(env)
  return lastEnd(SETTLEMENT_PERIOD, dayOf(now - SETTLEMENT_HOLD_DAYS * DAY_MS))
}

/** From when on what was earned on this day can be settled. */
export function settlesAt(env: Bindings, day: string): number {
  const { SETTLEMENT_PERIOD, SETTLEMENT_HOLD_DAYS } = settings(env)
  return startOf(nextEnd(SETTLEMENT_PERIOD, day)) + SETTLEMENT_HOLD_DAYS * DAY_MS
}
