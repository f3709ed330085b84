/**
 * What was called, as sums of days. This room owns usage by day, promises that its figures are those of the call log, and
 * never reads that log to show a page.
 */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import type { Bindings } from '../env.ts'

/** The ids of accounts that called an agent within the last `days`, at most `limit`, in no order. Throws `storeUnavailable`. */
export async function callersOf(env: Bindings, agentId: string, days: number, limit: number): Promise<string[]> {
  const { rows } = await reach(() =>
    db(env).execute<{ user_id: string }>(sql`
      SELECT DISTINCT user_id FROM agent_callers
      WHERE agent_id = ${agentId}::uuid AND day > (now() AT TIME ZONE 'UTC')::date - ${days}::int LIMIT ${limit}
    `),
  )
  return rows.map((row) => row.user_id)
}

/** A page need not know of more callers of a day than this, all days together. */
const CALLER_DAYS_MAX = 20_000

/** What became of an agent's calls within the last `days`, and how many accounts made them. Throws `storeUnavailable`. */
export async function agentFigures(
  env: Bindings,
  agentId: string,
  days: number,
): Promise<{ calls: number; successes: number; users: number }> {
  const isLately = sql`agent_id = ${agentId}::uuid AND day > (now() AT TIME ZONE 'UTC')::date - ${days}::int`
  const { rows } = await reach(() =>
    db(env).execute<{ calls: number; successes: number; users: number }>(sql`
      SELECT coalesce(sum(calls), 0)::float8 AS calls,
        coalesce(sum(calls) FILTER (WHERE status = 'success'), 0)::float8 AS successes,
        (SELECT count(DISTINCT user_id)::int FROM (SELECT user_id FROM agent_callers WHERE ${isLately} LIMIT ${CALLER_DAYS_MAX}) AS counted) AS users
      FROM agent_usage WHERE ${isLately}
    `),
  )
  return rows[0] ?? { calls: 0, successes: 0, users: 0 }
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
