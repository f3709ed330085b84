/** What the metrics are told of a call, once its answer is sent, has begun, or has failed: the provider's share of the time, and ours. */
import { MODELS } from '../agents/models.ts'
import { clock } from '../base/clock.ts'
import { observe } from '../base/metrics.ts'
import type { Span, Trace } from '../base/trace.ts'

/** OpenTelemetry's name for Google's API of these models. */
export const GOOGLE = 'gcp.gemini'
const KNOWN = new Set(MODELS.map(({ name }) => name))

/** Counts what the steps of a call have taken so far. One that never reached a provider is counted by its request alone. */
export function countCall(trace: Trace): void {
  const tries = trace.steps.filter(({ name }) => name === 'upstream')
  const [first] = tries
  const last = tries.at(-1)
  if (!first || !last) return
  for (const one of tries) {
    const { attributes, endedAt = clock.now(), startedAt } = one
    const ms = attributes['agentlink.first_content_ms'] ?? endedAt - startedAt
    observe('ai_provider_latency_seconds', { provider: providerOf(one), model: modelOf(one) }, ms / 1_000)
  }
  const answeredMs = last.attributes['agentlink.first_content_ms']
  if (answeredMs === undefined) return
  const totalMs = clock.now() - trace.whole.startedAt
  const providerMs = last.startedAt + answeredMs - first.startedAt
  const isStream = last.attributes['gen_ai.request.stream'] === true
  observe('gateway_overhead_seconds', { stream: String(isStream) }, (totalMs - providerMs) / 1_000)
  if (isStream) observe('time_to_first_event_seconds', { provider: providerOf(last) }, totalMs / 1_000)
}

/** By our own name for it, as the breakers have it; OpenTelemetry has another for Google. */
function providerOf({ attributes }: Span): string {
  const name = attributes['gen_ai.provider.name'] ?? 'other'
  return name === GOOGLE ? 'google' : name
}

/** Of the models that agents may be built on; one that was taken off the list may still be called. */
function modelOf({ attributes }: Span): string {
  const model = attributes['gen_ai.request.model'] ?? ''
  return KNOWN.has(model) ? model : 'other'
}
