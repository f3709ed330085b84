/**
 * Google's generateContent and streamGenerateContent. https://ai.google.dev/api/generate-content
 * The request is built in `google-request.ts`; this file reads what comes back.
 */
import { errorFields, failure, kindOfStatus, retryAfterMs, says, secondsToMs } from './failure.ts'
import { googleRequest } from './google-request.ts'
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

export const google: Provider = { name: 'google', request: googleRequest, readAnswer, streamReader, readError }

function readAnswer(body: unknown): Delta[] {
  const deltas = new Reader().read(fieldsOf(body))
  if (deltas.at(-1)?.type !== 'end') throw malformed()
  return deltas
}

function streamReader(): (event: SseEvent) => Delta[] {
  const reader = new Reader()
  return ({ data }) => reader.read(parseFields(data))
}

/** Reads one answer: a whole one, or its chunks, which have the same shape. */
class Reader {
  #toolCalls = 0
  #isFinished = false

  read(chunk: Fields): Delta[] {
    if (chunk.error) throw streamFailure(chunk.error)
    if (isFields(chunk.promptFeedback) && chunk.promptFeedback.blockReason) throw failure('content_filter', undefined)
    const deltas: Delta[] = []
    const candidate = onlyChoice(chunk.candidates)
    if (candidate) this.#readCandidate(candidate, deltas)
    else if (!isFields(chunk.usageMetadata)) throw malformed()
    readUsage(chunk.usageMetadata, deltas)
    // There is no marker after the finish reason: the stream ends with it, though a count may still follow.
    if (deltas.some((delta) => delta.type === 'finish')) deltas.push({ type: 'end' })
    return deltas
  }

  #readCandidate(candidate: Fields, deltas: Delta[]): void {
    const content = fieldsOf(candidate.content ?? {})
    for (const part of listOf(content.parts)) this.#readPart(fieldsOf(part), deltas)
    if (this.#isFinished) {
      // What comes after the end would be lost, and the answer not whole.
      if (deltas.length > 0) throw malformed()
      return
    }
    if (!candidate.finishReason) return
    deltas.push({ type: 'finish', reason: this.#finishReason(candidate.finishReason) })
    this.#isFinished = true
  }

  #readPart(part: Fields, deltas: Delta[]): void {
    if (part.thought === true) return
    if (part.functionCall === undefined) return pushText(deltas, 'text', textOf(part.text))
    const { id, name, args } = fieldsOf(part.functionCall)
    if (typeof name !== 'string' || this.#toolCalls >= TOOL_CALLS_MAX) throw malformed()
    const index = this.#toolCalls
    this.#toolCalls += 1
    const json = JSON.stringify(fieldsOf(args ?? {}))
    deltas.push({ type: 'tool_call', index, id: textOf(id) || toolCallId(), name, arguments: json })
  }

  /** Google ends an answer with tool calls in it like any other. */
  #finishReason(value: unknown): FinishReason {
    const reason = FINISH_REASONS.get(value)
    if (!reason) throw malformed()
    return reason === 'stop' && this.#toolCalls > 0 ? 'tool_calls' : reason
  }
}

/** All others, such as `MALFORMED_FUNCTION_CALL`, say that there is no usable answer: it is malformed. */
const FINISH_REASONS = new Map<unknown, FinishReason>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
])

function readUsage(value: unknown, deltas: Delta[]): void {
  if (!isFields(value)) return
  const visible = tokensOf(value.candidatesTokenCount)
  const thoughts = tokensOf(value.thoughtsTokenCount)
  pushUsage(deltas, {
    inputTokens: tokensOf(value.promptTokenCount),
    // Google counts thoughts apart from the answer, and bills them with it.
    outputTokens: visible === undefined && thoughts === undefined ? undefined : (visible ?? 0) + (thoughts ?? 0),
    cachedTokens: tokensOf(value.cachedContentTokenCount),
    reasoningTokens: thoughts,
  })
}

// Google has one code for all invalid arguments, so that only its words tell this one apart.
const TOO_LONG = ['input token count', 'exceeds the maximum number of tokens']

function readError(status: number, headers: Headers, body: string): UpstreamFailure {
  const error = errorFields(body)
  return failure(kindOf(status, error), retryAfterMs(headers) ?? retryInfoMs(error))
}

/** An error in the middle of a stream brings its status along. */
function streamFailure(value: unknown): UpstreamFailure {
  const error = isFields(value) ? value : {}
  const kind = typeof error.code === 'number' ? kindOf(error.code, error) : 'server'
  return failure(kind, retryInfoMs(error))
}

function kindOf(status: number, error: Fields): FailureKind {
  const kind = kindOfStatus(status)
  return kind === 'refused' && says(error, TOO_LONG) ? 'context_length' : kind
}

/** The wait that Google names among an error's details. */
function retryInfoMs(error: Fields): number | undefined {
  if (!Array.isArray(error.details)) return undefined
  const info = error.details.find((detail) => isFields(detail) && detail.retryDelay !== undefined)
  return isFields(info) ? secondsToMs(info.retryDelay) : undefined
}
