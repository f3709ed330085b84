/**
 * Deliveries: one for each event and each webhook that asks for its type.
 *
 *     pending ──► delivering ──► delivered
 *                  ▲      ├────► retrying ──► delivering …
 *                  │      └────► failed      after the first attempt and three more, or 410; kept as a dead letter
 *     pending, retrying ───────► dropped     its webhook was paused or deleted meanwhile
 *     delivered, failed, dropped ──► pending ordered again by its owner, within 30 days: a new round
 *
 * What always holds:
 * - All attempts of a delivery, in every round, carry one id and one body; each has a timestamp and signatures of its own.
 * - A round has at most four attempts. An attempt is counted before it is made, and one of which nobody learns how it went
 *   is as good as failed: rather told once more than not at all, never more often than that.
 * - The row decides, messages only wake somebody: one names the attempt it is for, and only the first of those that name
 *   the next attempt makes it. Messages may come twice, late, in any order or not at all; then the sweeper sends another.
 * - A webhook that is paused or deleted is not called, nor is one whose owner is suspended. Its state, URL and secrets are
 *   read in the statement that begins the attempt, so no attempt is signed with a secret that was dead by then.
 * - While `enable_webhooks` is off, nothing is called and nothing is lost.
 */
import { and, desc, eq, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { flags } from '../base/flags.ts'
import { type DELIVERY_STATES, webhookAttempts, webhookDeliveries } from './tables.ts'
import type { Bindings } from '../env.ts'

export const ATTEMPTS_MAX = 4
export const KEPT_MS = 30 * 24 * 60 * 60 * 1_000
/** The name under which deliveries that failed stand among the dead letters. */
export const DEAD_LETTER_QUEUE = 'webhook-deliveries'
const ROUNDS_MAX = 20
const MESSAGES_PER_BATCH = 100

/** Says that an attempt is due. */
export type DeliveryMessage = { v: 1; id: string; round: number; attempt: number }

export type DeliveryState = (typeof DELIVERY_STATES)[number]
export type Delivery = typeof webhookDeliveries.$inferSelect
export type Attempt = typeof webhookAttempts.$inferSelect

/** `isFailing`: the last attempt at its webhook failed. */
export type NewDelivery = {
  id: string
  webhookId: string
  eventId: string
  eventType: string
  body: string
  isFailing: boolean
}

/**
 * Writes deliveries that are not there yet, and sends for those whose first attempt nobody has begun; repeatable. Throws
 * `storeUnavailable`, or what the queue throws.
 */
export async function startDeliveries(env: Bindings, deliveries: NewDelivery[]): Promise<void> {
  if (deliveries.length === 0) return
  const now = new Date(clock.now()).toISOString()
  const rows = JSON.stringify(deliveries)
  const isWaiting = sql`state = 'pending' AND round = 0 AND attempts = 0`
  const [, waiting] = await reach(() =>
    db(env).batch([
      db(env).execute(sql`
        INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, body, next_at, created_at)
        SELECT "id", "webhookId", "eventId", "eventType", "body", ${now}::timestamptz, ${now}::timestamptz
        FROM json_to_recordset(${rows}::json) AS row ("id" uuid, "webhookId" uuid, "eventId" uuid, "eventType" text, "body" text)
        ON CONFLICT DO NOTHING`),
      db(env)
        .select({ id: webhookDeliveries.id })
        .from(webhookDeliveries)
        .where(sql`id IN (SELECT "id" FROM json_to_recordset(${rows}::json) AS row ("id" uuid)) AND ${isWaiting}`),
    ]),
  )
  const ids = new Set(waiting.map(({ id }) => id))
  const started = deliveries.filter(({ id }) => ids.has(id))
  await sendFor(
    env,
    started.map(({ id, isFailing }) => ({ id, round: 0, attempt: 1, isSlow: isFailing })),
  )
}

/**
 * Sends for attempts, unless webhooks are switched off. Those at webhooks that have been failing go through a queue of
 * their own: they often take the whole time that they are given, and must not hold up those that do not.
 */
export async function sendFor(
  env: Bindings,
  attempts: { id: string; round: number; attempt: number; isSlow: boolean; delaySeconds?: number }[],
): Promise<void> {
  const { enable_webhooks } = await flags(env)
  if (!enable_webhooks) return
  for (const isSlow of [false, true]) {
    const messages = attempts
      .filter((one) => one.isSlow === isSlow)
      .map(({ id, round, attempt, delaySeconds = 0 }) => ({
        body: { v: 1 as const, id, round, attempt },
        delaySeconds,
      }))
    const queue = isSlow ? env.DELIVERIES_SLOW : env.DELIVERIES
    for (let from = 0; from < messages.length; from += MESSAGES_PER_BATCH)
      await queue.sendBatch(messages.slice(from, from + MESSAGES_PER_BATCH))
  }
}

export type DeliveryFilter = {
  state?: DeliveryState | undefined
  eventType?: string | undefined
  /** The moment in ISO 8601 and the id after which the page begins. */
  after?: [string, string] | undefined
  limit: number
}

/** Deliveries to a webhook, newest first; at most `limit`. */
export async function listDeliveries(env: Bindings, webhookId: string, filter: DeliveryFilter): Promise<Delivery[]> {
  const { state, eventType, after, limit } = filter
  return reach(() =>
    db(env)
      .select()
      .from(webhookDeliveries)
      .where(
        and(
          eq(webhookDeliveries.webhookId, webhookId),
          state && eq(webhookDeliveries.state, state),
          eventType === undefined ? undefined : eq(webhookDeliveries.eventType, eventType),
          after && sql`(created_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`,
        ),
      )
      .orderBy(desc(webhookDeliveries.createdAt), desc(webhookDeliveries.id))
      .limit(limit),
  )
}

/** A delivery to this webhook with its attempts, the latest first. Throws `notFound`. */
export async function findDelivery(
  env: Bindings,
  webhookId: string,
  id: string,
): Promise<Delivery & { history: Attempt[] }> {
  const isThis = and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.webhookId, webhookId))
  const [[delivery], history] = await reach(() =>
    db(env).batch([
      db(env).select().from(webhookDeliveries).where(isThis),
      db(env)
        .select()
        .from(webhookAttempts)
        .where(eq(webhookAttempts.deliveryId, id))
        .orderBy(desc(webhookAttempts.round), desc(webhookAttempts.number))
        .limit((ROUNDS_MAX + 1) * ATTEMPTS_MAX),
    ]),
  )
  if (!delivery) throw new AppError('notFound')
  return { ...delivery, history }
}

