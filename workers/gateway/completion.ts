/** An answer in the shapes of OpenAI's chat completions: whole, or as the chunks of a stream. */
import { errorBody, type AppError } from '../base/errors.ts'
import { openAiErrorBody } from './openai-error.ts'
import type { Dialect } from './door.ts'
import type { SafeDelta } from './egress.ts'
import type { Citation } from './recall.ts'

/** What is the same in everything that is said of one answer. */
export type Head = {
  id: string
  created: number
  model: string
  /** What the answer rests on, where its agent's creator wants that to be told. */
  citations?: Citation[] | undefined
}

/** The whole answer as one JSON text. */
export function completion(head: Head, deltas: SafeDelta[], usage: Record<string, unknown> | undefined): string {
  let content = ''
  let refusal = ''
  let reason: string | null = null
  const toolCalls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = []
  for (const delta of deltas) {
    if (delta.type === 'text') content += delta.text
    else if (delta.type === 'refusal') refusal += delta.text
    else if (delta.type === 'finish') reason = delta.reason
    else {
      const { index, id = '', name = '' } = delta
      const call = (toolCalls[index] ??= { id, type: 'function', function: { name, arguments: '' } })
      call.function.arguments += delta.arguments
    }
  }
  const message = {
    role: 'assistant',
    content: content === '' && (toolCalls.length > 0 || refusal !== '') ? null : content,
    refusal: refusal === '' ? null : refusal,
    ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
  }
  const choices = [{ index: 0, message, logprobs: null, finish_reason: reason }]
  return JSON.stringify({
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
    choices,
    ...(head.citations ? { citations: head.citations } : {}),
    ...(usage ? { usage } : {}),
  })
}

/** Writes the events of one stream. The part that never changes is written once. */
export class Chunks {
  readonly #head: string
  /** Go with the chunk that ends the answer. */
  readonly #citations: string
  #isFirst = true

  constructor(head: Head) {
    this.#head = `data: ${JSON.stringify({ id: head.id, object: 'chat.completion.chunk', created: head.created, model: head.model }).slice(0, -1)}`
    this.#citations = head.citations ? `,"citations":${JSON.stringify(head.citations)}` : ''
  }

  /** The events of these deltas; the first one of a stream names the role. */
  of(deltas: SafeDelta[]): string {
    let events = this.#isFirst ? this.#choice('{"role":"assistant","content":""}', 'null') : ''
    this.#isFirst = false
    for (const delta of deltas) {
      if (delta.type === 'text') events += this.#choice(`{"content":${JSON.stringify(delta.text)}}`, 'null')
      else if (delta.type === 'refusal') events += this.#choice(`{"refusal":${JSON.stringify(delta.text)}}`, 'null')
      else if (delta.type === 'finish') events += this.#choice('{}', `"${delta.reason}"`, this.#citations)
      else events += this.#choice(`{"tool_calls":[${toolCallPiece(delta)}]}`, 'null')
    }
    return events
  }

  /** The chunk that carries the counts, without a choice. */
  usage(usage: Record<string, unknown>): string {
    return `${this.#head},"choices":[],"usage":${JSON.stringify(usage)}}\n\n`
  }

  #choice(delta: string, reason: string, more = ''): string {
    return `${this.#head},"choices":[{"index":0,"delta":${delta},"finish_reason":${reason}}]${more}}\n\n`
  }
}

/** What ends a complete stream. */
export const DONE = 'data: [DONE]\n\n'

/** What ends a broken stream, in the dialect that the caller speaks. SDKs throw on it. */
export function errorEvent(dialect: Dialect, error: AppError, requestId: string): string {
  const body = dialect === 'openai' ? openAiErrorBody(error, requestId) : errorBody(error, requestId)
  return `event: error\ndata: ${JSON.stringify(body)}\n\n`
}

function toolCallPiece(delta: Extract<SafeDelta, { type: 'tool_call' }>): string {
  const { index, id, name, arguments: piece } = delta
  if (id === undefined) return JSON.stringify({ index, function: { arguments: piece } })
  return JSON.stringify({ index, id, type: 'function', function: { name, arguments: piece } })
}
