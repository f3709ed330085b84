/**
 * Every dead-letter queue: messages that a queue's own consumer gave up on. They are kept in `dead_letters` exactly as they
 * came, until somebody finds out why and sends them again.
 */
import { sql } from 'drizzle-orm'
import { db } from './db.ts'
import { describe, log } from './log.ts'
import { queueName } from './queue-name.ts'
import { deadLetters } from './tables.ts'
import type { Bindings } from '../env.ts'

/** The first pause; each is twice the one before, up to the longest. With the queue's hundred tries that is more than the 14 days it keeps a message. */
const RETRY_SECONDS = 60
const RETRY_SECONDS_MAX = 6 * 3_600
/** A dead-letter queue is named after the queue whose messages it takes. */
const SUFFIX = /-dead$/

/** Stores every message once, by its id. Never throws: while Postgres is away, messages are retried. */
export async function deadLettersQueue(batch: MessageBatch, env: Bindings): Promise<void> {
  const queue = queueName(batch.queue).replace(SUFFIX, '')
  await Promise.all(batch.messages.map((message) => bury(queue, message, env)))
}

async function bury(queue: string, message: Message, env: Bindings): Promise<void> {
  const { id, body, attempts, timestamp } = message
  log.error('queue.dead', { queue, attempt: attempts })
  try {
    // As text, or a body that is null would become a column that is NULL.
    const asJson = sql`${JSON.stringify(body ?? null)}::json`
    await db(env)
      .insert(deadLetters)
      .values({ id, queue, body: asJson, attempts, sentAt: timestamp })
      .onConflictDoNothing()
    message.ack()
  } catch (thrown) {
    log.error('queue.dead_not_stored', { queue, attempt: attempts, error: describe(thrown) })
    message.retry({ delaySeconds: Math.min(RETRY_SECONDS_MAX, RETRY_SECONDS * 2 ** (attempts - 1)) })
  }
}
