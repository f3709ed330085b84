/**
 * What the calls come to. This room owns the rollups: calls, tokens, cost, revenue and latency by UTC day. It promises that
 * they say at every moment what a count of the call log would say, and never reads the log itself.
 */
import { and, between, desc, eq, gte, max, sql, type SQL } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import type { Bindings } from '../env.ts'
import { amount, type Amount } from '../money/amount.ts'
import { added, countsOf, percentile, placeOf, summed } from './latency.ts'
import { lastDays } from './period.ts'
import { agentCallers, agentUsage, platformUsage } from './tables.ts'

/** A caller counts once a day in `agent_callers`; beyond this many rows callers are counted no further. */
export const CALLER_ROWS_MAX = 50_000

/**
 * The parts of a statement that add the log rows in `inserted`, a part of the same statement with the columns of
 * `call_logs`, to the rollups. That is why a row that comes twice counts once: the second time it is not inserted.
 *
 * Several of these run at the same time. Each writes the tables in one order, and the rows of a table in the order of their
 * keys, so that two of them wait for each other and never in a circle.
 */
export function rollUp(inserted: SQL): SQL {
  return sql`
    counted AS (
      SELECT *, (created_at AT TIME ZONE 'UTC')::date AS day, coalesce(funding, 'none') AS source,
        ${placeOf(sql`latency_ms`)} AS place
      FROM ${inserted}
    ),
    account_rows AS (
      INSERT INTO account_usage
        (user_id, day, agent_id, api_key_id, status, funding, calls, cost_usd, input_tokens, output_tokens, latencies)
      SELECT user_id, day, agent_id, api_key_id, status, source, count(*), sum(cost_usd),
        coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), ${countsOf('place')}
      FROM counted GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
      ON CONFLICT (user_id, day, agent_id, api_key_id, status, funding) DO UPDATE SET
        calls = account_usage.calls + excluded.calls,
        cost_usd = account_usage.cost_usd + excluded.cost_usd,
        input_tokens = account_usage.input_tokens + excluded.input_tokens,
        output_tokens = account_usage.output_tokens + excluded.output_tokens,
        latencies = ${added('account_usage')}
    ),
    agent_rows AS (
      INSERT INTO agent_usage
        (agent_id, day, creator_id, status, funding, calls, revenue_usd, fee_usd, input_tokens, output_tokens, latencies)
      SELECT agent_id, day, creator_id, status, source, count(*), sum(revenue_usd), sum(revenue_usd * fee_percent / 100),
        coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), ${countsOf('place')}
      FROM counted GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
      ON CONFLICT (agent_id, day, creator_id, status, funding) DO UPDATE SET
        calls = agent_usage.calls + excluded.calls,
        revenue_usd = agent_usage.revenue_usd + excluded.revenue_usd,
        fee_usd = agent_usage.fee_usd + excluded.fee_usd,
        input_tokens = agent_usage.input_tokens + excluded.input_tokens,
        output_tokens = agent_usage.output_tokens + excluded.output_tokens,
        latencies = ${added('agent_usage')}
    ),
    caller_rows AS (
      INSERT INTO agent_callers (agent_id, day, user_id, creator_id, calls, successful)
      SELECT agent_id, day, user_id, creator_id, count(*), count(*) FILTER (WHERE status = 'success')
      FROM counted GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
      ON CONFLICT (agent_id, day, user_id, creator_id) DO UPDATE SET
        calls = agent_callers.calls + excluded.calls,
        successful = agent_callers.successful + excluded.successful
    ),
    platform_rows AS (
      INSERT INTO platform_usage (day, status, funding, calls, revenue_usd)
      SELECT day, status, source, count(*), sum(revenue_usd) FROM counted GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (day, status, funding) DO UPDATE SET
        calls = platform_usage.calls + excluded.calls,
        revenue_usd = platform_usage.revenue_usd + excluded.revenue_usd
    )`
}

/** Calls of whatever outcome, those that succeeded, and what they earned the creators before fees. */
export type PlatformFigures = { calls: number; successful: number; revenue: Amount }

