/**
 * Reads runs of base64, base32 and base16 as the bytes they stand for, at every alignment at once, and those bytes as
 * UTF-8. Nothing waits for a run to end: a benign image flows through, and a prompt inside is seen as it is spelled.
 */
import type { Scanner } from './scanner.ts'

/** A text of this many bits a character. `alignments` is how many characters there are to begin a byte with. */
export type Base = { bits: number; alignments: number; values: Int8Array }

export const BASE64: Base = {
  bits: 6,
  alignments: 4,
  values: valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', { '-': 62, _: 63 }),
}
export const BASE32: Base = {
  bits: 5,
  alignments: 8,
  values: valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz', {}, 32),
}
export const BASE16: Base = { bits: 4, alignments: 2, values: valuesOf('0123456789abcdefABCDEF', {}, 16) }

function valuesOf(alphabet: string, others: Record<string, number>, size = alphabet.length): Int8Array {
  const values = new Int8Array(128).fill(-1)
  for (let place = 0; place < alphabet.length; place++) {
    const value = place < size ? place : size === 16 ? place - 6 : place - 32
    values[alphabet.charCodeAt(place)] = value
  }
  for (const [character, value] of Object.entries(others)) values[character.charCodeAt(0)] = value
  return values
}

/** Reads one base. Opens a scanner for each alignment when it yields its first byte. */
export class BaseReader {
  readonly #base: Base
  readonly #open: () => Scanner
  readonly #readers: (Utf8Reader | undefined)[] = []
  #bits = 0
  #total = 0

  constructor(base: Base, open: () => Scanner) {
    this.#base = base
    this.#open = open
  }

  /** Takes the next character of a run; one that the base does not know (its padding) begins a new run. */
  push(unit: number, at: number): void {
    const { bits, alignments, values } = this.#base
    const value = values[unit]!
    if (value < 0) {
      this.restart()
      return
    }
    this.#bits = (this.#bits << bits) | value
    this.#total += bits
    for (let alignment = 0; alignment < alignments; alignment++) {
      const read = this.#total - alignment * bits
      const rest = read & 7
      if (read < 8 || rest >= bits) continue
      const reader = (this.#readers[alignment] ??= new Utf8Reader(this.#open()))
      reader.push((this.#bits >>> rest) & 0xff, at)
    }
  }

  /** Forgets the last character: the `0` of a `0x`. */
  takeBack(): void {
    if (this.#total === 0) return
    this.#bits >>>= this.#base.bits
    this.#total -= this.#base.bits
  }

  restart(): void {
    this.#bits = 0
    this.#total = 0
  }
}

/** Hands the characters of UTF-8 bytes to a scanner. Bytes that are no UTF-8 are passed over. */
export class Utf8Reader {
  readonly #scanner: Scanner
  #point = 0
  #missing = 0

  constructor(scanner: Scanner) {
    this.#scanner = scanner
  }

  push(byte: number, at: number): void {
    if (byte < 0x80) {
      this.#missing = 0
      this.#scanner.feed(byte, at)
    } else if (byte < 0xc0) {
      if (this.#missing === 0) return
      this.#point = (this.#point << 6) | (byte & 0x3f)
      if (--this.#missing === 0) feedPoint(this.#scanner, this.#point, at)
    } else {
      this.#missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
      this.#point = byte & (0x3f >>> this.#missing)
    }
  }
}

/** Hands a code point to a scanner, which reads UTF-16. */
export function feedPoint(scanner: Scanner, point: number, at: number): void {
  if (point < 0x10000) {
    scanner.feed(point, at)
    return
  }
  scanner.feed(0xd800 + ((point - 0x10000) >>> 10), at)
  scanner.feed(0xdc00 + ((point - 0x10000) & 0x3ff), at)
}
