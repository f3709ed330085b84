/** A settled call as an event, for whoever wants to hear of it. Told from the outbox or from the log, it is the same event. */
import { format, ZERO } from '../money/amount.ts'
import type { PlatformEvent } from '../notifications/events.ts'
import type { CallLog } from './call-log.ts'

/** What the call's account is told of it. Call ids are random and unique: they are good event ids as they are. */
export function callEvent(log: CallLog): Extract<PlatformEvent, { type: `call.${string}` }> {
  const isUnitDrawn = log.funding === 'paid' || log.funding === 'promotional'
  return {
    v: 1,
    id: log.id,
    type: log.status === 'success' ? 'call.completed' : 'call.failed',
    userId: log.userId,
    at: log.settledAt,
    data: {
      call_id: log.id,
      request_id: log.requestId,
      agent_id: log.agentId,
      agent_version: log.agentVersion,
      api_key_id: log.apiKeyId,
      status: log.status,
      error_code: log.errorCode,
      funding: log.funding,
      cost_usd: isUnitDrawn ? log.priceUsd : format(ZERO),
      latency_ms: log.latencyMs,
      input_tokens: log.inputTokens,
      output_tokens: log.outputTokens,
    },
  }
}
