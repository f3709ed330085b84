/** Reviews as readers, their writers and the creators see them. */
import { and, desc, eq, sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { findAgent } from '../agents/agents.ts'
import { agents } from '../agents/tables.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { atMicros, micros, Micros, readCursor, toPage } from '../base/page.ts'
import { reviews } from './tables.ts'
import type { Bindings } from '../env.ts'

type Page = { limit: number; cursor?: string | undefined }

const columns = {
  id: reviews.id,
  agentId: reviews.agentId,
  rating: reviews.rating,
  content: reviews.content,
  reply: reviews.reply,
  repliedAt: reviews.repliedAt,
  createdAt: reviews.createdAt,
  editedAt: reviews.editedAt,
  place: micros(reviews.createdAt),
}

const Newest = z.tuple([Micros, z.uuid()])
const Best = z.tuple([z.int().min(1).max(5), Micros, z.uuid()])
const isApproved = eq(reviews.status, 'approved')

/** The approved reviews of a published agent. Throws `agentNotFound`. */
export async function reviewsOf(env: Bindings, agentId: string, page: Page & { sort: 'newest' | 'rating' }) {
  const agent = await findAgent(env, agentId)
  if (agent?.status !== 'active') throw new AppError('agentNotFound')
  const isBest = page.sort === 'rating'
  const isAfter = isBest ? afterBest(page.cursor) : afterNewest(page.cursor)
  const order = [...(isBest ? [desc(reviews.rating)] : []), desc(reviews.createdAt), desc(reviews.id)]
  const rows = await reach(() =>
    db(env)
      .select(columns)
      .from(reviews)
      .where(and(eq(reviews.agentId, agentId), isApproved, isAfter))
      .orderBy(...order)
      .limit(page.limit + 1),
  )
  return toPage(rows, page.limit, (row) => [...(isBest ? [row.rating] : []), row.place, row.id])
}

/** What somebody has written, whatever has become of it, newest first. */
export async function reviewsBy(env: Bindings, userId: string, page: Page) {
  const state = { status: reviews.status, rejectedBecause: reviews.rejectedBecause }
  const rows = await reach(() =>
    db(env)
      .select({ ...columns, ...state })
      .from(reviews)
      .where(and(eq(reviews.userId, userId), afterNewest(page.cursor)))
      .orderBy(desc(reviews.createdAt), desc(reviews.id))
      .limit(page.limit + 1),
  )
  return toPage(rows, page.limit, (row) => [row.place, row.id])
}

/** One review as its writer sees it. Throws `notFound`. */
export async function ownReview(env: Bindings, userId: string, id: string) {
  const state = { status: reviews.status, rejectedBecause: reviews.rejectedBecause }
  const [row] = await reach(() =>
    db(env)
      .select({ ...columns, ...state })
      .from(reviews)
      .where(and(eq(reviews.id, id), eq(reviews.userId, userId))),
  )
  if (!row) throw new AppError('notFound')
  return row
}

/**
 * The approved reviews of a creator's agents, newest first: of each agent as many as the page could need, along the index,
 * and of these the newest. So it costs by the number of agents and never by that of their reviews.
 */
export async function reviewsForCreator(
  env: Bindings,
  creatorId: string,
  page: Page & { agentId?: string | undefined },
) {
  const isOne = page.agentId === undefined ? undefined : eq(agents.id, page.agentId)
  const ofAgent = db(env)
    .select(columns)
    .from(reviews)
    .where(and(eq(reviews.agentId, agents.id), isApproved, afterNewest(page.cursor)))
    .orderBy(desc(reviews.createdAt), desc(reviews.id))
    .limit(page.limit + 1)
    .as('review')
  const rows = await reach(() =>
    db(env)
      .select({
        agentName: agents.name,
        id: ofAgent.id,
        agentId: ofAgent.agentId,
        rating: ofAgent.rating,
        content: ofAgent.content,
        reply: ofAgent.reply,
        repliedAt: ofAgent.repliedAt,
        createdAt: ofAgent.createdAt,
        editedAt: ofAgent.editedAt,
        place: micros(ofAgent.createdAt),
      })
      .from(agents)
      .innerJoinLateral(ofAgent, sql`true`)
      .where(and(eq(agents.creatorId, creatorId), isOne))
      .orderBy(desc(ofAgent.createdAt), desc(ofAgent.id))
      .limit(page.limit + 1),
  )
  return toPage(rows, page.limit, (row) => [row.place, row.id])
}

function afterNewest(cursor: string | undefined): SQL | undefined {
  const after = readCursor(cursor, Newest)
  return after && sql`(${reviews.createdAt}, ${reviews.id}) < (${atMicros(after[0])}, ${after[1]}::uuid)`
}

function afterBest(cursor: string | undefined): SQL | undefined {
  const after = readCursor(cursor, Best)
  if (!after) return undefined
  const [rating, moment, id] = after
  return sql`(${reviews.rating}, ${reviews.createdAt}, ${reviews.id}) < (${rating}::int, ${atMicros(moment)}, ${id}::uuid)`
}
