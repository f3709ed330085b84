/**
 * The market: what everybody may see of agents that can be called. This room owns how they are found and shown, promises
 * that only published agents of active creators are, and never shows a word of a prompt.
 */
import { sql } from 'drizzle-orm'
import { CATEGORIES, type Category } from '../agents/categories.ts'
import { db, reach } from '../base/db.ts'
import { isUuid } from '../base/ids.ts'
import { CARD_COLUMNS, CARD_FIELDS, ofActiveCreator, type CardRow } from './card.ts'
import { search } from './search.ts'
import type { Bindings } from '../env.ts'

const FEATURED_MAX = 24
/** How many stand in the front row while admins have put nobody there. */
const BEST_RATED = 12
/** A shelf's agents are counted as far as this. */
export const COUNT_MAX = 1_000

/** The front row: agents that admins have put there, in their order; while there are none, the best rated. */
export async function featured(env: Bindings): Promise<CardRow[]> {
  const { rows } = await reach(() =>
    db(env).execute<CardRow>(sql`
      SELECT ${CARD_FIELDS} FROM (
        SELECT ${CARD_COLUMNS}, featured_rank FROM agents
        WHERE status = 'active' AND featured_rank IS NOT NULL AND ${ofActiveCreator}
        ORDER BY featured_rank, id LIMIT ${FEATURED_MAX}
      ) AS r LEFT JOIN creator_profiles p ON p.user_id = r.creator_id ORDER BY r.featured_rank, r.id
    `),
  )
  if (rows.length > 0) return rows
  return (await search(env, { sort: 'rating', limit: BEST_RATED })).rows
}

/** Every shelf with how many agents stand on it, at most `COUNT_MAX`. */
export async function shelves(env: Bindings): Promise<{ category: Category; agents: number }[]> {
  const { rows } = await reach(() =>
    db(env).execute<{ category: Category; agents: number }>(sql`
      SELECT shelf.category, (
        SELECT count(*)::int FROM (
          SELECT FROM agents a WHERE a.status = 'active' AND a.category = shelf.category LIMIT ${COUNT_MAX}
        ) AS counted
      ) AS agents
      FROM unnest(string_to_array(${CATEGORIES.join(' ')}, ' ')) WITH ORDINALITY AS shelf (category, place) ORDER BY place
    `),
  )
  return rows
}

/** What the page of an agent is made of, besides its figures and its history. */
export type PublicAgent = CardRow & {
  description: string | null
  version: number
  rating_counts: number[]
  token_id: string | null
  token_tx_hash: string | null
  bio: string | null
  avatar_url: string | null
}

/** The published agent of this id or slug, or null. */
export async function publicAgent(env: Bindings, idOrSlug: string): Promise<PublicAgent | null> {
  const name = idOrSlug.toLowerCase()
  const isThis = isUuid(name) ? sql`id = ${name}::uuid` : sql`slug = ${name}`
  const { rows } = await reach(() =>
    db(env).execute<PublicAgent>(sql`
      SELECT ${CARD_FIELDS}, r.description, r.version, r.rating_counts, r.token_id, r.token_tx_hash, p.bio, p.avatar_url
      FROM (
        SELECT ${CARD_COLUMNS}, version, rating_counts, token_id FROM agents
        WHERE ${isThis} AND status = 'active' AND ${ofActiveCreator}
      ) AS r
      LEFT JOIN creator_profiles p ON p.user_id = r.creator_id
    `),
  )
  return rows[0] ?? null
}
