/**
 * Reads one text, unit by unit, in all the ways in which it may spell the prompt. Every way of reading works on the fly,
 * with a state of a few hundred bytes, whatever the length of the text.
 *
 * Two streams of codes are always followed: the plain letters and digits, and the differences between letters. First
 * letters and content words are looked at once for each word. All else sleeps until the text gives cause: consonants
 * when vowels are missing, decoders when something looks encoded. Hence two ways in: `read` for the answer itself, whose
 * loop over ASCII carries all of an answer's cost and is written flat for that reason, and `feed` for everything else.
 */
import {
  ASCII, BASE, CODE, ESCAPE, foldedUnit, foldWide, hanCode, infoOf, isHan, LETTER, LETTER_SHIFT, NEWLINE, OTHER, otherCode, VOWEL, WHITE,
} from './fold.ts' // prettier-ignore
import { type Limited, LIMITS, STRICT_LIMITS } from './channels.ts'
import { Decoders, HEX_SPAN_MIN, TOKEN_MIN } from './decoders.ts'
import { GEAR, type GramIndex } from './gram-index.ts'
import type { Tables } from './leak-index.ts'
import { type Judge, Matcher, MATCHER_RING } from './matcher.ts'
import { Recent } from './recent.ts'
import { SHIFT_CODES } from './spelling.ts'
import { addLetter, MARKS_MAX, type WordJudge, WORD_LETTERS_MIN, WordWindow } from './words.ts'

/** So many letters in a row without a vowel, or with one kind of vowel only, wake the consonants. */
const NO_VOWEL_LETTERS = 8
const ONE_VOWEL_LETTERS = 18
/** The vowels of `LETTER`, as bits. */
const VOWELS = [1, 5, 9, 15, 21].reduce((bits, letter) => bits | (1 << letter), 0)
/** Where the next letter stands: first in its word, behind a digit that was, or further in. */
const AT_WORD = 0
const AFTER_DIGIT = 1
const IN_WORD = 2
/** The letters that no hexadecimal text holds, as bits; `x` is none of them for the sake of `0x`. */
const NOT_HEX_LETTERS = 0x7ffff80 & ~(1 << 24)

// An imported name is looked up anew at each use, which the loop of `#readAscii` would feel; these are compiled into it.
const ascii = ASCII
const gear = GEAR
const shiftCodes = SHIFT_CODES
const codeBits = CODE
const letterShift = LETTER_SHIFT
const letterBits = LETTER
const vowel = VOWEL
const base = BASE
const white = WHITE
const newline = NEWLINE
const escape = ESCAPE
const tokenMin = TOKEN_MIN
const hexSpanMin = HEX_SPAN_MIN
const ringMask = MATCHER_RING - 1
const withLetter = addLetter

export type ScannerOptions = { tables: Tables; judge: Judge & WordJudge; strict: boolean }

export class Scanner {
  readonly #options: ScannerOptions
  readonly #matchers: Matcher[] = []
  readonly #folded: Matcher
  readonly #shifts: ShiftStream
  readonly #wordInitials: ShiftStream | undefined
  readonly #lineInitials: ShiftStream | undefined
  readonly #consonants: Matcher
  readonly #words: WordWindow | undefined
  readonly #decoders: Decoders
  /** The last units read. */
  readonly recent = new Recent()
  #high = 0
  #wordBegin = AT_WORD
  #beginsLine = true
  #wordHash = 0
  #wordLetters = 0
  /** Letters of the word, as bits. */
  #wordAlphabet = 0
  /** Letters since the last word with a vowel; letters since two kinds of vowels were seen, and the kind that was. */
  #bareLetters = 0
  #poorLetters = 0
  #poorVowel = 0
  #readsConsonants = false

