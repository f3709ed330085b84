/** The doors of the gateway: one chat call in two dialects, and the list of what can be called. */
import { Hono } from 'hono'
import * as z from 'zod'
import { listPublished } from '../agents/agents.ts'
import { ConfigChange } from '../agents/config.ts'
import { creator } from '../auth/auth.ts'
import { anyone, describeRoute, routesOf } from '../base/route.ts'
import { IdParams } from '../base/wire.ts'
import { keyHolder } from '../keys/keys.ts'
import { chat } from './chat.ts'
import { countCall } from './count-call.ts'
import { readCall, type Dialect } from './door.ts'
import { modelList, ModelList } from './model-list.ts'
import { preview, PREVIEW_TOKENS_MAX, PREVIEWS_A_DAY } from './preview.ts'
import { OpenAiBody, ProxyBody } from './schema.ts'
import type { AppContext } from '../env.ts'
import type { Context } from 'hono'

export const gateway = new Hono<AppContext>()
const route = routesOf(gateway, 'Chat', 'Call an agent: one call in two dialects, answered as JSON or as a stream.')

const CALL = {
  description:
    'The answer is JSON, or server-sent events with `"stream": true`: chunks, then `[DONE]`, or one `event: error`. ' +
    '`Idempotency-Key` makes a retry free for 24 hours; `X-AgentLink-Trial: true` takes one of the three trial calls.',
  who: keyHolder,
  produces: 'application/json, text/event-stream',
  errors: [
    'insufficientBalance',
    'accountSuspended',
    'keyRestricted',
    'contentBlocked',
    'agentNotFound',
    'callInProgress',
    'idempotencyMismatch',
    'quotaExhausted',
    'rateLimited',
    'keyCapReached',
    'trialsUsed',
    'upstreamFailed',
    'upstreamUnavailable',
    'upstreamTimeout',
    'overloaded',
  ],
} as const

/** A chat call in the platform's own dialect. */
const proxy = describeRoute('Chat', 'POST /proxy/v1/agents/:agentId/chat', {
  ...CALL,
  errors: [...CALL.errors],
  summary: 'Call an agent',
  params: z.object({ agentId: z.string().describe('The agent’s id or slug.') }),
  body: ProxyBody,
})
gateway.on('POST', proxy, (c) => answer(c, 'agentlink', c.req.param('agentId')))

/** The same call in OpenAI's dialect: any OpenAI SDK works with its base URL and key changed. */
describeRoute('Chat', 'POST /v1/chat/completions', {
  ...CALL,
  errors: [...CALL.errors],
  summary: 'Call an agent, in OpenAI’s dialect',
  body: OpenAiBody,
})
gateway.post('/v1/chat/completions', (c) => answer(c, 'openai'))

/** The published agents, as OpenAI lists models. */
route(
  'GET /v1/models',
  {
    summary: 'The published agents, as OpenAI lists models',
    who: anyone,
    limit: { name: 'openai-models', perMinute: 120 },
    cache: 'public',
    answer: ModelList,
  },
  async ({ env }) => modelList(await listPublished(env)),
)

/** What its creator sends to try an agent: a chat call, and what of the configuration is to be otherwise meanwhile. */
const PreviewBody = ProxyBody.extend({ config: ConfigChange.optional() })

route(
  'POST /api/v1/agents/:id/preview',
  {
    summary: 'Try your agent, as it is or as it would be with `config`',
    description:
      `Answers as a call does, through the same guard. It takes no quota, earns nothing and stands in no log; ${PREVIEWS_A_DAY} a day, ` +
      `at most ${PREVIEW_TOKENS_MAX} tokens of answer each. What is sent as \`config\` is not saved.`,
    who: creator,
    params: IdParams,
    body: PreviewBody,
    produces: CALL.produces,
    errors: [
      'notFound',
      'conflict',
      'contentBlocked',
      'rateLimited',
      'upstreamFailed',
      'upstreamUnavailable',
      'upstreamTimeout',
    ],
  },
  async ({ c, env, me, params: { id }, body: { config, ...body } }) => {
    const call = { requestId: c.var.requestId, trace: c.var.trace, signal: c.req.raw.signal, body, config }
    const answered = preview(env, c.executionCtx, me, id, call)
    c.executionCtx.waitUntil(answered.catch(() => {}))
    return answered
  },
)

/** Runs a call to its end even if its caller leaves: settling is not the caller's to interrupt. */
async function answer(c: Context<AppContext>, dialect: Dialect, agent?: string): Promise<Response> {
  const { requestId, trace } = c.var
  const options = { dialect, requestId, trace, ...(agent === undefined ? {} : { agent }) }
  const call = await trace.during('door', () => readCall(c.req.raw, options))
  const answered = chat(c.env, c.executionCtx, call).finally(() => countCall(trace))
  c.executionCtx.waitUntil(answered.catch(() => {}))
  return answered
}
