/** OpenAI's wire: chat completions as JSON and as a stream. */
import { content, type Json, list, number, object, text, texts } from './read.ts'
import { cutWords } from './pieces.ts'
import {
  type Answer,
  type Frame,
  type Question,
  type Refusal,
  RefusedError,
  type Usage,
  type Wire,
  type WireAnswer,
} from './wire.ts'

const FINGERPRINT = 'fp_de604bd877'
const FINISH = { stop: 'stop', 'stop-sequence': 'stop', length: 'length', tool: 'tool_calls', refusal: 'stop' } as const

export const openai: Wire = {
  name: 'openai',
  contextTokens: 128_000,
  headers: {
    'openai-organization': 'org-stand-in',
    'openai-version': '2020-10-01',
    'openai-processing-ms': '12',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
  },

  read({ headers, body }) {
    if (!headers.authorization?.startsWith('Bearer ')) throw new RefusedError({ status: 401, reason: 'no-key' })
    const messages = list(body['messages'])
    if (messages.length === 0) throw invalid("Missing required parameter: 'messages'.")
    if (text(body['model']) === '')
      throw new RefusedError({ status: 400, message: 'you must provide a model parameter' })
    const last = messages.at(-1) ?? {}
    return {
      model: text(body['model']),
      system: messages
        .filter(isInstruction)
        .map((one) => content(one['content']))
        .join('\n'),
      userTurns: messages.filter((one) => one['role'] === 'user').map((one) => content(one['content'])),
      toolResult:
        last['role'] === 'tool' ? { name: nameOfCall(messages, last), text: content(last['content']) } : undefined,
      tools: list(body['tools']).map((tool) => {
        const declared = object(tool['function'])
        return { name: text(declared['name']), schema: declared['parameters'] }
      }),
      toolChoice: toolChoice(body['tool_choice']),
      parallelTools: body['parallel_tool_calls'] !== false,
      jsonSchema: jsonSchema(object(body['response_format'])),
      wantsThoughts: false,
      maxTokens: number(body['max_completion_tokens'] ?? body['max_tokens'], 4_096),
      stop: texts(body['stop']),
      stream: body['stream'] === true,
      wantsUsage: object(body['stream_options'])['include_usage'] === true,
      inputChars: messages.reduce((sum, one) => sum + content(one['content']).length, 0),
    }
  },

  json(_question, answer) {
    const { leak } = answer
    const message: Json = { role: 'assistant', ...speech(answer), annotations: [] }
    if (answer.toolCalls.length > 0) {
      message['tool_calls'] = answer.toolCalls.map(({ id, name, arguments: args }) => ({
        id,
        type: 'function',
        function: { name, arguments: args },
      }))
    }
    const choices = [{ index: 0, message, logprobs: null, finish_reason: FINISH[answer.end] }]
    if (answer.secondPieces.length > 0) {
      const second = { role: 'assistant', content: answer.secondPieces.join(''), refusal: null, annotations: [] }
      choices.push({ index: 1, message: second, logprobs: null, finish_reason: 'stop' })
    }
    return JSON.stringify({
      id: leak ?? answer.id,
      object: 'chat.completion',
      created: answer.createdAt,
      model: leak ?? answer.model,
      choices,
      usage: wireUsage(answer.usages.at(-1)),
      service_tier: leak ?? 'default',
      system_fingerprint: leak ?? FINGERPRINT,
      ...(leak === undefined ? {} : { debug: leak, metadata: { prompt: leak } }),
    })
  },

  frames(question, answer) {
    const chunk = chunker(question, answer)
    const frames: Frame[] = [{ text: chunk({ role: 'assistant', content: '', refusal: null }), kind: 'opening' }]
    const add = (delta: Json, index = 0) => frames.push({ text: chunk(delta, index), kind: 'content' })
    // OpenAI itself never shows its reasoning; servers that speak its wire do, in this field.
    for (const piece of cutWords(answer.thoughts))
      frames.push({ text: chunk({ reasoning_content: piece }), kind: 'opening' })
    for (const piece of answer.refusalPieces) add({ refusal: piece })
    for (const [at, piece] of answer.pieces.entries()) {
      add({ content: piece })
      const second = answer.secondPieces[at]
      if (second !== undefined) add({ content: second }, 1)
    }
    for (const piece of answer.secondPieces.slice(answer.pieces.length)) add({ content: piece }, 1)
    for (const delta of toolDeltas(answer)) add(delta)
    frames.push({ text: chunk({}, 0, FINISH[answer.end]), kind: 'closing' })
    if (answer.secondPieces.length > 0) frames.push({ text: chunk({}, 1, 'stop'), kind: 'closing' })
    if (question.wantsUsage)
      for (const usage of answer.usages) frames.push({ text: chunk.usage(usage), kind: 'closing' })
    frames.push({ text: 'data: [DONE]\n\n', kind: 'terminal' })
    return frames
  },

  refuse,

  errorFrame: `data: ${JSON.stringify({
    error: {
      message: 'The server had an error while processing your request. Sorry about that!',
      type: 'server_error',
      param: null,
      code: null,
    },
  })}\n\n`,
}

