/** Days in UTC, as the API counts them. */
const DAY_MS = 86_400_000
const DAY = /^\d{4}-\d{2}-\d{2}$/
export const PERIODS = { d7: 7, d30: 30, d90: 90 } as const
export type PeriodName = keyof typeof PERIODS

export type Period = { from: string; to: string; name: PeriodName | undefined }

/** The period that the address names: `from` and `to`, or `days`; 30 days if none. */
export function periodOf(url: URLSearchParams): Period {
  const [from, to] = [url.get('from'), url.get('to')]
  if (from !== null && to !== null && DAY.test(from) && DAY.test(to) && from <= to) return { from, to, name: undefined }
  const name = (Object.keys(PERIODS) as PeriodName[]).find((one) => one === url.get('days')) ?? 'd30'
  const now = Date.now()
  return { from: dayOf(now - (PERIODS[name] - 1) * DAY_MS), to: dayOf(now), name }
}

/** Every day of a period, the first first. */
export function daysOf({ from, to }: { from: string; to: string }): string[] {
  const start = Date.parse(from)
  const count = Math.min(Math.round((Date.parse(to) - start) / DAY_MS) + 1, 400)
  return Array.from({ length: Math.max(count, 0) }, (_, index) => dayOf(start + index * DAY_MS))
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
