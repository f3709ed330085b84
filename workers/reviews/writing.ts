/** What developers, creators and readers do to reviews. Whatever is not theirs is not there: the same 404. */
import { and, eq, sql, type SQL } from 'drizzle-orm'
import { findAgent } from '../agents/agents.ts'
import { agents } from '../agents/tables.ts'
import { clock } from '../base/clock.ts'
import { db, isUnchanged, isUniqueViolation, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { successesOf } from '../quota/quota.ts'
import { changeReview, removeReview } from './figures.ts'
import { reviewReports, reviews } from './tables.ts'
import type { User } from '../auth/auth.ts'
import type { Bindings } from '../env.ts'

/** So many successful calls to an agent make somebody who can speak of it. */
const CALLS_NEEDED = 10

export type ReviewInput = { rating: number; content: string | null }

/**
 * Writes a review, which waits for a moderator. Throws `agentNotFound` unless the agent is published, `emailNotVerified`,
 * `tooFewCalls`, and `alreadyReviewed`.
 */
export async function submitReview(env: Bindings, user: User, agentId: string, input: ReviewInput): Promise<string> {
  const agent = await findAgent(env, agentId)
  if (agent?.status !== 'active') throw new AppError('agentNotFound')
  if (!user.emailVerified) throw new AppError('emailNotVerified')
  const calls = await successesOf(env, user.id, agentId, CALLS_NEEDED)
  if (calls < CALLS_NEEDED) throw new AppError('tooFewCalls', { details: { calls, needed: CALLS_NEEDED } })
  const row = { agentId, userId: user.id, ...input }
  try {
    const [written] = await reach(() => db(env).insert(reviews).values(row).returning({ id: reviews.id }))
    if (!written) throw new AppError('internal')
    return written.id
  } catch (thrown) {
    throw isUniqueViolation(thrown) ? new AppError('alreadyReviewed') : thrown
  }
}

/** Changes one's own review, which then waits for a moderator again; what was said of the text before is dropped. Throws `notFound`. */
export async function editReview(env: Bindings, userId: string, id: string, input: ReviewInput): Promise<void> {
  const isOwn = sql`id = ${id} AND user_id = ${userId}`
  const agentId = await agentOf(env, and(eq(reviews.id, id), eq(reviews.userId, userId)))
  const set = sql`rating = ${input.rating}, content = ${input.content}, status = 'pending', revision = reviews.revision + 1,
    edited_at = now(), queued_at = now(), reports = 0, rejected_because = NULL`
  await orNotFound(() =>
    db(env).batch([
      ...changeReview(env, agentId, isOwn, set),
      db(env).delete(reviewReports).where(eq(reviewReports.reviewId, id)),
    ]),
  )
}

/** Removes one's own review, with its reply and reports. Throws `notFound`. */
export async function deleteReview(env: Bindings, userId: string, id: string): Promise<void> {
  const isOwn = sql`id = ${id} AND user_id = ${userId}`
  const agentId = await agentOf(env, and(eq(reviews.id, id), eq(reviews.userId, userId)))
  await orNotFound(() => db(env).batch([...removeReview(env, agentId, isOwn)]))
}

/** Writes, changes (`isNew` false) or removes (`text` null) a creator's reply to an approved review of their agent. Throws `notFound`, `conflict`. */
export async function setReply(
  env: Bindings,
  creatorId: string,
  id: string,
  { text, isNew }: { text: string | null; isNew: boolean },
): Promise<void> {
  const isTheirs = sql`${reviews.agentId} IN (SELECT id FROM ${agents} WHERE creator_id = ${creatorId})`
  const isThis = and(eq(reviews.id, id), eq(reviews.status, 'approved'), isTheirs)
  const isReady = isNew ? sql`${reviews.reply} IS NULL` : sql`${reviews.reply} IS NOT NULL`
  const repliedAt = text === null ? null : new Date(clock.now())
  const rows = await reach(() =>
    db(env).update(reviews).set({ reply: text, repliedAt }).where(and(isThis, isReady)).returning({ id: reviews.id }),
  )
  if (rows.length > 0) return
  // Either there is no such review of theirs, or its reply is there already (a new one) or is not there (a change).
  await agentOf(env, isThis)
  throw new AppError(isNew ? 'conflict' : 'notFound')
}

/** Reports an approved review, once per user. Throws `notFound`, `alreadyReported`. */
export async function reportReview(env: Bindings, userId: string, id: string, reason: string): Promise<void> {
  const isShown = and(eq(reviews.id, id), eq(reviews.status, 'approved'))
  // The moment at which it comes into the queue is that of the report which puts it there; later ones leave it its place.
  const report = sql`
    WITH reported AS (
      INSERT INTO ${reviewReports} (review_id, user_id, reason)
      SELECT id, ${userId}, ${reason} FROM ${reviews} WHERE ${isShown} RETURNING review_id
    ), counted AS (
      UPDATE ${reviews} SET reports = reports + 1, queued_at = CASE WHEN reports < 3 THEN now() ELSE queued_at END
      FROM reported WHERE id = reported.review_id RETURNING id
    )
    SELECT demand_change(count(*)) FROM counted`
  try {
    // Locked by a statement of its own, so that the next one sees what whoever was at it before has made of it.
    const lock = db(env).select({ id: reviews.id }).from(reviews).where(isShown).for('update')
    await orNotFound(() => db(env).batch([lock, db(env).execute(report)]))
  } catch (thrown) {
    throw isUniqueViolation(thrown) ? new AppError('alreadyReported') : thrown
  }
}

/** The agent that a review is about. Throws `notFound` if there is no such review. */
async function agentOf(env: Bindings, isThis: SQL | undefined): Promise<string> {
  const [row] = await reach(() => db(env).select({ agentId: reviews.agentId }).from(reviews).where(isThis))
  if (!row) throw new AppError('notFound')
  return row.agentId
}

async function orNotFound(work: () => Promise<unknown>): Promise<void> {
  try {
    await reach(work)
  } catch (thrown) {
    throw isUnchanged(thrown) ? new AppError('notFound') : thrown
  }
}
