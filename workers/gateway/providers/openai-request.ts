/** A chat call as OpenAI's chat completions want it. https://platform.openai.com/docs/api-reference/chat */
import { isOpenAiReasoning, refusedParameters } from '../../agents/models.ts'
import type {
  ChatCall,
  ContentPart,
  Endpoint,
  Message,
  ResponseFormat,
  Tool,
  ToolChoice,
  UpstreamRequest,
} from './provider.ts'
import type { Fields } from './wire.ts'

/** The request that carries a call with its hidden prompt. */
export function openaiRequest(call: ChatCall, prompt: string, endpoint: Endpoint): UpstreamRequest {
  const refused = refusedParameters('openai', call.model)
  const isReasoning = isOpenAiReasoning(call.model)
  const hasTools = call.tools.length > 0
  return {
    url: `${endpoint.baseUrl}/chat/completions`,
    headers: { authorization: `Bearer ${endpoint.apiKey}`, 'content-type': 'application/json' },
    // What is undefined here does not go out.
    body: JSON.stringify({
      model: call.model,
      messages: [{ role: 'system', content: prompt }, ...call.messages.map(wireMessage)],
      max_tokens: isReasoning ? undefined : call.maxTokens,
      max_completion_tokens: isReasoning ? call.maxTokens : undefined,
      temperature: refused.includes('temperature') ? undefined : call.temperature,
      top_p: refused.includes('top_p') ? undefined : call.topP,
      stop: call.stop.length === 0 || refused.includes('stop') ? undefined : call.stop,
      tools: hasTools ? call.tools.map(wireTool) : undefined,
      tool_choice: hasTools ? wireToolChoice(call.toolChoice) : undefined,
      parallel_tool_calls: hasTools ? call.parallelToolCalls : undefined,
      response_format: wireFormat(call.responseFormat),
      stream: call.stream ? true : undefined,
      // Without it a stream tells nothing of what it used.
      stream_options: call.stream ? { include_usage: true } : undefined,
    }),
  }
}

function wireMessage(message: Message): Fields {
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.toolCallId, content: message.content }
  if (message.role === 'user') {
    const [only] = message.content
    const isPlain = message.content.length === 1 && only?.type === 'text'
    return { role: 'user', content: isPlain ? only.text : message.content.map(wirePart) }
  }
  if (message.toolCalls.length === 0) return { role: 'assistant', content: message.content }
  const calls = message.toolCalls.map(({ id, name, arguments: args }) => {
    return { id, type: 'function', function: { name, arguments: args } }
  })
  return { role: 'assistant', content: message.content || null, tool_calls: calls }
}

function wirePart(part: ContentPart): Fields {
  if (part.type === 'text') return { type: 'text', text: part.text }
  return { type: 'image_url', image_url: { url: part.url, detail: part.detail } }
}

function wireTool(tool: Tool): Fields {
  const { name, description, parameters, strict } = tool
  return { type: 'function', function: { name, description, parameters, strict } }
}

function wireToolChoice(choice: ToolChoice | undefined): unknown {
  return typeof choice === 'object' ? { type: 'function', function: { name: choice.name } } : choice
}

function wireFormat(format: ResponseFormat | undefined): Fields | undefined {
  if (!format || format.type === 'text') return undefined
  if (format.type === 'json_object') return { type: 'json_object' }
  const { name, schema, strict } = format
  return { type: 'json_schema', json_schema: { name, schema, strict } }
}
