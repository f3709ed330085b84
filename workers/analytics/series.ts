/** What a creator's agents did, day by day: the figures, the form in which they are shown, and their CSV. */
import { and, between, eq, getTableColumns, sql } from 'drizzle-orm'
import * as z from 'zod'
import { toCsv } from '../base/csv.ts'
import { db, reach } from '../base/db.ts'
import { Day } from '../base/wire.ts'
import { add, amount, format, subtract, ZERO } from '../money/amount.ts'
import type { Bindings } from '../env.ts'
import { usersWithin } from './analytics.ts'
import { addCounts, readCounts, shownLatency, type Counts } from './latency.ts'
import { daysOf, PeriodQuery, periodOf, ShownPeriod, type Period } from './period.ts'
import { agentUsage, ALL_AGENTS } from './tables.ts'

/** The query of a route that shows a series. */
export const SeriesQuery = PeriodQuery

const Figures = z.object({
  calls: z.int(),
  successful: z.int(),
  errors: z.int(),
  users: z.int().describe('Accounts that called, each counted once; of a whole period a lower bound beyond 50,000.'),
  revenue_usd: z.string().describe('What the calls earned, before the fee.'),
  fee_usd: z.string(),
  net_usd: z.string(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  latency_ms: z
    .object({ p50: z.int().nullable(), p95: z.int().nullable() })
    .describe('Of the successful calls, within 10 %.'),
  funding: z
    .object({ paid: z.int(), promotional: z.int(), trial: z.int() })
    .describe('Charged calls by what they were paid with.'),
})
type Figures = z.infer<typeof Figures>

/** The answer of a route that shows a series. Every day of the period is there, also those without calls. */
export const Series = z.object({
  period: ShownPeriod,
  totals: Figures,
  days: z.array(Figures.extend({ day: Day })),
})
type Series = z.infer<typeof Series>

export type SeriesWish = z.infer<typeof SeriesQuery> & { agentId?: string | undefined }

/**
 * What the agents of a creator did, or one of them. An agent of somebody else is one without calls. At most 366 days;
 * throws `validationFailed`.
 */
export async function creatorSeries(env: Bindings, creatorId: string, wish: SeriesWish): Promise<Series> {
  const period = periodOf(wish)
  const rows = await reach(() => figuresByDay(env, creatorId, wish.agentId ?? ALL_AGENTS, period))
  const figures = new Map(rows.map((row) => [row.day, row]))
  return {
    period,
    totals: shown(sumOf(rows)),
    days: daysOf(period).map((day) => ({ day, ...shown(figures.get(day) ?? NOTHING) })),
  }
}

type Row = {
  calls: number
  successful: number
  users: number
  revenue: string
  fee: string
  inputTokens: number
  outputTokens: number
  paid: number
  promotional: number
  trial: number
  latencies: Counts
}

const NOTHING: Row = {
  calls: 0,
  successful: 0,
  users: 0,
  revenue: '0',
  fee: '0',
  inputTokens: 0,
  outputTokens: 0,
  paid: 0,
  promotional: 0,
  trial: 0,
  latencies: [],
}

/** A row for each day with calls; `usersInAll` of all of them are the same, the accounts of the whole period. */
function figuresByDay(env: Bindings, creatorId: string, agentId: string, period: Period) {
  const {
    creatorId: _,
    agentId: __,
    revenueUsd: revenue,
    feeUsd: fee,
    latencies,
    ...columns
  } = getTableColumns(agentUsage)
  return db(env)
    .select({
      ...columns,
      revenue,
      fee,
      latencies: sql`${latencies}`.mapWith(readCounts),
      usersInAll: usersWithin(creatorId, agentId, period),
    })
    .from(agentUsage)
    .where(
      and(
        eq(agentUsage.creatorId, creatorId),
        eq(agentUsage.agentId, agentId),
        between(agentUsage.day, period.from, period.to),
      ),
    )
}

function sumOf(rows: (Row & { usersInAll: number })[]): Row {
  const sum = (pick: (row: Row) => number): number => rows.reduce((total, row) => total + pick(row), 0)
  const money = (pick: (row: Row) => string): string =>
    format(rows.reduce((total, row) => add(total, amount(pick(row))), ZERO))
  return {
    calls: sum((row) => row.calls),
    successful: sum((row) => row.successful),
    users: rows[0]?.usersInAll ?? 0,
    revenue: money((row) => row.revenue),
    fee: money((row) => row.fee),
    inputTokens: sum((row) => row.inputTokens),
    outputTokens: sum((row) => row.outputTokens),
    paid: sum((row) => row.paid),
    promotional: sum((row) => row.promotional),
    trial: sum((row) => row.trial),
    latencies: addCounts(rows.map((row) => row.latencies)),
  }
}

function shown(row: Row): Figures {
  return {
    calls: row.calls,
    successful: row.successful,
    errors: row.calls - row.successful,
    users: row.users,
    revenue_usd: format(amount(row.revenue)),
    fee_usd: format(amount(row.fee)),
    net_usd: format(subtract(amount(row.revenue), amount(row.fee))),
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    latency_ms: shownLatency(row.latencies),
    funding: { paid: row.paid, promotional: row.promotional, trial: row.trial },
  }
}

const COLUMNS = [
  'day',
  'calls',
  'successful',
  'errors',
  'users',
  'revenue_usd',
  'fee_usd',
  'net_usd',
  'input_tokens',
  'output_tokens',
] as const

/** The days of a series as CSV. */
export function seriesCsv({ days }: Series): string {
  const header = [...COLUMNS, 'latency_p50_ms', 'latency_p95_ms', 'paid', 'promotional', 'trial']
  const rows = days.map((day) => [
    ...COLUMNS.map((column) => day[column]),
    day.latency_ms.p50,
    day.latency_ms.p95,
    day.funding.paid,
    day.funding.promotional,
    day.funding.trial,
  ])
  return toCsv(header, rows)
}
