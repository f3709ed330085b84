/**
 * OpenAI's chat completions, and every server that speaks them (vLLM, Ollama, …) when `OPENAI_BASE_URL` names one.
 * https://platform.openai.com/docs/api-reference/chat
 * The request is built in `openai-request.ts`; this file reads what comes back.
 */
import { errorFields, failure, kindOfStatus, retryAfterMs } from './failure.ts'
import { openaiRequest } from './openai-request.ts'
import type { Delta, FailureKind, FinishReason, Provider, SseEvent, UpstreamFailure } from './provider.ts'
import {
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  malformed,
  onlyChoice,
  parseFields,
  pushText,
  pushUsage,
  textOf,
  tokensOf,
  TOOL_CALLS_MAX,
  toolCallId,
} from './wire.ts'

export const openai: Provider = { name: 'openai', request: openaiRequest, readAnswer, streamReader, readError }

function readAnswer(body: unknown): Delta[] {
  const answer = fieldsOf(body)
  const choice = onlyChoice(answer.choices)
  if (!choice) throw malformed()
  const deltas: Delta[] = []
  const calls = new ToolCalls()
  readMessage(fieldsOf(choice.message), calls, deltas)
  readFinish(choice.finish_reason, calls, deltas)
  readUsage(answer.usage, deltas)
  deltas.push({ type: 'end' })
  return deltas
}

function streamReader(): (event: SseEvent) => Delta[] {
  const calls = new ToolCalls()
  let isFinished = false
  return ({ data }) => {
    if (data === '[DONE]') {
      if (!isFinished) throw malformed()
      return [{ type: 'end' }]
    }
    const chunk = parseFields(data)
    if (chunk.error) throw streamFailure(chunk.error)
    if (!chunk.choices) throw malformed()
    const deltas: Delta[] = []
    const choice = onlyChoice(chunk.choices)
    if (choice) {
      if (choice.delta) readMessage(fieldsOf(choice.delta), calls, deltas)
      if (choice.finish_reason && !isFinished) {
        readFinish(choice.finish_reason, calls, deltas)
        isFinished = true
      }
    }
    readUsage(chunk.usage, deltas)
    return deltas
  }
}

/** Reads a whole message, or the part of one that a chunk brings: they have the same fields. */
function readMessage(message: Fields, calls: ToolCalls, deltas: Delta[]): void {
  pushText(deltas, 'text', textOf(message.content))
  pushText(deltas, 'refusal', textOf(message.refusal))
  for (const call of listOf(message.tool_calls)) calls.read(fieldsOf(call), deltas)
}

const FINISH_REASONS = new Map<unknown, FinishReason>([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
])

function readFinish(value: unknown, calls: ToolCalls, deltas: Delta[]): void {
  const reason = FINISH_REASONS.get(value)
  if (!reason) throw malformed()
  calls.finish(deltas)
  // Where a tool was forced, OpenAI ends its call with `stop`; the other providers never do.
  deltas.push({ type: 'finish', reason: reason === 'stop' && calls.count > 0 ? 'tool_calls' : reason })
}

function readUsage(value: unknown, deltas: Delta[]): void {
  if (!isFields(value)) return
  const input = isFields(value.prompt_tokens_details) ? value.prompt_tokens_details : {}
  const output = isFields(value.completion_tokens_details) ? value.completion_tokens_details : {}
  pushUsage(deltas, {
    inputTokens: tokensOf(value.prompt_tokens),
    outputTokens: tokensOf(value.completion_tokens),
    cachedTokens: tokensOf(input.cached_tokens),
    reasoningTokens: tokensOf(output.reasoning_tokens),
  })
}

/**
 * The tool calls of one answer, numbered from 0 in the order in which they came. OpenAI numbers them itself; servers that
 * imitate it leave the index out, or give every call the same one and another id.
 */
class ToolCalls {
  readonly #calls: { wireIndex: unknown; id: string; isEmpty: boolean }[] = []

  get count(): number {
    return this.#calls.length
  }

  read(wire: Fields, deltas: Delta[]): void {
    const fn = fieldsOf(wire.function ?? {})
    const id = textOf(wire.id)
    const name = textOf(fn.name)
    const args = textOf(fn.arguments)
    const index = this.#find(wire.index, id, name)
    const known = this.#calls[index]
    if (known) {
      if (args === '') return
      known.isEmpty = false
      deltas.push({ type: 'tool_call', index, arguments: args })
      return
    }
    if (name === '' || index >= TOOL_CALLS_MAX) throw malformed()
    this.#calls.push({ wireIndex: wire.index, id, isEmpty: args === '' })
    deltas.push({ type: 'tool_call', index, id: id || toolCallId(), name, arguments: args })
  }

  /** Gives every call that came without arguments the empty ones, which are still JSON. */
  finish(deltas: Delta[]): void {
    for (const [index, call] of this.#calls.entries()) {
      if (call.isEmpty) deltas.push({ type: 'tool_call', index, arguments: '{}' })
      call.isEmpty = false
    }
  }

  /** Which call this piece belongs to; the next free number if to none yet. */
  #find(wireIndex: unknown, id: string, name: string): number {
    for (let index = this.#calls.length - 1; index >= 0; index -= 1) {
      const call = this.#calls[index]
      if (!call) continue
      if (id !== '' && call.id !== '') {
        if (id === call.id) return index
      } else if (typeof wireIndex === 'number' ? wireIndex === call.wireIndex : name === '') return index
    }
    return this.#calls.length
  }
}

/** OpenAI's error codes for causes that the status does not tell apart. */
const ERROR_CODES = new Map<unknown, FailureKind>([
  ['context_length_exceeded', 'context_length'],
  ['string_above_max_length', 'context_length'],
  ['content_filter', 'content_filter'],
  ['content_policy_violation', 'content_filter'],
  ['invalid_prompt', 'content_filter'],
])

function readError(status: number, headers: Headers, body: string): UpstreamFailure {
  const code = status < 500 ? errorFields(body).code : undefined
  const kind = ERROR_CODES.get(code)
  return failure(kind ?? kindOfStatus(status), retryAfterMs(headers))
}

/** An error in the middle of a stream has no status, only a code or a type. */
function streamFailure(error: unknown): UpstreamFailure {
  const { code, type } = isFields(error) ? error : {}
  if (code === 'rate_limit_exceeded' || type === 'rate_limit_error') return failure('rate_limited', undefined)
  const kind = ERROR_CODES.get(code)
  return failure(kind ?? (type === 'invalid_request_error' ? 'refused' : 'server'), undefined)
}
