/**
 * The queue `events`: what happened, on its way to whoever wants to hear of it: notifications, and webhooks that ask for
 * its type. An event may come twice; its id says so, and what became of it the first time stands.
 */
import { and, eq, inArray, isNull } from 'drizzle-orm'
import * as z from 'zod'
import { db, reach } from '../base/db.ts'
import { idFrom } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { EVENT_TYPES, EVENTS, type PlatformEvent } from '../notifications/events.ts'
import { tell } from '../notifications/notifications.ts'
import { startDeliveries, type NewDelivery } from './deliveries.ts'
import { messageOf } from './message.ts'
import { webhooks } from './tables.ts'
import type { Bindings } from '../env.ts'

const FIRST_RETRY_SECONDS = 5
const RETRY_SECONDS_MAX = 300

const Envelope = z.object({
  v: z.literal(1),
  id: z.uuid(),
  type: z.enum(EVENT_TYPES),
  userId: z.uuid(),
  at: z.int(),
  data: z.unknown(),
})

/** An event that can be read, and the text that goes to receivers. */
type Heard = { message: Message<PlatformEvent>; body: string }

/** Hands on the events of a batch. Never throws: what fails is retried, message by message. */
export async function eventsQueue(batch: MessageBatch<PlatformEvent>, env: Bindings): Promise<void> {
  const heard = batch.messages.flatMap(hear)
  // All in one go, because most of it is for the database; so it is all or none.
  const delivered = fanOut(env, heard)
  const finish = async ({ message }: Heard): Promise<void> => {
    try {
      await Promise.all([tell(env, message.body), delivered])
      message.ack()
    } catch (thrown) {
      retryLater(message, thrown)
    }
  }
  await Promise.all(heard.map(finish))
}

/** Reads a message; one that is no event of ours is retried, perhaps by a newer version, and then is a dead letter. */
function hear(message: Message<PlatformEvent>): Heard[] {
  try {
    const { id, type, at, data } = Envelope.parse(message.body)
    return [{ message, body: messageOf({ id, type, at, data: EVENTS[type].parse(data) }) }]
  } catch (thrown) {
    retryLater(message, thrown)
    return []
  }
}

function retryLater(message: Message, problem: unknown): void {
  log.warn('events.retry', { queue: 'events', attempt: message.attempts, error: describe(problem) })
  message.retry({ delaySeconds: Math.min(RETRY_SECONDS_MAX, FIRST_RETRY_SECONDS * 2 ** (message.attempts - 1)) })
}

async function fanOut(env: Bindings, heard: Heard[]): Promise<void> {
  const users = [...new Set(heard.map(({ message }) => message.body.userId))]
  if (users.length === 0) return
  const listeners = await reach(() =>
    db(env)
      .select({
        id: webhooks.id,
        userId: webhooks.userId,
        events: webhooks.events,
        failingSince: webhooks.failingSince,
      })
      .from(webhooks)
      .where(and(inArray(webhooks.userId, users), eq(webhooks.active, true), isNull(webhooks.deletedAt))),
  )
  const deliveries = heard.flatMap(({ message: { body: event }, body }) =>
    listeners
      .filter(({ userId, events: types }) => userId === event.userId && types.includes(event.type))
      .map(async ({ id: webhookId, failingSince }): Promise<NewDelivery> => {
        const id = await idFrom(event.id, webhookId)
        return { id, webhookId, eventId: event.id, eventType: event.type, body, isFailing: failingSince !== null }
      }),
  )
  await startDeliveries(env, await Promise.all(deliveries))
}
