/** What a program can ask about the API key that it holds. */
import { Hono } from 'hono'
import * as z from 'zod'
import { AppError, refuseField } from '../base/errors.ts'
import { isUuid } from '../base/ids.ts'
import { format, fromUnits } from '../money/amount.ts'
import { callsOf, quotaOf, type CallPage } from '../quota/quota.ts'
import { identify, type Caller } from './keys.ts'
import { readKey } from './read-key.ts'
import type { Context } from 'hono'
import type { AppContext } from '../env.ts'

export const keys = new Hono<AppContext>()

/** The state of the key's account: calls left, running calls, balance, rate window, lots. */
keys.get('/api/v1/key', async (c) => {
  const caller = await holder(c)
  const quota = await quotaOf(c.env, caller.accountId)
  return c.json({
    key_id: caller.keyId,
    calls: { remaining: quota.remaining, used: quota.used, held: quota.held, granted: quota.granted },
    balance_usd: format(fromUnits(quota.balance)),
    rate: {
      limit: quota.rate.limit,
      remaining: quota.rate.remaining,
      reset_seconds: Math.ceil(quota.rate.resetMs / 1_000),
    },
    lots: quota.lots,
    unsent_logs: quota.unsent,
  })
})

const CallsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  /** What `next` said: the moment and the id of the last call that was shown. */
  before: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT[\d:.]+Z_[0-9a-f-]{36}$/)
    .transform((text) => {
      const [time = '', id = ''] = text.split('_')
      return { createdAt: new Date(time), id }
    })
    .refine(({ createdAt, id }) => !Number.isNaN(createdAt.getTime()) && isUuid(id))
    .optional(),
})

/** The latest calls of the key's account, newest first, some seconds after they ended; `next` goes back in time. */
keys.get('/api/v1/calls', async (c) => {
  const caller = await holder(c)
  const query = CallsQuery.safeParse(c.req.query())
  if (!query.success) throw refuseField(query.error.issues[0]?.path.join('.') ?? 'query', 'is not valid')
  const { limit, before } = query.data
  const { calls, next } = await callsOf(c.env, caller.accountId, { limit, ...(before === undefined ? {} : { before }) })
  return c.json({ calls: calls.map(shownCall), next: next && `${next.createdAt.toISOString()}_${next.id}` })
})

async function holder(c: Context<AppContext>): Promise<Caller> {
  const caller = await identify(c.env, readKey(c.req.raw.headers))
  if (!caller) throw new AppError('invalidApiKey')
  return caller
}

function shownCall(call: CallPage['calls'][number]): Record<string, unknown> {
  return {
    id: call.id,
    request_id: call.requestId,
    agent_id: call.agentId,
    agent_version: call.agentVersion,
    api_key_id: call.apiKeyId,
    stream: call.stream,
    status: call.status,
    error_code: call.errorCode,
    funding: call.funding,
    price_usd: call.priceUsd,
    cost_usd: call.costUsd,
    premium_usd: call.premiumUsd,
    input_tokens: call.inputTokens,
    output_tokens: call.outputTokens,
    latency_ms: call.latencyMs,
    first_content_ms: call.firstContentMs,
    created_at: call.createdAt,
  }
}
