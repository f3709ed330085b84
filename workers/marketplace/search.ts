/**
 * Looking through the market. What a page reads is bounded, whatever is in the market and whatever is asked for.
 *
 * Without words, agents are walked in the order that was asked for, along its index, and those that do not fit the filters
 * are passed over, at most `WALK_MAX` in all. A page may so be short, or empty, and still have a next one; going on until
 * there is none gives everything that fits.
 *
 * With words, candidates are ranked: agents with all the words, by the index of words; where there are more of those than
 * are ranked, the best known among them too; where there are few, those whose name is nearly what was asked for. Up to
 * `FOUND_MAX` agents with the words nothing is left out; beyond that `is_complete` is false, and more words or a filter help.
 * Category and provider are looked up with the words; price and rating are looked at afterwards.
 */
import { sql, type SQL } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { writeCursor } from '../base/page.ts'
import { CARD_COLUMNS, CARD_FIELDS, ofActiveCreator, type CardRow } from './card.ts'
import { isAfter, orderBy, ORDERS, type Order, type Place, type Sort } from './orders.ts'
import type { Category } from '../agents/categories.ts'
import type { AgentConfig } from '../agents/config.ts'
import type { Bindings } from '../env.ts'

const WALK_MAX = 5_000
const FOUND_MAX = 300
/** How many of the best known agents are looked through for words that are found more often than that. */
const WELL_KNOWN = 600
/** With fewer agents found than this, names that are nearly what was asked for are candidates too. */
const FEW = 20
const NEARLY_MAX = 100

export type Filters = {
  category?: Category | undefined
  provider?: AgentConfig['provider'] | undefined
  /** Dollars, both included. */
  min_price?: string | undefined
  max_price?: string | undefined
  min_rating?: number | undefined
}

export type Search = Filters & { q?: string | undefined; sort: Sort; limit: number; after?: Place | undefined }

export type Found = { rows: CardRow[]; next_cursor: string | null; is_complete: boolean }

/** A page of the published agents that fit. Throws `storeUnavailable`. */
export async function search(env: Bindings, asked: Search): Promise<Found> {
  return asked.q === undefined ? walk(env, asked) : rank(env, { ...asked, q: asked.q })
}

/** The statement that a search runs. */
export function statementOf(asked: Search): SQL {
  return asked.q === undefined ? walkSql(asked) : rankSql({ ...asked, q: asked.q })
}

/** The order in which a search is shown: without words nothing is more relevant than what is called most. */
export function orderOf({ q, sort }: Pick<Search, 'q' | 'sort'>): Order {
  return ORDERS[q === undefined && sort === 'relevance' ? 'calls' : sort]
}

type Walked = CardRow & { n: string; fits: boolean }

async function walk(env: Bindings, asked: Search): Promise<Found> {
  const { limit } = asked
  const order = orderOf(asked)
  const { rows } = await reach(() => db(env).execute<Walked>(walkSql(asked)))
  const fitting = rows.filter((row) => row.fits).slice(0, limit)
  const end = rows.length > limit ? fitting.at(-1) : rows.find((row) => Number(row.n) === WALK_MAX)
  return { rows: fitting, next_cursor: end ? writeCursor(order.placeOf(end)) : null, is_complete: true }
}

function walkSql({ category, limit, after, ...asked }: Search): SQL {
  const order = orderOf(asked)
  const by = orderBy(order)
  const within = [
    sql`status = 'active'`,
    ...(category ? [sql`category = ${category}`] : []),
    ...(asked.sort === 'newest' ? [sql`published_at IS NOT NULL`] : []),
    // What the index of this order can tell by itself.
    ...(order.columns[0] === 'price_per_call' ? pricesOf(asked) : []),
    ...(order.columns[0] === 'average_rating' ? ratingsOf(asked) : []),
    ...(after ? [isAfter(order, after)] : []),
  ]
  const fits = every([...pricesOf(asked), ...ratingsOf(asked), ...providerOf(asked), ofActiveCreator])
  return sql`
    SELECT r.n, r.fits, ${CARD_FIELDS} FROM (
      SELECT * FROM (
        SELECT *, row_number() OVER (ORDER BY ${by}) AS n FROM (
          SELECT ${CARD_COLUMNS} FROM agents WHERE ${every(within)} ORDER BY ${by} LIMIT ${WALK_MAX}
        ) AS walked
      ) AS numbered CROSS JOIN LATERAL (SELECT ${fits} AS fits) AS judged
      WHERE fits OR n = ${WALK_MAX} ORDER BY ${by} LIMIT ${limit + 1}
    ) AS r LEFT JOIN creator_profiles p ON p.user_id = r.creator_id ORDER BY ${by}
    `
}

