/**
 * Daily: makes the partitions of `call_logs` for the months to come. If it does not run for months, logs go to the default
 * partition, and are moved to their month by the next run.
 */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { log } from '../base/log.ts'
import type { Bindings } from '../env.ts'

const MONTHS_AHEAD = 3

/** Repeatable. Throws `storeUnavailable` if Postgres is away; tomorrow is soon enough then. */
export async function partitionsCron(env: Bindings): Promise<void> {
  const { rows } = await reach(() => db(env).execute(sql`SELECT ensure_call_log_partitions(${MONTHS_AHEAD}) AS made`))
  log.info('call_logs.partitions', { count: Number(rows[0]?.['made']) })
}
