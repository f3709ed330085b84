/** The queue `payout-states`: the chain has something to say of a payout. What it is, is asked of the chain's room. */
import { describe, log } from '../base/log.ts'
import { isUuid } from '../base/ids.ts'
import { advance } from './payouts.ts'
import type { PayoutStateMessage } from '../chain/states.ts'
import type { Bindings } from '../env.ts'

const FIRST_RETRY_SECONDS = 5
const RETRY_SECONDS_MAX = 300

/** Takes the withdrawals on, one by one. Never throws: what fails is retried. A payout that is of no withdrawal is left. */
export async function payoutStatesQueue(batch: MessageBatch<PayoutStateMessage>, env: Bindings): Promise<void> {
  for (const message of batch.messages) {
    try {
      const { version, id } = message.body
      if (version !== 1 || !isUuid(id)) throw new TypeError('This is no message about a payout.')
      await advance(env, id)
      message.ack()
    } catch (thrown) {
      log.warn('withdrawals.retry', { attempt: message.attempts, error: describe(thrown) })
      message.retry({ delaySeconds: Math.min(RETRY_SECONDS_MAX, FIRST_RETRY_SECONDS * 2 ** (message.attempts - 1)) })
    }
  }
}
