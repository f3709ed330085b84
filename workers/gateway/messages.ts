/** What a caller said, in the one form that every provider adapter understands. */
import { refuseField } from '../base/errors.ts'
import type { OpenAiMessage } from './schema.ts'
import type { ContentPart, Message, Tool } from './providers/provider.ts'

type Said = OpenAiMessage[]
type Content = Extract<Said[number], { role: 'user' }>['content']

/**
 * Translates messages. A `system` or `developer` message becomes user content: the provider's system prompt is the
 * creator's alone. Throws 40002 where a tool's answer has no call before it.
 */
export function messagesFrom(said: Said): Message[] {
  const called = new Set<string>()
  const messages = said.map((message, place): Message => {
    if (message.role === 'assistant') {
      const toolCalls = (message.tool_calls ?? []).map(({ id, function: tool }) => ({
        id,
        name: tool.name,
        arguments: tool.arguments,
      }))
      for (const call of toolCalls) called.add(call.id)
      return { role: 'assistant', content: textOf(message.content ?? ''), toolCalls }
    }
    if (message.role === 'tool') {
      if (!called.has(message.tool_call_id))
        throw refuseField(`messages.${place}.tool_call_id`, 'answers no tool call of an earlier message')
      return { role: 'tool', toolCallId: message.tool_call_id, content: textOf(message.content) }
    }
    return { role: 'user', content: partsOf(message.content) }
  })
  if (messages.at(-1)?.role === 'assistant')
    throw refuseField(`messages.${said.length - 1}.role`, 'the last message must not be the assistant’s')
  return messages
}

/** Everything the caller sent that a model might repeat: text found wholly in here is no leak. */
export function textsOf({ messages, tools }: { messages: Message[]; tools: Tool[] }): string[] {
  const said = messages.flatMap((message) => {
    if (message.role === 'tool') return [message.content]
    if (message.role === 'assistant') return [message.content, ...message.toolCalls.map((call) => call.arguments)]
    return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  })
  return tools.length === 0 ? said : [...said, JSON.stringify(tools)]
}

function partsOf(content: Content): ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return content.map((part) => {
    if (part.type === 'text') return { type: 'text', text: part.text }
    const { url, detail } = part.image_url
    return { type: 'image', url, ...(detail === undefined ? {} : { detail }) }
  })
}

function textOf(content: string | { text: string }[]): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('')
}
