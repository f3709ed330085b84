/** What the caller wishes and the creator allows, made into the call that the provider gets. */
import { refuseField } from '../base/errors.ts'
import type { OpenedConfig } from '../agents/vault.ts'
import type { IncomingCall } from './door.ts'
import { refusedParameters } from '../agents/models.ts'
import type { ChatCall } from './providers/provider.ts'

type Allowed = keyof OpenedConfig['allow']

/** The call as it goes out. Throws 40002 naming a parameter that this agent's creator does not allow. */
export function chatCall(config: OpenedConfig, wish: IncomingCall['wish']): ChatCall {
  const { maxTokens, ...rest } = wish
  const wished: Record<Allowed, boolean> = {
    temperature: wish.temperature !== undefined,
    top_p: wish.topP !== undefined,
    max_tokens: maxTokens !== undefined,
    stop: wish.stop.length > 0,
    tools: wish.tools.length > 0,
    response_format: wish.responseFormat !== undefined && wish.responseFormat.type !== 'text',
    images: wish.messages.some(
      (message) => message.role === 'user' && message.content.some((part) => part.type === 'image'),
    ),
  }
  // Where the model takes no sampling parameters, only the value at which they do nothing is taken from a caller.
  const refused = refusedParameters(config.provider, config.model)
  if (refused.includes('temperature') && (wish.temperature ?? 1) !== 1)
    throw refuseField('temperature', 'cannot be set for the model of this agent')
  if (refused.includes('top_p') && (wish.topP ?? 1) !== 1)
    throw refuseField('top_p', 'cannot be set for the model of this agent')
  if (refused.includes('stop') && wish.stop.length > 0)
    throw refuseField('stop', 'cannot be set for the model of this agent')
  for (const [field, isWished] of Object.entries(wished) as [Allowed, boolean][])
    if (isWished && !config.allow[field])
      throw refuseField(field === 'images' ? 'messages' : field, `${field} cannot be set for this agent`)
  return {
    temperature: config.temperature,
    topP: config.top_p,
    ...rest,
    model: config.model,
    maxTokens: Math.min(maxTokens ?? config.max_tokens, config.max_tokens),
  }
}
