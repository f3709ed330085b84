/**
 * The way to a provider and back: through the breaker, on a deadline, with one more try while nothing has come back yet.
 * This is the only place where a call meets its hidden prompt.
 */
import { settings, type Bindings, type Settings } from '../env.ts'
import { reveal, type Sealed } from '../agents/vault.ts'
import { GOOGLE } from './count-call.ts'
import { passBreaker, type Outcome, type Pass } from './breaker-copy.ts'
import { SseParser } from './sse.ts'
import { provider } from './providers/providers.ts'
import {
  UpstreamFailure,
  type ChatCall,
  type Delta,
  type Endpoint,
  type Provider,
  type ProviderName,
  type SseEvent,
} from './providers/provider.ts'
import type { Attributes, Span, Trace } from '../base/trace.ts'
import type { Clocks } from './clocks.ts'

/** A JSON answer larger than this is no answer of a chat model. */
const ANSWER_MAX_BYTES = 8 * 1024 * 1024
const ERROR_MAX_BYTES = 64 * 1024
const TRIES = 2
const PAUSE_MS = 100

/**
 * Sends a call to its provider, and resolves once the answer has begun. Throws `AppError` when the breaker is open, and
 * `UpstreamFailure` for whatever else goes wrong. A provider that failed quickly, before its first delta, is asked once more.
 */
export async function askProvider(
  env: Bindings,
  name: ProviderName,
  call: ChatCall,
  prompt: Sealed,
  { clocks, trace }: { clocks: Clocks; trace: Trace },
): Promise<Upstream> {
  for (let attempt = 1; ; attempt++) {
    const pass = await passBreaker(env, `${name}/${call.model}`)
    const step = trace.start('upstream', about(name, call, attempt))
    const upstream = new Upstream(provider(name), call.stream, { clocks, pass, step })
    try {
      await upstream.begin(call, reveal(prompt), endpoint(settings(env), name))
      return upstream
    } catch (thrown) {
      await upstream.close()
      if (attempt === TRIES || clocks.stopped || !isPassing(thrown)) throw thrown
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

/** What a trace says of a try: nothing of what was asked, or answered. */
function about(name: ProviderName, { model, stream, maxTokens }: ChatCall, attempt: number): Attributes {
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': name === 'google' ? GOOGLE : name,
    'gen_ai.request.model': model,
    'gen_ai.request.stream': stream,
    'gen_ai.request.max_tokens': maxTokens,
    'agentlink.try': attempt,
  }
}

/** Who accompanies one answer. */
type Company = { clocks: Clocks; pass: Pass; step: Span }

/** One answer of a provider, as it comes. Whoever has begun it closes it. */
export class Upstream {
  readonly #adapter: Provider
  readonly #isStream: boolean
  readonly #clocks: Clocks
  readonly #pass: Pass
  readonly #step: Span
  readonly #read: (event: SseEvent) => Delta[]
  readonly #parser = new SseParser()
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #first: Delta[] | null = null
  /** What is wrong with the event after the deltas that were given last. */
  #failure: unknown
  #hasEnded = false
  #outcome: Outcome | undefined
  #isClosed = false

  constructor(adapter: Provider, isStream: boolean, { clocks, pass, step }: Company) {
    this.#adapter = adapter
    this.#isStream = isStream
    this.#clocks = clocks
    this.#pass = pass
    this.#step = step
    this.#read = adapter.streamReader()
  }

  /** Sends the request and waits for the first deltas. */
  async begin(call: ChatCall, prompt: string, to: Endpoint): Promise<void> {
    try {
      const request = this.#adapter.request(call, prompt, to)
      Object.assign(request.headers, this.#step.headers)
      const response = await send(this.#adapter, call, request, this.#clocks)
      this.#reader = this.#isStream ? response.body?.getReader() : undefined
      this.#first = this.#isStream ? await this.#readOn() : this.#whole(await readBody(response, this.#clocks))
    } catch (thrown) {
      throw this.#fail(thrown)
    }
  }

  /** The next deltas, in the batch in which they arrived; null after the one that holds `end`. */
  async next(): Promise<Delta[] | null> {
    const first = this.#first
    this.#first = null
    if (first) return first
    if (this.#hasEnded) return null
    try {
      return await this.#readOn()
    } catch (thrown) {
      throw this.#fail(thrown)
    }
  }

  /** Lets go of the provider and tells the breaker how it went, once. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#hasEnded) await this.#drain()
    // Whoever stops early wants the connection closed, not drained.
    else this.#reader?.cancel().catch(() => {})
    this.#step.end()
    await this.#pass.over(this.#outcome ?? (this.#hasEnded ? 'success' : 'none'))
  }

  async #readOn(): Promise<Delta[]> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      if (!this.#reader) throw new UpstreamFailure('truncated')
      const { done, value } = await this.#reader.read().catch((cause: unknown) => {
        throw new UpstreamFailure(this.#clocks.stopped ? 'timeout' : 'truncated', { cause })
      })
      this.#clocks.heard()
      const deltas = this.#translate(done ? this.#parser.end() : this.#parser.push(value))
      if (done) this.#reader = undefined
      if (deltas.length > 0) return deltas
    }
  }

  /** The deltas of these events up to the first that is not in order: what came before it is the caller's all the same. */
  #translate(events: SseEvent[]): Delta[] {
    const deltas: Delta[] = []
    try {
      for (const event of events) deltas.push(...this.#read(event))
    } catch (failure) {
      this.#failure = failure
    }
    this.#hasEnded = deltas.some((delta) => delta.type === 'end')
    return deltas
  }

  #whole(body: unknown): Delta[] {
    const deltas = this.#adapter.readAnswer(body)
    this.#hasEnded = true
    return deltas
  }

  /** After the terminal marker the answer is whole, however its connection ends; it is given a moment, to be used again. */
  async #drain(): Promise<void> {
    const reader = this.#reader
    if (!reader) return
    this.#clocks.closing()
    while (
      await reader
        .read()
        .then(({ done }) => !done)
        .catch(() => false)
    ) {
      // Nothing that comes after the terminal marker is of interest.
    }
  }

  #fail(thrown: unknown): unknown {
    this.#outcome = isProvidersFault(thrown, this.#clocks) ? 'failure' : 'none'
    if (thrown instanceof UpstreamFailure) this.#step.attributes['error.type'] = thrown.kind
    return thrown
  }
}

async function send(
  adapter: Provider,
  call: ChatCall,
  { url, headers, body }: ReturnType<Provider['request']>,
  clocks: Clocks,
): Promise<Response> {
  const response = await during('unreachable', clocks, () =>
    fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: clocks.signal }),
  )
  const type = call.stream ? 'text/event-stream' : 'application/json'
  if (response.status === 200 && response.headers.get('content-type')?.startsWith(type)) return response
  const text = await readText(response, ERROR_MAX_BYTES).catch(() => '')
  throw response.status < 400
    ? new UpstreamFailure('malformed')
    : adapter.readError(response.status, response.headers, text)
}

