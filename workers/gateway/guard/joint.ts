/**
 * Reads all lanes of an answer as one text, in the order of arrival, so that a prompt cannot leave in turns through two
 * of them. As long as one lane speaks alone, its own scanner sees all there is, and this one sleeps.
 */
import type { Input } from './input.ts'
import { Scanner, type ScannerOptions } from './scanner.ts'

/** How long after a change of lanes it goes on reading, in characters: by then the lane's own scanner has blocked or seen nothing. */
const AWAKE_FOR = 512

type Speaker = { scanner: Scanner }

/** A stretch of the joint text and where it stands in its lane. */
type Piece = { speaker: Speaker; start: number; end: number; laneStart: number }

export class Joint {
  readonly #options: ScannerOptions
  #scanner: Scanner | undefined
  #total = 0
  #awakeUntil = -1
  /** What was read since the match that is live began; empty without one. */
  #pieces: Piece[] = []

  constructor(options: ScannerOptions) {
    this.#options = options
  }

  /** Another lane than `previous` is about to be read. */
  turn(previous: Speaker): void {
    this.#scanner ??= new Scanner(this.#options)
    if (this.#total > this.#awakeUntil) this.#recall(previous.scanner.input)
    this.#awakeUntil = this.#total + AWAKE_FOR
  }

  /** Takes text that a lane has just read at its offset `laneStart`. Throws what the judge throws. */
  read(speaker: Speaker, text: string, laneStart: number): void {
    if (this.#total > this.#awakeUntil) return
    this.#pieces.push({ speaker, start: this.#total, end: this.#total + text.length, laneStart })
    this.#scan(text)
    const from = this.#scanner?.heldFrom ?? Infinity
    this.#pieces = this.#pieces.filter((piece) => piece.end > from)
  }

  /** All lanes have ended. Throws what the judge throws. */
  finish(): void {
    this.#scanner?.finish()
  }

  /** The offset in this lane from which on its text must be held, or Infinity. */
  heldFrom(speaker: Speaker): number {
    const from = this.#scanner?.heldFrom ?? Infinity
    const first = this.#pieces.find((piece) => piece.speaker === speaker && piece.end > from)
    return first ? first.laneStart + Math.max(0, from - first.start) : Infinity
  }

  /** Reads again what a lane's own scanner read last. */
  #recall(input: Input): void {
    for (let back = input.length; back > 0; back--) this.#scanner?.put(input.signBack(back), this.#total++)
  }

  #scan(text: string): void {
    this.#scanner?.read(text, this.#total)
    this.#total += text.length
  }
}
