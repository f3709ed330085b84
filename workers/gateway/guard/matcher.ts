/**
 * Follows one stream of codes and knows, after each, the longest stretch of the prompt that it just spelled out.
 * The common step costs a few nanoseconds: one hash, one bit. Only when several hashes in a row are known is the
 * prompt itself looked at.
 */
import { GEAR, type GramIndex, type Span } from './gram-index.ts'
import type { Limits } from './channels.ts'

/** How far back a match can be traced once another one broke. A power of two, above every limit. */
export const MATCHER_RING = 64
const MASK = MATCHER_RING - 1
/** Small arrays of numbers are made faster than typed ones above 64 bytes, which live outside of the engine's heap. */
const EMPTY_RING: readonly number[] = Array.from({ length: MATCHER_RING }, () => 0)

/** Who decides about matches. */
export type Judge = {
  /** How many matches are live, over all matchers of this judge. */
  live: number
  /** A live match grew to `at`. May throw. */
  grown(match: Matcher, at: number): void
  /** A match ended; `endsWord` says that something stood behind it that is no letter or digit, or nothing. May throw. */
  ended(match: Matcher, endsWord: boolean): void
}

export type MatcherOptions = {
  index: GramIndex
  /** Cover of all places of the prompt before each, in quarters of a letter. */
  covers: Uint32Array
  limits: Limits
  /** Positions of the index that count. */
  range: Span
  judge: Judge
}

export class Matcher {
  readonly limits: Limits
  readonly index: GramIndex
  /** Length of the live match in codes; 0 when none is live. */
  length = 0
  /** Where the live match ends in the index's haystacks. */
  last = 0
  /** Offset in the answer of the live match's first code: from here on it is held. */
  heldFrom = 0
  /** Whether something that is no letter or digit, or nothing, stood before the live match. */
  beginsWord = false

  // The state of a step. It is open because `Scanner` takes the steps of its two busiest matchers itself, in one loop.
  readonly codes = new Uint8Array(MATCHER_RING)
  readonly offsets: number[] = EMPTY_RING.slice()
  /** How many codes were taken. */
  count = 0
  /** Hash of the newest codes. */
  hash = 0
  /** How many hashes in a row stood in the index. */
  run = 0
  /** From this run on the prompt is looked at. */
  readonly runMin: number

  readonly #judge: Judge
  readonly #covers: Uint32Array
  readonly #range: Span

  constructor(options: MatcherOptions) {
    this.index = options.index
    this.limits = options.limits
    this.runMin = Math.max(1, options.limits.holdCodes - options.index.gramLength + 1)
    this.#judge = options.judge
    this.#covers = options.covers
    this.#range = options.range
  }

  /** Takes the next code, which was spelled by the character at offset `at`. Throws what the judge throws. */
  step(code: number, at: number): void {
    const { index } = this
    const slot = this.count++ & MASK
    this.codes[slot] = code
    this.offsets[slot] = at
    const hash = ((this.hash << index.shift) + GEAR[code]!) | 0
    this.hash = hash
    const bit = hash >>> index.bitShift
    this.run = (this.run + 1) & -((index.bits[bit >>> 3]! >>> (bit & 7)) & 1)
    if (this.run >= this.runMin || this.length !== 0) this.follow(code, at)
  }

  /** The part of a step that looks at the prompt: needed when a match is live or the run is long enough. */
  follow(code: number, at: number): void {
    if (this.length !== 0 && this.index.codes[this.last + 1] === code) {
      this.last++
      this.length++
      this.#judge.grown(this, at)
      return
    }
    if (this.length !== 0) this.#end(at > this.#offsetBack(2) + 1)
    if (this.run >= this.runMin) this.#begin(at)
  }

  /** Ends the live match, if any, because the stream ends here. Throws what the judge throws. */
  finish(): void {
    if (this.length !== 0) this.#end(true)
  }

  /** How many letters and digits of the prompt the live match stands for. */
  get cover(): number {
    const { start, end } = this.places
    return (this.#covers[end]! - this.#covers[start]!) / 4
  }

  /** Which places of the normalised prompt the live match stands for. */
  get places(): Span {
    const a = this.index.places[this.last - this.length + 1]!
    const b = this.index.places[this.last]!
    return a < b ? { start: a, end: b + 1 } : { start: b, end: a + 1 }
  }

  #begin(at: number): void {
    const found = this.index.longest(this.hash, this.codes, this.count, this.#range)
    const length = Math.floor(found / 2 ** 32)
    if (length < this.limits.holdCodes) return
    this.length = length
    this.last = found % 2 ** 32
    this.heldFrom = this.#offsetBack(length)
    this.beginsWord = length === this.count || this.#offsetBack(length + 1) < this.heldFrom - 1
    this.#judge.live++
    this.#judge.grown(this, at)
  }

  #end(endsWord: boolean): void {
    this.#judge.ended(this, endsWord)
    this.#judge.live--
    this.length = 0
  }

  #offsetBack(codes: number): number {
    return this.offsets[(this.count - codes) & MASK]!
  }
}