type Ranked = { [Field in keyof CardRow]: CardRow[Field] | null } & { is_cut: boolean }

async function rank(env: Bindings, asked: Search & { q: string }): Promise<Found> {
  const { limit } = asked
  const order = orderOf(asked)
  const { rows } = await reach(() => db(env).execute<Ranked>(rankSql(asked)))
  const cards = rows.filter((row): row is Ranked & CardRow => row.id !== null)
  const page = cards.slice(0, limit)
  const end = cards.length > limit ? page.at(-1) : undefined
  const is_complete = rows[0]?.is_cut !== true
  return { rows: page, next_cursor: end ? writeCursor(order.placeOf(end)) : null, is_complete }
}

function rankSql({ q, category, limit, after, ...asked }: Search & { q: string }): SQL {
  const order = orderOf({ q, sort: asked.sort })
  const by = orderBy(order)
  const words = sql`search_question(${q})`
  const shelf = [
    ...(category ? [`'category ${category}'`] : []),
    ...(asked.provider ? [`'provider ${asked.provider}'`] : []),
  ].join(' & ')
  // A question without a word finds nothing, and not everything on the shelf.
  const question = sql`CASE WHEN numnode(${words}) > 0 THEN ${shelf === '' ? words : sql`${words} && ${shelf}::tsquery`} END`
  const fits = every([
    ...(category ? [sql`category = ${category}`] : []),
    ...pricesOf(asked),
    ...ratingsOf(asked),
    ...providerOf(asked),
    ofActiveCreator,
  ])
  const isOnShelf = category ? sql`AND category = ${category}` : sql``
  return sql`
    WITH found AS MATERIALIZED (SELECT id FROM agents_with(${question}, ${FOUND_MAX + 1}) AS id),
    candidates AS (
      SELECT id FROM found
      UNION
      SELECT id FROM (
        SELECT id, search FROM agents WHERE status = 'active' ${isOnShelf} ORDER BY total_calls DESC, id DESC LIMIT ${WELL_KNOWN}
      ) AS known WHERE (SELECT count(*) FROM found) > ${FOUND_MAX} AND search @@ ${question}
      UNION
      SELECT id FROM agents_named_like(${q}, ${NEARLY_MAX}) AS id WHERE (SELECT count(*) FROM found) < ${FEW}
    )
    SELECT (SELECT count(*) FROM found) > ${FOUND_MAX} AS is_cut, r.score, ${CARD_FIELDS}
    FROM (SELECT 1) AS always LEFT JOIN (
      SELECT * FROM (
        SELECT ${CARD_COLUMNS}, round((
          ts_rank('{0.05, 0.2, 0.4, 1}', search, ${words}) + word_similarity(search_fold(${q}), search_fold(name))
          + 0.02 * ln(1 + total_calls)
        )::numeric, 6) AS score
        FROM agents WHERE id = ANY (ARRAY(SELECT id FROM candidates)) AND status = 'active'
      ) AS scored
      WHERE ${every([fits, ...(after ? [isAfter(order, after)] : [])])} ORDER BY ${by} LIMIT ${limit + 1}
    ) AS r ON TRUE LEFT JOIN creator_profiles p ON p.user_id = r.creator_id
    ORDER BY ${by}
    `
}

function pricesOf({ min_price, max_price }: Filters): SQL[] {
  return [
    ...(min_price === undefined ? [] : [sql`price_per_call >= ${min_price}::numeric`]),
    ...(max_price === undefined ? [] : [sql`price_per_call <= ${max_price}::numeric`]),
  ]
}

function ratingsOf({ min_rating }: Filters): SQL[] {
  return min_rating === undefined ? [] : [sql`average_rating >= ${min_rating}::numeric`]
}

function providerOf({ provider }: Filters): SQL[] {
  return provider === undefined ? [] : [sql`provider = ${provider}`]
}

function every(conditions: SQL[]): SQL {
  return sql.join(conditions, sql` AND `)
}
