/** Anthropic's wire: messages as JSON and as a stream of named events. */
import { content, type Json, list, object, parsed, text, texts } from './read.ts'
import { cutWords } from './pieces.ts'
import {
  type Answer,
  type Frame,
  newWireId,
  type Question,
  type Refusal,
  RefusedError,
  type Usage,
  type Wire,
  type WireAnswer,
} from './wire.ts'

const STOP = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  tool: 'tool_use',
  refusal: 'refusal',
} as const
const SIGNATURE = 'EqsFCqgFAb4stand0in0signature0of0a0thinking0block'

export const anthropic: Wire = {
  name: 'anthropic',
  contextTokens: 200_000,
  headers: {
    'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
    'anthropic-ratelimit-requests-limit': '4000',
    'anthropic-ratelimit-requests-remaining': '3999',
  },

  read({ headers, body }) {
    // Today's SDK sends its key as a bearer token, everything older as `x-api-key`; the API takes both.
    if (!headers['x-api-key'] && !headers.authorization?.startsWith('Bearer '))
      throw new RefusedError({ status: 401, reason: 'no-key' })
    if (!headers['anthropic-version']) throw invalid('anthropic-version: header is required')
    const messages = list(body['messages'])
    if (messages.length === 0) throw invalid('messages: at least one message is required')
    if (text(body['model']) === '') throw invalid('model: Field required')
    if (typeof body['max_tokens'] !== 'number') throw invalid('max_tokens: Field required')
    if (messages.some((one) => one['role'] !== 'user' && one['role'] !== 'assistant')) {
      throw invalid(
        'messages: Unexpected role. The Messages API accepts a top-level `system` parameter, not "system" as an input message role.',
      )
    }
    const blocks = messages.flatMap((one) => (Array.isArray(one['content']) ? list(one['content']) : []))
    return {
      model: text(body['model']),
      system: content(body['system']),
      userTurns: messages.filter(isSpoken).map((one) => content(one['content'])),
      toolResult: toolResult(messages.at(-1) ?? {}, blocks),
      tools: list(body['tools']).map((tool) => ({ name: text(tool['name']), schema: tool['input_schema'] })),
      toolChoice: toolChoice(object(body['tool_choice'])),
      parallelTools: object(body['tool_choice'])['disable_parallel_tool_use'] !== true,
      jsonSchema: object(object(body['output_config'])['format'] ?? body['output_format'])['schema'],
      wantsThoughts: ['enabled', 'adaptive'].includes(text(object(body['thinking'])['type'])),
      maxTokens: body['max_tokens'],
      stop: texts(body['stop_sequences']),
      stream: body['stream'] === true,
      wantsUsage: true,
      inputChars:
        content(body['system']).length + messages.reduce((sum, one) => sum + content(one['content']).length, 0),
    }
  },

  json(_question, answer) {
    return JSON.stringify({
      ...envelope(answer),
      content: blocks(answer),
      stop_reason: STOP[answer.end],
      stop_sequence: answer.leak ?? answer.stopSequence,
      usage: wireUsage(answer.usages.at(-1)),
    })
  },

  frames(_question, answer) {
    const start = {
      ...envelope(answer),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: wireUsage(answer.usages.at(-1), 1),
    }
    const frames = [frame({ type: 'message_start', message: start }, 'opening')]
    for (const [index, block] of streamedBlocks(answer).entries()) {
      frames.push(frame({ type: 'content_block_start', index, content_block: block.start }, 'opening'))
      if (index === 0) frames.push(frame({ type: 'ping' }, 'opening'))
      for (const delta of block.deltas) frames.push(frame({ type: 'content_block_delta', index, delta }, block.kind))
      frames.push(frame({ type: 'content_block_stop', index }, 'closing'))
    }
    const delta = { stop_reason: STOP[answer.end], stop_sequence: answer.leak ?? answer.stopSequence }
    for (const usage of answer.usages.length > 0 ? answer.usages : [undefined]) {
      frames.push(frame({ type: 'message_delta', delta, usage: wireUsage(usage) }, 'closing'))
    }
    frames.push(frame({ type: 'message_stop' }, 'terminal'))
    return frames
  },

  refuse,

  errorFrame: `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })}\n\n`,
}

function frame(event: { type: string } & Json, kind: Frame['kind']): Frame {
  return { text: `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`, kind }
}

