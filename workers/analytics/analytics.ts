/**
 * What the calls come to. This room owns the rollups: calls, tokens, cost, revenue and latency by UTC day. It promises that
 * they say at every moment what a count of the call log would say, and never reads the log itself.
 */
import { and, between, desc, eq, gte, sql, sum, type SQL } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import type { Bindings } from '../env.ts'
import { amount, type Amount } from '../money/amount.ts'
import { countOf, percentile, readCounts } from './latency.ts'
import { lastDays, type Period } from './period.ts'
import { agentLastCalls, agentUsage, ALL_AGENTS, platformUsage } from './tables.ts'

/** Callers are counted as far as this; where the callers of each day must be looked through, as far as these rows reach. */
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
    counted AS MATERIALIZED (
      SELECT user_id, creator_id, agent_id, api_key_id, (created_at AT TIME ZONE 'UTC')::date AS day, status,
        coalesce(funding, 'none') AS source, count(*) AS calls, sum(cost_usd) AS cost, sum(revenue_usd) AS revenue,
        sum(revenue_usd * fee_percent / 100) AS fee, coalesce(sum(input_tokens), 0) AS input_tokens,
        coalesce(sum(output_tokens), 0) AS output_tokens, sum(${countOf(sql`latency_ms`)}) AS latencies
      FROM ${inserted} GROUP BY 1, 2, 3, 4, 5, 6, 7
    ),
    account_rows AS (
      INSERT INTO account_usage (user_id, day, status, calls, cost_usd, input_tokens, output_tokens, latencies)
      SELECT user_id, day, status, sum(calls), sum(cost), sum(input_tokens), sum(output_tokens), sum(latencies)
      FROM counted GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (user_id, day, status) DO UPDATE SET ${added('account_usage', SUMS, ['cost_usd'])}
    ),
    part_rows AS (
      INSERT INTO account_part_usage
        (user_id, part, span, starts, part_id, calls, successful, cost_usd, input_tokens, output_tokens, latencies)
      SELECT user_id, part, span, starts, part_id, sum(calls), ${SUCCESSFUL}, sum(cost), sum(input_tokens),
        sum(output_tokens), ${LATENCIES}
      FROM counted
        CROSS JOIN LATERAL (VALUES ('agent', agent_id), ('key', api_key_id)) AS parts (part, part_id)
        CROSS JOIN LATERAL (VALUES ('day', day), ('month', date_trunc('month', day)::date)) AS spans (span, starts)
      GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
      ON CONFLICT (user_id, part, span, starts, part_id) DO UPDATE SET
        ${added('account_part_usage', SUMS, ['successful', 'cost_usd'])}
    ),
    sold AS (
      SELECT * FROM counted CROSS JOIN LATERAL (VALUES (agent_id), (${ALL_AGENTS}::uuid)) AS sellers (seller_id)
    ),
    new_callers AS (
      INSERT INTO agent_callers (creator_id, agent_id, day, user_id)
      SELECT DISTINCT creator_id, seller_id, day, user_id FROM sold ORDER BY 1, 2, 3, 4
      ON CONFLICT DO NOTHING
      RETURNING creator_id, agent_id, day, user_id
    ),
    last_rows AS (
      INSERT INTO agent_last_calls (creator_id, agent_id, user_id, day)
      SELECT creator_id, agent_id, user_id, max(day) FROM new_callers GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (creator_id, agent_id, user_id) DO UPDATE SET day = excluded.day WHERE agent_last_calls.day < excluded.day
    ),
    agent_rows AS (
      INSERT INTO agent_usage
        (creator_id, agent_id, day, users, calls, successful, paid, promotional, trial, revenue_usd, fee_usd, input_tokens,
        output_tokens, latencies)
      SELECT sums.creator_id, seller_id, sums.day, coalesce(users, 0), calls, successful, paid, promotional, trial, revenue,
        fee, input_tokens, output_tokens, latencies
      FROM (
        SELECT creator_id, seller_id, day, sum(calls) AS calls, ${SUCCESSFUL} AS successful, ${fundedBy('paid')} AS paid,
          ${fundedBy('promotional')} AS promotional, ${fundedBy('trial')} AS trial, sum(revenue) AS revenue, sum(fee) AS fee,
          sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, ${LATENCIES} AS latencies
        FROM sold GROUP BY 1, 2, 3
      ) AS sums
      LEFT JOIN (SELECT creator_id, agent_id, day, count(*) AS users FROM new_callers GROUP BY 1, 2, 3) AS new
        ON (new.creator_id, new.agent_id, new.day) = (sums.creator_id, seller_id, sums.day)
      ORDER BY 1, 2, 3
      ON CONFLICT (creator_id, agent_id, day) DO UPDATE SET
        ${added('agent_usage', SUMS, ['users', 'successful', 'paid', 'promotional', 'trial', 'revenue_usd', 'fee_usd'])}
    ),
    platform_rows AS (
      INSERT INTO platform_usage (day, status, funding, calls, revenue_usd)
      SELECT day, status, source, sum(calls), sum(revenue) FROM counted GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (day, status, funding) DO UPDATE SET ${added('platform_usage', ['calls'], ['revenue_usd'])}
    )`
}

const SUCCESSFUL = sql`coalesce(sum(calls) FILTER (WHERE status = 'success'), 0)`
const LATENCIES = sql`coalesce(sum(latencies) FILTER (WHERE status = 'success'), 0)`
const fundedBy = (source: string): SQL => sql`coalesce(sum(calls) FILTER (WHERE source = ${sql.raw(`'${source}'`)}), 0)`

/** What every table of usage but the platform's sums up. */
const SUMS = ['calls', 'input_tokens', 'output_tokens', 'latencies']

/** What an upsert sets, where what comes is added to what is there. */
function added(table: string, ...columns: string[][]): SQL {
  return sql.raw(
    columns
      .flat()
      .map((column) => `${column} = ${table}.${column} + excluded.${column}`)
      .join(', '),
  )
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

/** What a creator's agents have earned in all, before fees. */
export async function earnedBy(env: Bindings, creatorId: string): Promise<Amount> {
  const [row] = await reach(() =>
    db(env)
      .select({ revenue: sum(agentUsage.revenueUsd) })
      .from(agentUsage)
      .where(and(eq(agentUsage.creatorId, creatorId), eq(agentUsage.agentId, ALL_AGENTS))),
  )
  return amount(row?.revenue ?? '0')
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
