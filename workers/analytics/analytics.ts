/**
 * What the calls come to. This room owns the rollups: calls, tokens, cost, revenue and latency by UTC day. It promises that
 * they say at every moment what a count of the call log would say, and never reads the log itself.
 */
import { and, between, desc, eq, gte, sql, type SQL } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import type { Bindings } from '../env.ts'
import { amount, type Amount } from '../money/amount.ts'
import { percentile, readCounts } from './latency.ts'
import { lastDays, type Period } from './period.ts'
import { agentLastCalls, agentUsage, ALL_AGENTS, platformUsage } from './tables.ts'

/** Callers are counted as far as this; where the callers of each day must be looked through, as far as these rows reach. */
export const CALLER_ROWS_MAX = 50_000

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

/** An agent, and whose it is. */
export type Owned = { id: string; creatorId: string }

/** The ids of the accounts that called an agent in the last `days` days, those of the latest days first, at most `limit`. */
export async function callersOf(env: Bindings, agent: Owned, days: number, limit: number): Promise<string[]> {
  const { creatorId, agentId, userId, day } = agentLastCalls
  const rows = await reach(() =>
    db(env)
      .select({ userId })
      .from(agentLastCalls)
      .where(and(eq(creatorId, agent.creatorId), eq(agentId, agent.id), gte(day, lastDays(days).from)))
      .orderBy(desc(day), userId)
      .limit(limit),
  )
  return rows.map((row) => row.userId)
}

/**
 * How many accounts called an agent, or any of a creator's (`ALL_AGENTS`), in a period, as an expression for a statement about
 * something else. Who has called since a day is told by the days of the last calls; only for a period after which there
 * were calls are the callers of each of its days looked through. Beyond `CALLER_ROWS_MAX` it is a lower bound.
 */
export function usersWithin(creatorId: string, agentId: string, { from, to }: Period): SQL<number> {
  const isTheirs = sql`creator_id = ${creatorId} AND agent_id = ${agentId}`
  return sql`(
    CASE WHEN EXISTS (SELECT FROM agent_last_calls WHERE ${isTheirs} AND day > ${to}) THEN (
      SELECT count(DISTINCT user_id) FROM (
        SELECT user_id FROM agent_callers WHERE ${isTheirs} AND day BETWEEN ${from} AND ${to} LIMIT ${CALLER_ROWS_MAX}
      ) AS callers
    ) ELSE (
      SELECT count(*) FROM (
        SELECT FROM agent_last_calls WHERE ${isTheirs} AND day >= ${from} LIMIT ${CALLER_ROWS_MAX}
      ) AS callers
    ) END
  )`.mapWith(Number)
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

/** What an agent did in the last `days` days, today included. Beyond `CALLER_ROWS_MAX` callers `users` is a lower bound. */
export async function agentStatistics(env: Bindings, agent: Owned, days: number): Promise<AgentStatistics> {
  const period = lastDays(days)
  const { creatorId, agentId, day } = agentUsage
  const isAsked = and(eq(creatorId, agent.creatorId), eq(agentId, agent.id), between(day, period.from, period.to))
  const [found] = await reach(() =>
    db(env)
      .select({
        calls: sql`coalesce(sum(${agentUsage.calls}), 0)`.mapWith(Number),
        successful: sql`coalesce(sum(${agentUsage.successful}), 0)`.mapWith(Number),
        users: usersWithin(agent.creatorId, agent.id, period),
        latencies: sql`coalesce(sum(${agentUsage.latencies}), 0)`.mapWith(readCounts),
      })
      .from(agentUsage)
      .where(isAsked),
  )
  const { calls = 0, successful = 0, users = 0, latencies = [] } = found ?? {}
  return { calls, successful, users, p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95) }
}

/** The ids of the agents that were called most since yesterday, at most `limit`, the busiest first. Throws `storeUnavailable`. */
export async function busiestAgents(env: Bindings, limit: number): Promise<string[]> {
  const { rows } = await reach(() =>
    db(env).execute<{ agent_id: string }>(sql`
      SELECT agent_id FROM agent_usage WHERE day >= (now() AT TIME ZONE 'UTC')::date - 1 AND agent_id <> ${ALL_AGENTS}
      GROUP BY agent_id ORDER BY sum(calls) DESC, agent_id LIMIT ${limit}
    `),
  )
  return rows.map((row) => row.agent_id)
}
