/** Secrets that are handed out and never kept: 256 random bits, of which only the hash is stored. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod'

const BYTES = 32
/** Whatever is sent in place of one is looked up, and is unknown. */
const CHARS_MAX = 4_096

/** A secret as it is sent back to us. */
export const Secret = z.string().min(1).max(CHARS_MAX)

/** A new secret, of 43 characters that can stand in a link. */
export function newSecret(): string {
  return crypto.getRandomValues(new Uint8Array(BYTES)).toBase64({ alphabet: 'base64url', omitPadding: true })
}

/** What is kept of a secret: its SHA-256 in hex. There are too many secrets for a slow hash to add anything. */
export function hashSecret(secret: string): string {
  return bytesToHex(sha256(utf8ToBytes(secret)))
}
