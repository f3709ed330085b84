/**
 * What developers say of agents. This room owns reviews, the creators' replies, reports, and the figures made of them. It
 * promises that the average shown is that of the approved reviews, and that only who has called an agent ten times with
 * success reviews it, once. It never shows who wrote a review, nor one that no moderator has seen.
 */
import { and, asc, eq, or, sql } from 'drizzle-orm'
import * as z from 'zod'
import { agents } from '../agents/tables.ts'
import { db, isUnchanged, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { idFrom } from '../base/ids.ts'
import { clock } from '../base/clock.ts'
import { atMicros, micros, Micros, readCursor, toPage } from '../base/page.ts'
import { emit } from '../webhooks/webhooks.ts'
import { changeReview } from './figures.ts'
import { reviewReports, reviews } from './tables.ts'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Bindings } from '../env.ts'

/** So many reports put an approved review back into the queue. It is shown until a moderator has decided. */
export const REPORTS_TO_QUEUE = 3
/** Of the reports on one review a moderator is shown so many. */
const REASONS_SHOWN = 10

const isQueued = or(eq(reviews.status, 'pending'), sql`${reviews.reports} >= ${sql.raw(String(REPORTS_TO_QUEUE))}`)
const QueuePlace = z.tuple([Micros, z.uuid()])

/** A page of the reviews that wait for a moderator, those that have waited longest first. */
export async function moderationQueue(env: Bindings, page: { limit: number; cursor?: string | undefined }) {
  const after = readCursor(page.cursor, QueuePlace)
  const isAfter = after && sql`(${reviews.queuedAt}, ${reviews.id}) > (${atMicros(after[0])}, ${after[1]}::uuid)`
  // The latest, and only those since the last decision: what was said before it has been decided on.
  const reasons = sql<string[]>`ARRAY(
    SELECT reason FROM ${reviewReports} WHERE review_id = ${reviews.id}
    ORDER BY created_at DESC LIMIT least(${reviews.reports}, ${REASONS_SHOWN}::int)
  )`
  const rows = await reach(() =>
    db(env)
      .select({
        id: reviews.id,
        agentId: reviews.agentId,
        agentName: agents.name,
        userId: reviews.userId,
        rating: reviews.rating,
        content: reviews.content,
        reply: reviews.reply,
        status: reviews.status,
        revision: reviews.revision,
        reports: reviews.reports,
        reportReasons: reasons,
        createdAt: reviews.createdAt,
        queuedAt: reviews.queuedAt,
        place: micros(reviews.queuedAt),
      })
      .from(reviews)
      .innerJoin(agents, eq(agents.id, reviews.agentId))
      .where(and(isQueued, isAfter))
      .orderBy(asc(reviews.queuedAt), asc(reviews.id))
      .limit(page.limit + 1),
  )
  return toPage(rows, page.limit, (row) => [row.place, row.id])
}

export type Decision = {
  status: 'approved' | 'rejected'
  /** The revision that the moderator has read; a later one is not decided on. */
  revision: number
  reason: string
}

/**
 * Decides on a review, reported or not, and runs `record`, the line in the audit log, in the same transaction. The first
 * approval tells the creator. Repeatable. Throws `notFound`, or `conflict` if the review has been edited since it was read.
 */
export async function decide(
  env: Bindings,
  reviewId: string,
  { status, revision, reason }: Decision,
  record: BatchItem<'pg'>,
): Promise<void> {
  const isThis = eq(reviews.id, reviewId)
  const [review] = await reach(() =>
    db(env)
      .select({ agentId: reviews.agentId, creatorId: agents.creatorId, rating: reviews.rating })
      .from(reviews)
      .innerJoin(agents, eq(agents.id, reviews.agentId))
      .where(isThis),
  )
  if (!review) throw new AppError('notFound')
  const isAsRead = sql`id = ${reviewId} AND revision = ${revision}`
  const because = status === 'rejected' ? reason : null
  const set = sql`status = ${status}, rejected_because = ${because}, reports = 0`
  try {
    await reach(() => db(env).batch([...changeReview(env, review.agentId, isAsRead, set), record]))
  } catch (thrown) {
    throw isUnchanged(thrown) ? new AppError('conflict') : thrown
  }
  if (status === 'rejected') return
  // Under one id however often it is approved, so that its creator hears of it once.
  const id = await idFrom('review.created', reviewId)
  const { agentId, creatorId: userId, rating } = review
  const data = { review_id: reviewId, agent_id: agentId, rating }
  await emit(env, [{ v: 1, id, type: 'review.created', userId, at: clock.now(), data }])
}
