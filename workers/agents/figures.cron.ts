/** Every five minutes: how often agents were called with success and what they earned, from their usage by day. */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import type { Bindings } from '../env.ts'

/** More agents than this are counted in the next run: a query has two seconds. */
const AGENTS_MAX = 2_000

/**
 * Sums anew what was used since yesterday, and writes what has changed. Whoever runs it twice, or beside another, writes
 * the same figures; what is counted late on a day is found by the next run.
 */
export async function figuresCron(env: Bindings): Promise<void> {
  await reach(() =>
    db(env).execute(sql`
      UPDATE agents SET total_calls = figures.calls, total_revenue = figures.revenue
      FROM (
        SELECT a.id, sums.calls, sums.revenue
        FROM (SELECT DISTINCT agent_id FROM agent_usage WHERE day >= (now() AT TIME ZONE 'UTC')::date - 1) AS used
        JOIN agents a ON a.id = used.agent_id
        CROSS JOIN LATERAL (
          SELECT coalesce(sum(successful), 0) AS calls, coalesce(sum(revenue_usd), 0) AS revenue
          FROM agent_usage WHERE creator_id = a.creator_id AND agent_id = a.id
        ) AS sums
        WHERE (a.total_calls, a.total_revenue) IS DISTINCT FROM (sums.calls, sums.revenue)
        LIMIT ${AGENTS_MAX}
      ) AS figures
      WHERE agents.id = figures.id
    `),
  )
}
