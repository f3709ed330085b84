/**
 * Reads one text, unit by unit, in all the ways in which it may spell the prompt. What it decodes on the way is read by
 * further scanners of the same kind, up to three deep. Every way of reading works on the fly: the state is a few hundred
 * bytes for each, whatever the length of the text.
 */
import {
  ASCII, BASE, CODE, ESCAPE, foldedUnit, foldWide, hanCode, HEX, isHan, LETTER, LETTER_SHIFT, NEWLINE, NOT_HEX, OTHER, otherCode, VOWEL, WHITE,
} from './fold.ts' // prettier-ignore
import { BASE16, BASE32, BASE64, BaseReader } from './bases.ts'
import { type Limited, LIMITS, STRICT_LIMITS } from './channels.ts'
import { EscapeReader } from './escapes.ts'
import type { GramIndex } from './gram-index.ts'
import type { Tables } from './leak-index.ts'
import { type Judge, Matcher } from './matcher.ts'
import { shiftCode } from './spelling.ts'
import { addLetter, isContentWord, MARKS_MAX, type WordJudge, WordWindow } from './words.ts'

const DEPTH_MAX = 3
/** A word of this many characters of the base alphabets may be encoded text: it is decoded from its beginning. */
const TOKEN_MIN = 16
/** The same for hexadecimal digits without a letter beyond F between them. */
const HEX_DIGITS_MIN = 16
/** How many units are kept for that. A power of two. */
const RING = 64

export type ScannerOptions = { tables: Tables; judge: Judge & WordJudge; strict: boolean }

export class Scanner {
  readonly #options: ScannerOptions
  readonly #depth: number
  readonly #matchers: Matcher[] = []
  readonly #children: Scanner[] = []
  readonly #folded: Matcher | undefined
  readonly #consonants: Matcher | undefined
  readonly #shifts: ShiftStream | undefined
  readonly #wordInitials: ShiftStream | undefined
  readonly #lineInitials: ShiftStream | undefined
  readonly #words: WordWindow | undefined
  readonly #units = new Uint16Array(RING)
  readonly #offsets = new Int32Array(RING)
  #count = 0
  #high = 0
  #beginsWord = true
  #beginsLine = true
  #wordHash = 0
  #wordLetters = 0
  #token = 0
  #isRun = false
  #hexDigits = 0
  readonly #escapes: EscapeReader | undefined
  #base64: BaseReader | undefined
  #base32: BaseReader | undefined
  #base16: BaseReader | undefined

  constructor(options: ScannerOptions, depth = 0) {
    const { tables, judge, strict } = options
    const { channels, words } = tables
    this.#options = options
    this.#depth = depth
    this.#folded = this.#matcher('folded', tables.folded, 0, tables.folded?.spans.length)
    this.#consonants = this.#matcher('consonants', tables.consonants, 0, 1)
    this.#shifts = this.#shiftStream('shifts', channels.has('caesar') ? 0 : 1, channels.has('atbash') ? 2 : 1)
    if (channels.has('initials')) {
      this.#wordInitials = this.#shiftStream('initials', 0, 1)
      this.#lineInitials = this.#shiftStream('initials', 0, 1)
    }
    if (words && depth === 0) this.#words = new WordWindow(words, strict ? MARKS_MAX.strict : MARKS_MAX.usual, judge)
    if (channels.has('escapes') && depth < DEPTH_MAX) this.#escapes = new EscapeReader(() => this.#child())
  }

  /** Reads a piece of text whose first unit has this offset. Throws what the judge throws. */
  read(text: string, offset: number): void {
    for (let i = 0; i < text.length; i++) this.feed(text.charCodeAt(i), offset + i)
  }

