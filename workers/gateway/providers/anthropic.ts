/**
 * Anthropic's messages. https://platform.claude.com/docs/en/api/messages
 * The request is built in `anthropic-request.ts`; this file reads what comes back.
 */
import { anthropicRequest, JSON_TOOL } from './anthropic-request.ts'
import { errorFields, failure, kindOfStatus, retryAfterMs, says } from './failure.ts'
import type { Delta, FailureKind, FinishReason, Provider, SseEvent, UpstreamFailure } from './provider.ts'
import {
  type Fields,
  fieldsOf,
  isFields,
  malformed,
  parseFields,
  pushText,
  pushUsage,
  textOf,
  tokensOf,
  TOOL_CALLS_MAX,
} from './wire.ts'

export const anthropic: Provider = { name: 'anthropic', request: anthropicRequest, readAnswer, streamReader, readError }

function readAnswer(body: unknown): Delta[] {
  const answer = fieldsOf(body)
  if (answer.type !== 'message' || !Array.isArray(answer.content)) throw malformed()
  const deltas: Delta[] = []
  const blocks = new Blocks()
  for (const [index, value] of answer.content.entries()) {
    blocks.start(index, fieldsOf(value), deltas)
    blocks.stop(index, deltas)
  }
  deltas.push({ type: 'finish', reason: finishReason(answer.stop_reason, blocks) })
  const usage = new RunningUsage()
  usage.read(answer.usage)
  usage.push(deltas)
  deltas.push({ type: 'end' })
  return deltas
}

function streamReader(): (event: SseEvent) => Delta[] {
  const blocks = new Blocks()
  const usage = new RunningUsage()
  let isFinished = false
  return ({ data }) => {
    const event = parseFields(data)
    const deltas: Delta[] = []
    switch (event.type) {
      case 'content_block_delta':
        blocks.add(event.index, fieldsOf(event.delta), deltas)
        break
      case 'content_block_start':
        blocks.start(event.index, fieldsOf(event.content_block), deltas)
        break
      case 'content_block_stop':
        blocks.stop(event.index, deltas)
        break
      case 'message_start':
        usage.read(fieldsOf(event.message).usage)
        // So far only the input has been counted: the output count of this event stands for nothing yet.
        usage.outputTokens = undefined
        usage.push(deltas)
        break
      case 'message_delta': {
        const reason = fieldsOf(event.delta).stop_reason
        if (reason !== null && reason !== undefined && !isFinished) {
          deltas.push({ type: 'finish', reason: finishReason(reason, blocks) })
          isFinished = true
        }
        usage.read(event.usage)
        usage.push(deltas)
        break
      }
      case 'message_stop':
        if (!isFinished) throw malformed()
        deltas.push({ type: 'end' })
        break
      case 'error':
        throw streamFailure(event.error)
      default:
        // `ping` says nothing, and Anthropic announces that new kinds of event may come.
        if (typeof event.type !== 'string') throw malformed()
    }
    return deltas
  }
}

/** A `tool_use` block that is being read. Without an index it is the answer in JSON, whose arguments are the text. */
type ToolBlock = { index: number | undefined; input: unknown; isEmpty: boolean }

/** The blocks of one answer: text goes out as it comes, tool calls are numbered from 0, all other kinds are passed over. */
class Blocks {
  readonly #open = new Map<unknown, ToolBlock>()
  toolCalls = 0
  hasJsonAnswer = false

  start(at: unknown, block: Fields, deltas: Delta[]): void {
    if (block.type === 'text') return pushText(deltas, 'text', textOf(block.text))
    if (block.type !== 'tool_use') return
    const { id, name, input } = block
    if (name === JSON_TOOL) {
      this.hasJsonAnswer = true
      this.#open.set(at, { index: undefined, input, isEmpty: true })
      return
    }
    if (typeof id !== 'string' || typeof name !== 'string' || this.toolCalls >= TOOL_CALLS_MAX) throw malformed()
    const index = this.toolCalls
    this.toolCalls += 1
    this.#open.set(at, { index, input, isEmpty: true })
    deltas.push({ type: 'tool_call', index, id, name, arguments: '' })
  }

