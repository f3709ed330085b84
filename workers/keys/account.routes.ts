/** What a developer's account may still call, and what it has called. */
import { Hono } from 'hono'
import * as z from 'zod'
import { developer } from '../auth/auth.ts'
import { AppError } from '../base/errors.ts'
import { pageOf, PageQuery, readCursor, writeCursor } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams } from '../base/wire.ts'
import { format, fromUnits } from '../money/amount.ts'
import { callOf, callsOf, quotaOf } from '../quota/quota.ts'
import type { AppContext } from '../env.ts'
import { Call, shownCall } from './call-answer.ts'

export const developerAccount = new Hono<AppContext>()
const route = routesOf(developerAccount, 'Usage')

const Quota = z.object({
  calls: z.object({
    remaining: z.int().describe('Units that can still be admitted.'),
    held: z.int().describe('Calls that are running.'),
    used: z.int().describe('Units of calls that were charged; trials draw none.'),
    granted: z.int(),
  }),
  balance_usd: z.string().describe('Prepaid, for premiums; what running calls hold is taken off.'),
  rate: z.object({ limit: z.int(), remaining: z.int(), reset_seconds: z.int() }).describe('Calls in any 60 seconds.'),
  lots: z
    .array(
      z.object({
        id: z.string(),
        kind: z.enum(['paid', 'promotional']),
        calls: z.int(),
        remaining: z.int(),
        /** Frozen while its payment is disputed, closed when that has gone back. */
        state: z.enum(['active', 'frozen', 'closed']).default('active'),
      }),
    )
    .describe('In the order in which they are drawn.'),
  keys: z
    .array(
      z.object({
        api_key_id: Id,
        caps: z.array(
          z.object({
            period: z.enum(['day', 'week', 'month']),
            cap: z.int(),
            used: z.int(),
            reset_seconds: z.int(),
          }),
        ),
      }),
    )
    .describe('The keys that have caps, and how far these are used.'),
})

route(
  'GET /api/v1/developers/quota',
  { summary: 'What your account may still call, at this moment', who: developer, answer: Quota },
  async ({ env, me }) => {
    const { remaining, held, used, granted, balance, rate, lots, keys = [] } = await quotaOf(env, me.id)
    const seconds = (ms: number): number => Math.ceil(ms / 1_000)
    return {
      calls: { remaining, held, used, granted },
      balance_usd: format(fromUnits(balance)),
      rate: { limit: rate.limit, remaining: rate.remaining, reset_seconds: seconds(rate.resetMs) },
      lots,
      keys: keys.map(({ keyId, caps }) => ({
        api_key_id: keyId,
        caps: caps.map(({ period, cap, used, resetMs }) => ({ period, cap, used, reset_seconds: seconds(resetMs) })),
      })),
    }
  },
)

const Instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const LATENCY_MS_MAX = 2_147_483_647

const CallsQuery = PageQuery.extend({
  agent_id: Id.optional(),
  api_key_id: Id.optional(),
  status: z.enum(['success', 'error', 'timeout']).optional(),
  from: Instant.optional().describe('The earliest end of a call.'),
  to: Instant.optional().describe('Before which a call ended.'),
  min_latency: z.coerce.number().int().min(0).max(LATENCY_MS_MAX).optional().describe('Milliseconds.'),
})

const CallPlace = z.tuple([z.iso.datetime({ precision: 3 }), Id])

route(
  'GET /api/v1/developers/calls',
  {
    summary: 'Your calls, the newest first, some seconds after they ended',
    description:
      'Where few calls meet the filters a page may hold fewer than `limit`, or none, and still name a next one: go on until `next_cursor` is null.',
    who: developer,
    query: CallsQuery,
    answer: pageOf(Call),
  },
  async ({ env, me, query: { limit, cursor, agent_id, api_key_id, status, from, to, min_latency } }) => {
    const place = readCursor(cursor, CallPlace)
    const before = place && { createdAt: new Date(place[0]), id: place[1] }
    const filter = { agentId: agent_id, apiKeyId: api_key_id, status, from, to, latencyMsMin: min_latency }
    const { calls, next } = await callsOf(env, me.id, { limit, before, filter })
    return { items: calls.map(shownCall), next_cursor: next && writeCursor([next.createdAt.toISOString(), next.id]) }
  },
)

route(
  'GET /api/v1/developers/calls/:id',
  { summary: 'One of your calls', who: developer, params: IdParams, answer: Call, errors: ['notFound'] },
  async ({ env, me, params: { id } }) => {
    const call = await callOf(env, me.id, id)
    if (!call) throw new AppError('notFound')
    return shownCall(call)
  },
)
