/**
 * The queue `payouts`: what is to be paid, on its way to the signer, and how far the signer is with it, on its way to whoever
 * asked. A message may come twice, late or out of order.
 */
import { and, eq, lt } from 'drizzle-orm'
import { db } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { recordCost } from './costs.ts'
import { mirror } from './mirror.ts'
import { enqueue } from './signers.ts'
import { chainPayouts } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { PayoutFacts } from './payout-work.ts'
import type { PayoutMessage, PayoutStateMessage } from './states.ts'

const FIRST_RETRY_SECONDS = 5
const RETRY_SECONDS_MAX = 300

type PayMessage = Extract<PayoutMessage, { kind: 'pay' }>
type StateMessage = Extract<PayoutMessage, { kind: 'state' }>

/** What is asked for goes to the signer together; each state by itself. Never throws: what failed is retried later. */
export async function payoutsQueue(batch: MessageBatch<PayoutMessage>, env: Bindings): Promise<void> {
  const asked = batch.messages.filter((message): message is Message<PayMessage> => message.body.kind === 'pay')
  await handOver(env, asked)
  let hasFinal = false
  for (const message of batch.messages) {
    const { body } = message
    if (body.kind === 'pay') continue
    try {
      if (body.kind === 'cost') await recordCost(env, body)
      else await record(env, body)
      hasFinal ||= body.kind === 'state' && body.state === 'final'
      message.ack()
    } catch (thrown) {
      retry(message, thrown)
    }
  }
  // So that what is final is in the history at once. The cron reads it all the same.
  if (hasFinal) await mirror(env).catch((thrown) => log.warn('chain.mirror_failed', { error: describe(thrown) }))
}

async function handOver(env: Bindings, messages: Message<PayMessage>[]): Promise<void> {
  if (messages.length === 0) return
  try {
    const jobs = messages.map(({ body: { id, to, amount } }) => {
      const facts: PayoutFacts = { to, amount }
      return { id, facts: JSON.stringify(facts) }
    })
    const differing = new Set(await enqueue(env, 'settle', jobs))
    for (const message of messages) {
      if (!differing.has(message.body.id)) message.ack()
      // The signer was asked for another amount or payee under this id. It ends among the dead letters, where somebody looks.
      else retry(message, new Error('This payout was asked for otherwise.'))
    }
  } catch (thrown) {
    for (const message of messages) retry(message, thrown)
  }
}

/** Writes down how far a payout is, unless something later is known, and passes it on. */
async function record(env: Bindings, { kind: _kind, ...told }: StateMessage): Promise<void> {
  const { id, revision, state, txHash, blockNumber, reason, credited } = told
  if (told.version !== 1 || state === 'absent') throw new TypeError('This is no message about a payout.')
  await db(env)
    .update(chainPayouts)
    .set({ state, txHash, blockNumber, reason, credited, revision })
    .where(and(eq(chainPayouts.id, id), lt(chainPayouts.revision, revision)))
  await env.PAYOUT_STATES.send(told satisfies PayoutStateMessage)
}

function retry(message: Message, thrown: unknown): void {
  log.warn('payouts.retry', { attempt: message.attempts, error: describe(thrown) })
  const delaySeconds = Math.min(RETRY_SECONDS_MAX, FIRST_RETRY_SECONDS * 2 ** (message.attempts - 1))
  message.retry({ delaySeconds })
}
