/** Agents as admins see them: everything but what they are made of. No admin can read a prompt. */
import { Hono } from 'hono'
import { and, desc, eq, like, sql } from 'drizzle-orm'
import * as z from 'zod'
import { forgetAgent } from '../agents/agents.ts'
import { releaseAgent, stopAgent } from '../agents/stops.ts'
import { agents } from '../agents/tables.ts'
import { admin } from '../auth/auth.ts'
import { db, mustChange, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { atMicros, micros, Micros, pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { Dollars } from '../money/dollars.ts'
import { line, Reason, unlessUnchanged } from './change.ts'
import type { AppContext, Bindings } from '../env.ts'

export const agentRoutes = new Hono<AppContext>()
const route = routesOf(agentRoutes, 'Administration')

const FEATURED_MAX = 1_000
const Place = z.tuple([Micros, z.uuid()])
const Status = z.enum(['draft', 'active', 'inactive', 'archived'])

const Agent = z.object({
  id: Id,
  slug: z.string(),
  name: z.string(),
  category: z.string().nullable(),
  creator_id: Id,
  status: Status,
  /** Why somebody other than its creator took it out of service. */
  stopped_because: z.enum(['admin', 'barred', 'suspended', 'closed']).nullable(),
  featured_rank: z.int().nullable(),
  version: z.int(),
  provider: z.string(),
  model: z.string(),
  price_usd: Dollars,
  total_calls: z.int(),
  total_revenue_usd: Dollars,
  average_rating: z.coerce.number(),
  review_count: z.int(),
  created_at: Moment,
  published_at: Moment.nullable(),
})

const columns = {
  id: agents.id,
  slug: agents.slug,
  name: agents.name,
  category: agents.category,
  creator_id: agents.creatorId,
  status: agents.status,
  stopped_because: agents.stoppedBecause,
  featured_rank: agents.featuredRank,
  version: agents.version,
  provider: agents.provider,
  model: agents.model,
  price_usd: agents.pricePerCall,
  total_calls: agents.totalCalls,
  total_revenue_usd: agents.totalRevenue,
  average_rating: agents.averageRating,
  review_count: agents.reviewCount,
  created_at: agents.createdAt,
  published_at: agents.publishedAt,
  place: micros(agents.createdAt),
}

route(
  'GET /api/v1/admin/agents',
  {
    summary: 'All agents, newest first',
    who: admin('agents:view'),
    query: PageQuery.extend({
      status: Status.optional(),
      creator_id: Id.optional(),
      /** How the slug begins. */
      slug: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,99}$/)
        .optional(),
    }),
    answer: pageOf(Agent),
  },
  async ({ env, query: { limit, cursor, status, creator_id, slug } }) => {
    const after = readCursor(cursor, Place)
    const rows = await reach(() =>
      db(env)
        .select(columns)
        .from(agents)
        .where(
          and(
            status === undefined ? undefined : eq(agents.status, status),
            creator_id === undefined ? undefined : eq(agents.creatorId, creator_id),
            slug === undefined ? undefined : like(agents.slug, `${slug}%`),
            after && sql`(${agents.createdAt}, ${agents.id}) < (${atMicros(after[0])}, ${after[1]}::uuid)`,
          ),
        )
        .orderBy(desc(agents.createdAt), desc(agents.id))
        .limit(limit + 1),
    )
    return toPage(rows, limit, (row) => [row.place, row.id])
  },
)

route(
  'GET /api/v1/admin/agents/:id',
  { summary: 'One agent', who: admin('agents:view'), params: IdParams, answer: Agent, errors: ['agentNotFound'] },
  async ({ env, params }) => agentOf(env, params.id),
)

route(
  'PUT /api/v1/admin/agents/:id/status',
  {
    summary: 'Take an agent out of service, or let it back',
    description:
      '`inactive` keeps its creator from publishing it; `active` undoes that, and puts it back into service if it was in service before. Repeatable, and effective within a second.',
    who: admin('agents:manage'),
    params: IdParams,
    body: z.object({ status: z.enum(['active', 'inactive']), reason: Reason }),
    answer: Agent,
    errors: ['agentNotFound', 'conflict'],
  },
  async ({ c, env, me, params: { id }, body: { status, reason } }) => {
    const before = await agentOf(env, id)
    const action = status === 'inactive' ? 'agent.stop' : 'agent.release'
    const details = { status: before.status, stopped_because: before.stopped_because }
    const change = status === 'inactive' ? stopAgent(env, id) : releaseAgent(env, id)
    const isDone = await unlessUnchanged(() =>
      db(env).batch([
        mustChange(env, change),
        line(c, me, { action, subject: { type: 'agent', id }, reason, details }),
      ]),
    )
    // Also where nothing was changed: a repetition then finishes what was broken off here.
    await forgetAgent(env, before)
    const now = await agentOf(env, id)
    if (!isDone && !isAsAsked(now, status)) throw new AppError('conflict', { message: CANNOT_CHANGE })
    return now
  },
)

route(
  'PUT /api/v1/admin/agents/:id/featured',
  {
    summary: 'Feature an agent, or no longer',
    who: admin('agents:manage'),
    params: IdParams,
    /** Its place among the featured ones, 1 first; null: none. */
    body: z.object({ rank: z.int().min(1).max(FEATURED_MAX).nullable(), reason: Reason }),
    answer: Agent,
    errors: ['agentNotFound'],
  },
  async ({ c, env, me, params: { id }, body: { rank, reason } }) => {
    const change = db(env)
      .update(agents)
      .set({ featuredRank: rank })
      .where(eq(agents.id, id))
      .returning({ id: agents.id })
    const isDone = await unlessUnchanged(() =>
      db(env).batch([
        mustChange(env, change),
        line(c, me, { action: 'agent.feature', subject: { type: 'agent', id }, reason, details: { rank } }),
      ]),
    )
    if (!isDone) throw new AppError('agentNotFound')
    return agentOf(env, id)
  },
)

const CANNOT_CHANGE =
  'No admin has stopped this agent, or its creator is suspended or gone; so it is not an admin’s to put into service.'

function isAsAsked(agent: { status: string; stopped_because: string | null }, status: 'active' | 'inactive'): boolean {
  return status === 'active' ? agent.status === 'active' : agent.stopped_because !== null
}

async function agentOf(env: Bindings, id: string) {
  const [row] = await reach(() => db(env).select(columns).from(agents).where(eq(agents.id, id)))
  if (!row) throw new AppError('agentNotFound')
  return row
}
