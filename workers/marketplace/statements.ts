/**
 * The statements with which the market is looked through. What each reads is bounded, whatever is in the market and whatever is asked for.
 *
 * Without words, agents are walked in the order that was asked for, along its index, and those that do not fit the filters
 * are passed over, `WALK_MAX` in a statement. A page may so be short, or empty, and still have a next one; going on until there is
 * none gives everything that fits.
 *
 * With words, candidates are ranked: agents with all the words. The best known are looked through first. Where more than
 * `FOUND_MAX` of those have the words, they are the candidates: the index of words would have to name every agent in which
 * a word stands that stands in so many, before it gave the first. Otherwise those in the index are candidates too, and
 * where there are few, those whose name is nearly what was asked for. Up to `FOUND_MAX` agents with the words nothing is
 * left out; beyond that `is_complete` is false, and more words or a filter help. Category and provider are looked up with
 * the words; price and rating are looked at afterwards.
 */
import { sql, type SQL } from 'drizzle-orm'
import { CARD_COLUMNS, CARD_FIELDS, ofActiveCreator, type CardRow } from './card.ts'
import { isAfter, orderBy, ORDERS, type Order, type Place, type Sort } from './orders.ts'
import type { Category } from '../agents/categories.ts'
import type { AgentConfig } from '../agents/config.ts'

const WALK_MAX = 1_000
const FOUND_MAX = 300
/** How many of the best known agents are looked through. */
const WELL_KNOWN = 1_500
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

/** `next` is the place after which the next page begins; null on the last. */
export type Found = { rows: CardRow[]; next: Place | null; is_complete: boolean }

/** The order in which a search is shown: without words nothing is more relevant than what is called most. */
export function orderOf({ q, sort }: Pick<Search, 'q' | 'sort'>): Order {
  return ORDERS[q === undefined && sort === 'relevance' ? 'calls' : sort]
}

export type Walked = CardRow & { n: string; fits: boolean }

/** Walks the market from a place on. Its last row may be one that does not fit: where the walk ended. */
export function walkSql({ category, limit, after, ...asked }: Search): SQL {
  const order = orderOf(asked)
  const by = orderBy(order, category)
  const within = [
    sql`status = 'active'`,
    // Not as an equation: the order by category would then mean nothing, and where a category holds most of the market the
    // index of the whole market would be walked, passing over all others.
    ...(category ? [sql`category >= ${category} AND category <= ${category}`] : []),
    ...(asked.sort === 'newest' ? [sql`published_at IS NOT NULL`] : []),
    // What the index of this order can tell by itself.
    ...(order.columns[0] === 'price_per_call' ? pricesOf(asked) : []),
    ...(order.columns[0] === 'average_rating' ? ratingsOf(asked) : []),
    ...(after ? [isAfter(order, after, category)] : []),
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

/** What a walk has found. */
export function readWalk(rows: Walked[], asked: Search): Found {
  const fitting = rows.filter((row) => row.fits).slice(0, asked.limit)
  // Either there are more than were asked for, or the walk has come as far as it may.
  const end = rows.length > asked.limit ? fitting.at(-1) : rows.find((row) => Number(row.n) === WALK_MAX)
  return { rows: fitting, next: end ? orderOf(asked).placeOf(end) : null, is_complete: true }
}

/** A search with words. */
export type WordSearch = Search & { q: string }
export type Ranked = { [Field in keyof CardRow]: CardRow[Field] | null } & { is_cut: boolean }

/** Ranks agents by words. There is always a row, if need be one without an agent. */
export function rankSql({ q, category, limit, after, ...asked }: WordSearch): SQL {
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
  const isOnShelf = category ? sql`AND category >= ${category} AND category <= ${category}` : sql``
  return sql`
    WITH known AS MATERIALIZED (
      SELECT id FROM (
        SELECT id, search FROM agents WHERE status = 'active' ${isOnShelf} ORDER BY ${orderBy(ORDERS.calls, category)} LIMIT ${WELL_KNOWN}
      ) AS looked_at WHERE search @@ ${question} LIMIT ${FOUND_MAX + 1}
    ),
    found AS MATERIALIZED (
      SELECT id FROM agents_with(${question}, ${FOUND_MAX + 1}) AS id WHERE (SELECT count(*) FROM known) <= ${FOUND_MAX}
    ),
    candidates AS (
      SELECT id FROM known
      UNION
      SELECT id FROM found
      UNION
      SELECT id FROM agents_named_like(${q}, ${NEARLY_MAX}) AS id
      WHERE (SELECT count(*) FROM known) < ${FEW} AND (SELECT count(*) FROM found) < ${FEW}
    )
    SELECT greatest((SELECT count(*) FROM known), (SELECT count(*) FROM found)) > ${FOUND_MAX} AS is_cut, r.score, ${CARD_FIELDS}
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

/** What a ranking has found. */
export function readRanking(rows: Ranked[], asked: WordSearch): Found {
  const cards = rows.filter((row): row is Ranked & CardRow => row.id !== null)
  const page = cards.slice(0, asked.limit)
  const end = cards.length > asked.limit ? page.at(-1) : undefined
  return { rows: page, next: end ? orderOf(asked).placeOf(end) : null, is_complete: rows[0]?.is_cut !== true }
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