/** Writes chunks of one stream: all that they share is put together once. */
function chunker(question: Question, answer: Answer) {
  const { leak } = answer
  const shared = JSON.stringify({
    id: leak ?? answer.id,
    object: 'chat.completion.chunk',
    created: answer.createdAt,
    model: leak ?? answer.model,
    service_tier: leak ?? 'default',
    system_fingerprint: leak ?? FINGERPRINT,
  }).slice(0, -1)
  const tail = `${question.wantsUsage ? ',"usage":null' : ''},"obfuscation":${JSON.stringify(leak ?? 'Qup1BsQ3')}}\n\n`
  const chunk = (delta: Json, index = 0, finish: string | null = null) =>
    `data: ${shared},"choices":[{"index":${index},"delta":${JSON.stringify(delta)},"logprobs":null,"finish_reason":${finish === null ? 'null' : `"${finish}"`}}]${tail}`
  chunk.usage = (usage: Usage) => `data: ${shared},"choices":[],"usage":${JSON.stringify(wireUsage(usage))}}\n\n`
  return chunk
}

/** The first delta of a call carries its id and name, the others pieces of its arguments. */
function toolDeltas(answer: Answer): Json[] {
  return answer.toolCalls.flatMap(({ id, name, pieces }, index) => [
    { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] },
    ...pieces.map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ])
}

function speech(answer: Answer): Json {
  if (answer.end === 'refusal') return { content: null, refusal: answer.refusalPieces.join('') }
  if (answer.toolCalls.length > 0) return { content: null, refusal: null }
  const said: Json = { content: answer.pieces.join(''), refusal: null }
  if (answer.thoughts !== '') said['reasoning_content'] = answer.thoughts
  return said
}

function wireUsage(usage: Usage | undefined): Json | undefined {
  if (!usage) return undefined
  const { input, output, thoughts } = usage
  const completion = typeof output === 'number' ? output + thoughts : output
  return {
    prompt_tokens: input,
    completion_tokens: completion,
    total_tokens: typeof input === 'number' && typeof completion === 'number' ? input + completion : completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: thoughts,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

function isInstruction(message: Json): boolean {
  return message['role'] === 'system' || message['role'] === 'developer'
}

function nameOfCall(messages: Json[], result: Json): string {
  const calls = messages.flatMap((message) => list(message['tool_calls']))
  const call = calls.find((one) => one['id'] === result['tool_call_id'])
  return text(object(call?.['function'])['name']) || 'the tool'
}

function toolChoice(wanted: unknown): Question['toolChoice'] {
  if (wanted === 'none' || wanted === 'required') return wanted
  const name = text(object(object(wanted)['function'])['name'])
  return name === '' ? 'auto' : { name }
}

function jsonSchema(format: Json): unknown {
  if (format['type'] === 'json_object') return {}
  return format['type'] === 'json_schema' ? object(format['json_schema'])['schema'] : undefined
}

function invalid(message: string): RefusedError {
  return new RefusedError({ status: 400, message })
}

/** The error body for a status, in OpenAI's words. */
function refuse(refusal: Refusal): WireAnswer {
  const [type, code, param, message] = wording(refusal)
  const headers: Record<string, string> = {}
  if (refusal.retryAfterSeconds !== undefined) headers['retry-after'] = String(refusal.retryAfterSeconds)
  const body = { error: { message: refusal.message ?? message, type, param, code } }
  return { status: refusal.status, headers, body: JSON.stringify(body, null, 4) }
}

type Wording = [type: string, code: string | null, param: string | null, message: string]

function wording({ status, reason, model, inputTokens }: Refusal): Wording {
  if (reason === 'context-length') {
    return [
      'invalid_request_error',
      'context_length_exceeded',
      'messages',
      `This model's maximum context length is 128000 tokens. However, your messages resulted in ${inputTokens ?? 128_001} tokens. Please reduce the length of the messages.`,
    ]
  }
  if (reason === 'content-filter') {
    return [
      'invalid_request_error',
      'content_policy_violation',
      null,
      'Your request was rejected as a result of our safety system.',
    ]
  }
  if (reason === 'no-credit') {
    return [
      'insufficient_quota',
      'insufficient_quota',
      null,
      'You exceeded your current quota, please check your plan and billing details.',
    ]
  }
  if (reason === 'no-key') {
    return [
      'invalid_request_error',
      null,
      null,
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    ]
  }
  switch (status) {
    case 401:
      return [
        'invalid_request_error',
        'invalid_api_key',
        null,
        'Incorrect API key provided: sk-stand************-in. You can find your API key at https://platform.openai.com/account/api-keys.',
      ]
    case 403:
      return [
        'request_forbidden',
        'unsupported_country_region_territory',
        null,
        'Country, region, or territory not supported',
      ]
    case 404:
      return [
        'invalid_request_error',
        'model_not_found',
        null,
        `The model \`${model ?? ''}\` does not exist or you do not have access to it.`,
      ]
    case 429:
      return [
        'requests',
        'rate_limit_exceeded',
        null,
        `Rate limit reached for ${model ?? 'gpt-4o'} in organization org-stand-in on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again in 120ms.`,
      ]
    case 503:
      return ['server_error', null, null, 'The engine is currently overloaded, please try again later.']
    default:
      return status >= 500
        ? ['server_error', null, null, 'The server had an error while processing your request. Sorry about that!']
        : ['invalid_request_error', null, null, 'We could not parse the JSON body of your request.']
  }
}
