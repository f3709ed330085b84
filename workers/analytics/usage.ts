/** What a developer's account has called, in groups: by day, agent, key or status. From the rollups alone. */
import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { toCsv } from '../base/csv.ts'
import { db, reach } from '../base/db.ts'
import { Day, Id } from '../base/wire.ts'
import { amount, format, subtract, type Amount } from '../money/amount.ts'
import type { Bindings } from '../env.ts'
import { readCounts, shownLatency } from './latency.ts'
import { coverOf, type Period } from './period.ts'

export const GROUPINGS = ['day', 'agent', 'key', 'status'] as const
export type Grouping = (typeof GROUPINGS)[number]

const Figures = z.object({
  calls: z.int(),
  successful: z.int(),
  failed: z.int(),
  cost_usd: z.string(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  latency_ms: z
    .object({ p50: z.int().nullable(), p95: z.int().nullable() })
    .describe('Of the successful calls, or in groups by status of the calls of that status; within 10 %.'),
})
export type Figures = z.infer<typeof Figures>
export const UsageTotals = Figures

/** A group of calls. Of the four names only that which the groups are made by is there. */
export const UsageGroup = Figures.extend({
  day: Day.optional(),
  agent_id: Id.optional(),
  api_key_id: Id.optional(),
  status: z.enum(['success', 'error', 'timeout']).optional(),
})

/** `name` is the day, the id or the status that the group's calls have in common. */
export type Group = { name: string; figures: Figures }

/** Where a page of groups begins: at a place in the list, or after the last group of the page before. */
export type Place = { skip: number } | { after: { name: string; calls: number } }

const NAMES = { day: 'day', agent: 'agent_id', key: 'api_key_id', status: 'status' } as const

/**
 * The groups of a period from `place` on, at most `limit`; how many there are; and the sum of all. Days come newest first,
 * everything else by the number of calls. One pass over a rollup makes all of it: over a row or three for every day, or for
 * each agent or key over its months and the days that are left over.
 */
export async function usageOf(
  env: Bindings,
  accountId: string,
  { period, groupBy, place, limit }: { period: Period; groupBy: Grouping; place: Place; limit: number },
): Promise<{ groups: Group[]; total: number; totals: Figures }> {
  const order = groupBy === 'day' ? sql`name DESC` : sql`calls DESC, name`
  const { rows } = await reach(() =>
    db(env).execute<Row>(sql`
      SELECT * FROM (
        SELECT *, row_number() OVER (ORDER BY is_all DESC, ${order}) - 1 AS place, count(*) OVER () - 1 AS total
        FROM (${isPart(groupBy) ? partsOf(accountId, groupBy, period) : daysOf(accountId, groupBy, period)}) AS grouped
      ) AS placed
      WHERE is_all = 1 OR ${isOnPage(groupBy, place)} ORDER BY place LIMIT ${limit + 1}
    `),
  )
  const [all, ...groups] = rows
  return {
    groups: groups.map((row) => ({ name: row.name, figures: shown(row) })),
    total: Number(all?.total ?? 0),
    totals: shown(all),
  }
}

type Part = 'agent' | 'key'

const isPart = (groupBy: Grouping): groupBy is Part => groupBy === 'agent' || groupBy === 'key'

/** The sums of each agent or key, and in a row where `is_all` is 1 those of all together. */
function partsOf(accountId: string, part: Part, period: Period): SQL {
  return sql`
    SELECT ${sumsBy(sql`part_id`)}, sum(successful) AS successful, sum(latencies) AS latencies
    FROM account_part_usage WHERE user_id = ${accountId} AND part = ${part} AND ${isWithin(period)}
    GROUP BY GROUPING SETS ((part_id), ())`
}

/** The same of each day or status. */
function daysOf(accountId: string, groupBy: 'day' | 'status', { from, to }: Period): SQL {
  const successful = (column: string): SQL => sql.raw(`sum(${column}) FILTER (WHERE status = 'success')`)
  const latencies =
    groupBy === 'day'
      ? successful('latencies')
      : sql`CASE grouping(status) WHEN 1 THEN ${successful('latencies')} ELSE sum(latencies) END`
  const name = sql.raw(groupBy)
  return sql`
    SELECT ${sumsBy(name)}, ${successful('calls')} AS successful, ${latencies} AS latencies
    FROM account_usage WHERE user_id = ${accountId} AND day BETWEEN ${from} AND ${to}
    GROUP BY GROUPING SETS ((${name}), ())`
}

const sumsBy = (name: SQL): SQL => sql`
  grouping(${name}) AS is_all, ${name}::text COLLATE "C" AS name, sum(calls) AS calls, sum(cost_usd) AS cost,
  sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens`

/** Whether a row of `account_part_usage` is one of those that make up a period. */
function isWithin(period: Period): SQL {
  const { months, days } = coverOf(period)
  const spans = [...(months ? [{ span: 'month', ...months }] : []), ...days.map((some) => ({ span: 'day', ...some }))]
  const isOne = spans.map(({ span, from, to }) => sql`span = ${span} AND starts BETWEEN ${from} AND ${to}`)
  return sql`(${sql.join(isOne, sql` OR `)})`
}

/** Whether a group stands at this place in the list, or after it. */
function isOnPage(groupBy: Grouping, place: Place): SQL {
  if ('skip' in place) return sql`place > ${place.skip}`
  const { name, calls } = place.after
  return groupBy === 'day' ? sql`name < ${name}` : sql`(calls < ${calls} OR (calls = ${calls} AND name > ${name}))`
}

/** As the database gives it: sums as text, null where there was nothing to sum. */
type Row = {
  name: string
  calls: string | null
  successful: string | null
  cost: string | null
  input_tokens: string | null
  output_tokens: string | null
  latencies: string | null
  total: string
}

function shown(row: Row | undefined): Figures {
  const count = (value: string | null | undefined): number => Number(value ?? 0)
  const [calls, successful] = [count(row?.calls), count(row?.successful)]
  return {
    calls,
    successful,
    failed: calls - successful,
    cost_usd: format(amount(row?.cost ?? '0')),
    input_tokens: count(row?.input_tokens),
    output_tokens: count(row?.output_tokens),
    latency_ms: shownLatency(readCounts(row?.latencies ?? '')),
  }
}

/** A group as it is shown: its figures, and its name under what it is the name of. */
export const shownGroup = (groupBy: Grouping, { name, figures }: Group) => ({ [NAMES[groupBy]]: name, ...figures })

/** Groups as CSV. */
export function usageCsv(groupBy: Grouping, groups: Group[]): string {
  const header = [
    NAMES[groupBy],
    'calls',
    'successful',
    'failed',
    'cost_usd',
    'input_tokens',
    'output_tokens',
    'latency_p50_ms',
    'latency_p95_ms',
  ]
  const rows = groups.map(({ name, figures }) => [
    name,
    figures.calls,
    figures.successful,
    figures.failed,
    figures.cost_usd,
    figures.input_tokens,
    figures.output_tokens,
    figures.latency_ms.p50,
    figures.latency_ms.p95,
  ])
  return toCsv(header, rows)
}

export type Spent = { calls: number; cost: Amount }
export type DailyAgents = { agents: string[]; days: Map<string, { agents: Map<string, Spent>; others: Spent }> }

/** The `top` agents that an account called most in a period, and day by day its calls of each, and of all others together. */
export async function agentsByDay(
  env: Bindings,
  accountId: string,
  { period: { from, to }, top }: { period: Period; top: number },
): Promise<DailyAgents> {
  const isAgents = sql`user_id = ${accountId} AND part = 'agent'`
  // The days of an agent come as one value: a row for each would take longer on its way than all else together.
  const { rows } = await reach(() =>
    db(env).execute<{ agent_id: string | null; days: [day: string, calls: number, cost: string][] | null }>(sql`
      SELECT NULL AS agent_id, 0 AS place, json_agg(json_build_array(day, calls, cost::text)) AS days
      FROM (
        SELECT day, sum(calls) AS calls, sum(cost_usd) AS cost FROM account_usage
        WHERE user_id = ${accountId} AND day BETWEEN ${from} AND ${to} GROUP BY day
      ) AS every
      UNION ALL
      SELECT part_id, place, days FROM (
        SELECT part_id, row_number() OVER (ORDER BY sum(calls) DESC, part_id) AS place
        FROM account_part_usage WHERE ${isAgents} AND ${isWithin({ from, to })}
        GROUP BY part_id ORDER BY place LIMIT ${top}
      ) AS busiest CROSS JOIN LATERAL (
        SELECT json_agg(json_build_array(starts, calls, cost_usd::text)) AS days FROM account_part_usage AS used
        WHERE ${isAgents} AND span = 'day' AND starts BETWEEN ${from} AND ${to} AND used.part_id = busiest.part_id
      ) AS theirs
      ORDER BY place
    `),
  )
  const days: DailyAgents['days'] = new Map()
  for (const { agent_id: agentId, days: used } of rows)
    for (const [day, calls, cost] of used ?? []) {
      const spent = { calls, cost: amount(cost) }
      const there = days.get(day)
      // What all agents took comes first; what each of the busiest took is taken from it.
      if (agentId === null || !there) days.set(day, { agents: new Map(), others: spent })
      else {
        there.agents.set(agentId, spent)
        there.others = { calls: there.others.calls - calls, cost: subtract(there.others.cost, spent.cost) }
      }
    }
  return { agents: rows.flatMap((row) => row.agent_id ?? []), days }
}
