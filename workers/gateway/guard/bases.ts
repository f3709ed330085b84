/**
 * Reads runs of base64, base32 and base16 as the bytes they stand for, at every alignment at once, and those bytes as
 * UTF-8. Nothing waits for a run to end: a benign image flows through, and a prompt inside is seen as it is spelled.
 */
import type { Scanner } from './scanner.ts'

/**
 * A text of this many bits a character. `alignments` is how many characters there are to begin a byte with. Where
 * `isOneCase`, a text that mixes large and small letters is none of this base.
 */
export type Base = { bits: number; alignments: number; isOneCase: boolean; values: Int8Array }

export const BASE64: Base = {
  bits: 6,
  alignments: 4,
  isOneCase: false,
  values: valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', '-_', 62),
}
export const BASE32: Base = {
  bits: 5,
  alignments: 8,
  isOneCase: true,
  values: valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 'abcdefghijklmnopqrstuvwxyz', 0),
}
export const BASE16: Base = {
  bits: 4,
  alignments: 2,
  isOneCase: false,
  values: valuesOf('0123456789abcdef', 'ABCDEF', 10),
}

/** So many bytes in a row must be text before they are read: decoded at a wrong alignment, or from an image, few are. */
const TEXT_MIN = 8

/** Bytes can spell more than there is. */
const POINT_MAX = 0x10ffff

/** The value of each ASCII character, or -1. The characters of `others` have values from `first` on. */
function valuesOf(alphabet: string, others: string, first: number): Int8Array {
  const values = new Int8Array(128).fill(-1)
  for (let place = 0; place < alphabet.length; place++) values[alphabet.charCodeAt(place)] = place
  for (let place = 0; place < others.length; place++) values[others.charCodeAt(place)] = first + place
  return values
}

/** Reads one base. Opens a scanner for each alignment when it yields its first text. */
export class BaseReader {
  readonly #base: Base
  readonly #open: () => Scanner
  readonly #readers: (Utf8Reader | undefined)[] = []
  /** The last eight bytes at each alignment, and how many of them in a row may be text. */
  readonly #bytes: Uint8Array
  readonly #texts: Uint8Array
  #cases = 0
  #bits = 0
  #total = 0

  constructor(base: Base, open: () => Scanner) {
    this.#base = base
    this.#open = open
    this.#bytes = new Uint8Array(base.alignments * TEXT_MIN)
    this.#texts = new Uint8Array(base.alignments)
  }

  /** Takes the next character of a run; one that the base does not know (its padding) begins a new run. */
  push(unit: number, at: number): void {
    const { bits, alignments, isOneCase, values } = this.#base
    const value = values[unit]!
    if (isOneCase && unit >= 64) {
      this.#cases |= unit & 32 ? 1 : 2
      if (this.#cases === 3) return
    }
    if (value < 0) {
      this.#bits = 0
      this.#total = 0
      return
    }
    this.#bits = (this.#bits << bits) | value
    this.#total += bits
    for (let alignment = 0, read = this.#total; alignment < alignments && read >= 8; alignment++, read -= bits) {
      const rest = read & 7
      if (rest < bits) this.#byte((this.#bits >>> rest) & 0xff, alignment, (read >>> 3) & (TEXT_MIN - 1), at)
    }
  }

  /** Takes a byte at one alignment; `slot` counts them round. */
  #byte(byte: number, alignment: number, slot: number, at: number): void {
    const first = alignment * TEXT_MIN
    this.#bytes[first + slot] = byte
    const before = this.#bytes[first + ((slot + TEXT_MIN - 1) & (TEXT_MIN - 1))]!
    if (!mayBeText(byte, before)) {
      this.#texts[alignment] = 0
      return
    }
    const texts = Math.min(this.#texts[alignment]! + 1, TEXT_MIN + 1)
    this.#texts[alignment] = texts
    if (texts < TEXT_MIN) return
    const reader = (this.#readers[alignment] ??= new Utf8Reader(this.#open()))
    // Once there is text enough, it is read from its beginning.
    for (let back = texts === TEXT_MIN ? TEXT_MIN - 1 : 0; back >= 0; back--) {
      reader.push(this.#bytes[first + ((slot - back) & (TEXT_MIN - 1))]!, at)
    }
  }

  /** Forgets the last character: the `0` of a `0x`. */
  takeBack(): void {
    if (this.#total === 0) return
    this.#bits >>>= this.#base.bits
    this.#total -= this.#base.bits
  }

  /** A run ends: what it spelled so far does not go on. Throws what the judge throws. */
  restart(): void {
    this.#bits = 0
    this.#total = 0
    this.#cases = 0
    this.#texts.fill(0)
    for (const reader of this.#readers) reader?.finish()
  }
}

/** Whether a byte may stand in UTF-8 text after this one. */
function mayBeText(byte: number, before: number): boolean {
  if (byte >= 0x80 && byte < 0xc0) return before >= 0x80
  if (before >= 0xc2) return false
  if (byte >= 0xc2) return byte < 0xf5
  return byte >= 0x20 ? byte < 0x7f : byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Hands the characters of UTF-8 bytes to a scanner. Bytes that are no UTF-8 are passed over. */
export class Utf8Reader {
  readonly #scanner: Scanner
  #point = 0
  #missing = 0

  constructor(scanner: Scanner) {
    this.#scanner = scanner
  }

  finish(): void {
    this.#missing = 0
    this.#scanner.finish()
  }

  push(byte: number, at: number): void {
    if (byte < 0x80) {
      this.#missing = 0
      this.#scanner.feed(byte, at)
    } else if (byte < 0xc0) {
      if (this.#missing === 0) return
      this.#point = (this.#point << 6) | (byte & 0x3f)
      if (--this.#missing === 0 && this.#point <= POINT_MAX) this.#scanner.feed(this.#point, at)
    } else {
      this.#missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
      this.#point = byte & (0x3f >>> this.#missing)
    }
  }
}
