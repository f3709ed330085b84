/** Calls of a creator's agents, without a word of who made them or what was said. */
import { Hono } from 'hono'
import * as z from 'zod'
import { creator } from '../auth/auth.ts'
import { pageOf, PageQuery, readCursor, writeCursor } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, Moment } from '../base/wire.ts'
import { Dollars } from '../money/dollars.ts'
import { callsToAgentsOf, type CallPage } from '../quota/quota.ts'
import type { AppContext } from '../env.ts'

export const agentCalls = new Hono<AppContext>()
const route = routesOf(agentCalls, 'Analytics')

const STATUS = z.enum(['success', 'error', 'timeout'])
const Instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const CallsQuery = PageQuery.extend({
  agent_id: Id.optional(),
  status: STATUS.optional(),
  from: Instant.optional().describe('The earliest end of a call.'),
  to: Instant.optional().describe('Before which a call ended.'),
})
const CallPlace = z.tuple([z.iso.datetime({ precision: 3 }), Id])

const AgentCall = z.object({
  agent_id: Id,
  agent_version: z.int(),
  stream: z.boolean(),
  status: STATUS,
  error_code: z.string().nullable(),
  funding: z.enum(['paid', 'promotional', 'trial']).nullable(),
  price_usd: Dollars,
  revenue_usd: Dollars.describe('What counts as yours, before the platform’s share.'),
  latency_ms: z.int(),
  created_at: Moment,
})

route(
  'GET /api/v1/creators/me/calls',
  {
    summary: 'Calls of your agents, the newest first, some seconds after they ended',
    description:
      'Who called and what was said is not shown. Where few calls meet the filters a page may hold fewer than `limit`, or none, and still name a next one. An open window is told of new ones as `agent.called`.',
    who: creator,
    query: CallsQuery,
    answer: pageOf(AgentCall),
  },
  async ({ env, me, query: { limit, cursor, agent_id, status, from, to } }) => {
    const place = readCursor(cursor, CallPlace)
    const before = place && { createdAt: new Date(place[0]), id: place[1] }
    const page = { limit, before, filter: { agentId: agent_id, status, from, to } }
    const { calls, next } = await callsToAgentsOf(env, me.id, page)
    return { items: calls.map(shown), next_cursor: next && writeCursor([next.createdAt.toISOString(), next.id]) }
  },
)

function shown(call: CallPage['calls'][number]): z.input<typeof AgentCall> {
  return {
    agent_id: call.agentId,
    agent_version: call.agentVersion,
    stream: call.stream,
    status: call.status,
    error_code: call.errorCode,
    funding: call.funding,
    price_usd: call.priceUsd,
    revenue_usd: call.revenueUsd,
    latency_ms: call.latencyMs,
    created_at: call.createdAt,
  }
}