/**
 * Orders a delivery again that is over, under the same id and with the same body. Throws `notFound`, or `conflict` if it
 * is still under way, too old, was ordered too often, or its webhook is paused.
 */
export async function redeliver(env: Bindings, webhookId: string, id: string): Promise<void> {
  const now = clock.now()
  const { rows } = await reach(() =>
    db(env).execute<{ round: number; is_failing: boolean }>(sql`
      WITH ordered AS (
        UPDATE webhook_deliveries d
        SET state = 'pending', round = d.round + 1, attempts = 0, finished_at = NULL,
          next_at = ${new Date(now).toISOString()}::timestamptz
        FROM webhooks w
        WHERE d.id = ${id} AND d.webhook_id = ${webhookId} AND w.id = d.webhook_id AND w.active
          AND w.deleted_at IS NULL AND d.next_at IS NULL AND d.round < ${ROUNDS_MAX}
          AND d.created_at > ${new Date(now - KEPT_MS).toISOString()}::timestamptz
        RETURNING d.round, w.failing_since IS NOT NULL AS is_failing
      ), taken_up AS (
        UPDATE dead_letters SET replayed_at = ${new Date(now).toISOString()}::timestamptz
        WHERE queue = ${DEAD_LETTER_QUEUE} AND id = ${id} AND EXISTS (SELECT FROM ordered)
      )
      SELECT round, is_failing FROM ordered`),
  )
  const [ordered] = rows
  if (!ordered) throw await whyNot(env, webhookId, id)
  await sendFor(env, [{ id, round: ordered.round, attempt: 1, isSlow: ordered.is_failing }])
}

async function whyNot(env: Bindings, webhookId: string, id: string): Promise<AppError> {
  const delivery = await findDelivery(env, webhookId, id)
  if (delivery.nextAt !== null)
    return new AppError('conflict', { message: 'This delivery is still under way; wait until it has ended.' })
  if (delivery.round >= ROUNDS_MAX)
    return new AppError('conflict', {
      message: `This delivery was ordered again ${ROUNDS_MAX} times, which is the most.`,
    })
  if (delivery.createdAt.getTime() <= clock.now() - KEPT_MS)
    return new AppError('conflict', { message: 'This delivery is older than 30 days.' })
  return new AppError('conflict', { message: 'This webhook is paused; resume it first.' })
}
