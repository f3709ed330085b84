/**
 * How an API key is written: `ak_`, 26 random Base62 characters (154.8 bits), and 6 more that are the CRC-32 of all
 * that stands before them. The checksum lets junk die before any look-up, and lets a secret scanner tell a key from a
 * string that looks like one without asking us. It is no secret and protects nothing by itself.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

const PREFIX = 'ak_'
const RANDOM_CHARS = 26
const CHECKSUM_CHARS = 6
const SIGNED_CHARS = PREFIX.length + RANDOM_CHARS
const KEY_CHARS = SIGNED_CHARS + CHECKSUM_CHARS
const DISPLAY_CHARS = 8
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** The largest multiple of 62 in a byte: bytes from here on are thrown away, or the first characters would be likelier. */
const UNBIASED_BYTES = 248

/** A new random key. It exists nowhere else: show it once, keep only `hashKey` of it. */
export function newKey(): string {
  const signed = PREFIX + randomBase62(RANDOM_CHARS)
  return signed + checksum(signed)
}

/** Whether `text` is written as a key, its checksum included. Says nothing about whether such a key was ever given out. */
export function isWellFormed(text: string): boolean {
  if (text.length !== KEY_CHARS || !text.startsWith(PREFIX)) return false
  for (let i = PREFIX.length; i < KEY_CHARS; i++) if (!isBase62(text.charCodeAt(i))) return false
  return text.endsWith(checksum(text))
}

/** The SHA-256 of a key in hex: all that is ever stored or looked up. A key has too much entropy to need a slow hash. */
export function hashKey(key: string): string {
  return bytesToHex(sha256(utf8ToBytes(key)))
}

/** The first characters of a key, by which its owner can tell it from others: 5 of its 26 random characters. */
export function prefixOf(key: string): string {
  return key.slice(0, DISPLAY_CHARS)
}

function randomBase62(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < UNBIASED_BYTES && text.length < length) text += BASE62[byte % 62]
    }
  }
  return text
}

function isBase62(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}

/** The CRC-32 of the part of a key before its checksum, as Base62 of fixed width. 62⁶ is more than 2³², so it always fits. */
function checksum(key: string): string {
  let rest = crc32(key, SIGNED_CHARS)
  let text = ''
  for (let i = 0; i < CHECKSUM_CHARS; i++) {
    text = BASE62[rest % 62] + text
    rest = Math.floor(rest / 62)
  }
  return text
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
  return remainder
})

/** The CRC-32 (IEEE 802.3, as in zip) of the first `length` characters, which must be ASCII. */
function crc32(text: string, length: number): number {
  let crc = 0xffffffff
  for (let i = 0; i < length; i++) crc = (CRC_TABLE[(crc ^ text.charCodeAt(i)) & 0xff] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
