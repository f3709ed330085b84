/**
 * The queue `call-logs`: settled calls on their way from an account's outbox into Postgres. A message may come twice, late
 * or out of order; a call's row is there once all the same, because its id and its settling time never change.
 *
 * Every message is acknowledged or retried by itself. One that fails as often as wrangler.toml allows goes to
 * `call-logs-dead`; so does one of a version this consumer does not know, unless a newer one takes it before that.
 */
import * as z from 'zod'
import { db } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import type { Bindings } from '../env.ts'
import { amount } from '../money/amount.ts'
import type { CallLog, CallLogBatch } from './call-log.ts'
import { callLogs } from './tables.ts'

const LOGS_PER_MESSAGE_MAX = 1_000
const INT_MAX = 2_147_483_647
const FIRST_RETRY_SECONDS = 5
const RETRY_SECONDS_MAX = 60

/** Writes each message's logs in one statement. Never throws: a message that cannot be written is retried later. */
export async function callLogsQueue(batch: MessageBatch<CallLogBatch>, env: Bindings): Promise<void> {
  await Promise.all(batch.messages.map((message) => take(message, env)))
}

async function take(message: Message, env: Bindings): Promise<void> {
  try {
    const { logs } = Batch.parse(message.body)
    await db(env).insert(callLogs).values(logs.map(toRow)).onConflictDoNothing()
    message.ack()
  } catch (thrown) {
    log.warn('call_logs.retry', { attempt: message.attempts, error: describe(thrown) })
    const delaySeconds = Math.min(RETRY_SECONDS_MAX, FIRST_RETRY_SECONDS * 2 ** (message.attempts - 1))
    message.retry({ delaySeconds })
  }
}

const count = z.number().int().min(0).max(INT_MAX)
const time = z.number().int().min(0)
const dollars = z.string().refine(isAmount)

const Log = z.object({
  id: z.guid(),
  requestId: z.string().max(128),
  agentId: z.guid(),
  agentVersion: count,
  creatorId: z.guid(),
  apiKeyId: z.guid(),
  userId: z.guid(),
  provider: z.string().max(20),
  model: z.string().max(100),
  stream: z.boolean(),
  status: z.enum(['success', 'error', 'timeout']),
  errorCode: z.string().max(50).nullable(),
  inputTokens: count.nullable(),
  outputTokens: count.nullable(),
  latencyMs: count,
  firstContentMs: count.nullable(),
  funding: z.enum(['paid', 'promotional', 'trial']).nullable(),
  lotId: z.string().max(128).nullable(),
  priceUsd: dollars,
  premiumUsd: dollars,
  revenueUsd: dollars,
  feePercent: z.number().int().min(0).max(100),
  admittedAt: time,
  settledAt: time,
}) satisfies z.ZodType<CallLog>

const Batch = z.object({
  version: z.literal(1),
  accountId: z.string(),
  logs: z.array(Log).min(1).max(LOGS_PER_MESSAGE_MAX),
}) satisfies z.ZodType<CallLogBatch>

function isAmount(text: string): boolean {
  try {
    amount(text)
    return true
  } catch {
    return false
  }
}

/** What a call cost is its price if a unit was drawn for it; a trial draws none. */
function toRow({ admittedAt, settledAt, ...log }: CallLog): typeof callLogs.$inferInsert {
  const isPaidFor = log.funding === 'paid' || log.funding === 'promotional'
  return {
    ...log,
    costUsd: isPaidFor ? log.priceUsd : '0',
    admittedAt: new Date(admittedAt),
    createdAt: new Date(settledAt),
  }
}
