/** A chat call as Anthropic's messages want it. https://platform.claude.com/docs/en/api/messages */
import { refusedParameters } from '../../agents/models.ts'
import type { ChatCall, ContentPart, Endpoint, Message, Tool, UpstreamRequest } from './provider.ts'
import { argumentsOf, dataUrl, type Fields } from './wire.ts'

const VERSION = '2023-06-01'
const TEMPERATURE_MAX = 1

/**
 * The tool through which a model answers in JSON: Anthropic has no JSON mode, but a forced tool takes any schema. What the
 * model writes as its arguments is the answer's text. No other tool may have this name.
 */
export const JSON_TOOL = 'json_answer'

/** The request that carries a call with its hidden prompt. */
export function anthropicRequest(call: ChatCall, prompt: string, endpoint: Endpoint): UpstreamRequest {
  const refused = refusedParameters('anthropic', call.model)
  const canForce = !refused.includes('tool_choice')
  const hasSampling = !refused.includes('temperature')
  // Where both are given the models refuse the request; the temperature is the one that people set on purpose.
  const temperature = hasSampling ? call.temperature : undefined
  const jsonTool = canForce ? jsonToolFor(call) : undefined
  const tools = call.tools.map(wireTool)
  if (jsonTool) tools.push(jsonTool)
  return {
    url: `${endpoint.baseUrl}/v1/messages`,
    headers: { 'x-api-key': endpoint.apiKey, 'anthropic-version': VERSION, 'content-type': 'application/json' },
    // What is undefined here does not go out.
    body: JSON.stringify({
      model: call.model,
      max_tokens: call.maxTokens,
      system: prompt,
      messages: wireMessages(call.messages),
      temperature: temperature === undefined ? undefined : Math.min(temperature, TEMPERATURE_MAX),
      top_p: temperature === undefined && hasSampling ? call.topP : undefined,
      stop_sequences: stopSequences(call.stop),
      tools: tools.length > 0 ? tools : undefined,
      tool_choice: jsonTool ? jsonToolChoice(call) : wireToolChoice(call, canForce),
      output_config: canForce ? undefined : outputConfig(call),
      stream: call.stream ? true : undefined,
    }),
  }
}

/** Anthropic wants user and assistant to take turns, so neighbours of one role become one message; empty ones are refused. */
function wireMessages(messages: Message[]): { role: string; content: Fields[] }[] {
  const turns: { role: string; content: Fields[] }[] = []
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = wireContent(message)
    if (content.length === 0) continue
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else turns.push({ role, content })
  }
  return turns
}

function wireContent(message: Message): Fields[] {
  if (message.role === 'tool') {
    return [{ type: 'tool_result', tool_use_id: message.toolCallId, content: message.content }]
  }
  if (message.role === 'user') {
    return message.content.filter((part) => part.type !== 'text' || part.text !== '').map(wirePart)
  }
  const blocks: Fields[] = message.content === '' ? [] : [{ type: 'text', text: message.content }]
  for (const { id, name, arguments: args } of message.toolCalls) {
    blocks.push({ type: 'tool_use', id, name, input: argumentsOf(args) })
  }
  return blocks
}

function wirePart(part: ContentPart): Fields {
  if (part.type === 'text') return { type: 'text', text: part.text }
  const data = dataUrl(part.url)
  if (!data) return { type: 'image', source: { type: 'url', url: part.url } }
  return { type: 'image', source: { type: 'base64', media_type: data.mediaType, data: data.base64 } }
}

/** `strict` stays behind: Anthropic's strict mode knows less of JSON Schema than OpenAI's, and refuses what it does not know. */
function wireTool(tool: Tool): Fields {
  return { name: tool.name, description: tool.description, input_schema: objectSchema(tool.parameters ?? {}) }
}

function objectSchema(schema: Record<string, unknown>): Fields {
  return schema.type === undefined ? { type: 'object', ...schema } : schema
}

function wireToolChoice(call: ChatCall, canForce: boolean): Fields | undefined {
  if (call.tools.length === 0) return undefined
  const isSingle = call.parallelToolCalls === false
  const disable = isSingle ? { disable_parallel_tool_use: true } : {}
  const choice = call.toolChoice ?? 'auto'
  if (choice === 'none') return { type: 'none' }
  if (choice === 'auto' || !canForce) return isSingle || call.toolChoice ? { type: 'auto', ...disable } : undefined
  if (choice === 'required') return { type: 'any', ...disable }
  return { type: 'tool', name: choice.name, ...disable }
}

/** The JSON tool, where JSON is asked for. A caller who forces a tool of its own wants that one's arguments, not an answer. */
function jsonToolFor(call: ChatCall): Fields | undefined {
  const format = call.responseFormat
  if (!format || format.type === 'text') return undefined
  if (call.tools.length > 0 && (call.toolChoice === 'required' || typeof call.toolChoice === 'object')) return undefined
  const schema = format.type === 'json_schema' ? objectSchema(format.schema) : { type: 'object' }
  return { name: JSON_TOOL, description: 'Gives the final answer, as JSON.', input_schema: schema }
}

/** Either one of the caller's tools or the answer, and only one at a time. */
function jsonToolChoice(call: ChatCall): Fields {
  if (call.tools.length === 0 || call.toolChoice === 'none') return { type: 'tool', name: JSON_TOOL }
  return { type: 'any', disable_parallel_tool_use: true }
}

/**
 * Anthropic's own structured output, for the later models, which let no tool be forced on them. It needs a schema, so that
 * `json_object` is left to the words of the conversation, which OpenAI asks of its callers too.
 */
function outputConfig({ responseFormat: format }: ChatCall): Fields | undefined {
  return format?.type === 'json_schema' ? { format: { type: 'json_schema', schema: format.schema } } : undefined
}

/** Sequences of nothing but white space are refused by Anthropic, and so left out. */
function stopSequences(stop: string[]): string[] | undefined {
  const sequences = stop.filter((sequence) => sequence.trim() !== '')
  return sequences.length > 0 ? sequences : undefined
}