async function readBody(response: Response, clocks: Clocks): Promise<unknown> {
  const text = await during('truncated', clocks, () => readText(response, ANSWER_MAX_BYTES))
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's own error quotes what it read.
    throw new UpstreamFailure('malformed')
  }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return ''
  const declared = response.headers.get('content-length')
  if (declared !== null && Number(declared) <= maxBytes) return response.text()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const bytes of response.body) {
    size += bytes.byteLength
    if (size > maxBytes) throw new UpstreamFailure('malformed')
    text += decoder.decode(bytes, { stream: true })
  }
  return text + decoder.decode()
}

/** Waits for something of the network's; its failure is `kind`, or a timeout once the clocks have stopped the call. */
async function during<T>(kind: 'unreachable' | 'truncated', clocks: Clocks, wait: () => Promise<T>): Promise<T> {
  try {
    return await wait()
  } catch (cause) {
    if (cause instanceof UpstreamFailure) throw cause
    throw new UpstreamFailure(clocks.stopped ? 'timeout' : kind, { cause })
  }
}

/** Failures that another try, a moment later, may not meet: the provider has not begun to work. */
function isPassing(thrown: unknown): boolean {
  return (
    thrown instanceof UpstreamFailure &&
    (thrown.kind === 'server' || thrown.kind === 'overloaded' || thrown.kind === 'unreachable')
  )
}

/** Failures that say something about the provider's health. A caller who left, a 4xx and a 429 do not. */
function isProvidersFault(thrown: unknown, clocks: Clocks): boolean {
  if (!(thrown instanceof UpstreamFailure) || clocks.stopped === 'caller-left') return false
  switch (thrown.kind) {
    case 'server':
    case 'overloaded':
    case 'timeout':
    case 'malformed':
    case 'truncated':
    case 'unreachable':
      return true
    case 'rate_limited':
    case 'refused':
    case 'context_length':
    case 'content_filter':
      return false
  }
}

function endpoint(settings: Settings, name: ProviderName): Endpoint {
  switch (name) {
    case 'openai':
      return { baseUrl: settings.OPENAI_BASE_URL, apiKey: settings.OPENAI_API_KEY }
    case 'anthropic':
      return { baseUrl: settings.ANTHROPIC_BASE_URL, apiKey: settings.ANTHROPIC_API_KEY }
    case 'google':
      return { baseUrl: settings.GOOGLE_BASE_URL, apiKey: settings.GOOGLE_AI_API_KEY }
  }
}
