/**
 * What every provider adapter promises. An adapter translates a call into one request on the provider's wire, and what
 * comes back into `Delta`s. It does no I/O, keeps no time and knows nothing of money; `upstream.ts` does the rest.
 */

export type ProviderName = 'openai' | 'anthropic' | 'google'

/** Where a provider is reached and with which secret. */
export type Endpoint = { baseUrl: string; apiKey: string }

export type TextPart = { type: 'text'; text: string }
/** `url` is an `https:` address or a `data:image/…;base64,…` address. */
export type ImagePart = { type: 'image'; url: string; detail?: 'auto' | 'low' | 'high' }
export type ContentPart = TextPart | ImagePart

export type ToolCall = { id: string; name: string; arguments: string }

export type Message =
  | { role: 'user'; content: ContentPart[] }
  | { role: 'assistant'; content: string; toolCalls: ToolCall[] }
  | { role: 'tool'; toolCallId: string; content: string }

export type Tool = { name: string; description?: string; parameters?: Record<string, unknown>; strict?: boolean }
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string }
export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | { type: 'json_schema'; name: string; schema: Record<string, unknown>; strict?: boolean }

/** A chat call as every provider understands it. The hidden prompt is not part of it: it is handed over beside it, once. */
export type ChatCall = {
  model: string
  messages: Message[]
  tools: Tool[]
  toolChoice?: ToolChoice
  parallelToolCalls?: boolean
  responseFormat?: ResponseFormat
  temperature?: number
  topP?: number
  maxTokens: number
  stop: string[]
  stream: boolean
}

export type UpstreamRequest = { url: string; headers: Record<string, string>; body: string }

/** The finish reasons of OpenAI's chat completions, which the others are translated to. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** Token counts. `inputTokens` counts all of the input, cached or not; a count that the provider did not give is absent, not zero. */
export type Usage = { inputTokens?: number; outputTokens?: number; cachedTokens?: number; reasoningTokens?: number }

/**
 * One step of an answer, in the order in which it came. Reasoning never becomes a delta.
 * `index` numbers the tool calls of an answer from 0. `usage` may come several times, the last one counts.
 * `end` is the provider's own terminal marker: without it an answer was cut.
 */
export type Delta =
  | { type: 'text'; text: string }
  | { type: 'refusal'; text: string }
  | { type: 'tool_call'; index: number; id?: string; name?: string; arguments: string }
  | { type: 'usage'; usage: Usage }
  | { type: 'finish'; reason: FinishReason }
  | { type: 'end' }

/** Why a provider failed, in our words. Nothing of the provider's own text is kept: it may quote the prompt or a key. */
export type FailureKind =
  | 'rate_limited' // 429: the provider limits us
  | 'overloaded' // 503, 529
  | 'server' // any other 5xx
  | 'refused' // a 4xx that another request would not have met: our key, our request, the model's name
  | 'context_length' // the caller's messages are too long for the model
  | 'content_filter' // the provider's own policy refused the request
  | 'malformed' // an answer that is not in the provider's format, or too large
  | 'truncated' // the connection ended before the terminal marker
  | 'timeout'
  | 'unreachable' // no connection

/** A provider's failure. `retryAfterMs` is given where the provider said how long to wait. */
export class UpstreamFailure extends Error {
  readonly kind: FailureKind
  readonly retryAfterMs: number | undefined
  constructor(kind: FailureKind, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(`The provider failed: ${kind}.`, { cause: options.cause })
    this.name = 'UpstreamFailure'
    this.kind = kind
    this.retryAfterMs = options.retryAfterMs
  }
}

/** One server-sent event: `event` is empty where the provider gave no name. */
export type SseEvent = { event: string; data: string }

export type Provider = {
  name: ProviderName
  /** The request that carries this call with its hidden prompt. Pure. */
  request(call: ChatCall, prompt: string, endpoint: Endpoint): UpstreamRequest
  /** The deltas of a whole JSON answer (status 200), already parsed; ends in `end`. Throws `UpstreamFailure('malformed')`. */
  readAnswer(body: unknown): Delta[]
  /** A reader for one stream: takes each event in order, gives its deltas. Throws `UpstreamFailure` on an error event or malformed data. */
  streamReader(): (event: SseEvent) => Delta[]
  /** What an answer with an error status means. `body` is its text, at most 64 KiB, perhaps not JSON. Never throws. */
  readError(status: number, headers: Headers, body: string): UpstreamFailure
}
