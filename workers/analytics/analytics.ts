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
