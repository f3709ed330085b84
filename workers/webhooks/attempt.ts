/** The beginning and the end of an attempt, in the database. What lies between is deliver.queue.ts. */
import { sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { ATTEMPTS_MAX, DEAD_LETTER_QUEUE, type DeliveryMessage } from './deliveries.ts'
import type { Bindings } from '../env.ts'
import type { Failure, Outcome } from './post.ts'

/** An attempt takes at most some 20 s; one that is not over by then will never be. */
const LEASE_MS = 60_000
const FAILING_MS_MAX = 5 * 24 * 60 * 60 * 1_000
/** What may be held against a webhook; the rest is our own failing. */
const ITS_OWN_FAULT: ReadonlySet<Failure> = new Set(['timeout', 'connection', 'redirect', 'status', 'target'])
const GONE = 410

/** An attempt that has begun. */
export type Begun = {
  message: DeliveryMessage
  at: number
  eventId: string
  body: string
  webhookId: string
  url: string
  /** The salts of the secrets that sign, the newest first. */
  salts: string[]
}

/**
 * Begins the attempt that `message` is for: counts it, and reads what it takes. Null if it was begun already, or is no
 * longer to be made; a delivery whose webhook may not be called is dropped.
 */
export async function begin(env: Bindings, message: DeliveryMessage): Promise<Begun | null> {
  const { id, round, attempt } = message
  const at = clock.now()
  const now = iso(at)
  const mayCall = sql`w.active AND w.deleted_at IS NULL AND u.status = 'active'`
  const [, { rows }] = await db(env).batch([
    db(env).execute(sql`
      UPDATE webhook_deliveries d SET state = 'dropped', next_at = NULL, finished_at = ${now}
      FROM webhooks w JOIN users u ON u.id = w.user_id
      WHERE d.id = ${id} AND d.state IN ('pending', 'retrying') AND w.id = d.webhook_id AND NOT (${mayCall})`),
    db(env).execute<{ event_id: string; body: string; webhook_id: string; url: string; salts: string[] }>(sql`
      UPDATE webhook_deliveries d SET state = 'delivering', attempts = ${attempt}, next_at = ${iso(at + LEASE_MS)}
      FROM webhooks w JOIN users u ON u.id = w.user_id
      WHERE d.id = ${id} AND d.round = ${round} AND d.attempts = ${attempt - 1} AND d.state IN ('pending', 'retrying')
        AND w.id = d.webhook_id AND ${mayCall}
      RETURNING d.event_id, d.body, d.webhook_id, w.url, CASE WHEN w.secret_before_until > ${now}
        THEN json_build_array(w.secret, w.secret_before) ELSE json_build_array(w.secret) END AS salts`),
  ])
  const [row] = rows
  if (!row) return null
  const { event_id: eventId, body, webhook_id: webhookId, url, salts } = row
  return { message, at, eventId, body, webhookId, url, salts }
}

/** What follows from an attempt. `paused`: it was the last straw, and whose webhook it is has to be told. */
export type Ended = { retryAt: number | null; paused: Paused | null }
export type Paused = { because: 'gone' | 'failing'; email: string; since: number }

/**
 * Writes down how an attempt went, and what becomes of its delivery and its webhook; repeatable. `retryAt` says when the
 * next attempt is due if this one failed and is not the last.
 */
export async function end(env: Bindings, begun: Begun, outcome: Outcome, retryAt: number): Promise<Ended> {
  const { id, round, attempt } = begun.message
  const { error, status, latencyMs, response } = outcome
  const isOver = error === null || attempt >= ATTEMPTS_MAX || status === GONE
  const state = !isOver ? 'retrying' : error === null ? 'delivered' : 'failed'
  const now = iso(clock.now())
  const [, , , { rows }] = await db(env).batch([
    db(env).execute(sql`
      INSERT INTO webhook_attempts (delivery_id, round, number, at, status, latency_ms, error, response)
      VALUES (${id}, ${round}, ${attempt}, ${iso(begun.at)}, ${status}, ${latencyMs}, ${error}, ${response})
      ON CONFLICT DO NOTHING`),
    db(env).execute(sql`
      UPDATE webhook_deliveries
      SET state = ${state}, last_status = ${status}, last_error = ${error},
        next_at = ${isOver ? null : iso(retryAt)}, finished_at = ${isOver ? now : null}
      WHERE id = ${id} AND round = ${round} AND attempts = ${attempt} AND state = 'delivering'`),
    db(env).execute(
      buryFailed(sql`
      SELECT id, round, attempts, created_at FROM webhook_deliveries
      WHERE id = ${id} AND round = ${round} AND attempts = ${attempt} AND state = 'failed'`),
    ),
    db(env).execute<{ paused_because: 'gone' | 'failing' | null; since: number; email: string }>(
      judgeWebhook(begun.webhookId, outcome),
    ),
  ])
  const [webhook] = rows
  const because = webhook?.paused_because
  const paused = webhook && because != null ? { because, email: webhook.email, since: webhook.since } : null
  return { retryAt: isOver ? null : retryAt, paused }
}

/**
 * Ends what was begun and never ended: its worker was cut off. Such an attempt has failed without anybody's fault, and its
 * delivery goes on to the next one. Gives how many there were, at most `limit`.
 */
export async function endLost(env: Bindings, limit: number): Promise<number> {
  const now = iso(clock.now())
  const { rows } = await db(env).execute<{ count: number }>(sql`
    WITH lost AS (
      SELECT id, round, attempts, next_at FROM webhook_deliveries
      WHERE state = 'delivering' AND next_at < ${now} ORDER BY next_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), told AS (
      INSERT INTO webhook_attempts (delivery_id, round, number, at, latency_ms, error)
      SELECT id, round, attempts, next_at - ${LEASE_MS} * interval '1 millisecond', 0, 'interrupted' FROM lost
      ON CONFLICT DO NOTHING
    ), moved AS (
      UPDATE webhook_deliveries d
      SET last_status = NULL, last_error = 'interrupted',
        state = CASE WHEN d.attempts < ${ATTEMPTS_MAX} THEN 'retrying' ELSE 'failed' END,
        next_at = CASE WHEN d.attempts < ${ATTEMPTS_MAX} THEN d.next_at END,
        finished_at = CASE WHEN d.attempts < ${ATTEMPTS_MAX} THEN NULL ELSE ${now}::timestamptz END
      FROM lost WHERE d.id = lost.id
      RETURNING d.id, d.round, d.attempts, d.created_at, d.state
    ), buried AS (${buryFailed(sql`SELECT id, round, attempts, created_at FROM moved WHERE state = 'failed'`)})
    SELECT count(*)::int AS count FROM moved`)
  return rows[0]?.count ?? 0
}

/** Puts deliveries among the dead letters. Each is there once, as it failed last. */
function buryFailed(deliveries: ReturnType<typeof sql>) {
  return sql`
    INSERT INTO dead_letters (queue, id, body, attempts, sent_at)
    SELECT ${DEAD_LETTER_QUEUE}, id::text, json_build_object('v', 1, 'id', id, 'round', round), attempts, created_at
    FROM (${deliveries}) AS failed
    ON CONFLICT (queue, id) DO UPDATE
    SET body = excluded.body, attempts = excluded.attempts, received_at = now(), replayed_at = NULL`
}

/** What an outcome means for the webhook itself. Most mean nothing new, and then its row is left alone. */
function judgeWebhook(webhookId: string, { error, status }: Outcome) {
  const now = clock.now()
  const owner = sql`w.id = ${webhookId} AND u.id = w.user_id`
  const told = sql`w.paused_because, (extract(epoch FROM w.failing_since) * 1000)::float8 AS since, u.email`
  if (error === null)
    return sql`
      UPDATE webhooks w SET failing_since = NULL FROM users u WHERE ${owner} AND w.failing_since IS NOT NULL
      RETURNING NULL AS paused_because, 0 AS since, '' AS email`
  if (status === GONE)
    return sql`
      UPDATE webhooks w SET active = false, paused_because = 'gone', failing_since = coalesce(w.failing_since, ${iso(now)})
      FROM users u WHERE ${owner} AND w.active RETURNING ${told}`
  const isPaused = sql`w.failing_since < ${iso(now - FAILING_MS_MAX)}`
  return sql`
    UPDATE webhooks w
    SET failing_since = coalesce(w.failing_since, ${iso(now)}), active = (${isPaused}) IS NOT TRUE,
      paused_because = CASE WHEN ${isPaused} THEN 'failing' END
    FROM users u
    WHERE ${owner} AND w.active AND ${ITS_OWN_FAULT.has(error)} AND (w.failing_since IS NULL OR ${isPaused})
    RETURNING ${told}`
}

/** A moment as a parameter, typed: within an expression Postgres could not tell. */
function iso(at: number) {
  return sql`${new Date(at).toISOString()}::timestamptz`
}
