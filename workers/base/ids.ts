/** Ids: random ones, and ones made from what they name. */

/** A new random UUID (version 4), as a lower-case string of 36 characters. */
export function newId(): string {
  return crypto.randomUUID()
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether `text` is written as a UUID, of whatever version. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** The UUID (version 8) that these parts always give: for what may be told of twice and is one thing. */
export async function idFrom(...parts: string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(parts))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).subarray(0, 16)
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80
  return digest.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
