/** Random ids. */

/** A new random UUID (version 4), as a lower-case string of 36 characters. */
export function newId(): string {
  return crypto.randomUUID()
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether `text` is written as a UUID, of whatever version. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
