/**
 * The way to a provider and back: through the breaker, on a deadline, with one more try while nothing has come back yet.
 * This is the only place where a call meets its hidden prompt.
 */
import { settings, type Bindings, type Settings } from '../env.ts'
import { reveal, type Sealed } from '../agents/vault.ts'
import { passBreaker, type Outcome } from './breaker-copy.ts'
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
import type { Clocks } from './clocks.ts'

/** A JSON answer larger than this is no answer of a chat model. */
const ANSWER_MAX_BYTES = 8 * 1024 * 1024
const ERROR_MAX_BYTES = 64 * 1024
const TRIES = 2
const PAUSE_MS = 100
const CLOSED = { done: true, value: undefined } as const

/**
 * Sends a call to its provider and gives the answer's deltas in the batches in which they arrive; the last delta is `end`.
 * Throws `AppError` when the breaker is open, and `UpstreamFailure` for whatever else goes wrong. A provider that failed
 * quickly, before the first delta, is asked once more.
 */
export async function* askProvider(
  env: Bindings,
  name: ProviderName,
  call: ChatCall,
  prompt: Sealed,
  clocks: Clocks,
): AsyncGenerator<Delta[]> {
  for (let attempt = 1; ; attempt++) {
    let hasBegun = false
    try {
      for await (const deltas of askOnce(env, name, call, prompt, clocks)) {
        hasBegun ||= deltas.length > 0
        yield deltas
      }
      return
    } catch (thrown) {
      const isWorthIt = attempt < TRIES && !hasBegun && !clocks.stopped && isPassing(thrown)
      if (!isWorthIt) throw thrown
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

async function* askOnce(
  env: Bindings,
  name: ProviderName,
  call: ChatCall,
  prompt: Sealed,
  clocks: Clocks,
): AsyncGenerator<Delta[]> {
  const adapter = provider(name)
  const pass = await passBreaker(env, `${name}/${call.model}`)
  let outcome: Outcome = 'none'
  try {
    const response = await send(adapter, call, prompt, endpoint(settings(env), name), clocks)
    if (call.stream) yield* readStream(response, adapter, clocks)
    else yield adapter.readAnswer(await readBody(response, clocks))
    outcome = 'success'
  } catch (thrown) {
    if (isProvidersFault(thrown, clocks)) outcome = 'failure'
    throw thrown
  } finally {
    await pass.over(outcome)
  }
}

async function send(
  adapter: Provider,
  call: ChatCall,
  prompt: Sealed,
  to: Endpoint,
  clocks: Clocks,
): Promise<Response> {
  const { url, headers, body } = adapter.request(call, reveal(prompt), to)
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

async function* readStream(response: Response, adapter: Provider, clocks: Clocks): AsyncGenerator<Delta[]> {
  if (!response.body) throw new UpstreamFailure('truncated')
  const parser = new SseParser()
  const read = adapter.streamReader()
  const reader = response.body.getReader()
  let hasEnded = false
  try {
    for (;;) {
      const reading = during('truncated', clocks, () => reader.read())
      // After the terminal marker the answer is whole, however its connection ends.
      const { done, value } = await (hasEnded ? reading.catch(() => CLOSED) : reading)
      clocks.heard()
      const batch = translate(read, done ? parser.end() : parser.push(value))
      if (batch.deltas.length > 0 && !hasEnded) yield batch.deltas
      hasEnded ||= batch.deltas.some((delta) => delta.type === 'end')
      if (hasEnded) clocks.closing()
      else if (batch.failure) throw batch.failure
      if (done) break
    }
  } finally {
    // Whoever stops reading early wants the connection closed, not drained.
    void reader.cancel().catch(() => {})
  }
  if (!hasEnded) throw new UpstreamFailure('truncated')
}

/** The deltas of these events up to the first that is not in order: what came before it is the caller's all the same. */
function translate(read: (event: SseEvent) => Delta[], events: SseEvent[]): { deltas: Delta[]; failure?: unknown } {
  const deltas: Delta[] = []
  try {
    for (const event of events) deltas.push(...read(event))
    return { deltas }
  } catch (failure) {
    return { deltas, failure }
  }
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
