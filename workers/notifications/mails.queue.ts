/**
 * The queue `mails`, and the only file that speaks to the mail service, in Resend's API
 * (https://resend.com/docs/api-reference/emails/send-email). A mail's id is its idempotency key there, so that one that is
 * tried again after a lost answer is not sent twice.
 */
import { describe, log } from '../base/log.ts'
import { settings, type Bindings } from '../env.ts'
import { Mail } from './mail.ts'

const TIME_LIMIT_MS = 10_000
const FIRST_DELAY_SECONDS = 10
/**
 * With the number of tries in wrangler.toml this makes a bit more than a day: a mail that is given up, and kept as a dead
 * letter, holds no token that still opens anything.
 */
const DELAY_SECONDS_MAX = 3_600

/** Sends every mail of the batch; one that the service did not take is tried again later, on its own. */
export async function mailsQueue(batch: MessageBatch<Mail>, env: Bindings): Promise<void> {
  await Promise.all(batch.messages.map((message) => send(message, env)))
}

async function send(message: Message<Mail>, env: Bindings): Promise<void> {
  const { attempts, body } = message
  const status = await post(env, body).catch((thrown: unknown) => describe(thrown))
  if (typeof status === 'number' && status < 300) return message.ack()
  log.warn('mail.not_sent', {
    queue: 'mails',
    attempt: attempts,
    ...(typeof status === 'number' ? { status } : { error: status }),
  })
  message.retry({ delaySeconds: Math.min(FIRST_DELAY_SECONDS * 2 ** (attempts - 1), DELAY_SECONDS_MAX) })
}

/** The status with which the service answers. Throws on what is no mail: after the last try it is kept as a dead letter. */
async function post(env: Bindings, sent: Mail): Promise<number> {
  const { id, to, subject, text } = Mail.parse(sent)
  const { MAIL_BASE_URL, MAIL_API_KEY, MAIL_FROM } = settings(env)
  const response = await fetch(`${MAIL_BASE_URL}/emails`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${MAIL_API_KEY}`,
      'content-type': 'application/json',
      'idempotency-key': id,
    },
    body: JSON.stringify({ from: MAIL_FROM, to: [to], subject, text }),
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  })
  await response.body?.cancel()
  return response.status
}
