/**
 * The only fetch of the site. What comes back is checked before it is believed, and every failure becomes an `ApiError`
 * that says what to do.
 */

export const API_URL = (import.meta.env.PUBLIC_API_URL ?? 'http://127.0.0.1:8787').replace(/\/+$/, '')

const LIST_TIMEOUT_MS = 8_000
/** A line of a stream longer than this is not ours. */
const STREAM_LINE_MAX = 1_048_576

export type Agent = {
  /** What a call names as its model. */
  id: string
  /** What its seal is drawn from: never changes, even if the agent is renamed. */
  sealId: string
  creator: string
  name: string
  description: string
  category: string
  provider: string
  model: string | undefined
  /** Dollars, a decimal string. */
  pricePerCall: string
}

/** One step of an answer as it arrives. `opened` comes first, `finished` last; without `finished` there was no whole answer. */
export type ChatEvent =
  | { type: 'opened'; requestId: string | undefined; quotaRemaining: string | undefined }
  | { type: 'text'; text: string }
  | { type: 'usage'; inputTokens: number | undefined; outputTokens: number | undefined }
  | { type: 'finished' }

/** What the API refused or failed to do. `code` is one of its own, or `unreachable`, `cut` or `malformed`. */
export class ApiError extends Error {
  readonly code: string
  readonly requestId: string | undefined
  constructor(code: string, message: string, requestId?: string) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.requestId = requestId
  }
}

/** The published agents. Throws an `ApiError`. */
export async function listAgents(): Promise<Agent[]> {
  const response = await reach('/v1/models', { cache: 'no-cache', signal: AbortSignal.timeout(LIST_TIMEOUT_MS) })
  if (!response.ok) throw await readError(response)
  const body = asRecord(await readJson(response))
  if (!Array.isArray(body['data'])) throw new ApiError('malformed', 'The API sent a list that this page cannot read.')
  return body['data'].map((entry: unknown) => toAgent(asRecord(entry)))
}

/** One streamed call. The key goes into this request and nowhere else. Throws an `ApiError`, or what `signal` was aborted with. */
export async function* chat(options: {
  agentId: string
  key: string
  message: string
  signal: AbortSignal
}): AsyncGenerator<ChatEvent> {
  const response = await reach('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${options.key}` },
    body: JSON.stringify({
      model: options.agentId,
      messages: [{ role: 'user', content: options.message }],
      stream: true,
      stream_options: { include_usage: true },
    }),
    signal: options.signal,
  })
  if (!response.ok || !response.body) throw await readError(response)
  const requestId = response.headers.get('x-request-id') ?? undefined
  yield { type: 'opened', requestId, quotaRemaining: response.headers.get('x-quota-remaining') ?? undefined }

  for await (const data of eventData(response.body)) {
    if (data === '[DONE]') {
      yield { type: 'finished' }
      return
    }
    yield* readChunk(asRecord(parse(data)), requestId)
  }
  throw new ApiError('cut', 'The connection ended before the answer did.', requestId)
}

function* readChunk(chunk: Record<string, unknown>, requestId: string | undefined): Generator<ChatEvent> {
  if (chunk['error'] !== undefined) throw toError(asRecord(chunk['error']), requestId)
  const choices: unknown[] = Array.isArray(chunk['choices']) ? chunk['choices'] : []
  const delta = asRecord(asRecord(choices[0])['delta'])
  const said = text(delta['content']) + text(delta['refusal'])
  if (said !== '') yield { type: 'text', text: said }
  if (!chunk['usage']) return
  const usage = asRecord(chunk['usage'])
  yield { type: 'usage', inputTokens: count(usage['prompt_tokens']), outputTokens: count(usage['completion_tokens']) }
}

/** The `data` of each server-sent event; our API writes one line of it an event. */
async function* eventData(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > STREAM_LINE_MAX) throw new ApiError('malformed', 'The API sent a line that is too long.')
      for (const line of lines) if (line.startsWith('data:')) yield line.slice('data:'.length).trim()
    }
  } finally {
    // Tells the API that nobody is listening any more, when the caller stopped early.
    await reader.cancel().catch(() => undefined)
  }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(API_URL + path, init)
  } catch (thrown) {
    if (
      init.signal?.aborted &&
      init.signal.reason instanceof DOMException &&
      init.signal.reason.name === 'AbortError'
    ) {
      throw thrown
    }
    throw new ApiError('unreachable', `The API at ${API_URL} does not answer.`)
  }
}

async function readError(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('x-request-id') ?? undefined
  const body = asRecord(await readJson(response))
  return toError(asRecord(body['error']), requestId ?? (text(body['request_id']) || undefined))
}

function toError(error: Record<string, unknown>, requestId: string | undefined): ApiError {
  return new ApiError(
    text(error['code']) || 'malformed',
    text(error['message']) || 'The API failed without a word.',
    requestId,
  )
}

async function readJson(response: Response): Promise<unknown> {
  return parse(await response.text())
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new ApiError('malformed', 'The API sent something that this page cannot read.')
  }
}

function toAgent(entry: Record<string, unknown>): Agent {
  return {
    id: text(entry['id']),
    sealId: text(entry['agent_id']) || text(entry['id']),
    creator: text(entry['owned_by']),
    name: text(entry['name']) || text(entry['id']),
    description: text(entry['description']),
    category: text(entry['category']),
    provider: text(entry['provider']),
    model: text(entry['model']) || undefined,
    pricePerCall: text(entry['price_per_call']),
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
