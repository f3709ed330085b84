/**
 * The queue `settlements`: one message a creator, or several in turn where there is much to attribute or to write. A message may
 * come twice or beside another one for the same creator. After as many tries as wrangler.toml allows it goes to
 * `settlements-dead`; the next day's cron sends one for that creator again.
 */
import * as z from 'zod'
import { describe, log } from '../base/log.ts'
import { Day } from '../base/wire.ts'
import { settle, type SettlementMessage } from './settle.ts'
import type { Bindings } from '../env.ts'

const FIRST_RETRY_SECONDS = 10
const RETRY_SECONDS_MAX = 600

const Envelope = z.object({ version: z.literal(1), creatorId: z.uuid(), to: Day })

/** Works messages off one by one. Never throws: what fails is retried. */
export async function settlementsQueue(batch: MessageBatch<SettlementMessage>, env: Bindings): Promise<void> {
  for (const message of batch.messages) {
    try {
      Envelope.parse(message.body)
      const rest = await settle(env, message.body)
      if (rest) await env.SETTLEMENTS.send(rest)
      message.ack()
    } catch (thrown) {
      log.warn('settlements.retry', { attempt: message.attempts, error: describe(thrown) })
      message.retry({ delaySeconds: Math.min(RETRY_SECONDS_MAX, FIRST_RETRY_SECONDS * 2 ** (message.attempts - 1)) })
    }
  }
}