  add(at: unknown, delta: Fields, deltas: Delta[]): void {
    if (delta.type === 'text_delta') return pushText(deltas, 'text', textOf(delta.text))
    if (delta.type !== 'input_json_delta') return
    const block = this.#open.get(at)
    if (block) push(block, textOf(delta.partial_json), deltas)
  }

  stop(at: unknown, deltas: Delta[]): void {
    const block = this.#open.get(at)
    if (!block) return
    this.#open.delete(at)
    // A call without arguments has no pieces at all, and in a whole answer the arguments stand in the block itself.
    if (block.isEmpty) push(block, JSON.stringify(fieldsOf(block.input ?? {})), deltas)
  }
}

function push(block: ToolBlock, json: string, deltas: Delta[]): void {
  if (json === '') return
  block.isEmpty = false
  if (block.index === undefined) deltas.push({ type: 'text', text: json })
  else deltas.push({ type: 'tool_call', index: block.index, arguments: json })
}

const FINISH_REASONS = new Map<unknown, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
])

function finishReason(value: unknown, blocks: Blocks): FinishReason {
  const reason = FINISH_REASONS.get(value)
  if (!reason) throw malformed()
  return reason === 'tool_calls' && blocks.hasJsonAnswer && blocks.toolCalls === 0 ? 'stop' : reason
}

/** The token counts so far: Anthropic gives running totals, in two kinds of event, and not always all of them. */
class RunningUsage {
  outputTokens: number | undefined
  #reasoningTokens: number | undefined
  #uncached: number | undefined
  #cacheRead: number | undefined
  #cacheWritten: number | undefined

  read(value: unknown): void {
    if (!isFields(value)) return
    const output = isFields(value.output_tokens_details) ? value.output_tokens_details : {}
    this.#uncached = tokensOf(value.input_tokens) ?? this.#uncached
    this.#cacheRead = tokensOf(value.cache_read_input_tokens) ?? this.#cacheRead
    this.#cacheWritten = tokensOf(value.cache_creation_input_tokens) ?? this.#cacheWritten
    this.outputTokens = tokensOf(value.output_tokens) ?? this.outputTokens
    this.#reasoningTokens = tokensOf(output.thinking_tokens) ?? this.#reasoningTokens
  }

  push(deltas: Delta[]): void {
    const input = this.#uncached
    pushUsage(deltas, {
      // `input_tokens` leaves out what was read from or written to the cache.
      inputTokens: input === undefined ? undefined : input + (this.#cacheRead ?? 0) + (this.#cacheWritten ?? 0),
      outputTokens: this.outputTokens,
      cachedTokens: this.#cacheRead,
      reasoningTokens: this.#reasoningTokens,
    })
  }
}

const ERROR_TYPES = new Map<unknown, FailureKind>([
  ['overloaded_error', 'overloaded'],
  ['rate_limit_error', 'rate_limited'],
  ['timeout_error', 'timeout'],
  ['api_error', 'server'],
  ['invalid_request_error', 'refused'],
  ['authentication_error', 'refused'],
  ['billing_error', 'refused'],
  ['permission_error', 'refused'],
  ['not_found_error', 'refused'],
  ['request_too_large', 'context_length'],
])

// Anthropic has one code for all invalid requests, so that only its words tell these apart.
const TOO_LONG = ['prompt is too long', 'exceed context limit', 'exceeds model context window']
const FILTERED = ['content filtering policy']

function readError(status: number, headers: Headers, body: string): UpstreamFailure {
  return failure(refinedKind(kindOfStatus(status), errorFields(body)), retryAfterMs(headers))
}

/** An error in the middle of a stream has no status, only a type. */
function streamFailure(value: unknown): UpstreamFailure {
  const error = isFields(value) ? value : {}
  const kind = ERROR_TYPES.get(error.type)
  return failure(refinedKind(kind ?? 'server', error), undefined)
}

function refinedKind(kind: FailureKind, error: Fields): FailureKind {
  if (kind !== 'refused') return kind
  if (says(error, TOO_LONG)) return 'context_length'
  return says(error, FILTERED) ? 'content_filter' : kind
}
