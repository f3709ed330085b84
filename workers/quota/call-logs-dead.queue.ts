/**
 * The queue `call-logs-dead`: messages that `call-logs` gave up on. They are kept in `dead_letters` exactly as they came,
 * until somebody finds out why and sends them again.
 */
import { sql } from 'drizzle-orm'
import { db } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import type { Bindings } from '../env.ts'
import { deadLetters } from './tables.ts'

/** Where these messages came from, and where they belong when they are sent again. */
const QUEUE = 'call-logs'
const RETRY_SECONDS = 60

/** Stores every message once, by its id. Never throws: while Postgres is away, messages are retried. */
export async function callLogsDeadQueue(batch: MessageBatch, env: Bindings): Promise<void> {
  await Promise.all(batch.messages.map((message) => bury(message, env)))
}

async function bury(message: Message, env: Bindings): Promise<void> {
  const { id, body, attempts, timestamp } = message
  log.error('call_logs.dead', { attempt: attempts })
  try {
    // As text, or a body that is null would become a column that is NULL.
    const asJson = sql`${JSON.stringify(body ?? null)}::json`
    await db(env)
      .insert(deadLetters)
      .values({ id, queue: QUEUE, body: asJson, attempts, sentAt: timestamp })
      .onConflictDoNothing()
    message.ack()
  } catch (thrown) {
    log.error('call_logs.dead_not_stored', { attempt: attempts, error: describe(thrown) })
    message.retry({ delaySeconds: RETRY_SECONDS })
  }
}
