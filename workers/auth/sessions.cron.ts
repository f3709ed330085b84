/** Every day: removes sessions and one-time tokens that have long been over. What was done in a session stays in the audit log. */
import { sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { log } from '../base/log.ts'
import type { Bindings } from '../env.ts'

const KEPT_MS = 30 * 24 * 60 * 60 * 1_000
const ROWS_PER_STEP = 1_000
const STEPS_MAX = 50

/** Removes at most `STEPS_MAX` times `ROWS_PER_STEP` of each; the next day goes on. */
export async function sessionsCron(env: Bindings): Promise<void> {
  const before = sql`${new Date(clock.now() - KEPT_MS).toISOString()}::timestamptz`
  const ids = (table: string, key: string) =>
    sql.raw(`SELECT ${key} FROM ${table} WHERE expires_at < `).append(sql`${before} LIMIT ${ROWS_PER_STEP}`)
  let count = 0
  for (let step = 0; step < STEPS_MAX; step++) {
    const [, ended, tokens] = await db(env).batch([
      db(env).execute(sql`DELETE FROM refresh_tokens WHERE session_id IN (${ids('sessions', 'id')})`),
      db(env).execute(sql`DELETE FROM sessions WHERE id IN (${ids('sessions', 'id')})
        AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session_id = sessions.id)`),
      db(env).execute(sql`DELETE FROM one_time_tokens WHERE hash IN (${ids('one_time_tokens', 'hash')})`),
    ])
    const removed = ended.rowCount + tokens.rowCount
    count += removed
    if (removed === 0) break
  }
  log.info('sessions.removed', { count })
}
