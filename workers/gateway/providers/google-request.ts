/** A chat call as Google's generateContent wants it. https://ai.google.dev/api/generate-content */
import type { ChatCall, ContentPart, Endpoint, Message, Tool, ToolCall, UpstreamRequest } from './provider.ts'
import { argumentsOf, dataUrl, type Fields, isFields, parse } from './wire.ts'

/**
 * From Gemini 3 on, a tool call in the conversation must carry the signature of the thought that led to it. A conversation
 * in OpenAI's form has no place for one; this is Google's own word for a call whose signature is not at hand.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const NO_SIGNATURE = 'skip_thought_signature_validator'
const WITHOUT_SIGNATURES = /^gemini-[12]/

/** The request that carries a call with its hidden prompt. The key goes into a header: addresses end up in logs. */
export function googleRequest(call: ChatCall, prompt: string, endpoint: Endpoint): UpstreamRequest {
  const method = call.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  const hasTools = call.tools.length > 0
  return {
    url: `${endpoint.baseUrl}/models/${encodeURIComponent(call.model)}:${method}`,
    headers: { 'x-goog-api-key': endpoint.apiKey, 'content-type': 'application/json' },
    // What is undefined here does not go out.
    body: JSON.stringify({
      systemInstruction: { parts: [{ text: prompt }] },
      contents: wireContents(call),
      tools: hasTools ? [{ functionDeclarations: call.tools.map(wireTool) }] : undefined,
      toolConfig: hasTools ? wireToolConfig(call) : undefined,
      generationConfig: {
        temperature: call.temperature,
        topP: call.topP,
        maxOutputTokens: call.maxTokens,
        stopSequences: call.stop.length > 0 ? call.stop : undefined,
        ...wireFormat(call),
      },
    }),
  }
}

type Content = { role: 'user' | 'model'; parts: Fields[] }

/** Google matches results to calls by name and order, and wants all results of one turn in one content. */
function wireContents(call: ChatCall): Content[] {
  const contents: Content[] = []
  const needsSignature = !WITHOUT_SIGNATURES.test(call.model)
  let calls: ToolCall[] = []
  let results: { position: number; part: Fields }[] = []
  const flush = () => {
    if (results.length === 0) return
    const parts = results.sort((a, b) => a.position - b.position).map((result) => result.part)
    contents.push({ role: 'user', parts })
    results = []
  }
  for (const message of call.messages) {
    if (message.role === 'tool') {
      const position = calls.findIndex((known) => known.id === message.toolCallId)
      results.push({ position, part: wireResult(calls[position]?.name ?? message.toolCallId, message.content) })
      continue
    }
    flush()
    if (message.role === 'assistant' && message.toolCalls.length > 0) calls = message.toolCalls
    contents.push(wireContent(message, needsSignature))
  }
  flush()
  return contents
}

function wireContent(message: Exclude<Message, { role: 'tool' }>, needsSignature: boolean): Content {
  if (message.role === 'user') return { role: 'user', parts: message.content.map(wirePart) }
  const parts: Fields[] = message.content === '' && message.toolCalls.length > 0 ? [] : [{ text: message.content }]
  for (const [index, { name, arguments: args }] of message.toolCalls.entries()) {
    // Of several calls in one turn only the first has a signature.
    const thoughtSignature = needsSignature && index === 0 ? NO_SIGNATURE : undefined
    parts.push({ functionCall: { name, args: argumentsOf(args) }, thoughtSignature })
  }
  return { role: 'model', parts }
}

/** A result is an object here. What a tool answered in another form is put into one. */
function wireResult(name: string, content: string): Fields {
  const parsed = content.startsWith('{') ? parse(content) : undefined
  return { functionResponse: { name, response: isFields(parsed) ? parsed : { result: content } } }
}

function wirePart(part: ContentPart): Fields {
  if (part.type === 'text') return { text: part.text }
  const data = dataUrl(part.url)
  if (data) return { inlineData: { mimeType: data.mediaType, data: data.base64 } }
  return { fileData: { fileUri: part.url, mimeType: imageTypeOf(part.url) } }
}

const IMAGE_TYPES = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
  ['heic', 'image/heic'],
  ['heif', 'image/heif'],
])

/** The type that an address's ending tells, if it does. */
function imageTypeOf(url: string): string | undefined {
  const [path = ''] = url.split(/[?#]/, 1)
  return IMAGE_TYPES.get(path.slice(path.lastIndexOf('.') + 1).toLowerCase())
}

/** `parametersJsonSchema` takes JSON Schema as it is, where `parameters` knows a part of it only. There is no strict mode. */
function wireTool(tool: Tool): Fields {
  return { name: tool.name, description: tool.description, parametersJsonSchema: tool.parameters }
}

/** How many calls the model makes at a time cannot be told to Google, so `parallelToolCalls` stays behind. */
function wireToolConfig({ toolChoice: choice }: ChatCall): Fields | undefined {
  if (choice === undefined) return undefined
  if (choice === 'auto') return { functionCallingConfig: { mode: 'AUTO' } }
  if (choice === 'none') return { functionCallingConfig: { mode: 'NONE' } }
  if (choice === 'required') return { functionCallingConfig: { mode: 'ANY' } }
  return { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [choice.name] } }
}

function wireFormat({ responseFormat: format }: ChatCall): Fields {
  if (!format || format.type === 'text') return {}
  const responseMimeType = 'application/json'
  return format.type === 'json_object' ? { responseMimeType } : { responseMimeType, responseJsonSchema: format.schema }
}
