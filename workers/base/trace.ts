/**
 * What is noted of one request while it runs: who asked for what, and how long each step took. Of it are made its line in the
 * log, its figures in the metrics and, for a share of all requests and only where a collector is named, its trace (`otlp.ts`).
 * It holds names and figures; there is no field for a body, a header, a prompt or an answer.
 *
 * Traces are joined as W3C Trace Context says (https://www.w3.org/TR/trace-context/). A caller's trace is gone on with, and one
 * that its caller does not record is not recorded here; but nobody can make us record theirs: that is decided by the ratio alone.
 */
import { clock } from './clock.ts'
import { toAppError } from './errors.ts'

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-|$)/
const SAMPLED = 1

export type StepName = 'door' | 'admit' | 'retrieve' | 'upstream' | 'settle'

/** What a step may say of itself, by OpenTelemetry's names. */
export type Attributes = Partial<{
  'gen_ai.operation.name': 'chat'
  'gen_ai.provider.name': string
  'gen_ai.request.model': string
  'gen_ai.request.stream': boolean
  'gen_ai.request.max_tokens': number
  'gen_ai.usage.input_tokens': number
  'gen_ai.usage.output_tokens': number
  'gen_ai.agent.id': string
  'http.request.method': string
  'http.response.status_code': number
  'http.route': string
  'user.id': string
  'error.type': string
  'agentlink.request.id': string
  'agentlink.try': number
  'agentlink.first_content_ms': number
}>

/** The trace that a request belongs to; `parentId` is the caller's step, if it named one. */
export type Joined = { traceId: string; parentId: string | null; isSampled: boolean }

/** The trace that a `traceparent` names, or a new one. Of those that may be recorded, `ratio` are. */
export function join(traceparent: string | undefined, ratio: number): Joined {
  const [, traceId, parentId, flags = ''] = TRACEPARENT.exec(traceparent ?? '') ?? []
  const isChosen = Math.random() < ratio
  if (traceId === undefined || parentId === undefined)
    return { traceId: randomHex(16), parentId: null, isSampled: isChosen }
  return { traceId, parentId, isSampled: isChosen && (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

/** One step, from its beginning to its end. */
export class Span {
  readonly startedAt = clock.now()
  readonly attributes: Attributes
  name: string
  endedAt: number | undefined
  readonly #trace: Trace
  #id: string | undefined

  constructor(trace: Trace, name: string, attributes: Attributes) {
    this.#trace = trace
    this.name = name
    this.attributes = attributes
  }

  get id(): string {
    return (this.#id ??= randomHex(8))
  }

  /** What is sent along with a request that this step makes; nothing while tracing is off. */
  get headers(): Record<string, string> {
    const { joined } = this.#trace
    return joined === null ? {} : { traceparent: `00-${joined.traceId}-${this.id}-${joined.isSampled ? '01' : '00'}` }
  }

  /** Ends the step, once; what was thrown, if it failed, is told by its code. */
  end(thrown?: unknown): void {
    if (this.endedAt !== undefined) return
    this.endedAt = clock.now()
    if (thrown !== undefined) this.attributes['error.type'] ??= toAppError(thrown).code
    this.#trace.ended()
  }
}

export class Trace {
  /** Null: tracing is off, and nothing is told to anybody. */
  readonly joined: Joined | null
  readonly whole: Span
  readonly steps: Span[] = []
  /** For the log. */
  userId: string | undefined
  agentId: string | undefined
  readonly #over = Promise.withResolvers<void>()

  constructor(joined: Joined | null) {
    this.joined = joined
    this.whole = new Span(this, 'request', {})
  }

  /** Begins a step, which has to be ended. */
  start(name: StepName, attributes: Attributes = {}): Span {
    const step = new Span(this, name, attributes)
    this.steps.push(step)
    return step
  }

  /** A step that lasts as long as `work`. */
  async during<T>(name: StepName, work: () => Promise<T>): Promise<T> {
    const step = this.start(name)
    try {
      const given = await work()
      step.end()
      return given
    } catch (thrown) {
      step.end(thrown)
      throw thrown
    }
  }

  /** Notes that the provider's answer is there: all of it, or of a stream what it begins with. */
  answered(): void {
    const upstream = this.step('upstream')
    if (upstream) upstream.attributes['agentlink.first_content_ms'] ??= clock.now() - upstream.startedAt
  }

  /** Notes what the provider has counted. */
  use({ inputTokens, outputTokens }: { inputTokens: number | null; outputTokens: number | null }): void {
    const upstream = this.step('upstream')
    if (upstream && inputTokens !== null) upstream.attributes['gen_ai.usage.input_tokens'] = inputTokens
    if (upstream && outputTokens !== null) upstream.attributes['gen_ai.usage.output_tokens'] = outputTokens
  }

  /** The latest step of this name. */
  step(name: StepName): Span | undefined {
    return this.steps.findLast((step) => step.name === name)
  }

  /** Told by each step that ends. */
  ended(): void {
    if ([this.whole, ...this.steps].every(({ endedAt }) => endedAt !== undefined)) this.#over.resolve()
  }

  /** Waits until the request and all its steps are over: a stream goes on after its answer has begun. */
  over(): Promise<void> {
    return this.#over.promise
  }
}

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex()
}
