/** The orders in which the market is shown. A page is found again by the place of its last row, and has an index for it. */
import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { atMicros, Micros } from '../base/page.ts'
import { Id } from '../base/wire.ts'
import type { CardRow } from './card.ts'

export const SORTS = ['relevance', 'rating', 'calls', 'newest', 'price', '-price'] as const
export type Sort = (typeof SORTS)[number]

export type Place = (string | number)[]

export type Order = {
  /** Of `agents` or of the rows of a search; the id comes after them. */
  columns: string[]
  isAscending: boolean
  /** A place in a cursor. */
  place: z.ZodType<Place>
  placeOf(row: CardRow): Place
  /** The same place for the database. */
  valuesOf(place: Place): SQL[]
}

const Count = z.number().int().min(0)
const Decimal = z.string().regex(/^\d{1,10}(\.\d{1,8})?$/)

const number = (value: string | number | undefined): SQL => sql`${String(value)}::numeric`

const byPrice = (isAscending: boolean): Order => ({
  columns: ['price_per_call'],
  isAscending,
  place: z.tuple([Decimal, Id]),
  placeOf: (row) => [row.price_per_call, row.id],
  valuesOf: ([price]) => [number(price)],
})

export const ORDERS: Record<Sort, Order> = {
  relevance: {
    columns: ['score'],
    isAscending: false,
    place: z.tuple([Decimal, Id]),
    placeOf: (row) => [row.score ?? '0', row.id],
    valuesOf: ([score]) => [number(score)],
  },
  rating: {
    columns: ['average_rating', 'total_calls'],
    isAscending: false,
    place: z.tuple([Decimal, Count, Id]),
    placeOf: (row) => [row.average_rating, Number(row.total_calls), row.id],
    valuesOf: ([rating, calls]) => [number(rating), number(calls)],
  },
  calls: {
    columns: ['total_calls'],
    isAscending: false,
    place: z.tuple([Count, Id]),
    placeOf: (row) => [Number(row.total_calls), row.id],
    valuesOf: ([calls]) => [sql`${String(calls)}::bigint`],
  },
  newest: {
    columns: ['published_at'],
    isAscending: false,
    place: z.tuple([Micros, Id]),
    placeOf: (row) => [Number(row.published_micros), row.id],
    valuesOf: ([micros]) => [atMicros(Number(micros))],
  },
  price: byPrice(true),
  '-price': byPrice(false),
}

/** `ORDER BY` of this order, or of its part within a category. */
export function orderBy({ columns, isAscending }: Order, category?: string): SQL {
  const all = [...(category === undefined ? [] : ['category']), ...columns, 'id']
  return sql.raw(all.map((column) => `${column} ${isAscending ? 'ASC' : 'DESC'}`).join(', '))
}

/** Whether a row comes after `place`, as one comparison of rows, which an index answers. */
export function isAfter(order: Order, place: Place, category?: string): SQL {
  const columns = sql.raw([...(category === undefined ? [] : ['category']), ...order.columns, 'id'].join(', '))
  const values = [
    ...(category === undefined ? [] : [sql`${category}`]),
    ...order.valuesOf(place),
    sql`${place.at(-1)}::uuid`,
  ]
  return sql`(${columns}) ${sql.raw(order.isAscending ? '>' : '<')} (${sql.join(values, sql`, `)})`
}
