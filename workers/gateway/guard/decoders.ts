/**
 * Notices that a text holds something encoded, and has it read as what it stands for. While nothing looks encoded this
 * costs two counters, which `Scanner` keeps by itself while it reads.
 */
import { BASE, ESCAPE, HEX, infoOf, NOT_HEX } from './fold.ts'
import { BASE16, BASE32, BASE64, BaseReader } from './bases.ts'
import type { ChannelName } from './channels.ts'
import { EscapeReader } from './escapes.ts'
import type { Recent } from './recent.ts'
import type { Scanner } from './scanner.ts'

/** Text is read as decoded so many times over. */
const DEPTH_MAX = 3

/** A token of this many characters of the base alphabets may be encoded text. */
export const TOKEN_MIN = 16
/** The same for so many characters, at least so many of them digits, without a letter beyond F. */
export const HEX_SPAN_MIN = 16
const HEX_DIGITS_MIN = 16
/** What did not look encoded is looked at again after this many characters. */
const LOOK_EVERY = 8

export class Decoders {
  /** Scanners of decoded text. */
  readonly children: Scanner[] = []
  /** Characters of the base alphabets in a row. */
  token = 0
  /** Characters since the last letter beyond F. */
  hexSpan = 0
  /** Whether it must take the next unit, whatever that is. */
  isBusy = false
  readonly #open: () => Scanner
  readonly #reads: (channel: ChannelName) => boolean
  // Each made when first needed: most texts hold nothing encoded.
  #base64: BaseReader | undefined
  #base32: BaseReader | undefined
  #base16: BaseReader | undefined
  #escapes: EscapeReader | undefined
  #isHex = false
  /** The span at which to look whether there are digits enough. */
  #hexLook = HEX_SPAN_MIN
  #isRun = false
  /** Characters of the run since its last line break. */
  #runToken = 0

  constructor(channels: ReadonlySet<ChannelName>, depth: number, open: (depth: number) => Scanner) {
    this.#reads = (channel) => depth < DEPTH_MAX && channels.has(channel)
    this.#open = () => {
      const child = open(depth + 1)
      this.children.push(child)
      return child
    }
  }

  /** Counts a character of ASCII, `info` being what `ASCII` says of it. Tells whether `take` must be called for it. */
  counts(info: number): boolean {
    this.token = (info & BASE) === 0 ? 0 : this.token + 1
    this.hexSpan = (info & NOT_HEX) === 0 ? this.hexSpan + 1 : 0
    return this.isBusy || this.token >= TOKEN_MIN || this.hexSpan >= HEX_SPAN_MIN
  }

  /** Takes a unit, already counted, the newest of `recent`. Throws what the judge throws. */
  take(unit: number, at: number, recent: Recent): void {
    const info = infoOf(unit)
    if (this.#isRun || this.token >= TOKEN_MIN) this.#takeRun(unit, info, at, recent)
    if (this.#isHex || this.hexSpan >= this.#hexLook) this.#takeHex(unit, info, at, recent)
    else if (this.hexSpan < HEX_SPAN_MIN) this.#hexLook = HEX_SPAN_MIN
    if ((info & ESCAPE) !== 0 || this.#escapes?.isAwake(recent)) this.#takeEscape(unit, at, recent)
    else this.#escapes?.sleep()
    this.isBusy = this.#isRun || this.#isHex || (this.#escapes?.isAwake(recent) ?? false)
  }

  /** A run goes on after a line break; a short word tells that it is over. */
  #takeRun(unit: number, info: number, at: number, recent: Recent): void {
    if (!this.#isRun) {
      if (this.token % LOOK_EVERY === 0 && this.#looksEncoded(recent)) this.#startRun(recent)
    } else if ((info & BASE) !== 0) {
      this.#runToken++
      this.#pushRun(unit, at)
    } else if (this.#runToken !== 0) {
      if (this.#runToken < TOKEN_MIN) {
        this.#isRun = false
        this.#base64?.restart()
        this.#base32?.restart()
      }
      this.#runToken = 0
    }
  }

  /** Words, paths and rules are long, too, and so are numbers and ids in base16; encoded text mixes digits or cases. */
  #looksEncoded(recent: Recent): boolean {
    let [hasDigit, hasLarge, hasSmall, hasMore] = [false, false, false, false]
    for (let back = Math.min(this.token, recent.length); back > 0; back--) {
      const unit = recent.unitBack(back)
      if (unit >= 48 && unit < 58) hasDigit = true
      else if (unit >= 65 && unit < 91) hasLarge = true
      else if (unit >= 97) hasSmall = true
      if ((infoOf(unit) & HEX) === 0) hasMore = true
    }
    return hasMore && (hasDigit || (hasLarge && hasSmall))
  }

  #startRun(recent: Recent): void {
    this.#isRun = true
    this.#runToken = this.token
    if (this.#base64 === undefined && this.#reads('base64')) this.#base64 = new BaseReader(BASE64, this.#open)
    if (this.#base32 === undefined && this.#reads('base32')) this.#base32 = new BaseReader(BASE32, this.#open)
    for (let back = Math.min(this.token, recent.length); back > 0; back--)
      this.#pushRun(recent.unitBack(back), recent.offsetBack(back))
  }

  #pushRun(unit: number, at: number): void {
    this.#base64?.push(unit, at)
    this.#base32?.push(unit, at)
  }

  #takeHex(unit: number, info: number, at: number, recent: Recent): void {
    if (this.#isHex) {
      this.#pushHex(unit, info, at)
      this.#isHex = (info & NOT_HEX) === 0
      return
    }
    this.#hexLook = this.hexSpan + LOOK_EVERY
    if (!this.#looksHex(recent)) return
    this.#isHex = true
    if (this.#base16 === undefined && this.#reads('base16')) this.#base16 = new BaseReader(BASE16, this.#open)
    this.#base16?.restart()
    for (let back = recent.length; back > 0; back--) {
      const past = recent.unitBack(back)
      this.#pushHex(past, infoOf(past), recent.offsetBack(back))
    }
  }

  #takeEscape(unit: number, at: number, recent: Recent): void {
    if (this.#escapes === undefined && this.#reads('escapes')) this.#escapes = new EscapeReader(this.#open)
    this.#escapes?.push(unit, at, recent)
  }

  #looksHex(recent: Recent): boolean {
    let digits = 0
    for (let back = 1; back <= recent.length && digits < HEX_DIGITS_MIN; back++) {
      const info = infoOf(recent.unitBack(back))
      if ((info & NOT_HEX) !== 0) return false
      if ((info & HEX) !== 0) digits++
    }
    return digits >= HEX_DIGITS_MIN
  }

  #pushHex(unit: number, info: number, at: number): void {
    if ((info & HEX) !== 0) this.#base16?.push(unit, at)
    else if ((info & NOT_HEX) !== 0) this.#base16?.restart()
    else if ((unit | 32) === 120) this.#base16?.takeBack()
  }
}
