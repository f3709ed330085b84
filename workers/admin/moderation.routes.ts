/** Reviews that wait for somebody to read them. */
import { Hono } from 'hono'
import { eq } from 'drizzle-orm'
import * as z from 'zod'
import { admin } from '../auth/auth.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { pageOf, PageQuery } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { decide, moderationQueue } from '../reviews/reviews.ts'
import { reviews } from '../reviews/tables.ts'
import { line, Reason } from './change.ts'
import type { AppContext, Bindings } from '../env.ts'

export const moderationRoutes = new Hono<AppContext>()
const route = routesOf(moderationRoutes, 'Administration')

const Queued = z.object({
  id: Id,
  agent_id: Id,
  agent_name: z.string(),
  user_id: Id,
  rating: z.int(),
  content: z.string().nullable(),
  reply: z.string().nullable(),
  status: z.enum(['pending', 'approved', 'rejected']),
  /** Goes into the decision, so that no later text is decided on. */
  revision: z.int(),
  reports: z.int(),
  report_reasons: z.array(z.string()),
  created_at: Moment,
  queued_at: Moment,
})

/** Without a revision, the decision is on the text as it stands. */
const revision = z.int().min(1).optional()

route(
  'GET /api/v1/admin/moderation/queue',
  {
    summary: 'Reviews that wait for a decision, those that have waited longest first',
    who: admin('content:moderate'),
    query: PageQuery,
    answer: pageOf(Queued),
  },
  async ({ env, query }) => {
    const { items, next_cursor } = await moderationQueue(env, query)
    return {
      items: items.map((row) => ({
        id: row.id,
        agent_id: row.agentId,
        agent_name: row.agentName,
        user_id: row.userId,
        rating: row.rating,
        content: row.content,
        reply: row.reply,
        status: row.status,
        revision: row.revision,
        reports: row.reports,
        report_reasons: row.reportReasons,
        created_at: row.createdAt,
        queued_at: row.queuedAt,
      })),
      next_cursor,
    }
  },
)

route(
  'POST /api/v1/admin/moderation/reviews/:id/approve',
  {
    summary: 'Let a review be shown',
    who: admin('content:moderate'),
    params: IdParams,
    body: z.object({ revision, reason: Reason.optional() }),
    errors: ['notFound', 'conflict'],
  },
  async ({ c, env, me, params: { id }, body: { revision: read, reason } }) => {
    const asRead = read ?? (await revisionOf(env, id))
    const details = { revision: asRead }
    const record = line(c, me, { action: 'review.approve', subject: { type: 'review', id }, reason, details })
    await decide(env, id, { status: 'approved', revision: asRead, reason: reason ?? '' }, record)
  },
)

route(
  'POST /api/v1/admin/moderation/reviews/:id/reject',
  {
    summary: 'Keep a review from being shown',
    description: 'Its writer is shown the reason.',
    who: admin('content:moderate'),
    params: IdParams,
    body: z.object({ revision, reason: Reason }),
    errors: ['notFound', 'conflict'],
  },
  async ({ c, env, me, params: { id }, body: { revision: read, reason } }) => {
    const asRead = read ?? (await revisionOf(env, id))
    const details = { revision: asRead }
    const record = line(c, me, { action: 'review.reject', subject: { type: 'review', id }, reason, details })
    await decide(env, id, { status: 'rejected', revision: asRead, reason }, record)
  },
)

async function revisionOf(env: Bindings, id: string): Promise<number> {
  const [row] = await reach(() =>
    db(env).select({ revision: reviews.revision }).from(reviews).where(eq(reviews.id, id)),
  )
  if (!row) throw new AppError('notFound')
  return row.revision
}