  /** Reads one UTF-16 unit, which was spelled by the answer's character at this offset. */
  feed(unit: number, at: number): void {
    const slot = this.#count++ & (RING - 1)
    this.#units[slot] = unit
    this.#offsets[slot] = at
    if (unit >= 128) {
      this.#feedWide(unit, at)
      return
    }
    const info = ASCII[unit]!
    if ((info & BASE) !== 0) {
      this.#token++
      if (this.#token >= TOKEN_MIN || this.#isRun) this.#feedRun(unit, at)
    } else if (this.#token !== 0) this.#endToken()
    if ((info & HEX) !== 0) {
      if (++this.#hexDigits >= HEX_DIGITS_MIN) this.#feedHex(unit, at)
    } else if (this.#hexDigits !== 0) this.#betweenHex(info, unit)
    if (this.#escapes !== undefined && ((info & ESCAPE) !== 0 || this.#escapes.isAwake)) this.#escapes.push(unit, at)
    this.#sign(info, at)
  }

  /** The text ends here: matches that are live come to their end. Throws what the judge throws. */
  finish(): void {
    this.#endWord()
    for (const matcher of this.#matchers) matcher.finish()
    for (const child of this.#children) child.finish()
  }

  /** The offset from which on the text must be held, because a match that began there is live; or Infinity. */
  get heldFrom(): number {
    let from = Infinity
    for (const matcher of this.#matchers) if (matcher.length !== 0) from = Math.min(from, matcher.heldFrom)
    for (const child of this.#children) from = Math.min(from, child.heldFrom)
    return from
  }

  /** The last units read, as text: what a prompt that goes on elsewhere would have begun with. */
  get tail(): string {
    let text = ''
    for (let position = Math.max(0, this.#count - RING); position < this.#count; position++) {
      text += String.fromCharCode(this.#units[position & (RING - 1)]!)
    }
    return text
  }

  #sign(info: number, at: number): void {
    const code = info & CODE
    if (code !== 0) this.#folded?.step(code, at)
    const letter = (info >>> LETTER_SHIFT) & LETTER
    if (letter !== 0) {
      this.#shifts?.letter(letter, at)
      if ((info & VOWEL) === 0) this.#consonants?.step(letter, at)
      this.#wordHash = addLetter(this.#wordHash, letter)
      this.#wordLetters++
      if (this.#beginsWord) this.#initial(letter, 0, at)
      return
    }
    if (this.#wordLetters !== 0) this.#endWord()
    if ((info & WHITE) !== 0) this.#beginsWord = true
    if ((info & NEWLINE) !== 0) this.#beginsLine = true
  }

  #initial(letter: number, code: number, at: number): void {
    this.#wordInitials?.letter(letter, at, code)
    if (this.#beginsLine) this.#lineInitials?.letter(letter, at, code)
    this.#beginsWord = false
    this.#beginsLine = false
  }

  #endWord(): void {
    if (isContentWord(this.#wordHash, this.#wordLetters)) this.#words?.push(this.#wordHash)
    this.#wordHash = 0
    this.#wordLetters = 0
  }

  #feedWide(unit: number, at: number): void {
    if (this.#escapes?.isAwake) this.#escapes.push(unit, at)
    if (unit >= 0xd800 && unit < 0xe000) {
      if (unit < 0xdc00) this.#high = unit
      else if (this.#high !== 0) {
        this.#wide(0x10000 + ((this.#high - 0xd800) << 10) + (unit - 0xdc00), at)
        this.#high = 0
      }
      return
    }
    this.#wide(unit, at)
  }

  #wide(point: number, at: number): void {
    if (isHan(point)) {
      this.#other(point, at)
      return
    }
    const single = point < 0x10000 ? foldedUnit(point) : 0
    if (single !== 0) this.#part(single, at)
    else for (const part of foldWide(point)) this.#part(part.codePointAt(0)!, at)
  }

  #part(base: number, at: number): void {
    if (base < 128) this.#sign(ASCII[base]!, at)
    else this.#other(base, at)
  }

  /** A letter or digit of another script. */
  #other(point: number, at: number): void {
    this.#otherCode(otherCode(point), at)
    if (isHan(point)) {
      this.#endWord()
      this.#otherCode(hanCode(point), at)
    } else {
      this.#wordHash = addLetter(this.#wordHash, otherCode(point))
      this.#wordLetters++
    }
  }

  #otherCode(code: number, at: number): void {
    this.#folded?.step(code, at)
    this.#shifts?.letter(OTHER, at, code)
    if (this.#beginsWord) this.#initial(OTHER, code, at)
  }

  #feedRun(unit: number, at: number): void {
    const { channels } = this.#options.tables
    if (this.#depth >= DEPTH_MAX) return
    if (channels.has('base64')) this.#base64 ??= new BaseReader(BASE64, () => this.#child())
    if (channels.has('base32')) this.#base32 ??= new BaseReader(BASE32, () => this.#child())
    if (this.#isRun) {
      this.#base64?.push(unit, at)
      this.#base32?.push(unit, at)
      return
    }
    this.#isRun = true
    for (let back = TOKEN_MIN; back > 0; back--) {
      const slot = (this.#count - back) & (RING - 1)
      this.#base64?.push(this.#units[slot]!, this.#offsets[slot]!)
      this.#base32?.push(this.#units[slot]!, this.#offsets[slot]!)
    }
  }

  /** A run goes on after a line break; a short word tells that it is over. */
  #endToken(): void {
    if (this.#isRun && this.#token < TOKEN_MIN) {
      this.#isRun = false
      this.#base64?.restart()
      this.#base32?.restart()
    }
    this.#token = 0
  }

  #feedHex(unit: number, at: number): void {
    if (this.#depth >= DEPTH_MAX || !this.#options.tables.channels.has('base16')) return
    this.#base16 ??= new BaseReader(BASE16, () => this.#child())
    if (this.#hexDigits > HEX_DIGITS_MIN) {
      this.#base16.push(unit, at)
      return
    }
    this.#base16.restart()
    const first = Math.max(0, this.#count - RING)
    for (let position = first; position < this.#count; position++) {
      const slot = position & (RING - 1)
      const past = this.#units[slot]!
      const info = past < 128 ? ASCII[past]! : 0
      if ((info & HEX) !== 0) this.#base16.push(past, this.#offsets[slot]!)
      else if ((info & NOT_HEX) !== 0) this.#base16.restart()
      else if (isX(past)) this.#base16.takeBack()
    }
  }

  #betweenHex(info: number, unit: number): void {
    if ((info & NOT_HEX) !== 0) this.#hexDigits = 0
    else if (isX(unit) && this.#hexDigits >= HEX_DIGITS_MIN) this.#base16?.takeBack()
  }

  #child(): Scanner {
    const child = new Scanner(this.#options, this.#depth + 1)
    this.#children.push(child)
    return child
  }

  #matcher(kind: Limited, index: GramIndex | undefined, fromSpan: number, toSpan = 0): Matcher | undefined {
    const first = index?.spans[fromSpan]
    const last = index?.spans[toSpan - 1]
    if (!index || !first || !last || toSpan <= fromSpan) return undefined
    const { tables, judge, strict } = this.#options
    const limits = (strict ? STRICT_LIMITS : LIMITS)[kind]
    const holdCodes = tables.wholeCodes === 0 ? limits.holdCodes : Math.min(limits.holdCodes, tables.wholeCodes)
    const range = { start: first.start, end: last.end }
    const matcher = new Matcher({ index, covers: tables.covers, limits: { ...limits, holdCodes }, range, judge })
    this.#matchers.push(matcher)
    return matcher
  }

  #shiftStream(kind: Limited, fromSpan: number, toSpan: number): ShiftStream | undefined {
    const matcher = this.#matcher(kind, this.#options.tables.shifts, fromSpan, toSpan)
    return matcher && new ShiftStream(matcher)
  }
}

/** Turns letters into the differences between neighbours, which no Caesar shift changes. */
class ShiftStream {
  readonly #matcher: Matcher
  #before = 1

  constructor(matcher: Matcher) {
    this.#matcher = matcher
  }

  /** Takes a letter from 1 to 26, or `OTHER` with its code. */
  letter(letter: number, at: number, code = 0): void {
    if (letter === OTHER) {
      this.#matcher.step(code, at)
      return
    }
    this.#matcher.step(shiftCode(letter, this.#before), at)
    this.#before = letter
  }
}

function isX(unit: number): boolean {
  return (unit | 32) === 120
}
