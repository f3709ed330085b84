/**
 * How many approved reviews of each rating an agent has, and with them the average that it shows. Figures move in the same
 * statement as the review that moves them, by exactly what that changes, so they can neither drift nor cost more with a
 * million reviews than with one. Whatever changes a review's rating or status goes through here.
 */
import { eq, sql, type SQL } from 'drizzle-orm'
import { ratingUpdate } from '../agents/agents.ts'
import { db, reach } from '../base/db.ts'
import { reviewFigures, reviews } from './tables.ts'
import type { Bindings } from '../env.ts'

export const STARS = [1, 2, 3, 4, 5] as const

/** Statements for a batch: changes the review of this agent that is `isThis`. The batch is undone if there is none (`isUnchanged`). */
export function changeReview(env: Bindings, agentId: string, isThis: SQL, set: SQL) {
  return moving(
    env,
    agentId,
    isThis,
    sql`UPDATE ${reviews} SET ${set} FROM before WHERE reviews.id = before.id
        RETURNING before.status AS old_status, before.rating AS old_rating, reviews.status, reviews.rating`,
  )
}

/** Statements for a batch: removes the review of this agent that is `isThis`. The batch is undone if there is none. */
export function removeReview(env: Bindings, agentId: string, isThis: SQL) {
  return moving(
    env,
    agentId,
    isThis,
    sql`DELETE FROM ${reviews} USING before WHERE reviews.id = before.id
        RETURNING before.status AS old_status, before.rating AS old_rating, 'removed' AS status, reviews.rating`,
  )
}

export type Figures = {
  count: number
  /** To two decimals; null without a review. */
  average: number | null
  distribution: Record<(typeof STARS)[number], number>
}

/** The figures of an agent's approved reviews. */
export async function figuresOf(env: Bindings, agentId: string): Promise<Figures> {
  const [row] = await reach(() => db(env).select().from(reviewFigures).where(eq(reviewFigures.agentId, agentId)))
  const distribution = {
    1: row?.stars1 ?? 0,
    2: row?.stars2 ?? 0,
    3: row?.stars3 ?? 0,
    4: row?.stars4 ?? 0,
    5: row?.stars5 ?? 0,
  }
  const count = STARS.reduce((sum, stars) => sum + distribution[stars], 0)
  const total = STARS.reduce((sum, stars) => sum + stars * distribution[stars], 0)
  return { count, average: count === 0 ? null : Math.round((total * 100) / count) / 100, distribution }
}

function moving(env: Bindings, agentId: string, isThis: SQL, change: SQL) {
  const isIt = sql`agent_id = ${agentId} AND ${isThis}`
  const move = sql`
    WITH before AS (
      SELECT id, status, rating FROM ${reviews} WHERE ${isIt}
    ), after AS (${change}), counted AS (
      UPDATE ${reviewFigures} SET ${sql.join(STARS.map(moved), sql`, `)} FROM after WHERE agent_id = ${agentId}
    )
    SELECT demand_change(count(*)) FROM after`
  // A statement sees what was there when it began, so whoever is at the same figures or review is waited for in statements
  // of their own. The first writes nothing where there are figures already, but locks them all the same.
  return [
    db(env)
      .insert(reviewFigures)
      .values({ agentId })
      .onConflictDoUpdate({ target: reviewFigures.agentId, set: { agentId }, setWhere: sql`false` }),
    db(env).execute(sql`SELECT id FROM ${reviews} WHERE ${isIt} FOR UPDATE`),
    db(env).execute(move),
    ratingUpdate(env, agentId, {
      average: figure(agentId, AVERAGE),
      count: figure(agentId, COUNT),
      counts: figure(agentId, COUNTS),
    }),
  ] as const
}

function moved(stars: number): SQL {
  const column = sql.raw(`stars_${stars}`)
  const one = (status: string, rating: string): SQL =>
    sql.raw(`(after.${status} = 'approved' AND after.${rating} = ${stars})::int`)
  return sql`${column} = review_figures.${column} + ${one('status', 'rating')} - ${one('old_status', 'old_rating')}`
}

const COUNT = sql.raw(STARS.map((stars) => `stars_${stars}`).join(' + '))
const COUNTS = sql.raw(`ARRAY[${STARS.map((stars) => `stars_${stars}`).join(', ')}]`)
const TOTAL = sql.raw(STARS.map((stars) => `${stars} * stars_${stars}`).join(' + '))
const AVERAGE = sql`coalesce(round((${TOTAL})::numeric / nullif(${COUNT}, 0), 2), 0)`

function figure(agentId: string, expression: SQL): SQL {
  return sql`(SELECT ${expression} FROM ${reviewFigures} WHERE agent_id = ${agentId})`
}