  /** `depth` says how many times what it reads was decoded. */
  constructor(options: ScannerOptions, depth = 0) {
    const { tables, judge, strict } = options
    const { channels, words } = tables
    this.#options = options
    this.#folded = this.#matcher('folded', tables.folded, 0, tables.folded.spans.length)
    this.#shifts = new ShiftStream(
      this.#matcher('shifts', tables.shifts, channels.has('caesar') ? 0 : 1, channels.has('atbash') ? 2 : 1),
    )
    this.#consonants = this.#matcher('consonants', tables.consonants, 0, 1)
    if (channels.has('initials')) {
      this.#wordInitials = new ShiftStream(this.#matcher('initials', tables.shifts, 0, 1))
      this.#lineInitials = new ShiftStream(this.#matcher('initials', tables.shifts, 0, 1))
    }
    if (words && depth === 0) this.#words = new WordWindow(words, strict ? MARKS_MAX.strict : MARKS_MAX.usual, judge)
    this.#decoders = new Decoders(channels, depth, (deeper) => new Scanner(options, deeper))
  }

  /** Reads a piece of text whose first unit has this offset. Throws what the judge throws. */
  read(text: string, offset: number): void {
    let i = 0
    while (i < text.length) {
      i = this.#readAscii(text, i, offset)
      for (; i < text.length && text.charCodeAt(i) >= 128; i++) this.feed(text.charCodeAt(i), offset + i)
    }
  }

  /** Reads one UTF-16 unit, which was spelled by the answer's character at this offset. Throws what the judge throws. */
  feed(unit: number, at: number): void {
    this.recent.put(unit, at)
    if (unit >= 128) {
      this.#feedWide(unit, at)
      return
    }
    const info = ASCII[unit]!
    if (this.#decoders.counts(info) || (info & ESCAPE) !== 0) this.#decoders.take(unit, at, this.recent)
    this.#sign(info, at)
  }

  /** The text ends here: matches that are live come to their end. Throws what the judge throws. */
  finish(): void {
    this.#endWord()
    for (const matcher of this.#matchers) matcher.finish()
    for (const child of this.#decoders.children) child.finish()
  }

  /** The offset from which on the text must be held, because a match that began there is live; or Infinity. */
  get heldFrom(): number {
    let from = Infinity
    for (const matcher of this.#matchers) if (matcher.length !== 0) from = Math.min(from, matcher.heldFrom)
    for (const child of this.#decoders.children) from = Math.min(from, child.heldFrom)
    return from
  }

  /**
   * Reads from `start` up to the first unit that is not ASCII, and returns where that is. Does for each unit what `feed`
   * does, with the steps of the two busy matchers written out and their state in local variables.
   */
  #readAscii(text: string, start: number, offset: number): number {
    const folded = this.#folded
    const shifts = this.#shifts.matcher
    const decoders = this.#decoders
    const recent = this.recent
    const { codes, offsets, runMin } = folded
    const { bits, bitShift, shift } = folded.index
    let { count, hash, run } = folded
    const shiftRing = shifts.codes
    const shiftOffsets = shifts.offsets
    const shiftRunMin = shifts.runMin
    const shiftBits = shifts.index.bits
    const shiftBitShift = shifts.index.bitShift
    let shiftCount = shifts.count
    let shiftHash = shifts.hash
    let shiftRun = shifts.run
    let before = this.#shifts.before
    let isBusy = decoders.isBusy
    // The last character that ended a token, and the end of the last word with a letter beyond F.
    let tokenEnd = start - 1 - decoders.token
    let hexEnd = start - 1 - decoders.hexSpan
    let wordBegin = this.#wordBegin
    let wordHash = this.#wordHash
    let wordLetters = this.#wordLetters
    let wordAlphabet = this.#wordAlphabet
    let readsConsonants = this.#readsConsonants
    let isLive = folded.length !== 0
    let isShiftLive = shifts.length !== 0
    let remembered = start
    let i = start
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 128) break
      const info = ascii[unit]!
      const code = info & codeBits
      const letter = (info >>> letterShift) & letterBits
      if (code !== 0) {
        const slot = count++ & ringMask
        codes[slot] = code
        offsets[slot] = offset + i
        hash = ((hash << shift) + gear[code]!) | 0
        const bit = hash >>> bitShift
        run = (run + 1) & -((bits[bit >>> 3]! >>> (bit & 7)) & 1)
        if (run >= runMin || isLive) {
          folded.count = count
          folded.hash = hash
          folded.run = run
          folded.follow(code, offset + i)
          isLive = folded.length !== 0
        }
      }
      if (letter !== 0) {
        const shiftCode = shiftCodes[letter - before + 26]!
        before = letter
        const slot = shiftCount++ & ringMask
        shiftRing[slot] = shiftCode
        shiftOffsets[slot] = offset + i
        shiftHash = ((shiftHash << shift) + gear[shiftCode]!) | 0
        const bit = shiftHash >>> shiftBitShift
        shiftRun = (shiftRun + 1) & -((shiftBits[bit >>> 3]! >>> (bit & 7)) & 1)
        if (shiftRun >= shiftRunMin || isShiftLive) {
          shifts.count = shiftCount
          shifts.hash = shiftHash
          shifts.run = shiftRun
          shifts.follow(shiftCode, offset + i)
          isShiftLive = shifts.length !== 0
        }
        if (readsConsonants && (info & vowel) === 0) this.#consonants.step(letter, offset + i)
        wordHash = withLetter(wordHash, letter)
        wordLetters++
        wordAlphabet |= 1 << letter
        if (wordBegin !== IN_WORD) {
          if (wordBegin === AT_WORD) this.#initial(letter, 0, offset + i)
          this.#beginsLine = false
          wordBegin = IN_WORD
        }
      } else {
        if (wordLetters !== 0) {
          if ((wordAlphabet & NOT_HEX_LETTERS) !== 0) hexEnd = i
          this.#wordHash = wordHash
          this.#wordLetters = wordLetters
          this.#wordAlphabet = wordAlphabet
          this.#endWord()
          wordHash = wordLetters = wordAlphabet = 0
          if (this.#isPoor !== readsConsonants) {
            remembered = recent.putText(text, remembered, i, offset)
            readsConsonants = this.#turnConsonants()
          }
        }
        if ((info & white) !== 0) {
          wordBegin = AT_WORD
          if ((info & newline) !== 0) this.#beginsLine = true
        }
        if ((info & base) === 0) tokenEnd = i
        else if (wordBegin === AT_WORD && code !== 0) wordBegin = AFTER_DIGIT
      }
      if (isBusy || i - tokenEnd >= tokenMin || (letter === 0 && ((info & escape) !== 0 || i - hexEnd >= hexSpanMin))) {
        remembered = recent.putText(text, remembered, i + 1, offset)
        decoders.token = i - tokenEnd
        decoders.hexSpan = i - hexEnd
        decoders.take(unit, offset + i, recent)
        isBusy = decoders.isBusy
      }
    }
    folded.count = count
    folded.hash = hash
    folded.run = run
    shifts.count = shiftCount
    shifts.hash = shiftHash
    shifts.run = shiftRun
    this.#shifts.before = before
    this.#wordHash = wordHash
    this.#wordLetters = wordLetters
    this.#wordAlphabet = wordAlphabet
    decoders.token = i - 1 - tokenEnd
    decoders.hexSpan = i - 1 - hexEnd
    this.#wordBegin = wordBegin
    recent.putText(text, remembered, i, offset)
    return i
  }

  #sign(info: number, at: number): void {
    const code = info & CODE
    if (code !== 0) this.#folded.step(code, at)
    const letter = (info >>> LETTER_SHIFT) & LETTER
    if (letter !== 0) {
      this.#shifts.letter(letter, 0, at)
      if (this.#readsConsonants && (info & VOWEL) === 0) this.#consonants.step(letter, at)
      this.#wordHash = addLetter(this.#wordHash, letter)
      this.#wordLetters++
      this.#wordAlphabet |= 1 << letter
      if (this.#wordBegin === AT_WORD) this.#initial(letter, 0, at)
      if (this.#wordBegin !== IN_WORD) this.#beginsLine = false
      this.#wordBegin = IN_WORD
      return
    }
    if (this.#wordLetters !== 0) {
      this.#endWord()
      if (this.#isPoor !== this.#readsConsonants) this.#turnConsonants()
    }
    if ((info & WHITE) !== 0) this.#wordBegin = AT_WORD
    else if (this.#wordBegin === AT_WORD && code !== 0 && (info & BASE) !== 0) this.#wordBegin = AFTER_DIGIT
    if ((info & NEWLINE) !== 0) this.#beginsLine = true
  }

  #initial(letter: number, code: number, at: number): void {
    this.#wordInitials?.letter(letter, code, at)
    if (this.#beginsLine) this.#lineInitials?.letter(letter, code, at)
  }

  #endWord(): void {
    const letters = this.#wordLetters
    if (letters >= WORD_LETTERS_MIN) this.#words?.push(this.#wordHash)
    const own = this.#wordAlphabet & VOWELS
    const vowels = this.#poorVowel | own
    // All ones where no vowel, or one kind of it, was seen, else 0: a branch here would be guessed wrong at every other word.
    const hasNone = (own - 1) >> 31
    const hasOneKind = ((vowels & (vowels - 1)) - 1) >> 31
    this.#bareLetters = (this.#bareLetters + letters) & hasNone
    this.#poorLetters = (this.#poorLetters + letters) & hasOneKind
    this.#poorVowel = vowels & hasOneKind
    this.#wordHash = 0
    this.#wordLetters = 0
    this.#wordAlphabet = 0
  }

  /** Whether vowels seem to be missing. Once awake, consonants are read to the end of a match. */
  get #isPoor(): boolean {
    if (this.#bareLetters >= NO_VOWEL_LETTERS || this.#poorLetters >= ONE_VOWEL_LETTERS) return true
    return this.#readsConsonants && (this.#poorLetters > 0 || this.#consonants.length !== 0)
  }

  #turnConsonants(): boolean {
    this.#readsConsonants = !this.#readsConsonants
    if (this.#readsConsonants) {
      for (let back = this.recent.length; back > 0; back--) {
        const info = infoOf(this.recent.unitBack(back))
        const letter = (info >>> LETTER_SHIFT) & LETTER
        if (letter !== 0 && (info & VOWEL) === 0) this.#consonants.step(letter, this.recent.offsetBack(back))
      }
    }
    return this.#readsConsonants
  }

  #feedWide(unit: number, at: number): void {
    if (this.#decoders.isBusy) this.#decoders.take(unit, at, this.recent)
    if (unit < 0xd800 || unit >= 0xe000) this.#wide(unit, at)
    else if (unit < 0xdc00) this.#high = unit
    else if (this.#high !== 0) {
      this.#wide(0x10000 + ((this.#high - 0xd800) << 10) + (unit - 0xdc00), at)
      this.#high = 0
    }
  }

  #wide(point: number, at: number): void {
    const single = point < 0x10000 ? foldedUnit(point) : 0
    if (single !== 0 || isHan(point)) this.#part(single || point, at)
    else for (const part of foldWide(point)) this.#part(part.codePointAt(0)!, at)
  }

  #part(base: number, at: number): void {
    if (base < 128) {
      this.#sign(ASCII[base]!, at)
      return
    }
    const isInitial = this.#wordBegin === AT_WORD
    this.#wordBegin = IN_WORD
    this.#otherCode(otherCode(base), isInitial, at)
    if (isHan(base)) {
      this.#otherCode(hanCode(base), isInitial, at)
      if (this.#wordLetters !== 0) this.#endWord()
    } else {
      this.#wordHash = addLetter(this.#wordHash, otherCode(base))
      this.#wordLetters++
    }
    if (isInitial) this.#beginsLine = false
  }

  #otherCode(code: number, isInitial: boolean, at: number): void {
    this.#folded.step(code, at)
    this.#shifts.letter(OTHER, code, at)
    if (isInitial) this.#initial(OTHER, code, at)
  }

  /** A matcher over the haystacks from one to another (half-open) of an index. */
  #matcher(kind: Limited, index: GramIndex, from: number, to: number): Matcher {
    const { tables, judge, strict } = this.#options
    const start = index.spans[from]?.start ?? 0
    const end = from < to ? (index.spans[to - 1]?.end ?? 0) : 0
    const limits = (strict ? STRICT_LIMITS : LIMITS)[kind]
    const holdCodes = tables.wholeCodes === 0 ? limits.holdCodes : Math.min(limits.holdCodes, tables.wholeCodes)
    const matcher = new Matcher({
      index,
      covers: tables.covers,
      limits: { ...limits, holdCodes },
      range: { start, end },
      judge,
    })
    this.#matchers.push(matcher)
    return matcher
  }
}

/** Turns letters into the differences between neighbours, which no shift of the alphabet changes. */
class ShiftStream {
  readonly matcher: Matcher
  /** The Latin letter before, 1 to 26. */
  before = 1

  constructor(matcher: Matcher) {
    this.matcher = matcher
  }

  /** Takes a letter from 1 to 26; or `OTHER`, which stands for its code. */
  letter(letter: number, code: number, at: number): void {
    if (letter === OTHER) {
      this.matcher.step(code, at)
      return
    }
    this.matcher.step(SHIFT_CODES[letter - this.before + 26]!, at)
    this.before = letter
  }
}
