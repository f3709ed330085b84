/**
 * What the adapters share in reading a provider's answer. Nothing in it is trusted: whatever is not of the expected shape
 * is `malformed`, and no text of the provider's is kept in an error, not even as its cause.
 */
import { newId } from '../../base/ids.ts'
import { type Delta, type Usage, UpstreamFailure } from './provider.ts'

/** The most tool calls in one answer. */
export const TOOL_CALLS_MAX = 128
/** A token count above this is an error of the provider's. */
const TOKENS_MAX = 10_000_000

/** A JSON object as it came: every field of it is still to be looked at. */
export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function malformed(): UpstreamFailure {
  return new UpstreamFailure('malformed')
}

/** The JSON object that an event carries. Throws `UpstreamFailure('malformed')` if it carries anything else. */
export function parseFields(data: string): Fields {
  return fieldsOf(parse(data))
}

/** The value as a JSON object. Throws `UpstreamFailure('malformed')` if it is anything else. */
export function fieldsOf(value: unknown): Fields {
  if (!isFields(value)) throw malformed()
  return value
}

/** The value as an array; none if it is absent or null. Throws `UpstreamFailure('malformed')` if it is anything else. */
export function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw malformed()
  return value
}

/**
 * The answer among an answer's choices or candidates; undefined if it is not among them. Only one is ever asked for:
 * another one would be a way around the guard, so it is not read.
 */
export function onlyChoice(choices: unknown): Fields | undefined {
  for (const value of listOf(choices)) {
    const choice = fieldsOf(value)
    if (choice.index === 0 || choice.index === undefined) return choice
  }
  return undefined
}

/** The value as text; empty if it is absent or null. Throws `UpstreamFailure('malformed')` if it is anything else. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  throw malformed()
}

/** A token count, or undefined if it is missing, not a whole number, negative or absurd. */
export function tokensOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= TOKENS_MAX ? value : undefined
}

/** Adds a text, unless it is empty. */
export function pushText(deltas: Delta[], type: 'text' | 'refusal', text: string): void {
  if (text !== '') deltas.push({ type, text })
}

/** Adds the counts that are known, if any are. */
export function pushUsage(deltas: Delta[], counts: { [Name in keyof Usage]: number | undefined }): void {
  const usage: Usage = {}
  if (counts.inputTokens !== undefined) usage.inputTokens = counts.inputTokens
  if (counts.outputTokens !== undefined) usage.outputTokens = counts.outputTokens
  if (counts.cachedTokens !== undefined) usage.cachedTokens = counts.cachedTokens
  if (counts.reasoningTokens !== undefined) usage.reasoningTokens = counts.reasoningTokens
  if (Object.keys(usage).length > 0) deltas.push({ type: 'usage', usage })
}

/** An id for a tool call of a provider that gave it none. */
export function toolCallId(): string {
  return `call_${newId().replaceAll('-', '')}`
}

/**
 * The arguments of a tool call in the conversation as the object that Anthropic and Google want to see. A model may have
 * written something else; then its text stands in the object, so that the next answer can make sense of it.
 */
export function argumentsOf(text: string): Fields {
  if (text === '') return {}
  const value = parse(text)
  return isFields(value) ? value : { arguments: text }
}

/** The media type and the base64 text of a `data:` address; undefined for any other address. */
export function dataUrl(url: string): { mediaType: string; base64: string } | undefined {
  const comma = url.indexOf(';base64,')
  if (!url.startsWith('data:') || comma === -1) return undefined
  return { mediaType: url.slice('data:'.length, comma), base64: url.slice(comma + ';base64,'.length) }
}

/** The parsed JSON, or undefined. The parser's own error is dropped: it quotes the text. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
