/** What a developer's account has called, in groups: by day, agent, key or status. From the rollups alone. */
import { and, asc, between, desc, eq, sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { toCsv } from '../base/csv.ts'
import { db, reach } from '../base/db.ts'
import { Day, Id } from '../base/wire.ts'
import { amount, format } from '../money/amount.ts'
import type { Bindings } from '../env.ts'
import { shownLatency, summed, type Counts, type Timed } from './latency.ts'
import type { Period } from './period.ts'
import { accountUsage } from './tables.ts'

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

const { userId, day, agentId, apiKeyId, status } = accountUsage
const COLUMNS = { day, agent: agentId, key: apiKeyId, status } as const
const NAMES = { day: 'day', agent: 'agent_id', key: 'api_key_id', status: 'status' } as const

/**
 * The groups of a period from `place` on, at most `limit`; how many there are; and the sum of all. Days come newest first,
 * everything else by the number of calls.
 */
export async function usageOf(
  env: Bindings,
  accountId: string,
  { period, groupBy, place, limit }: { period: Period; groupBy: Grouping; place: Place; limit: number },
): Promise<{ groups: Group[]; total: number; totals: Figures }> {
  const column = COLUMNS[groupBy]
  const isAsked = and(eq(userId, accountId), between(day, period.from, period.to))
  const calls = sql<number>`sum(${accountUsage.calls})`
  const isAfter = 'after' in place ? after(groupBy, place.after) : undefined
  const groups = db(env)
    .select({ name: sql<string>`${column}::text`, ...sums(groupBy === 'status' ? 'all' : 'successful') })
    .from(accountUsage)
    .where(isAsked)
    .groupBy(column)
    .having(isAfter)
    .orderBy(...(groupBy === 'day' ? [desc(column)] : [desc(calls), asc(column)]))
    .offset('skip' in place ? place.skip : 0)
    .limit(limit)
  const all = db(env)
    .select({ total: sql`count(DISTINCT ${column})`.mapWith(Number), ...sums('successful') })
    .from(accountUsage)
    .where(isAsked)
  const [rows, [sum]] = await reach(() => db(env).batch([groups, all]))
  return {
    groups: rows.map(({ name, ...row }) => ({ name, figures: shown(row) })),
    total: sum?.total ?? 0,
    totals: shown(sum),
  }
}

/** The groups that stand after this one in the order of the list. */
function after(groupBy: Grouping, { name, calls }: { name: string; calls: number }): SQL {
  const column = COLUMNS[groupBy]
  if (groupBy === 'day') return sql`${column} < ${name}`
  const sum = sql`sum(${accountUsage.calls})`
  return sql`(${sum} < ${calls} OR (${sum} = ${calls} AND ${column} > ${name}))`
}

function sums(timed: Timed) {
  const whole = (value: SQL) => sql`coalesce(${value}, 0)`.mapWith(Number)
  return {
    calls: whole(sql`sum(${accountUsage.calls})`),
    successful: whole(sql`sum(${accountUsage.calls}) FILTER (WHERE ${status} = 'success')`),
    cost: sql<string>`coalesce(sum(${accountUsage.costUsd}), 0)`,
    inputTokens: whole(sql`sum(${accountUsage.inputTokens})`),
    outputTokens: whole(sql`sum(${accountUsage.outputTokens})`),
    latencies: summed('account_usage', timed),
  }
}

type Sums = {
  calls: number
  successful: number
  cost: string
  inputTokens: number
  outputTokens: number
  latencies: Counts
}

function shown(row: Sums | undefined): Figures {
  const { calls = 0, successful = 0, cost = '0', inputTokens = 0, outputTokens = 0, latencies = [] } = row ?? {}
  return {
    calls,
    successful,
    failed: calls - successful,
    cost_usd: format(amount(cost)),
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    latency_ms: shownLatency(latencies),
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

export type DailyAgents = { agents: string[]; days: Map<string, Map<string | null, { calls: number; cost: string }>> }

/** The `top` agents that an account called most in a period, and day by day its calls of each; of all others under null. */
export async function agentsByDay(
  env: Bindings,
  accountId: string,
  { period, top }: { period: Period; top: number },
): Promise<DailyAgents> {
  const isAsked = and(eq(userId, accountId), between(day, period.from, period.to))
  const busiest = db(env)
    .select({ agentId })
    .from(accountUsage)
    .where(isAsked)
    .groupBy(agentId)
    .orderBy(desc(sql`sum(${accountUsage.calls})`), asc(agentId))
    .limit(top)
  const named = db(env).$with('named').as(busiest)
  const byDay = db(env)
    .with(named)
    .select({
      day,
      agentId: named.agentId,
      calls: sql`sum(${accountUsage.calls})`.mapWith(Number),
      cost: sql<string>`sum(${accountUsage.costUsd})`,
    })
    .from(accountUsage)
    .leftJoin(named, eq(named.agentId, agentId))
    .where(isAsked)
    .groupBy(day, named.agentId)
  const [agents, rows] = await reach(() => db(env).batch([busiest, byDay]))
  const days: DailyAgents['days'] = new Map()
  for (const row of rows) {
    const there = days.get(row.day) ?? new Map<string | null, { calls: number; cost: string }>()
    days.set(row.day, there.set(row.agentId, { calls: row.calls, cost: row.cost }))
  }
  return { agents: agents.map((row) => row.agentId), days }
}
