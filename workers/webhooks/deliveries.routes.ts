/** What became of the events that went to a webhook, for its owner to see and to order again. */
import { Hono } from 'hono'
import * as z from 'zod'
import { signedIn } from '../auth/auth.ts'
import { AppError } from '../base/errors.ts'
import { flags } from '../base/flags.ts'
import { PageQuery, pageOf, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { EVENT_TYPES } from '../notifications/events.ts'
import { findDelivery, listDeliveries, redeliver, type Attempt, type Delivery } from './deliveries.ts'
import { findWebhook, TEST_TYPE } from './endpoints.ts'
import { DELIVERY_STATES } from './tables.ts'
import type { AppContext } from '../env.ts'

export const deliveries = new Hono<AppContext>()
const route = routesOf(deliveries, 'Webhooks')

const Shown = z.object({
  id: Id,
  /** Sent as `webhook-id`, the same in every attempt. */
  event_id: Id,
  event_type: z.string(),
  state: z.enum(DELIVERY_STATES),
  /** Attempts made since it was ordered last; at most 4. */
  attempts: z.int(),
  redeliveries: z.int(),
  last_status: z.int().nullable(),
  last_error: z.string().nullable(),
  next_attempt_at: Moment.nullable(),
  created_at: Moment,
  finished_at: Moment.nullable(),
})

const ShownAttempt = z.object({
  /** 0 as it was sent first, then counting redeliveries. */
  redelivery: z.int(),
  number: z.int(),
  at: Moment,
  /** Null: no answer came. */
  status: z.int().nullable(),
  latency_ms: z.int(),
  /** What went wrong: `timeout`, `connection`, `redirect`, `status`, `target`, `resolver`, `secret`, `interrupted`; null: delivered. */
  error: z.string().nullable(),
  /** How the answer began, as text: at most 1024 characters. */
  response: z.string().nullable(),
})

const Query = PageQuery.extend({
  state: z.enum(DELIVERY_STATES).optional(),
  event_type: z.enum([...EVENT_TYPES, TEST_TYPE]).optional(),
})
const Place = z.tuple([z.iso.datetime(), z.uuid()])

route(
  'GET /api/v1/webhooks/:id/deliveries',
  {
    summary: 'Deliveries of the last 30 days, newest first',
    who: signedIn,
    params: IdParams,
    query: Query,
    answer: pageOf(Shown),
    errors: ['notFound'],
  },
  async ({ env, me, params, query: { limit, cursor, state, event_type } }) => {
    const after = readCursor(cursor, Place)
    // Beside each other: where the webhook is not theirs, nothing of the list is shown.
    const [rows] = await Promise.all([
      listDeliveries(env, params.id, { state, eventType: event_type, after, limit: limit + 1 }),
      findWebhook(env, me.id, params.id),
    ])
    const page = toPage(rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id])
    return { ...page, items: page.items.map(shown) }
  },
)

const Params = IdParams.extend({ deliveryId: Id })

route(
  'GET /api/v1/webhooks/:id/deliveries/:deliveryId',
  {
    summary: 'A delivery: what was sent, and every attempt with its answer and its time',
    who: signedIn,
    params: Params,
    answer: Shown.extend({ body: z.string(), history: z.array(ShownAttempt) }),
    errors: ['notFound'],
  },
  async ({ env, me, params }) => {
    const [delivery] = await Promise.all([
      findDelivery(env, params.id, params.deliveryId),
      findWebhook(env, me.id, params.id),
    ])
    return { ...shown(delivery), body: delivery.body, history: delivery.history.map(shownAttempt) }
  },
)

route(
  'POST /api/v1/webhooks/:id/deliveries/:deliveryId/redeliver',
  {
    summary: 'Send a delivery again that is over, under the same id; for 30 days, at most 20 times',
    who: signedIn,
    params: Params,
    answer: z.object({ delivery_id: Id }),
    status: 202,
    errors: ['notFound', 'conflict', 'switchedOff'],
  },
  async ({ env, me, params }) => {
    if (!(await flags(env)).enable_webhooks)
      throw new AppError('switchedOff', { message: 'Webhooks are switched off at the moment.' })
    await findWebhook(env, me.id, params.id)
    await redeliver(env, params.id, params.deliveryId)
    return { delivery_id: params.deliveryId }
  },
)

function shown(delivery: Delivery): z.input<typeof Shown> {
  return {
    id: delivery.id,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    state: delivery.state,
    attempts: delivery.attempts,
    redeliveries: delivery.round,
    last_status: delivery.lastStatus,
    last_error: delivery.lastError,
    next_attempt_at: delivery.nextAt,
    created_at: delivery.createdAt,
    finished_at: delivery.finishedAt,
  }
}

function shownAttempt(attempt: Attempt): z.input<typeof ShownAttempt> {
  const { round, number, at, status, latencyMs, error, response } = attempt
  return { redelivery: round, number, at, status, latency_ms: latencyMs, error, response }
}
