/**
 * Traces on their way to a collector: OpenTelemetry's protocol as JSON over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp),
 * one request for each trace that is recorded, beside the answer and never before it. What a collector costs is bounded: an isolate
 * tells at most `RUNNING_MAX` at once, waits `TIMEOUT_MS` for each, and drops the others, which is counted.
 */
import { settings, type Bindings } from '../env.ts'
import { count } from './metrics.ts'
import type { Attributes, Span, StepName, Trace } from './trace.ts'

const RUNNING_MAX = 4
const TIMEOUT_MS = 2_000
const KINDS = { internal: 1, server: 2, client: 3 } as const
const ERROR = 2
/** The step that asks an outside party. */
const OUTSIDE: StepName = 'upstream'

let running = 0

/** Tells the collector of a trace once it is over. Never throws. */
export async function tellTrace(env: Bindings, trace: Trace): Promise<void> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = settings(env)
  if (endpoint === undefined || !trace.joined?.isSampled) return
  await trace.over()
  if (running >= RUNNING_MAX) return count('traces_total', { outcome: 'dropped' })
  running++
  try {
    const response = await fetch(`${endpoint.replace(/\/$/, '')}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(message(trace, trace.joined)),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await response.body?.cancel()
    count('traces_total', { outcome: response.ok ? 'taken' : 'refused' })
  } catch {
    count('traces_total', { outcome: 'lost' })
  } finally {
    running--
  }
}

function message({ whole, steps }: Trace, joined: NonNullable<Trace['joined']>): object {
  const spans = [
    spanOf(whole, { traceId: joined.traceId, kind: KINDS.server, parentSpanId: joined.parentId ?? undefined }),
    ...steps.map((step) =>
      spanOf(step, {
        traceId: joined.traceId,
        kind: step.name === OUTSIDE ? KINDS.client : KINDS.internal,
        parentSpanId: whole.id,
      }),
    ),
  ]
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'agentlink-api' } }] }
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'agentlink' }, spans }] }] }
}

type Place = { traceId: string; kind: number; parentSpanId: string | undefined }

function spanOf({ id, name, startedAt, endedAt, attributes }: Span, { traceId, kind, parentSpanId }: Place): object {
  return {
    traceId,
    spanId: id,
    parentSpanId,
    name,
    kind,
    startTimeUnixNano: nanos(startedAt),
    endTimeUnixNano: nanos(endedAt ?? startedAt),
    attributes: attributesOf(attributes),
    status: attributes['error.type'] === undefined ? {} : { code: ERROR },
  }
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'boolean'
        ? { boolValue: value }
        : typeof value === 'number'
          ? { intValue: String(Math.round(value)) }
          : { stringValue: value },
  }))
}

/** Whole numbers of 64 bits are text in this JSON. */
function nanos(ms: number): string {
  return `${Math.round(ms)}000000`
}
