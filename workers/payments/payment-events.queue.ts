/**
 * The queue `payment-events`: what providers have told us, by our id of it, and payments to ask them about. Either way the
 * payment is brought to what its provider says of it, so that a message may come twice, late or in any order. One that cannot
 * be applied comes again, ever later, and after as many times as wrangler.toml allows goes to `payment-events-dead`.
 */
import * as z from 'zod'
import { toAppError } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { Id } from '../base/wire.ts'
import { eventOf, noteApplied, noteProblem, paymentOf } from './events.ts'
import { sync } from './sync.ts'
import type { Bindings } from '../env.ts'

/** `event`: our id of what was told. `payment`: one to be asked about. */
export type PaymentNews = { version: 1; event: string } | { version: 1; payment: string }

const News = z.union([z.object({ version: z.literal(1), event: Id }), z.object({ version: z.literal(1), payment: Id })])
const FIRST_RETRY_SECONDS = 5
const RETRY_SECONDS_MAX = 900

/** Applies each message by itself. Never throws: one that could not be applied is retried later. */
export async function paymentEventsQueue(batch: MessageBatch<PaymentNews>, env: Bindings): Promise<void> {
  await Promise.all(batch.messages.map((message) => take(message, env)))
}

async function take(message: Message<PaymentNews>, env: Bindings): Promise<void> {
  try {
    const news = News.parse(message.body)
    if ('event' in news) await applyEvent(env, news.event)
    else await sync(env, news.payment)
    message.ack()
  } catch (thrown) {
    log.warn('payments.event_failed', { attempt: message.attempts, error: describe(thrown) })
    message.retry({
      delaySeconds: Math.min(RETRY_SECONDS_MAX, FIRST_RETRY_SECONDS * 2 ** Math.min(10, message.attempts - 1)),
    })
  }
}

async function applyEvent(env: Bindings, id: string): Promise<void> {
  const event = await eventOf(env, id)
  if (!event || event.appliedAt !== null) return
  try {
    const paymentId = await paymentOf(env, event)
    if (paymentId !== null) await sync(env, paymentId)
    await noteApplied(env, id, paymentId)
  } catch (thrown) {
    await noteProblem(env, id, toAppError(thrown).code)
    throw thrown
  }
}
