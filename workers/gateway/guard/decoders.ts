/**
 * Notices that a text holds something encoded, and has it read as what it stands for. While nothing looks encoded this
 * costs two counters, which `Scanner` keeps by itself while it reads.
 */
import { BASE, ESCAPE, HEX, NOT_HEX, UNIT_SHIFT } from './fold.ts'
import { BASE16, BASE32, BASE64, BaseReader } from './bases.ts'
import type { ChannelName } from './channels.ts'
import { EscapeReader } from './escapes.ts'
import type { Input } from './input.ts'
import type { Scanner } from './scanner.ts'

/** Text is read as decoded so many times over. */
const DEPTH_MAX = 3

/** A token of this many characters of the base alphabets may be encoded text. */
export const TOKEN_MIN = 16
/** The same for so many characters, at least so many of them digits, without a letter beyond F. */
export const HEX_SPAN_MIN = 16
const HEX_DIGITS_MIN = 16
/** So many short words may stand between the lines of a run, as in "line 3 of 12: ". */
const SHORT_TOKENS_MAX = 5
/** What did not look encoded is looked at again after this many characters. */
const LOOK_EVERY = 8

export class Decoders {
  /** Scanners of decoded text. */
  readonly children: Scanner[] = []
  /** Characters of the base alphabets in a row. */
  token = 0
  /** Characters since the last letter beyond F. */
  hexSpan = 0
  /** Whether it must take the next sign, whatever that is. */
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
  #shortTokens = 0
  /** Hexadecimal digits in a row, and how many there were in the row before. */
  #hexGroup = 0
  #hexGroupBefore = 0

  constructor(channels: ReadonlySet<ChannelName>, depth: number, open: (depth: number) => Scanner) {
    this.#reads = (channel) => depth < DEPTH_MAX && channels.has(channel)
    this.#open = () => {
      const child = open(depth + 1)
      this.children.push(child)
      return child
    }
  }

  /** At which length of the token it must look at it, unless it is busy anyway. */
  get nextLook(): number {
    return Math.max(TOKEN_MIN, this.token - (this.token % LOOK_EVERY) + LOOK_EVERY)
  }

  /** Takes a sign, already counted, the newest of `input`. Throws what the judge throws. */
  take(sign: number, at: number, input: Input): void {
    if (this.#isRun || this.token >= TOKEN_MIN) this.#takeRun(sign, at, input)
    if (this.#isHex || this.hexSpan >= this.#hexLook) this.#takeHex(sign, at, input)
    else if (this.hexSpan < this.#hexLook - LOOK_EVERY) this.#hexLook = HEX_SPAN_MIN
    if ((sign & ESCAPE) !== 0 || this.#escapes?.isAwake(input)) this.#takeEscape(sign, at, input)
    else this.#escapes?.sleep()
    this.isBusy = this.#isRun || this.#isHex || (this.#escapes?.isAwake(input) ?? false)
  }

  /** A run goes on after a line break, and what stands before a line is left out: its number, say. Many short words tell that it is over. */
  #takeRun(sign: number, at: number, input: Input): void {
    if (!this.#isRun) {
      if (this.token % LOOK_EVERY === 0 && this.#looksEncoded(input)) this.#startRun(input)
    } else if ((sign & BASE) !== 0) {
      this.#runToken++
      if (this.#runToken === TOKEN_MIN) this.#recallRun(TOKEN_MIN, input)
      else if (this.#runToken > TOKEN_MIN) this.#pushRun(sign >>> UNIT_SHIFT, at)
    } else if (this.#runToken !== 0) {
      this.#shortTokens = this.#runToken < TOKEN_MIN ? this.#shortTokens + 1 : 0
      this.#runToken = 0
      if (this.#shortTokens <= SHORT_TOKENS_MAX) return
      this.#isRun = false
      this.#base64?.restart()
      this.#base32?.restart()
    }
  }

  /** Words, paths and rules are long, too, and so are numbers and ids in base16; encoded text mixes digits or cases. */
  #looksEncoded(input: Input): boolean {
    let [hasDigit, hasLarge, hasSmall, hasMore] = [false, false, false, false]
    for (let back = Math.min(this.token, input.lengthMax); back > 0; back--) {
      const sign = input.signBack(back)
      const unit = sign >>> UNIT_SHIFT
      if (unit >= 48 && unit < 58) hasDigit = true
      else if (unit >= 65 && unit < 91) hasLarge = true
      else if (unit >= 97) hasSmall = true
      if ((sign & HEX) === 0) hasMore = true
    }
    return hasMore && (hasDigit || (hasLarge && hasSmall))
  }

  #startRun(input: Input): void {
    this.#isRun = true
    this.#runToken = this.token
    this.#shortTokens = 0
    if (this.#base64 === undefined && this.#reads('base64')) this.#base64 = new BaseReader(BASE64, this.#open)
    if (this.#base32 === undefined && this.#reads('base32')) this.#base32 = new BaseReader(BASE32, this.#open)
    this.#recallRun(Math.min(this.token, input.lengthMax), input)
  }

  #recallRun(signs: number, input: Input): void {
    for (let back = signs; back > 0; back--) this.#pushRun(input.signBack(back) >>> UNIT_SHIFT, input.offsetBack(back))
  }

  #pushRun(unit: number, at: number): void {
    this.#base64?.push(unit, at)
    this.#base32?.push(unit, at)
  }

  #takeHex(sign: number, at: number, input: Input): void {
    if (this.#isHex) {
      this.#pushHex(sign, at)
      this.#isHex = (sign & NOT_HEX) === 0
      return
    }
    this.#hexLook = this.hexSpan + LOOK_EVERY
    if (!this.#looksHex(input)) return
    this.#isHex = true
    if (this.#base16 === undefined && this.#reads('base16')) this.#base16 = new BaseReader(BASE16, this.#open)
    this.#base16?.restart()
    for (let back = input.length; back > 0; back--) this.#pushHex(input.signBack(back), input.offsetBack(back))
  }

  #takeEscape(sign: number, at: number, input: Input): void {
    if (this.#escapes === undefined && this.#reads('escapes')) this.#escapes = new EscapeReader(this.#open)
    this.#escapes?.push(sign, at, input, this.#isRun ? input.lengthMax : input.length)
  }

  #looksHex(input: Input): boolean {
    let digits = 0
    for (let back = 1; back <= input.length && digits < HEX_DIGITS_MIN; back++) {
      const sign = input.signBack(back)
      if ((sign & NOT_HEX) !== 0) return false
      if ((sign & HEX) !== 0) digits++
    }
    return digits >= HEX_DIGITS_MIN
  }

  #pushHex(sign: number, at: number): void {
    if ((sign & HEX) !== 0) {
      this.#hexGroup++
      this.#base16?.push(sign >>> UNIT_SHIFT, at)
      return
    }
    // The number of a line, or the 0 of a 0x, is no half of a pair.
    const isOdd = (this.#hexGroup & 1) === 1 && this.#hexGroupBefore > 1
    if ((sign & NOT_HEX) !== 0) this.#base16?.restart()
    else if (isOdd || ((sign >>> UNIT_SHIFT) | 32) === 120) this.#base16?.takeBack()
    if (this.#hexGroup !== 0 && !isOdd) this.#hexGroupBefore = this.#hexGroup
    this.#hexGroup = 0
  }
}
