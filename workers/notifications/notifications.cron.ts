/** Daily: removes notifications that are older than anybody looks back, a bounded number at a time and in all. */
import { sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { log } from '../base/log.ts'
import { notifications } from './tables.ts'
import type { Bindings } from '../env.ts'

const KEPT_DAYS = 180
const DAY_MS = 86_400_000
/** Few enough for one statement to end well within a query's time. */
const BATCH_MAX = 1_000
/** What is left after so many waits for tomorrow. */
const BATCHES_MAX = 100

/** Repeatable. Throws `storeUnavailable` if Postgres is away; tomorrow is soon enough then. */
export async function notificationsCron(env: Bindings): Promise<void> {
  const before = new Date(clock.now() - KEPT_DAYS * DAY_MS).toISOString()
  let removed = 0
  for (let batch = 0; batch < BATCHES_MAX; batch++) {
    const { rowCount } = await reach(() =>
      db(env).execute(sql`
        DELETE FROM ${notifications} WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${notifications} WHERE created_at < ${before}::timestamptz ORDER BY created_at LIMIT ${BATCH_MAX}
        ))
      `),
    )
    removed += rowCount
    if (rowCount < BATCH_MAX) break
  }
  log.info('notifications.removed', { count: removed })
}