function envelope(answer: Answer): Json {
  const { leak } = answer
  return {
    model: leak ?? answer.model,
    id: leak ?? answer.id,
    type: 'message',
    role: 'assistant',
    ...(leak === undefined ? {} : { debug: leak, container: { id: leak } }),
  }
}

type Streamed = { start: Json; deltas: Json[]; kind: Frame['kind'] }

function streamedBlocks(answer: Answer): Streamed[] {
  const all: Streamed[] = []
  if (answer.thoughts !== '') {
    const deltas: Json[] = cutWords(answer.thoughts).map((thinking) => ({ type: 'thinking_delta', thinking }))
    deltas.push({ type: 'signature_delta', signature: SIGNATURE })
    all.push({ start: { type: 'thinking', thinking: '', signature: '' }, deltas, kind: 'opening' })
  }
  const said = [...answer.refusalPieces, ...answer.pieces]
  if (said.length > 0) {
    all.push({
      start: { type: 'text', text: '' },
      deltas: said.map((text) => ({ type: 'text_delta', text })),
      kind: 'content',
    })
  }
  for (const call of answer.toolCalls) {
    const deltas = ['', ...call.pieces].map((partial_json) => ({ type: 'input_json_delta', partial_json }))
    all.push({ start: { type: 'tool_use', id: call.id, name: call.name, input: {} }, deltas, kind: 'content' })
  }
  return all
}

function blocks(answer: Answer): Json[] {
  const all: Json[] = []
  if (answer.thoughts !== '') all.push({ type: 'thinking', thinking: answer.thoughts, signature: SIGNATURE })
  const said = [...answer.refusalPieces, ...answer.pieces].join('')
  if (said !== '') all.push({ type: 'text', text: said })
  for (const { id, name, arguments: args } of answer.toolCalls)
    all.push({ type: 'tool_use', id, name, input: parsed(args) })
  return all
}

function wireUsage(usage: Usage | undefined, outputSoFar?: number): Json | undefined {
  if (!usage) return undefined
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: outputSoFar ?? (typeof usage.output === 'number' ? usage.output + usage.thoughts : usage.output),
    service_tier: 'standard',
  }
}

function isSpoken(message: Json): boolean {
  return message['role'] === 'user' && content(message['content']) !== ''
}

function toolResult(last: Json, blocks: Json[]): Question['toolResult'] {
  const result = list(last['content']).findLast((block) => block['type'] === 'tool_result')
  if (!result) return undefined
  const call = blocks.find((block) => block['type'] === 'tool_use' && block['id'] === result['tool_use_id'])
  return { name: text(call?.['name']) || 'the tool', text: content(result['content']) }
}

function toolChoice(wanted: Json): Question['toolChoice'] {
  if (wanted['type'] === 'any') return 'required'
  if (wanted['type'] === 'none') return 'none'
  return wanted['type'] === 'tool' ? { name: text(wanted['name']) } : 'auto'
}

function invalid(message: string): RefusedError {
  return new RefusedError({ status: 400, message })
}

const TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

/** The error body for a status, in Anthropic's words. */
function refuse(refusal: Refusal): WireAnswer {
  const requestId = newWireId('req_')
  const headers: Record<string, string> = { 'request-id': requestId }
  if (refusal.retryAfterSeconds !== undefined) headers['retry-after'] = String(refusal.retryAfterSeconds)
  const status = refusal.reason === 'no-credit' ? 400 : refusal.status
  const type = TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  const body = { type: 'error', error: { type, message: refusal.message ?? wording(refusal) }, request_id: requestId }
  return { status, headers, body: JSON.stringify(body) }
}

function wording({ status, reason, model, inputTokens }: Refusal): string {
  if (reason === 'context-length') return `prompt is too long: ${inputTokens ?? 200_001} tokens > 200000 maximum`
  if (reason === 'content-filter') return 'Output blocked by content filtering policy'
  if (reason === 'no-key') return 'x-api-key header is required'
  if (reason === 'no-credit') {
    return 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.'
  }
  switch (status) {
    case 401:
      return 'invalid x-api-key'
    case 403:
      return 'Your API key does not have permission to use the specified resource.'
    case 404:
      return `model: ${model ?? ''}`
    case 429:
      return 'This request would exceed the rate limit for your organization of 50 requests per minute.'
    case 529:
      return 'Overloaded'
    default:
      return status >= 500 ? 'Internal server error' : 'Invalid request'
  }
}
