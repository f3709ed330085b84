/**
 * Decides what a match means: nothing, an exposure to be counted, or the end of the answer. Knows what the caller sent,
 * and looks at it only when a match arises.
 */
import type { Judge, Matcher } from './matcher.ts'
import type { Span } from './gram-index.ts'
import type { Tables } from './leak-index.ts'
import { Scanner } from './scanner.ts'
import { pairsIn, type WordJudge } from './words.ts'

/** A match that stands for this many letters and digits, and was not blocked, is an exposure. */
const EXPOSE_COVER = 16
/**
 * An echo of the caller's text may run over its end by chance, by less than this many letters and digits and less than
 * a quarter of the match. Without any room the guard would confirm guesses letter by letter; the overrun counts against
 * the drip budget, and once that is used up there is no room.
 */
const OVERRUN_MAX = 8

export type VerdictOptions = {
  tables: Tables
  callerTexts: readonly string[]
  strict: boolean
  /** Takes the places of a match that was let through. */
  expose: (places: Span) => void
  /** Ends the answer. */
  block: () => never
}

export class Verdict implements Judge, WordJudge {
  live = 0
  readonly #tables: Tables
  readonly #options: VerdictOptions
  #sentPlaces: Span[] | undefined
  #sentPairs: Set<number> | undefined

  constructor(options: VerdictOptions) {
    this.#tables = options.tables
    this.#options = options
  }

  grown(match: Matcher, at: number): void {
    const { blockCodes, blockCover } = match.limits
    if (match.length < blockCodes || match.cover < blockCover) return
    if (!this.#echo(match)) this.block()
    // What has been said is the caller's own; from here on it is held again.
    match.heldFrom = at + 1
  }

  ended(match: Matcher, endsWord: boolean): void {
    const isLong = match.length >= match.limits.exposeCodes && match.cover >= EXPOSE_COVER
    const isWhole = this.#isWhole(match, endsWord)
    if (!isLong && !isWhole) return
    const echo = this.#echo(match)
    if (isWhole && !echo) this.block()
    if (!isLong) return
    const { start, end } = match.places
    if (!echo) return this.#options.expose(match.places)
    // What runs over the caller's own text is news to the caller, however short: sent back, it would bring a little more each time.
    if (start < echo.start) this.#options.expose({ start, end: echo.start })
    if (echo.end < end) this.#options.expose({ start: echo.end, end })
  }

  sentPairs(): ReadonlySet<number> {
    return (this.#sentPairs ??= new Set(this.#options.callerTexts.flatMap(pairsIn)))
  }

  block(): never {
    return this.#options.block()
  }

  /** Whether the match is all of a short prompt, and not by chance a part of longer words. Han is written without spaces. */
  #isWhole(match: Matcher, endsWord: boolean): boolean {
    const { wholeCodes } = this.#tables
    if (wholeCodes === 0 || match.length < wholeCodes) return false
    const first = match.index.codes[match.last - match.length + 1]!
    const last = match.index.codes[match.last]!
    return (match.beginsWord || first >= 0x80) && (endsWord || last >= 0x80)
  }

  /** The part of the match that the caller sent, in one piece and in whatever form, if that is all of it but a chance overrun. */
  #echo(match: Matcher): Span | undefined {
    const { covers } = this.#tables
    const { start, end } = match.places
    const cover = covers[end]! - covers[start]!
    const overrunMax = this.#options.strict ? 0 : Math.min(OVERRUN_MAX * 4, cover / 4)
    this.#sentPlaces ??= this.#readSent()
    for (const sent of this.#sentPlaces) {
      const from = Math.max(start, sent.start)
      const to = Math.min(end, sent.end)
      const overrun = cover - (covers[to]! - covers[from]!)
      if (from < to && (overrun === 0 || overrun < overrunMax)) return { start: from, end: to }
    }
    return undefined
  }

  #readSent(): Span[] {
    const { callerTexts, strict } = this.#options
    const sent: Span[] = []
    const judge: Judge & WordJudge = {
      live: 0,
      grown: () => {},
      ended: ({ places }) => sent.push(places),
      sentPairs: () => new Set(),
      block: () => {
        throw new Error('A reading of what the caller sent never blocks.')
      },
    }
    for (const text of callerTexts) {
      const scanner = new Scanner({ tables: { ...this.#tables, words: undefined }, judge, strict })
      scanner.read(text, 0)
      scanner.finish()
    }
    return sent
  }
}
