/** The last units of a text: what a decoder or another stream reads first when it wakes up. */

/** How many are kept. A power of two. */
const KEPT = 64
const MASK = KEPT - 1
/** Small arrays of numbers are made faster than typed ones above 64 bytes, which live outside of the engine's heap. */
const EMPTY: readonly number[] = Array.from({ length: KEPT }, () => 0)

export class Recent {
  readonly #units: number[] = EMPTY.slice()
  readonly #offsets: number[] = EMPTY.slice()
  /** How many units were put in, ever. */
  count = 0

  /** How many units can be had back. */
  get length(): number {
    return Math.min(this.count, KEPT)
  }

  /** The units as text. */
  get text(): string {
    let text = ''
    for (let back = this.length; back > 0; back--) text += String.fromCharCode(this.unitBack(back))
    return text
  }

  put(unit: number, at: number): void {
    const slot = this.count++ & MASK
    this.#units[slot] = unit
    this.#offsets[slot] = at
  }

  /** Puts in what stands from `from` to `to` (half-open) in a text that begins at an offset; returns `to`. */
  putText(text: string, from: number, to: number, offset: number): number {
    this.count += Math.max(0, to - KEPT - from)
    for (let i = Math.max(from, to - KEPT); i < to; i++) this.put(text.charCodeAt(i), offset + i)
    return to
  }

  /** A unit; the newest is 1 back, the oldest `length`. */
  unitBack(back: number): number {
    return this.#units[(this.count - back) & MASK]!
  }

  /** The offset of that unit. */
  offsetBack(back: number): number {
    return this.#offsets[(this.count - back) & MASK]!
  }
}
