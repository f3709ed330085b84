/** Ids: random ones, and ones made from what they stand for. */

/** A new random UUID (version 4), as a lower-case string of 36 characters. */
export function newId(): string {
  return crypto.randomUUID()
}

/** The id of what these parts name together: the same UUID (version 8, of SHA-256) for the same parts in the same order. */
export async function idFrom(...parts: string[]): Promise<string> {
  // JSON keeps the parts apart: no two lists of parts are the same bytes.
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(parts)))
  const bytes = new Uint8Array(digest, 0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toHex()
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether `text` is written as a UUID, of whatever version. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
