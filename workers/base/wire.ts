/** How common values stand in requests and answers. Each is a schema, so that it stands in the OpenAPI document as well. */
import * as z from 'zod'

/** An id in a path or a body. */
export const Id = z.uuid()

/** The path of a route about one thing. */
export const IdParams = z.object({ id: Id })

/** A moment in an answer: whatever the database gave, as UTC in ISO 8601 with milliseconds. */
export const Moment = z
  .union([z.date(), z.string(), z.number()])
  .transform((value) => new Date(value).toISOString())
  .pipe(z.iso.datetime({ precision: 3 }))

/** A day in UTC, as YYYY-MM-DD. */
export const Day = z.iso.date()
