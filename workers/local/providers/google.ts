/** Google's wire: generateContent and streamGenerateContent. */
import { type Json, list, number, object, parsed, text, texts } from './read.ts'
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

const FINISH = { stop: 'STOP', 'stop-sequence': 'STOP', length: 'MAX_TOKENS', tool: 'STOP', refusal: 'SAFETY' } as const
const SIGNATURE = 'EqsFCqgFAb4stand0in0signature'

export const google: Wire = {
  name: 'google',
  contextTokens: 1_048_576,
  headers: { 'server-timing': 'gfet4t7; dur=12', vary: 'Origin, X-Origin, Referer' },

  read({ path, headers, body }) {
    if (!headers['x-goog-api-key']) throw new RefusedError({ status: 403, reason: 'no-key' })
    const [, model = '', verb = ''] = /\/models\/([^:/?]+):(\w+)/.exec(path) ?? []
    const contents = list(body['contents'])
    if (contents.length === 0)
      throw new RefusedError({ status: 400, message: '* GenerateContentRequest.contents: contents is not specified\n' })
    const config = object(body['generationConfig'] ?? body['generation_config'])
    const system = said(object(body['systemInstruction'] ?? body['system_instruction']))
    const tools = list(body['tools']).flatMap((tool) =>
      list(tool['functionDeclarations'] ?? tool['function_declarations']),
    )
    return {
      model,
      system,
      userTurns: contents.filter((turn) => turn['role'] !== 'model' && said(turn) !== '').map(said),
      toolResult: toolResult(contents.at(-1) ?? {}),
      tools: tools.map((tool) => ({
        name: text(tool['name']),
        schema: tool['parameters'] ?? tool['parametersJsonSchema'],
      })),
      toolChoice: toolChoice(object(object(body['toolConfig'] ?? body['tool_config'])['functionCallingConfig'])),
      parallelTools: true,
      jsonSchema: jsonSchema(config),
      wantsThoughts: object(config['thinkingConfig'])['includeThoughts'] === true,
      maxTokens: number(config['maxOutputTokens'], 8_192),
      stop: texts(config['stopSequences']),
      stream: verb === 'streamGenerateContent',
      wantsUsage: true,
      inputChars: system.length + contents.reduce((sum, turn) => sum + said(turn).length, 0),
    }
  },

  json(_question, answer) {
    const parts = [
      ...thoughtParts(answer),
      ...textParts([...answer.refusalPieces, ...answer.pieces].join('')),
      ...callParts(answer),
    ]
    const candidates: Json[] = [candidate(parts, 0, answer)]
    if (answer.secondPieces.length > 0) candidates.push(candidate(textParts(answer.secondPieces.join('')), 1, answer))
    return JSON.stringify({ candidates, ...rest(answer, answer.usages.at(-1)) }, null, 2)
  },

  frames(_question, answer) {
    const shared = JSON.stringify(rest(answer, answer.usages.at(-1))).slice(1)
    const frames: Frame[] = []
    const add = (parts: Json[], kind: Frame['kind'], index = 0) => {
      const only = JSON.stringify({ content: { parts, role: 'model' }, index })
      frames.push({ text: `data: {"candidates":[${only}],${shared}\r\n\r\n`, kind })
    }
    for (const part of thoughtParts(answer)) add([part], 'opening')
    for (const [at, piece] of [...answer.refusalPieces, ...answer.pieces].entries()) {
      add([{ text: piece }], 'content')
      const second = answer.secondPieces[at]
      if (second !== undefined) add([{ text: second }], 'content', 1)
    }
    for (const piece of answer.secondPieces.slice(answer.pieces.length)) add([{ text: piece }], 'content', 1)
    for (const part of callParts(answer)) add([part], 'content')
    // The finish reason is Google's terminal marker: there is no other.
    const last = [candidate([{ text: '' }], 0, answer)]
    const usages = answer.usages.length > 0 ? answer.usages : [undefined]
    for (const usage of usages) frames.push(frame({ candidates: last, ...rest(answer, usage) }, 'terminal'))
    return frames
  },

  refuse,

  errorFrame: `data: ${JSON.stringify({
    error: { code: 503, message: 'The model is overloaded. Please try again later.', status: 'UNAVAILABLE' },
  })}\r\n\r\n`,
}

