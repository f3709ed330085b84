/**
 * A creator's own try of an agent, before others call it or beside them. It goes the way of a chat call, through breaker,
 * guard and clocks, so that what it shows is what developers get; but nobody is admitted, nobody pays, and it is in no log.
 * The platform bears what it costs, and so there are few, and none is long.
 */
import { agentToTry } from '../agents/own.ts'
import { clock } from '../base/clock.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { newId } from '../base/ids.ts'
import { throttle } from '../base/throttle.ts'
import { converse, head, type Conversation } from './chat.ts'
import { readWish } from './door.ts'
import { guardAlone } from './guard-of.ts'
import { textsOf } from './messages.ts'
import { Meter } from './meter.ts'
import type { ConfigChange } from '../agents/config.ts'
import type { User } from '../auth/auth.ts'
import type { Trace } from '../base/trace.ts'
import type { Bindings } from '../env.ts'
import type { ChatBody } from './schema.ts'

export const PREVIEWS_A_DAY = 50
export const PREVIEW_TOKENS_MAX = 4_096
const TEXT_CHARS_MAX = 32_000
const DAY_SECONDS = 86_400

const NOBODY: Conversation['bill'] = {
  charge: async () => {},
  chargeUnfinished: async () => {},
  release: async () => {},
}

export type PreviewCall = {
  requestId: string
  trace: Trace
  signal: AbortSignal
  body: ChatBody
  /** What is to be otherwise than it is saved. */
  config: ConfigChange | undefined
}

/**
 * Answers a creator's try of their agent. Throws as a chat call does where the provider or the guard is concerned, `notFound`
 * for what is not theirs, `conflict` for what is archived, `validationFailed`, and `rateLimited` after `PREVIEWS_A_DAY`.
 */
export async function preview(
  env: Bindings,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  me: User,
  agentId: string,
  { requestId, trace, signal, body, config: change }: PreviewCall,
): Promise<Response> {
  const { agent, config } = await agentToTry(env, me.id, agentId, change)
  if (!me.emailVerified) throw new AppError('forbidden', { message: 'Verify your e-mail address to try an agent.' })
  const wish = readWish(body)
  if (textsOf(wish).reduce((chars, text) => chars + text.length, 0) > TEXT_CHARS_MAX)
    throw refuseField('messages', `must not be longer than ${TEXT_CHARS_MAX} characters together in a preview`)
  await throttle(env, { name: 'preview', key: me.id, limit: PREVIEWS_A_DAY, windowSeconds: DAY_SECONDS })

  const startedAt = clock.now()
  const includeUsage = body.stream_options?.include_usage === true
  return converse(env, ctx, {
    call: { dialect: 'agentlink', requestId, trace, idempotency: undefined, includeUsage, wish, signal },
    agentId: agent.id,
    config: { ...config, max_tokens: Math.min(config.max_tokens, PREVIEW_TOKENS_MAX) },
    head: head(newId(), agent, startedAt),
    meter: new Meter(startedAt),
    bill: NOBODY,
    watch: (documents) => guardAlone(config.prompt, agent.publicTexts, { wish }, documents),
    headers: {},
  })
}
