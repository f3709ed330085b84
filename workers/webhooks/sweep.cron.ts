/**
 * Every minute: ends attempts that were cut off, sends again for deliveries whose message was lost, and removes what is
 * older than 30 days. Each step takes a bounded number of rows at once and a bounded number of times.
 */
import { sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { flags } from '../base/flags.ts'
import { log } from '../base/log.ts'
import { endLost } from './attempt.ts'
import { DEAD_LETTER_QUEUE, KEPT_MS, sendFor } from './deliveries.ts'
import type { Bindings } from '../env.ts'

const ROWS = 500
const TIMES_MAX = 20
/** A message that is so late has been lost, or waits behind others; one more does no harm. */
const LATE_MS = 2 * 60_000

/** Repeatable. Throws `storeUnavailable` if Postgres is away; the next minute is soon enough then. */
export async function sweepCron(env: Bindings): Promise<void> {
  const lost = await over(() => reach(() => endLost(env, ROWS)))
  // While webhooks are switched off their deliveries wait; that none is sent for is nobody's mistake.
  const late = (await flags(env)).enable_webhooks ? await over(() => sendLate(env)) : 0
  const old = await over(() => removeOld(env))
  if (lost + late > 0) log.warn('webhooks.swept', { count: lost + late })
  if (old > 0) log.info('webhooks.removed', { count: old })
}

/** Runs `step` until it finds no full set of rows any more. Gives how many there were in all. */
async function over(step: () => Promise<number>): Promise<number> {
  let sum = 0
  for (let time = 0; time < TIMES_MAX; time++) {
    const count = await step()
    sum += count
    if (count < ROWS) break
  }
  return sum
}

/** From here on they are late again only after as long a time. */
async function sendLate(env: Bindings): Promise<number> {
  const now = clock.now()
  const { rows } = await reach(() =>
    db(env).execute<{ id: string; round: number; attempts: number; is_failing: boolean }>(sql`
      UPDATE webhook_deliveries d SET next_at = ${new Date(now).toISOString()}
      FROM webhooks w
      WHERE w.id = d.webhook_id AND d.id IN (
        SELECT id FROM webhook_deliveries
        WHERE next_at < ${new Date(now - LATE_MS).toISOString()} AND state IN ('pending', 'retrying')
        ORDER BY next_at LIMIT ${ROWS} FOR UPDATE SKIP LOCKED
      )
      RETURNING d.id, d.round, d.attempts, w.failing_since IS NOT NULL AS is_failing`),
  )
  await sendFor(
    env,
    rows.map(({ id, round, attempts, is_failing }) => ({ id, round, attempt: attempts + 1, isSlow: is_failing })),
  )
  return rows.length
}

/** Deliveries with their attempts and dead letters; then webhooks that were deleted and have no deliveries left. */
async function removeOld(env: Bindings): Promise<number> {
  const before = new Date(clock.now() - KEPT_MS).toISOString()
  const [{ rows }] = await reach(() =>
    db(env).batch([
      db(env).execute<{ count: number }>(sql`
        WITH old AS (
          DELETE FROM webhook_deliveries WHERE id IN (
            SELECT id FROM webhook_deliveries WHERE created_at < ${before} ORDER BY created_at LIMIT ${ROWS}
          ) RETURNING id
        ), letters AS (
          DELETE FROM dead_letters WHERE queue = ${DEAD_LETTER_QUEUE} AND id IN (SELECT id::text FROM old)
        )
        SELECT count(*)::int AS count FROM old`),
      db(env).execute(sql`
        DELETE FROM webhooks WHERE id IN (
          SELECT id FROM webhooks w WHERE deleted_at < ${before}
            AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id) LIMIT ${ROWS}
        )`),
    ]),
  )
  return rows[0]?.count ?? 0
}
