/** What a program can ask about the API key that it holds. */
import { Hono } from 'hono'
import * as z from 'zod'
import { isUuid } from '../base/ids.ts'
import { routesOf } from '../base/route.ts'
import { Id } from '../base/wire.ts'
import { format, fromUnits } from '../money/amount.ts'
import { callsOf, quotaOf } from '../quota/quota.ts'
import { Call, shownCall } from './call-answer.ts'
import { keyHolder } from './keys.ts'
import type { AppContext } from '../env.ts'

export const keys = new Hono<AppContext>()
const route = routesOf(keys, 'API keys', 'What a program can ask about the key that it holds.')

const KeyState = z.object({
  key_id: Id,
  calls: z.object({ remaining: z.int(), used: z.int(), held: z.int(), granted: z.int() }),
  balance_usd: z.string(),
  rate: z.object({ limit: z.int(), remaining: z.int(), reset_seconds: z.int() }),
  lots: z.array(
    z.object({ id: z.string(), kind: z.enum(['paid', 'promotional']), calls: z.int(), remaining: z.int() }),
  ),
  unsent_logs: z.int(),
})

route(
  'GET /api/v1/key',
  {
    summary: 'What is left on the account of the key that asks',
    who: keyHolder,
    answer: KeyState,
    errors: ['accountSuspended'],
  },
  async ({ env, me }) => {
    const quota = await quotaOf(env, me.accountId)
    return {
      key_id: me.keyId,
      calls: { remaining: quota.remaining, used: quota.used, held: quota.held, granted: quota.granted },
      balance_usd: format(fromUnits(quota.balance)),
      rate: {
        limit: quota.rate.limit,
        remaining: quota.rate.remaining,
        reset_seconds: Math.ceil(quota.rate.resetMs / 1_000),
      },
      lots: quota.lots,
      unsent_logs: quota.unsent,
    }
  },
)

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

route(
  'GET /api/v1/calls',
  {
    summary: 'The latest calls of the key’s account, newest first, some seconds after they ended',
    who: keyHolder,
    query: CallsQuery,
    answer: z.object({ calls: z.array(Call), next: z.string().nullable() }),
    errors: ['accountSuspended'],
  },
  async ({ env, me, query: { limit, before } }) => {
    const { calls, next } = await callsOf(env, me.accountId, { limit, ...(before === undefined ? {} : { before }) })
    return { calls: calls.map(shownCall), next: next && `${next.createdAt.toISOString()}_${next.id}` }
  },
)
