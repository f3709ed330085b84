/**
 * The queue `knowledge`: files that have a next step. After a step that leaves another one to do the file comes again at once, as
 * a message of its own. One that throws comes again later; after as many times as wrangler.toml allows it goes to
 * `knowledge-dead`, and the cron sends another message for the file.
 */
import * as z from 'zod'
import { describe, log } from '../base/log.ts'
import { send, step, type KnowledgeStep } from './steps.ts'
import type { Bindings } from '../env.ts'

const Envelope = z.object({ v: z.literal(1), fileId: z.uuid() })
const FIRST_RETRY_SECONDS = 2
const RETRY_SECONDS_MAX = 120
/** Whoever is at it sends another message when done; this is for when they are killed. */
const BUSY_SECONDS = 10

/** Works messages off one by one. Never throws: what fails is retried. */
export async function knowledgeQueue(batch: MessageBatch<KnowledgeStep>, env: Bindings): Promise<void> {
  for (const message of batch.messages) {
    try {
      const { fileId } = Envelope.parse(message.body)
      const outcome = await step(env, fileId)
      if (outcome === 'more') await send(env, fileId)
      if (outcome === 'busy') message.retry({ delaySeconds: BUSY_SECONDS })
      else message.ack()
    } catch (thrown) {
      log.warn('knowledge.retry', { attempt: message.attempts, error: describe(thrown) })
      message.retry({ delaySeconds: Math.min(RETRY_SECONDS_MAX, FIRST_RETRY_SECONDS * 2 ** (message.attempts - 1)) })
    }
  }
}
