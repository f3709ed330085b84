/**
 * The queue `call-logs`: settled calls on their way from an account's outbox into Postgres. A message may come twice, late
 * or out of order; a call's row is there once all the same, because its id and its settling time never change.
 *
 * A batch is one statement. Only if that fails is each message written by itself, so that one that cannot be written holds
 * up no other. It is retried, and after as many times as wrangler.toml allows goes to `call-logs-dead`; so does one of a
 * version that this consumer does not know, unless a newer one takes it before that.
 */
import { sql } from 'drizzle-orm'
import { db } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import type { Bindings } from '../env.ts'
import { amount } from '../money/amount.ts'
import type { CallLog, CallLogBatch } from './call-log.ts'

const LOGS_PER_MESSAGE_MAX = 1_000
const FIRST_RETRY_SECONDS = 5
const RETRY_SECONDS_MAX = 60

/** Writes the logs of a batch. Never throws: a message that cannot be written is retried later. */
export async function callLogsQueue(batch: MessageBatch<CallLogBatch>, env: Bindings): Promise<void> {
  try {
    await write(env, batch.messages.flatMap(logsOf))
    for (const message of batch.messages) message.ack()
  } catch {
    await Promise.all(batch.messages.map((message) => writeAlone(message, env)))
  }
}

async function writeAlone(message: Message, env: Bindings): Promise<void> {
  try {
    await write(env, logsOf(message))
    message.ack()
  } catch (thrown) {
    log.warn('call_logs.retry', { attempt: message.attempts, error: describe(thrown) })
    const delaySeconds = Math.min(RETRY_SECONDS_MAX, FIRST_RETRY_SECONDS * 2 ** (message.attempts - 1))
    message.retry({ delaySeconds })
  }
}

/**
 * The logs in a message. Most fields are Postgres's to check: every column has a type and every rule a constraint. Amounts
 * are read here, because Postgres would round what has too many decimals.
 */
function logsOf({ body }: Message): CallLog[] {
  const { version, logs } = body as Partial<CallLogBatch>
  if (version !== 1 || !Array.isArray(logs) || logs.length === 0 || logs.length > LOGS_PER_MESSAGE_MAX)
    throw new TypeError('This is no message of call logs.')
  for (const { priceUsd, premiumUsd, revenueUsd } of logs) [priceUsd, premiumUsd, revenueUsd].forEach(amount)
  return logs
}

/** Inserts logs that are not there yet, all or none. What a call cost is its price if a unit was drawn for it; a trial draws none. */
async function write(env: Bindings, logs: CallLog[]): Promise<void> {
  await db(env).execute(sql`
    INSERT INTO call_logs (
      id, request_id, agent_id, agent_version, creator_id, api_key_id, user_id, provider, model, stream, status, error_code,
      input_tokens, output_tokens, latency_ms, first_content_ms, funding, lot_id, cost_usd, price_usd, premium_usd,
      revenue_usd, fee_percent, admitted_at, created_at
    )
    SELECT
      "id", "requestId", "agentId", "agentVersion", "creatorId", "apiKeyId", "userId", "provider", "model", "stream", "status", "errorCode",
      "inputTokens", "outputTokens", "latencyMs", "firstContentMs", "funding", "lotId",
      CASE WHEN "funding" IN ('paid', 'promotional') THEN "priceUsd" ELSE 0 END, "priceUsd", "premiumUsd",
      "revenueUsd", "feePercent", to_timestamp("admittedAt" / 1000.0), to_timestamp("settledAt" / 1000.0)
    FROM json_to_recordset(${JSON.stringify(logs)}::json) AS log (
      "id" uuid, "requestId" text, "agentId" uuid, "agentVersion" int, "creatorId" uuid, "apiKeyId" uuid, "userId" uuid,
      "provider" text, "model" text, "stream" boolean, "status" text, "errorCode" text, "inputTokens" int, "outputTokens" int,
      "latencyMs" int, "firstContentMs" int, "funding" text, "lotId" text, "priceUsd" decimal, "premiumUsd" decimal,
      "revenueUsd" decimal, "feePercent" smallint, "admittedAt" bigint, "settledAt" bigint
    )
    ON CONFLICT DO NOTHING
  `)
}