/** The answer to a prompt that Google's policy blocks: status 200, no candidate. */
export function blocked(question: Question, answer: Answer): string {
  const body = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, ...rest(answer, answer.usages.at(-1)) }
  return question.stream ? frame(body, 'terminal').text : JSON.stringify(body, null, 2)
}

function frame(event: Json, kind: Frame['kind']): Frame {
  return { text: `data: ${JSON.stringify(event)}\r\n\r\n`, kind }
}

function candidate(parts: Json[], index: number, answer: Answer): Json {
  const leak =
    answer.leak === undefined
      ? {}
      : { finishMessage: answer.leak, citationMetadata: { citationSources: [{ uri: answer.leak }] } }
  return { content: { parts, role: 'model' }, finishReason: FINISH[answer.end], index, ...leak }
}

function rest(answer: Answer, usage: Usage | undefined): Json {
  return {
    ...(usage ? { usageMetadata: wireUsage(usage) } : {}),
    modelVersion: answer.leak ?? answer.model,
    responseId: answer.leak ?? answer.id,
  }
}

function thoughtParts(answer: Answer): Json[] {
  return answer.thoughts === '' ? [] : [{ text: answer.thoughts, thought: true }]
}

function textParts(said: string): Json[] {
  return said === '' ? [] : [{ text: said }]
}

function callParts(answer: Answer): Json[] {
  return answer.toolCalls.map(({ name, arguments: args }) => ({
    functionCall: { name, args: parsed(args) },
    thoughtSignature: SIGNATURE,
  }))
}

function wireUsage({ input, output, thoughts }: Usage): Json {
  const total = typeof input === 'number' && typeof output === 'number' ? input + output + thoughts : output
  return {
    promptTokenCount: input,
    candidatesTokenCount: output,
    totalTokenCount: total,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: input }],
    ...(thoughts > 0 ? { thoughtsTokenCount: thoughts } : {}),
  }
}

function said(turn: Json): string {
  return list(turn['parts'])
    .map((part) => text(part['text']))
    .join('')
}

function toolResult(last: Json): Question['toolResult'] {
  const result = list(last['parts']).find((part) => 'functionResponse' in part)
  if (!result) return undefined
  const { name, response } = object(result['functionResponse'])
  return { name: text(name) || 'the tool', text: JSON.stringify(response) ?? '' }
}

function toolChoice(wanted: Json): Question['toolChoice'] {
  const mode = text(wanted['mode']).toUpperCase()
  const [only] = texts(wanted['allowedFunctionNames'])
  if (mode === 'NONE') return 'none'
  if (mode !== 'ANY') return 'auto'
  return only === undefined ? 'required' : { name: only }
}

function jsonSchema(config: Json): unknown {
  if (config['responseMimeType'] !== 'application/json') return undefined
  return config['responseJsonSchema'] ?? config['responseSchema'] ?? {}
}

const STATUSES: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** The error body for a status, in Google's words. */
function refuse(refusal: Refusal): WireAnswer {
  const status = refusal.reason === 'no-credit' ? 429 : refusal.status
  const details: Json[] = []
  if (status === 429) {
    const violations = [{ quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier' }]
    details.push({ '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations })
  }
  if (refusal.retryAfterSeconds !== undefined) {
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${refusal.retryAfterSeconds}s` })
  }
  const error = {
    code: status,
    message: refusal.message ?? wording(refusal),
    status: STATUSES[status] ?? (status >= 500 ? 'INTERNAL' : 'FAILED_PRECONDITION'),
    ...(details.length > 0 ? { details } : {}),
  }
  return { status, headers: {}, body: JSON.stringify({ error }, null, 2) }
}

function wording({ status, reason, model, inputTokens }: Refusal): string {
  if (reason === 'context-length') {
    return `The input token count (${inputTokens ?? 1_048_577}) exceeds the maximum number of tokens allowed (1048576).`
  }
  if (reason === 'no-key') {
    return "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."
  }
  switch (status) {
    case 401:
      return 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.'
    case 403:
      return 'Your API key was reported as leaked. Please use another API key.'
    case 404:
      return `models/${model ?? ''} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.`
    case 429:
      return 'You exceeded your current quota, please check your plan and billing details.'
    case 503:
      return 'The model is overloaded. Please try again later.'
    default:
      return status >= 500
        ? 'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting'
        : 'Request contains an invalid argument.'
  }
}
