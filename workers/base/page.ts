/**
 * Pages of a list: at most 100 rows, and an opaque cursor that says where the next page begins. A cursor holds the sort
 * values of the last row that was shown, so that a page costs the same however deep it lies, and rows that come or go
 * meanwhile are neither shown twice nor skipped.
 */
import { sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { refuseField } from './errors.ts'
import type { PgColumn } from 'drizzle-orm/pg-core'

export const PAGE_MAX = 100
const PAGE_STANDARD = 20
const CURSOR_CHARS_MAX = 512

/** What a list takes in its query; extend it with the filters of the list. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_STANDARD),
  /** What `next_cursor` of the page before said. */
  cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
})

/** The schema of a page of `item`s. `next_cursor` is null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() })
}

/**
 * Cuts `rows`, of which one more than `limit` was asked for, to a page. `place` gives the sort values of a row, the last
 * of which must be unique among rows.
 */
export function toPage<Row>(
  rows: Row[],
  limit: number,
  place: (row: Row) => (string | number)[],
): { items: Row[]; next_cursor: string | null } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next_cursor: rows.length > limit && last !== undefined ? writeCursor(place(last)) : null }
}

/** A cursor that says where a page begins: for a list whose pages are cut elsewhere. */
export function writeCursor(place: (string | number)[]): string {
  return new TextEncoder().encode(JSON.stringify(place)).toBase64({ alphabet: 'base64url', omitPadding: true })
}

/** The place in a cursor, read by the schema of a tuple; undefined if none was sent. Throws `validationFailed`. */
export function readCursor<T extends z.ZodType>(cursor: string | undefined, place: T): z.output<T> | undefined {
  if (cursor === undefined) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(
      Uint8Array.fromBase64(cursor, { alphabet: 'base64url' }),
    )
    return place.parse(JSON.parse(text))
  } catch {
    throw refuseField('cursor', 'is not one that this list has given')
  }
}

/** A moment in a cursor: whole microseconds since 1970, as finely as Postgres sorts. */
export const Micros = z.int().min(0)

/** A column's moment as `Micros`. */
export function micros(column: PgColumn | SQL): SQL<number> {
  return sql<number>`(extract(epoch FROM ${column}) * 1000000)::float8`
}

/** The reverse of `micros`, for a comparison with the column itself, which an index can answer. */
export function atMicros(moment: number): SQL {
  return sql`(timestamptz 'epoch' + ${moment} * interval '1 microsecond')`
}
