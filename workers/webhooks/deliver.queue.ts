/**
 * The queues `webhook-deliveries` and `webhook-deliveries-slow`: attempts that are due. The messages of a batch are worked
 * off beside each other and acknowledged one by one, so that the slowest of them holds up nobody but itself. How often a
 * delivery is attempted is counted in its row; a message is retried only while the database is away.
 */
import { clock } from '../base/clock.ts'
import { flags } from '../base/flags.ts'
import { idFrom } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { retry } from '../base/retry.ts'
import { settings, type Bindings } from '../env.ts'
import { sendMail } from '../notifications/mail.ts'
import { begin, end, type Begun, type Paused } from './attempt.ts'
import { delayOf } from './backoff.ts'
import { checkTarget } from './check-target.ts'
import { sendFor, type DeliveryMessage } from './deliveries.ts'
import { failed, post, type Outcome } from './post.ts'
import { signatures } from './sign.ts'
import type { Target } from './target.ts'

const RETRY_SECONDS = 15
/** What happened at a receiver must be written down, or it is called again for nothing. */
const WRITE = { attempts: 4, firstDelayMs: 250 }

/** Makes the attempts of a batch. Never throws. */
export async function deliverQueue(batch: MessageBatch<DeliveryMessage>, env: Bindings): Promise<void> {
  await Promise.all(batch.messages.map((message) => deliver(message, env)))
}

async function deliver(message: Message<DeliveryMessage>, env: Bindings): Promise<void> {
  let begun: Begun | null
  try {
    if (message.body.v !== 1) throw new TypeError('This is no message of a delivery.')
    // What is switched off stays due in its row, and the sweeper sends for it once it is on again.
    begun = (await flags(env)).enable_webhooks ? await begin(env, message.body) : null
  } catch (thrown) {
    log.warn('webhooks.retry', { queue: 'webhook-deliveries', attempt: message.attempts, error: describe(thrown) })
    message.retry({ delaySeconds: RETRY_SECONDS })
    return
  }
  // From here on the row says all there is to say; another message for this attempt would do nothing.
  message.ack()
  if (begun === null) return
  try {
    await finish(env, begun, await attempt(env, begun))
  } catch (thrown) {
    // The sweeper takes it up.
    log.error('webhooks.attempt_lost', { error: describe(thrown) })
  }
}

/** Tells the receiver, if it may be told. Never throws. */
async function attempt(env: Bindings, { eventId: id, body, webhookId, url, salts }: Begun): Promise<Outcome> {
  let target: Target
  try {
    target = await checkTarget(env, url)
  } catch {
    return failed('resolver')
  }
  if ('problem' in target) return failed('target')
  const seconds = Math.floor(clock.now() / 1_000)
  let signature: string
  try {
    signature = signatures(env, webhookId, salts, { id, seconds, body })
  } catch (thrown) {
    log.error('webhooks.secret_lost', { error: describe(thrown) })
    return failed('secret')
  }
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signature }
  return post(env, target.url, headers, body)
}

async function finish(env: Bindings, begun: Begun, outcome: Outcome): Promise<void> {
  const { id, round, attempt } = begun.message
  const delaySeconds = delayOf(attempt, settings(env).WEBHOOK_RETRY_SECONDS, Math.random(), outcome.retryAfterSeconds)
  const due = clock.now() + delaySeconds * 1_000
  const { retryAt, paused } = await retry(() => end(env, begun, outcome, due), WRITE)
  log.info('webhooks.attempt', {
    attempt,
    latency_ms: outcome.latencyMs,
    ...(outcome.status === null ? {} : { status: outcome.status }),
    ...(outcome.error === null ? {} : { code: outcome.error }),
  })
  if (retryAt !== null) await sendFor(env, [{ id, round, attempt: attempt + 1, isSlow: true, delaySeconds }])
  if (paused) await retry(() => tellOwner(env, begun, paused), WRITE)
}

const WHY = {
  gone: 'Its receiver answered 410 Gone, which means that it wants no more.',
  failing: 'Not one delivery has succeeded for five days.',
} as const

async function tellOwner(env: Bindings, { webhookId, url }: Begun, { because, email, since }: Paused): Promise<void> {
  log.warn('webhooks.paused', { code: because })
  await sendMail(env, {
    id: await idFrom('webhook.paused', webhookId, because, String(since)),
    to: email,
    subject: 'Your webhook has been paused',
    text: [
      `We have paused your webhook to ${new URL(url).host}. ${WHY[because]}`,
      'No events are sent to it until you resume it. Those that it missed are not sent by themselves: look through its deliveries, each of which can be sent again for 30 days.',
      `Webhook: ${webhookId}`,
    ].join('\n\n'),
  })
}
