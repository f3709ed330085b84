/** What a receiver is sent: the payload of Standard Webhooks, with the id in it as well. */

/** One that is longer could not be kept: the table refuses it. */
const BYTES_MAX = 20_000

/** The body of a message. `data` has been through the schema of its type. Throws `RangeError` if it comes out too long. */
export function messageOf({ id, type, at, data }: { id: string; type: string; at: number; data: object }): string {
  const body = JSON.stringify({ id, type, timestamp: new Date(at).toISOString(), data })
  if (new TextEncoder().encode(body).length > BYTES_MAX) throw new RangeError('An event is too long for a webhook.')
  return body
}
