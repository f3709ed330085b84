/**
 * The door of a chat call: what a caller may send, on both routes, and how it becomes one `IncomingCall`. Only what stands
 * here can travel on to a provider.
 */
import { readJson } from '../base/body.ts'
import { refuseField } from '../base/errors.ts'
import { validate } from '../base/validate.ts'
import { readKey } from '../keys/read-key.ts'
import { messagesFrom } from './messages.ts'
import { OpenAiBody, ProxyBody, type ChatBody } from './schema.ts'
import type { Trace } from '../base/trace.ts'
import type { ChatCall, Message, ResponseFormat, Tool, ToolChoice } from './providers/provider.ts'

const SCHEMA_DEPTH_MAX = 32
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

/** The two routes differ in who may speak, in where the agent is named, and in the shape of an error. */
export type Dialect = 'agentlink' | 'openai'

export type IncomingCall = {
  dialect: Dialect
  requestId: string
  trace: Trace
  key: string
  /** The agent's id or slug. */
  agent: string
  trial: boolean
  idempotency: { key: string; fingerprint: string } | undefined
  includeUsage: boolean
  /** What the caller wants of the model; what is left out is filled from the agent's configuration. */
  wish: Pick<ChatCall, 'messages' | 'tools' | 'stop' | 'stream'> &
    Partial<
      Pick<ChatCall, 'toolChoice' | 'parallelToolCalls' | 'responseFormat' | 'temperature' | 'topP' | 'maxTokens'>
    >
  /** Leaves when the caller does. */
  signal: AbortSignal
}

/**
 * Reads a call from a request. Throws `AppError`: 40001 for a body that is no JSON, 40002 naming each field that is missing,
 * wrong or unknown, 413, 415, and 40103 where no key was sent.
 */
export async function readCall(
  request: Request,
  options: { dialect: Dialect; requestId: string; trace: Trace; agent?: string },
): Promise<IncomingCall> {
  const key = readKey(request.headers)
  const { text, json } = await readJson(request)
  const body: ChatBody = options.dialect === 'openai' ? validate(OpenAiBody, json) : validate(ProxyBody, json)
  const agent = options.agent ?? body.model ?? ''
  return {
    ...options,
    agent,
    key,
    trial: request.headers.get('x-agentlink-trial') === 'true',
    idempotency: await readIdempotency(request.headers, `${options.dialect} ${agent} ${text}`),
    includeUsage: body.stream_options?.include_usage === true,
    wish: readWish(body),
    signal: request.signal,
  }
}

/** What a body wishes of the model. Throws 40002 as `readCall` does. */
export function readWish(body: ChatBody): IncomingCall['wish'] {
  const tools: Tool[] = (body.tools ?? []).map(({ function: tool }) => {
    refuseDeep(tool.parameters, `tools.${tool.name}.parameters`)
    return {
      name: tool.name,
      ...(tool.description === undefined ? {} : { description: tool.description }),
      ...(tool.parameters === undefined ? {} : { parameters: tool.parameters }),
      ...(tool.strict == null ? {} : { strict: tool.strict }),
    }
  })
  const maxTokens = body.max_completion_tokens ?? body.max_tokens
  const messages: Message[] = messagesFrom(body.messages)
  return {
    messages,
    tools,
    stop: body.stop == null ? [] : Array.isArray(body.stop) ? body.stop : [body.stop],
    stream: body.stream === true,
    ...(body.temperature == null ? {} : { temperature: body.temperature }),
    ...(body.top_p == null ? {} : { topP: body.top_p }),
    ...(maxTokens == null ? {} : { maxTokens }),
    ...(body.tool_choice == null ? {} : { toolChoice: readToolChoice(body.tool_choice, tools) }),
    ...(body.parallel_tool_calls == null ? {} : { parallelToolCalls: body.parallel_tool_calls }),
    ...(body.response_format == null ? {} : { responseFormat: readResponseFormat(body.response_format) }),
  }
}

function readToolChoice(choice: NonNullable<ChatBody['tool_choice']>, tools: Tool[]): ToolChoice {
  if (typeof choice === 'string') return choice
  if (!tools.some((tool) => tool.name === choice.function.name))
    throw refuseField('tool_choice', 'names a tool that is not declared in tools')
  return { name: choice.function.name }
}

function readResponseFormat(format: NonNullable<ChatBody['response_format']>): ResponseFormat {
  if (format.type !== 'json_schema') return { type: format.type }
  const { name, schema, strict } = format.json_schema
  refuseDeep(schema, 'response_format.json_schema.schema')
  return { type: 'json_schema', name, schema, ...(strict == null ? {} : { strict }) }
}

async function readIdempotency(headers: Headers, asked: string): Promise<IncomingCall['idempotency']> {
  const key = headers.get('idempotency-key')
  if (key === null) return undefined
  if (!IDEMPOTENCY_KEY.test(key)) throw refuseField('Idempotency-Key', 'must be 1 to 255 visible ASCII characters')
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(asked))
  return { key, fingerprint: new Uint8Array(digest).toHex() }
}

/** Refuses JSON that is nested deeper than a provider, or our own code, should have to follow. */
function refuseDeep(value: unknown, field: string): void {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > SCHEMA_DEPTH_MAX) throw refuseField(field, `is nested deeper than ${SCHEMA_DEPTH_MAX} levels`)
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
}
