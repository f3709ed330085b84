/** One streamed call of an agent, as any client of OpenAI would make it. */
import { open } from './client.ts'
import { ApiError, parsed, recordOf } from './error.ts'

/** A line of a stream longer than this is not ours. */
const STREAM_LINE_MAX = 1_048_576

/** One step of an answer as it arrives. `opened` comes first, `finished` last; without `finished` there was no whole answer. */
export type ChatEvent =
  | { type: 'opened'; requestId: string | undefined; quotaRemaining: string | undefined }
  | { type: 'text'; text: string }
  | { type: 'usage'; inputTokens: number | undefined; outputTokens: number | undefined }
  | { type: 'finished' }

export type ChatMessage = { role: 'user' | 'assistant'; content: string }
export type ChatOptions = {
  /** Id or slug. */
  agentId: string
  key: string
  messages: readonly ChatMessage[]
  /** Such as `temperature`, where the creator allows it. */
  parameters?: Record<string, number>
  /** Takes one of the three trial calls instead of quota. */
  isTrial?: boolean
  signal: AbortSignal
}

/** What is sent for a call: also what the page shows as code. */
export function chatBody({
  agentId,
  messages,
  parameters = {},
}: Pick<ChatOptions, 'agentId' | 'messages' | 'parameters'>) {
  return { model: agentId, messages, stream: true, stream_options: { include_usage: true }, ...parameters }
}

/** The key goes into this request and nowhere else. Throws an `ApiError`, or what `signal` was aborted with. */
export async function* chat(options: ChatOptions): AsyncGenerator<ChatEvent> {
  const response = await open('/v1/chat/completions', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${options.key}`,
      ...(options.isTrial ? { 'x-agentlink-trial': 'true' } : {}),
    },
    body: JSON.stringify(chatBody(options)),
    signal: options.signal,
  })
  const requestId = response.headers.get('x-request-id') ?? undefined
  if (!response.body) throw new ApiError('malformed', 'malformed', { requestId })
  yield { type: 'opened', requestId, quotaRemaining: response.headers.get('x-quota-remaining') ?? undefined }

  for await (const data of eventData(response.body)) {
    if (data === '[DONE]') {
      yield { type: 'finished' }
      return
    }
    const chunk = parsed(data)
    if (chunk === undefined) throw new ApiError('malformed', 'malformed', { requestId })
    yield* readChunk(recordOf(chunk), requestId)
  }
  throw new ApiError('cut', 'cut', { requestId })
}

function* readChunk(chunk: Record<string, unknown>, requestId: string | undefined): Generator<ChatEvent> {
  if (chunk['error'] !== undefined) {
    const { code, message } = recordOf(chunk['error'])
    throw new ApiError(text(code) || 'malformed', text(message), { requestId })
  }
  const choices: unknown[] = Array.isArray(chunk['choices']) ? chunk['choices'] : []
  const delta = recordOf(recordOf(choices[0])['delta'])
  const said = text(delta['content']) + text(delta['refusal'])
  if (said !== '') yield { type: 'text', text: said }
  if (!chunk['usage']) return
  const usage = recordOf(chunk['usage'])
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
      if (rest.length > STREAM_LINE_MAX) throw new ApiError('malformed', 'malformed')
      for (const line of lines) if (line.startsWith('data:')) yield line.slice('data:'.length).trim()
    }
  } finally {
    // Tells the API that nobody is listening any more, when the caller stopped early.
    await reader.cancel().catch(() => undefined)
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
