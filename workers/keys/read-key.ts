/** Where an API key stands in a request. */
import { AppError } from '../base/errors.ts'

/** The key sent as `X-AgentLink-Key` or as `Authorization: Bearer …`. Throws `invalidApiKey` where there is none, or two that differ. */
export function readKey(headers: Headers): string {
  const own = headers.get('x-agentlink-key')
  const authorization = headers.get('authorization')
  const bearer = authorization?.slice(0, 7).toLowerCase() === 'bearer ' ? authorization.slice(7) : null
  if (own !== null && bearer !== null && own !== bearer)
    throw new AppError('invalidApiKey', { message: 'Two different API keys were sent. Send one.' })
  const key = own ?? bearer
  if (!key) throw new AppError('invalidApiKey')
  return key
}
