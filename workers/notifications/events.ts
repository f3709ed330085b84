/**
 * What happens on the platform that somebody may want to hear of. An event concerns one user: it goes to their open
 * browser windows, to their notifications if it is worth one, and to their webhooks that ask for its type.
 *
 * The schemas are the contract with receivers: fields that are not listed here do not leave.
 */
import * as z from 'zod'
import { Id, Moment } from '../base/wire.ts'

const Call = z.object({
  call_id: Id,
  request_id: z.string(),
  agent_id: Id,
  agent_version: z.number().int(),
  api_key_id: Id,
  status: z.enum(['success', 'error', 'timeout']),
  error_code: z.string().nullable(),
  funding: z.enum(['paid', 'promotional', 'trial']).nullable(),
  cost_usd: z.string(),
  latency_ms: z.number().int(),
  input_tokens: z.number().int().nullable(),
  output_tokens: z.number().int().nullable(),
})

/** The data of each event, by its type. */
export const EVENTS = {
  'call.completed': Call,
  'call.failed': Call,
  'quota.low': z.object({
    /** Hundredths of the last lot that are left: 50, 20, 10 or 0. */
    percent: z.number().int(),
    remaining: z.number().int(),
    lot_id: z.string(),
  }),
  'payment.succeeded': z.object({ payment_id: Id, amount_usd: z.string(), calls: z.number().int() }),
  'payment.failed': z.object({ payment_id: Id, amount_usd: z.string(), reason: z.string() }),
  /** `amount_usd` is what went back this time; `status` is `failed` if it did not arrive and counts again. */
  'payment.refunded': z.object({ payment_id: Id, amount_usd: z.string(), status: z.enum(['refunded', 'failed']) }),
  'payment.disputed': z.object({ payment_id: Id, amount_usd: z.string(), status: z.enum(['open', 'won', 'lost']) }),
  'settlement.closed': z.object({ settlement_id: Id, net_usd: z.string(), period_end: Moment }),
  'withdrawal.updated': z.object({ withdrawal_id: Id, status: z.string(), net_usd: z.string() }),
  'agent.published': z.object({
    agent_id: Id,
    slug: z.string(),
    name: z.string(),
    version: z.number().int(),
    price_per_call: z.string(),
  }),
  'agent.price_changed': z.object({
    agent_id: Id,
    slug: z.string(),
    name: z.string(),
    old_price_per_call: z.string(),
    new_price_per_call: z.string(),
  }),
  'review.created': z.object({ review_id: Id, agent_id: Id, rating: z.number().int() }),
} as const

export type EventType = keyof typeof EVENTS
export const EVENT_TYPES = Object.keys(EVENTS) as [EventType, ...EventType[]]

/** An event on its way. `id` is made from what happened, so that one that is told twice is known to be the same. */
export type PlatformEvent = {
  [Type in EventType]: {
    v: 1
    id: string
    type: Type
    userId: string
    /** When it happened, milliseconds since 1970. */
    at: number
    data: z.input<(typeof EVENTS)[Type]>
  }
}[EventType]
