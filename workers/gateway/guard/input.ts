/**
 * What a scanner is about to read, and the last of what it has read, which a decoder or another stream reads first when
 * it wakes up. Text is held here as *signs*: what `fold.ts` says of a character, one number for each code.
 */

/** How many signs are kept behind the reader. */
const KEPT = 112
/** And how many of them are looked at again usually, where nothing tells that more are of one kind. */
const RECALLED = 64
const SIZE = 256
/** No character has more signs than this. */
const SIGNS_MAX = 20
/** Filled up to here, the input may not hold another character. */
export const FULL_FROM = SIZE - SIGNS_MAX

/** Small arrays of numbers are made faster than typed ones above 64 bytes, which live outside of the engine's heap. */
const EMPTY: readonly number[] = Array.from({ length: SIZE }, () => 0)

export class Input {
  readonly signs: number[] = EMPTY.slice()
  /** Where in the answer each sign was spelled. */
  readonly offsets: number[] = EMPTY.slice()
  /** Signs up to here wait to be read. */
  filled = 0
  /** The newest sign that was read stands before this place. */
  cursor = 0
  #moved = 0

  /** How many signs were read, ever. */
  get count(): number {
    return this.#moved + this.cursor
  }

  /** How many signs are to be had back usually. */
  get length(): number {
    return Math.min(this.cursor, RECALLED)
  }

  /** How many can be had back. */
  get lengthMax(): number {
    return Math.min(this.cursor, KEPT)
  }

  /** Whether a character may not fit any more, so that what waits must be read first. */
  get isFull(): boolean {
    return this.filled >= FULL_FROM
  }

  put(sign: number, at: number): void {
    this.signs[this.filled] = sign
    this.offsets[this.filled++] = at
  }

  /** Makes room, if there is little. All must have been read. */
  tidy(): void {
    if (!this.isFull) return
    const gone = this.cursor - KEPT
    for (let place = 0; place < KEPT; place++) {
      this.signs[place] = this.signs[gone + place]!
      this.offsets[place] = this.offsets[gone + place]!
    }
    this.#moved += gone
    this.filled = this.cursor = KEPT
  }

  /** A sign that was read; the newest is 1 back, the oldest `length`. */
  signBack(back: number): number {
    return this.signs[this.cursor - back]!
  }

  /** The offset of that sign. */
  offsetBack(back: number): number {
    return this.offsets[this.cursor - back]!
  }
}
