/**
 * The queue `call-logs`: settled calls on their way from an account's outbox into Postgres. A message may come twice, late
 * or out of order; a call's row is there once all the same, because its id and its settling time never change. The ledger,
 * the rollups and the keys' last use are written in the same statement, from the rows that it inserts and from no others.
 *
 * Then the calls are told as events. A message is acknowledged only after that, so that one whose events did not go out
 * comes again; all its calls are told then, whether their rows are new or not, under the same ids as before.
 *
 * The messages of a batch are one statement, as long as they are not too large together. Only if that fails is each written by
 * itself, so that one that cannot be written holds up no other. It is retried, and after as many times as wrangler.toml allows goes to `call-logs-dead`; so does one of a
 * version that this consumer does not know, unless a newer one takes it before that.
 */
import { sql } from 'drizzle-orm'
import { rollUp } from '../analytics/roll-up.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { observe } from '../base/metrics.ts'
import type { Bindings } from '../env.ts'
import { newId } from '../base/ids.ts'
import { amount, format } from '../money/amount.ts'
import { bookCalls } from '../money/calls.ts'
import { BASE_VALUE } from '../money/prices.ts'
import { emitWanted } from '../webhooks/webhooks.ts'
import { showCreators } from './agent-calls.ts'
import { callEvent } from './call-event.ts'
import type { CallLog, CallLogBatch } from './call-log.ts'

const LOGS_PER_MESSAGE_MAX = 1_000
/** The most in a statement, but for what a single message holds: about 1.5 MB of JSON. */
const LOGS_TOGETHER_MAX = 2_000
/** What a unit is taken to be worth of which an older message does not say it. */
const BASE = format(BASE_VALUE)
/** A key's last use is written anew when it is this much later. */
const LAST_USED_STEP = '1 minute'
const FIRST_RETRY_SECONDS = 5
const RETRY_SECONDS_MAX = 60

/** Writes the logs of a batch. Never throws: a message that cannot be written is retried later. */
export async function callLogsQueue(batch: MessageBatch<CallLogBatch>, env: Bindings): Promise<void> {
  for (const messages of together(batch.messages)) {
    try {
      await record(env, messages.flatMap(logsOf))
      for (const message of messages) message.ack()
    } catch {
      await Promise.all(messages.map((message) => writeAlone(message, env)))
    }
  }
}

/** Messages by what fits into a statement. */
function together(messages: readonly Message[]): Message[][] {
  const groups: Message[][] = []
  let size = Infinity
  for (const message of messages) {
    const logs = (message.body as Partial<CallLogBatch> | null)?.logs?.length ?? 0
    if (size + logs > LOGS_TOGETHER_MAX) {
      groups.push([])
      size = 0
    }
    groups.at(-1)?.push(message)
    size += logs
  }
  return groups
}

async function writeAlone(message: Message, env: Bindings): Promise<void> {
  try {
    await record(env, logsOf(message))
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
  for (const { priceUsd, premiumUsd, revenueUsd, unitValueUsd = BASE } of logs)
    [priceUsd, premiumUsd, revenueUsd, unitValueUsd].forEach(amount)
  return logs
}

/** Writes logs and tells them. Both are repeatable; a call that stands twice among them is told once. */
async function record(env: Bindings, logs: CallLog[]): Promise<void> {
  const watching = await write(env, logs)
  const now = clock.now()
  for (const { settledAt } of logs) observe('outbox_lag_seconds', {}, (now - settledAt) / 1_000)
  const events = new Map(logs.map((log) => [log.id, callEvent(log)]))
  await Promise.all([emitWanted(env, [...events.values()]), showCreators(env, watching, logs)])
}

/**
 * Inserts logs that are not there yet, all or none, and counts those. Rows go in by their ids, so that two batches with the
 * same calls wait for each other and never in a circle. Gives the creators among them who look at their calls, which is seen in
 * passing.
 *
 * `last_used_at` belongs to the keys, a room further on that cannot be asked from here; it is written here because only
 * here it costs no round trip. A row that is being changed is left out: it is fresh enough, or will be with the next call.
 */
async function write(env: Bindings, logs: CallLog[]): Promise<string[]> {
  const transactionId = newId()
  const creators = JSON.stringify([...new Set(logs.map(({ creatorId }) => creatorId))])
  const { rows } = await db(env).execute<{ user_id: string }>(sql`
    WITH inserted AS (
    INSERT INTO call_logs (
      id, request_id, agent_id, agent_version, creator_id, api_key_id, user_id, provider, model, stream, status, error_code,
      input_tokens, output_tokens, latency_ms, first_content_ms, funding, lot_id, cost_usd, price_usd, premium_usd,
      revenue_usd, unit_value_usd, fee_percent, transaction_id, admitted_at, created_at
    )
    SELECT
      "id", "requestId", "agentId", "agentVersion", "creatorId", "apiKeyId", "userId", "provider", "model", "stream", "status", "errorCode",
      "inputTokens", "outputTokens", "latencyMs", "firstContentMs", "funding", "lotId",
      CASE WHEN "funding" IN ('paid', 'promotional') THEN "priceUsd" ELSE 0 END, "priceUsd", "premiumUsd",
      "revenueUsd", CASE WHEN "funding" = 'paid' THEN coalesce("unitValueUsd", ${BASE}::decimal) ELSE 0 END, "feePercent",
      CASE WHEN "funding" = 'paid' OR "revenueUsd" > 0 THEN ${transactionId}::uuid END, to_timestamp("admittedAt" / 1000.0), to_timestamp("settledAt" / 1000.0)
    FROM json_to_recordset(${JSON.stringify(logs)}::json) AS log (
      "id" uuid, "requestId" text, "agentId" uuid, "agentVersion" int, "creatorId" uuid, "apiKeyId" uuid, "userId" uuid,
      "provider" text, "model" text, "stream" boolean, "status" text, "errorCode" text, "inputTokens" int, "outputTokens" int,
      "latencyMs" int, "firstContentMs" int, "funding" text, "lotId" text, "priceUsd" decimal, "premiumUsd" decimal,
      "revenueUsd" decimal, "unitValueUsd" decimal, "feePercent" smallint, "admittedAt" bigint, "settledAt" bigint
    )
    ORDER BY "id"
    ON CONFLICT DO NOTHING
    RETURNING *
    ),
    ${bookCalls(sql`inserted`, transactionId)},
    ${rollUp(sql`inserted`)},
    used AS (
      UPDATE api_keys SET last_used_at = stale.at
      FROM (
        SELECT key.id, latest.at
        FROM (SELECT api_key_id, max(created_at) AS at FROM inserted GROUP BY 1) AS latest
        JOIN api_keys AS key ON key.id = latest.api_key_id
        WHERE key.last_used_at IS NULL OR key.last_used_at < latest.at - ${LAST_USED_STEP}::interval
        FOR NO KEY UPDATE OF key SKIP LOCKED
      ) AS stale
      WHERE api_keys.id = stale.id
    )
    SELECT user_id FROM live_watches
    WHERE user_id IN (SELECT value::uuid FROM json_array_elements_text(${creators}::json)) AND until > now()
  `)
  return rows.map(({ user_id }) => user_id)
}
