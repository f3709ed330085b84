/** A settled call as an event, for whoever wants to hear of it. Told from the outbox or from the log, it is the same event. */
import { idFrom } from '../base/ids.ts'
import { format, ZERO } from '../money/amount.ts'
import type { PlatformEvent } from '../notifications/events.ts'
import type { CallLog } from './call-log.ts'

/** The event for the account that made the call. */
export async function callEvent(log: CallLog): Promise<Extract<PlatformEvent, { type: `call.${string}` }>> {
  const isUnitDrawn = log.funding === 'paid' || log.funding === 'promotional'
  return {
    v: 1,
    id: await idFrom('call', log.id),
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
