/** A call of the log as its account is shown it. */
import * as z from 'zod'
import { Id, Moment } from '../base/wire.ts'
import { Dollars } from '../money/dollars.ts'
import type { CallPage } from '../quota/quota.ts'

export const Call = z.object({
  id: Id,
  request_id: z.string(),
  agent_id: Id,
  agent_version: z.int(),
  api_key_id: Id,
  stream: z.boolean(),
  status: z.enum(['success', 'error', 'timeout']),
  error_code: z.string().nullable(),
  funding: z.enum(['paid', 'promotional', 'trial']).nullable(),
  price_usd: Dollars,
  cost_usd: Dollars,
  premium_usd: Dollars,
  input_tokens: z.int().nullable(),
  output_tokens: z.int().nullable(),
  latency_ms: z.int(),
  first_content_ms: z.int().nullable(),
  created_at: Moment,
})

export function shownCall(call: CallPage['calls'][number]): z.input<typeof Call> {
  return {
    id: call.id,
    request_id: call.requestId,
    agent_id: call.agentId,
    agent_version: call.agentVersion,
    api_key_id: call.apiKeyId,
    stream: call.stream,
    status: call.status,
    error_code: call.errorCode,
    funding: call.funding,
    price_usd: call.priceUsd,
    cost_usd: call.costUsd,
    premium_usd: call.premiumUsd,
    input_tokens: call.inputTokens,
    output_tokens: call.outputTokens,
    latency_ms: call.latencyMs,
    first_content_ms: call.firstContentMs,
    created_at: call.createdAt,
  }
}
