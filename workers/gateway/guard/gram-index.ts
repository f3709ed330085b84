/**
 * The haystacks of one stream of codes, and where in them each run of eight codes stands. Built once for a prompt,
 * then only read. About 16 bytes for each code.
 */

/** A haystack among the others of its index. `places` says where in the normalised prompt each code comes from. */
export type Haystack = { codes: ArrayLike<number>; places: ArrayLike<number> }

/** Half-open. */
export type Span = { start: number; end: number }

/** A random number for each code. The hash of the last codes is their sum, each shifted further the older it is, until it falls out. */
export const GEAR: Int32Array = new Int32Array(256)
for (let code = 1, state = 0x2545f491; code < 256; code++) {
  for (let round = 0; round < 4; round++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
  }
  GEAR[code] = state
}

const BITS_PER_GRAM = 32
const HEADS_MIN_LOG = 8
/** A run of codes that stands in a prompt more often than this is looked for in this many places only. */
const CANDIDATES_MAX = 200

export class GramIndex {
  /** All haystacks one after another, with a 0 before, between and after them: no stream holds that code. */
  readonly codes: Uint8Array
  readonly places: Uint32Array
  /** Where each haystack stands in `codes`. */
  readonly spans: readonly Span[]
  /** A hash is shifted by this much for each new code: 4 remembers eight codes, 8 remembers four. */
  readonly shift: number
  readonly gramLength: number
  /** One bit for each hash that stands in the haystacks, at `hash >>> bitShift`. */
  readonly bits: Uint8Array
  readonly bitShift: number
  readonly #heads: Int32Array
  readonly #headShift: number
  readonly #next: Int32Array

  /** `isSecret` says of a place in the prompt whether it counts: runs of codes without any such place are not looked for. */
  constructor(haystacks: readonly Haystack[], shift: number, isSecret: (place: number) => boolean) {
    const size = haystacks.reduce((sum, haystack) => sum + haystack.codes.length + 1, 1)
    const log = Math.max(HEADS_MIN_LOG, Math.ceil(Math.log2(size)))
    const bitLog = Math.min(32, log + Math.log2(BITS_PER_GRAM))
    this.codes = new Uint8Array(size)
    this.places = new Uint32Array(size)
    this.shift = shift
    this.gramLength = 32 / shift
    this.bits = new Uint8Array(2 ** (bitLog - 3))
    this.bitShift = 32 - bitLog
    this.#heads = new Int32Array(2 ** log)
    this.#headShift = 32 - log
    this.#next = new Int32Array(size)
    const spans: Span[] = []
    let start = 1
    for (const { codes, places } of haystacks) {
      this.codes.set(codes, start)
      this.places.set(places, start)
      this.#enter(start, start + codes.length, isSecret)
      spans.push({ start, end: start + codes.length })
      start += codes.length + 1
    }
    this.spans = spans
  }

  #enter(start: number, end: number, isSecret: (place: number) => boolean): void {
    let hash = 0
    let lastSecret = -1
    for (let position = start; position < end; position++) {
      hash = ((hash << this.shift) + GEAR[this.codes[position]!]!) | 0
      if (isSecret(this.places[position]!)) lastSecret = position
      const first = position - this.gramLength + 1
      if (first < start || lastSecret < first) continue
      const bit = hash >>> this.bitShift
      this.bits[bit >>> 3]! |= 1 << (bit & 7)
      const head = hash >>> this.#headShift
      this.#next[position] = this.#heads[head]!
      this.#heads[head] = position
    }
  }

  /**
   * The longest stretch of the haystacks that ends as the ring does, as `length * 2 ** 32 + last`, or 0. `newest` counts
   * the codes written into the ring; only stretches that end within `range` are looked at.
   */
  longest(hash: number, ring: Uint8Array, newest: number, range: Span): number {
    const mask = ring.length - 1
    const reach = Math.min(newest, ring.length)
    let best = 0
    let last = this.#heads[hash >>> this.#headShift]!
    for (let tries = 0; last !== 0 && tries < CANDIDATES_MAX; tries++, last = this.#next[last]!) {
      if (last < range.start || last >= range.end) continue
      let length = 0
      while (length < reach && this.codes[last - length] === ring[(newest - 1 - length) & mask]) length++
      if (length * 2 ** 32 > best) best = length * 2 ** 32 + last
    }
    return best
  }
}
