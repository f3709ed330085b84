/** Ids: random ones, and ones that are made from what they stand for. */

/** A new random UUID (version 4), as a lower-case string of 36 characters. */
export function newId(): string {
  return crypto.randomUUID()
}

/**
 * The UUID (version 8) of what these parts say together: the same parts give the same id, wherever and whenever they are
 * told. It is the SHA-256 of the parts, so that two different things do not meet in one id.
 */
export async function idFrom(...parts: string[]): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(parts))
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', text)).subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether `text` is written as a UUID, of whatever version. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