/** What the whole platform did in the last `days` days, today included. */
export async function platformFigures(env: Bindings, days: number): Promise<PlatformFigures> {
  const { from, to } = lastDays(days)
  const [row] = await reach(() =>
    db(env)
      .select({
        calls: sql`coalesce(sum(${platformUsage.calls}), 0)`.mapWith(Number),
        successful:
          sql`coalesce(sum(${platformUsage.calls}) FILTER (WHERE ${platformUsage.status} = 'success'), 0)`.mapWith(
            Number,
          ),
        revenue: sql<string>`coalesce(sum(${platformUsage.revenueUsd}), 0)`,
      })
      .from(platformUsage)
      .where(between(platformUsage.day, from, to)),
  )
  return { calls: row?.calls ?? 0, successful: row?.successful ?? 0, revenue: amount(row?.revenue ?? '0') }
}

/** The ids of the accounts that called an agent in the last `days` days, those of the latest days first, at most `limit`. */
export async function callersOf(env: Bindings, agentId: string, days: number, limit: number): Promise<string[]> {
  const latest = db(env)
    .select({ userId: agentCallers.userId, day: agentCallers.day })
    .from(agentCallers)
    .where(and(eq(agentCallers.agentId, agentId), gte(agentCallers.day, lastDays(days).from)))
    .orderBy(desc(agentCallers.day))
    .limit(CALLER_ROWS_MAX)
    .as('latest')
  const rows = await reach(() =>
    db(env)
      .select({ userId: latest.userId })
      .from(latest)
      .groupBy(latest.userId)
      .orderBy(desc(max(latest.day)), latest.userId)
      .limit(limit),
  )
  return rows.map(({ userId }) => userId)
}

/** Calls of whatever outcome, those that succeeded, how many accounts made them, and how long the successful ones took. */
export type AgentStatistics = {
  calls: number
  successful: number
  users: number
  /** Milliseconds, within 10 %; null without successful calls. */
  p50: number | null
  p95: number | null
}

/** What an agent did in the last `days` days, today included. Beyond `CALLER_ROWS_MAX` caller-days `users` is a lower bound. */
export async function agentStatistics(env: Bindings, agentId: string, days: number): Promise<AgentStatistics> {
  const { from, to } = lastDays(days)
  const isSuccess = sql`${agentUsage.status} = 'success'`
  const figures = db(env)
    .select({
      calls: sql`coalesce(sum(${agentUsage.calls}), 0)`.mapWith(Number),
      successful: sql`coalesce(sum(${agentUsage.calls}) FILTER (WHERE ${isSuccess}), 0)`.mapWith(Number),
      latencies: summed('agent_usage', 'successful'),
    })
    .from(agentUsage)
    .where(and(eq(agentUsage.agentId, agentId), between(agentUsage.day, from, to)))
  const callers = db(env)
    .select({ userId: agentCallers.userId })
    .from(agentCallers)
    .where(and(eq(agentCallers.agentId, agentId), between(agentCallers.day, from, to)))
    .limit(CALLER_ROWS_MAX)
    .as('callers')
  const users = db(env)
    .select({ users: sql`count(DISTINCT ${callers.userId})`.mapWith(Number) })
    .from(callers)
  const [[found], [counted]] = await reach(() => db(env).batch([figures, users]))
  const { calls = 0, successful = 0, latencies = [] } = found ?? {}
  return {
    calls,
    successful,
    users: counted?.users ?? 0,
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
  }
}

/** The ids of the agents that were called most since yesterday, at most `limit`, the busiest first. Throws `storeUnavailable`. */
export async function busiestAgents(env: Bindings, limit: number): Promise<string[]> {
  const { rows } = await reach(() =>
    db(env).execute<{ agent_id: string }>(sql`
      SELECT agent_id FROM agent_usage WHERE day >= (now() AT TIME ZONE 'UTC')::date - 1
      GROUP BY agent_id ORDER BY sum(calls) DESC, agent_id LIMIT ${limit}
    `),
  )
  return rows.map((row) => row.agent_id)
}
