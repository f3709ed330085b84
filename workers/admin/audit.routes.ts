/** What was done in the platform's name, newest first. */
import { Hono } from 'hono'
import { and, desc, eq, gte, lt, sql } from 'drizzle-orm'
import * as z from 'zod'
import { admin } from '../auth/auth.ts'
import { auditLog } from '../auth/tables.ts'
import { db, reach } from '../base/db.ts'
import { atMicros, micros, Micros, pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, Moment } from '../base/wire.ts'
import type { AppContext } from '../env.ts'

export const auditRoutes = new Hono<AppContext>()
const route = routesOf(auditRoutes, 'Administration')

const Place = z.tuple([Micros, z.uuid()])

const Query = PageQuery.extend({
  actor_id: Id.optional(),
  action: z.string().min(1).max(60).optional(),
  subject_type: z.string().min(1).max(30).optional(),
  subject_id: z.string().min(1).max(128).optional(),
  from: z.iso.datetime().optional().describe('The first moment that is shown.'),
  to: z.iso.datetime().optional().describe('The moment before which it ends.'),
}).refine(({ subject_type, subject_id }) => (subject_type === undefined) === (subject_id === undefined), {
  path: ['subject_id'],
  message: 'goes together with subject_type',
})

const Entry = z.object({
  id: Id,
  /** Null: the operator. */
  actor_id: Id.nullable(),
  actor_role: z.string(),
  action: z.string(),
  subject_type: z.string(),
  subject_id: z.string(),
  reason: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
  request_id: z.string().nullable(),
  created_at: Moment,
})

route(
  'GET /api/v1/admin/audit-log',
  {
    summary: 'Who did what to whom, and why, newest first',
    who: admin('system:admin'),
    query: Query,
    answer: pageOf(Entry),
  },
  async ({ env, query: { limit, cursor, actor_id, action, subject_type, subject_id, from, to } }) => {
    const after = readCursor(cursor, Place)
    const rows = await reach(() =>
      db(env)
        .select({
          id: auditLog.id,
          actor_id: auditLog.actorId,
          actor_role: auditLog.actorRole,
          action: auditLog.action,
          subject_type: auditLog.subjectType,
          subject_id: auditLog.subjectId,
          reason: auditLog.reason,
          details: auditLog.details,
          request_id: auditLog.requestId,
          created_at: auditLog.createdAt,
          place: micros(auditLog.createdAt),
        })
        .from(auditLog)
        .where(
          and(
            actor_id === undefined ? undefined : eq(auditLog.actorId, actor_id),
            action === undefined ? undefined : eq(auditLog.action, action),
            subject_type === undefined ? undefined : eq(auditLog.subjectType, subject_type),
            subject_id === undefined ? undefined : eq(auditLog.subjectId, subject_id),
            from === undefined ? undefined : gte(auditLog.createdAt, new Date(from)),
            to === undefined ? undefined : lt(auditLog.createdAt, new Date(to)),
            after && sql`(${auditLog.createdAt}, ${auditLog.id}) < (${atMicros(after[0])}, ${after[1]}::uuid)`,
          ),
        )
        .orderBy(desc(auditLog.createdAt), desc(auditLog.id))
        .limit(limit + 1),
    )
    return toPage(rows, limit, (row) => [row.place, row.id])
  },
)
