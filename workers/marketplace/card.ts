/** An agent as lists of the market show it. */
import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { Id, Moment } from '../base/wire.ts'
import { amount, format } from '../money/amount.ts'

const SUMMARY_CHARS = 280

export const Card = z.object({
  id: Id,
  slug: z.string(),
  name: z.string(),
  summary: z.string().describe('The beginning of the description.'),
  category: z.string().nullable(),
  provider: z.string(),
  model: z.string(),
  price_per_call: z.string(),
  rating: z.object({ average: z.number(), count: z.int() }),
  total_calls: z.int(),
  creator: z.object({ id: Id, display_name: z.string(), verified: z.boolean() }),
  published_at: Moment,
  is_minted: z.boolean().describe('Whether its token is on the chain.'),
})

/** What of `agents` a card is made of. */
export const CARD_COLUMNS = sql.raw(
  'id, slug, name, description, category, provider, model, price_per_call, average_rating, review_count, total_calls, ' +
    'creator_id, published_at, token_tx_hash',
)

/** What a query over these columns, as `r`, selects for a card, with its creator's profile as `p`. */
export const CARD_FIELDS = sql`
  r.id, r.slug, r.name, left(r.description, ${SUMMARY_CHARS + 1}) AS summary, r.category, r.provider, r.model,
  r.price_per_call, r.average_rating, r.review_count, r.total_calls, r.creator_id,
  (extract(epoch FROM r.published_at) * 1000000)::bigint AS published_micros,
  r.token_tx_hash IS NOT NULL AS is_minted, p.display_name, p.verified
`

/** A subquery and not a join, so that it looks up one creator for each agent that is looked at. */
export const ofActiveCreator = sql`(SELECT u.status FROM users u WHERE u.id = creator_id) = 'active'`

/** As the database gives it: what is larger than 32 bits, or not whole, as text. */
export type CardRow = {
  id: string
  slug: string
  name: string
  summary: string | null
  category: string | null
  provider: string
  model: string
  price_per_call: string
  average_rating: string
  review_count: number
  total_calls: string
  creator_id: string
  published_micros: string
  is_minted: boolean
  display_name: string | null
  verified: boolean | null
  /** How well it fits what was searched for, where something was. */
  score?: string
}

export function cardOf(row: CardRow): z.input<typeof Card> {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    summary: cut(row.summary ?? ''),
    category: row.category,
    provider: row.provider,
    model: row.model,
    price_per_call: format(amount(row.price_per_call)),
    rating: { average: Number(row.average_rating), count: row.review_count },
    total_calls: Number(row.total_calls),
    creator: { id: row.creator_id, display_name: row.display_name ?? '', verified: row.verified ?? false },
    published_at: Math.floor(Number(row.published_micros) / 1_000),
    is_minted: row.is_minted,
  }
}

/** The beginning of a text that is longer than a summary, without half a character at its end. */
function cut(text: string): string {
  const characters = Array.from(text)
  return characters.length <= SUMMARY_CHARS ? text : `${characters.slice(0, SUMMARY_CHARS - 1).join('')}…`
}
