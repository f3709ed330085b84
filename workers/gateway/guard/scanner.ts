/**
 * Reads one text, sign by sign, in all the ways in which it may spell the prompt. Every way of reading works on the fly,
 * with a state of a few kilobytes, whatever the length of the text.
 *
 * Two streams of codes are always followed: the plain letters and digits, and the differences between letters. First
 * letters and content words are looked at once for each word. All else sleeps until the text gives cause: consonants
 * when vowels are missing, decoders when something looks encoded. Whatever the text is, and whether it was decoded, it
 * waits in `input` as signs until `#advance` reads it: that one loop carries all of an answer's cost, and is written flat
 * for that reason. Loops of their own for codes and for words were measured, and cost a third more.
 */
import {
  ASCII, BASE, CODE, ESCAPE, foldedUnit, foldWide, HAN, hanSign, isHan, LETTER, LETTER_SHIFT, MARKED, NEWLINE, OTHER, SECOND, VOWEL, WHITE, wideSign,
} from './fold.ts' // prettier-ignore
import { type Limited, LIMITS, STRICT_LIMITS } from './channels.ts'
import { Decoders, HEX_SPAN_MIN, TOKEN_MIN } from './decoders.ts'
import { GEAR, type GramIndex } from './gram-index.ts'
import { FULL_FROM, Input } from './input.ts'
import type { Tables } from './leak-index.ts'
import { type Judge, Matcher, MATCHER_RING } from './matcher.ts'
import { SHIFT_CODES } from './spelling.ts'
import { addLetter, MARKS_MAX, type WordJudge, WORD_LETTERS_MIN, WordWindow } from './words.ts'

/** So many letters in a row without a vowel, or with one kind of vowel only, wake the consonants. */
const NO_VOWEL_LETTERS = 8
const ONE_VOWEL_LETTERS = 18
/** What was decoded may wait for so many signs: to read each sign by itself costs three times as much. */
const WAITING_MAX = 8
/** The vowels of `LETTER`, as bits. */
const VOWELS = [1, 5, 9, 15, 21].reduce((bits, letter) => bits | (1 << letter), 0)
/** Where the next letter stands: first in its word, behind a digit that was, or further in. */
const AT_WORD = 0
const AFTER_DIGIT = 1
const IN_WORD = 2
/** The letters that no hexadecimal text holds, as bits; `x` is none of them for the sake of `0x`. */
const NOT_HEX_LETTERS = 0x7ffff80 & ~(1 << 24)

// An imported name is looked up anew at each use, which the loops would feel; these are compiled into them.
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
const other = OTHER
const marked = MARKED
const han = HAN
const atWord = AT_WORD
const afterDigit = AFTER_DIGIT
const inWord = IN_WORD
const fullFrom = FULL_FROM
const firstOf = wideSign
const secondOf = hanSign
const notHexLetters = NOT_HEX_LETTERS

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
  /** What waits to be read, and what was read last. */
  readonly input = new Input()
  #high = 0
  #wordBegin = AT_WORD
  #beginsLine = true
  /** From this length of the token on a decoder must look at each sign; 0 while one is busy. */
  #look = TOKEN_MIN
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
    const { input } = this
    const { signs, offsets } = input
    for (let i = 0; i < text.length;) {
      if (input.isFull) this.#advance()
      let place = input.filled
      for (; i < text.length && place < fullFrom; i++) {
        const unit = text.charCodeAt(i)
        offsets[place] = offset + i
        if (unit < 128) signs[place++] = ascii[unit]!
        else if (unit >= 0x4e00 && unit < 0xa000) {
          signs[place++] = firstOf(unit)
          offsets[place] = offset + i
          signs[place++] = secondOf(unit)
        } else break
      }
      input.filled = place
      for (; i < text.length && isOther(text.charCodeAt(i)); i++) this.feed(text.charCodeAt(i), offset + i)
    }
    this.#advance()
    this.#settle()
  }

  /** Takes a code point or UTF-16 unit, which was spelled by the answer's character at this offset. Throws what the judge throws. */
  feed(point: number, at: number): void {
    if (point < 128) this.put(ASCII[point]!, at)
    else if (point < 0xd800 || point >= 0xe000) this.#wide(point, at)
    else if (point < 0xdc00) this.#high = point
    else if (this.#high !== 0) {
      this.#wide(0x10000 + ((this.#high - 0xd800) << 10) + (point - 0xdc00), at)
      this.#high = 0
    }
  }

  /** Takes a sign, which was spelled by the answer's character at this offset. Throws what the judge throws. */
  put(sign: number, at: number): void {
    // The two signs of a Han character are read together.
    if (this.input.isFull && (sign & SECOND) === 0) this.#advance()
    this.input.put(sign, at)
  }

  /** Has what was decoded read, but for the last few signs, so that `heldFrom` is true but for as many. */
  #settle(): void {
    const { children } = this.#decoders
    for (let i = 0; i < children.length; i++) {
      const child = children[i]!
      if (child.input.filled - child.input.cursor >= WAITING_MAX) child.#advance()
      child.#settle()
    }
  }

  /** The text ends here: matches that are live come to their end. Throws what the judge throws. */
  finish(): void {
    this.#advance()
    if (this.#wordLetters !== 0) this.#endWord(this.#wordHash, this.#wordLetters, this.#wordAlphabet)
    this.#wordHash = this.#wordLetters = this.#wordAlphabet = 0
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

  /** Reads what waits. Holds the steps of the two busy matchers written out, and their state in local variables. */
  #advance(): void {
    const { input } = this
    const end = input.filled
    if (input.cursor === end) return
    const { signs, offsets } = input
    const folded = this.#folded
    const shifts = this.#shifts.matcher
    const decoders = this.#decoders
    const { codes, offsets: codeOffsets, runMin } = folded
    const { bits, bitShift, shift } = folded.index
    let { count, hash, run } = folded
    const { codes: shiftRing, offsets: shiftOffsets, runMin: shiftRunMin } = shifts
    const { bits: shiftBits, bitShift: shiftBitShift } = shifts.index
    let { count: shiftCount, hash: shiftHash, run: shiftRun } = shifts
    let { before } = this.#shifts
    let isLive = folded.length !== 0
    let isShiftLive = shifts.length !== 0
    // The last sign that ended a token, and the end of the last word with a letter beyond F.
    let tokenEnd = input.cursor - 1 - decoders.token
    let hexEnd = input.cursor - 1 - decoders.hexSpan
    // From this place on a decoder must look at each sign.
    let look = this.#look === 0 ? 0 : tokenEnd + this.#look
    let wordBegin = this.#wordBegin
    let wordHash = this.#wordHash
    let wordLetters = this.#wordLetters
    let wordAlphabet = this.#wordAlphabet
    let readsConsonants = this.#readsConsonants
    for (let place = input.cursor; place < end; place++) {
      const sign = signs[place]!
      const code = sign & codeBits
      const letter = (sign >>> letterShift) & letterBits
      if (code !== 0) {
        const slot = count++ & ringMask
        codes[slot] = code
        codeOffsets[slot] = offsets[place]!
        hash = ((hash << shift) + gear[code]!) | 0
        const bit = hash >>> bitShift
        run = (run + 1) & -((bits[bit >>> 3]! >>> (bit & 7)) & 1)
        if (run >= runMin || isLive) {
          folded.count = count
          folded.hash = hash
          folded.run = run
          folded.follow(code, offsets[place]!)
          isLive = folded.length !== 0
        }
      }
      let endsWord = letter === 0
      if (letter !== 0) {
        let shiftCode = code
        if (letter < other) {
          shiftCode = shiftCodes[letter - before + 26]!
          before = letter
          wordHash = withLetter(wordHash, letter)
          wordLetters++
          wordAlphabet |= 1 << letter
          if (readsConsonants && (sign & vowel) === 0) this.#consonants.step(letter, offsets[place]!)
        } else if ((sign & han) === 0) {
          wordHash = withLetter(wordHash, code)
          wordLetters++
        } else endsWord = true
        if (letter !== marked) {
          const slot = shiftCount++ & ringMask
          shiftRing[slot] = shiftCode
          shiftOffsets[slot] = offsets[place]!
          shiftHash = ((shiftHash << shift) + gear[shiftCode]!) | 0
          const bit = shiftHash >>> shiftBitShift
          shiftRun = (shiftRun + 1) & -((shiftBits[bit >>> 3]! >>> (bit & 7)) & 1)
          if (shiftRun >= shiftRunMin || isShiftLive) {
            shifts.count = shiftCount
            shifts.hash = shiftHash
            shifts.run = shiftRun
            shifts.follow(shiftCode, offsets[place]!)
            isShiftLive = shifts.length !== 0
          }
        }
        if (wordBegin !== inWord) {
          this.#beginWord(place, wordBegin === atWord)
          wordBegin = inWord
        }
      }
      if (endsWord) {
        if (wordLetters !== 0) {
          if ((wordAlphabet & notHexLetters) !== 0) hexEnd = place
          this.#endWord(wordHash, wordLetters, wordAlphabet)
          wordHash = wordLetters = wordAlphabet = 0
          if (this.#isPoor !== readsConsonants) {
            input.cursor = place
            readsConsonants = this.#turnConsonants()
          }
        }
        if ((sign & base) === 0) {
          if ((sign & white) !== 0) {
            wordBegin = atWord
            if ((sign & newline) !== 0) this.#beginsLine = true
          }
          tokenEnd = place
          if (look !== 0) look = place + tokenMin
        } else if (wordBegin === atWord && code !== 0) wordBegin = afterDigit
        if ((sign & escape) !== 0 || (place - hexEnd >= hexSpanMin && letter === 0)) {
          input.cursor = place + 1
          decoders.token = place - tokenEnd
          decoders.hexSpan = place - hexEnd
          decoders.take(sign, offsets[place]!, input)
          look = decoders.isBusy ? 0 : tokenEnd + decoders.nextLook
          continue
        }
      }
      if (place >= look) {
        input.cursor = place + 1
        decoders.token = place - tokenEnd
        decoders.hexSpan = place - hexEnd
        decoders.take(sign, offsets[place]!, input)
        look = decoders.isBusy ? 0 : tokenEnd + decoders.nextLook
      }
    }
    folded.count = count
    folded.hash = hash
    folded.run = run
    shifts.count = shiftCount
    shifts.hash = shiftHash
    shifts.run = shiftRun
    this.#shifts.before = before
    decoders.token = end - 1 - tokenEnd
    decoders.hexSpan = end - 1 - hexEnd
    this.#look = look === 0 ? 0 : look - tokenEnd
    this.#wordBegin = wordBegin
    this.#wordHash = wordHash
    this.#wordLetters = wordLetters
    this.#wordAlphabet = wordAlphabet
    input.cursor = end
    input.tidy()
  }

  #beginWord(place: number, hasInitial: boolean): void {
    const { signs, offsets } = this.input
    const sign = signs[place]!
    if (hasInitial) {
      this.#initial((sign >>> LETTER_SHIFT) & LETTER, sign & CODE, offsets[place]!)
      if ((sign & HAN) !== 0) this.#initial(OTHER, signs[place + 1]! & CODE, offsets[place]!)
    }
    this.#beginsLine = false
  }

  #initial(letter: number, code: number, at: number): void {
    this.#wordInitials?.letter(letter, code, at)
    if (this.#beginsLine) this.#lineInitials?.letter(letter, code, at)
  }

  #endWord(hash: number, letters: number, alphabet: number): void {
    if (letters >= WORD_LETTERS_MIN) this.#words?.push(hash)
    const own = alphabet & VOWELS
    const vowels = this.#poorVowel | own
    // All ones where no vowel, or one kind of it, was seen, else 0: a branch here would be guessed wrong at every other word.
    const hasNone = (own - 1) >> 31
    const hasOneKind = ((vowels & (vowels - 1)) - 1) >> 31
    this.#bareLetters = (this.#bareLetters + letters) & hasNone
    this.#poorLetters = (this.#poorLetters + letters) & hasOneKind
    this.#poorVowel = vowels & hasOneKind
  }

  /** Whether vowels seem to be missing. Once awake, consonants are read to the end of a match. */
  get #isPoor(): boolean {
    if (this.#bareLetters >= NO_VOWEL_LETTERS || this.#poorLetters >= ONE_VOWEL_LETTERS) return true
    return this.#readsConsonants && (this.#poorLetters > 0 || this.#consonants.length !== 0)
  }

  #turnConsonants(): boolean {
    this.#readsConsonants = !this.#readsConsonants
    if (this.#readsConsonants) {
      for (let back = this.input.length; back > 0; back--) {
        const sign = this.input.signBack(back)
        const letter = (sign >>> LETTER_SHIFT) & LETTER
        if (letter !== 0 && letter < OTHER && (sign & VOWEL) === 0)
          this.#consonants.step(letter, this.input.offsetBack(back))
      }
    }
    return this.#readsConsonants
  }

  #wide(point: number, at: number): void {
    const single = point < 0x10000 ? foldedUnit(point) : 0
    if (single !== 0 || isHan(point)) this.#putWide(single || point, at)
    else for (const part of foldWide(point)) this.#putWide(part.codePointAt(0)!, at)
  }

  #putWide(base: number, at: number): void {
    this.put(wideSign(base), at)
    if (isHan(base)) this.put(hanSign(base), at)
  }

  /** A matcher over the haystacks from one to another (half-open) of an index. */
  #matcher(kind: Limited, index: GramIndex, from: number, to: number): Matcher {
    const { tables, judge, strict } = this.#options
    const start = index.spans[from]?.start ?? 0
    const end = from < to ? (index.spans[to - 1]?.end ?? 0) : 0
    const limits = (strict ? STRICT_LIMITS : LIMITS)[kind]
    // A short prompt is held from its middle on.
    const half = Math.max(index.gramLength, Math.ceil(tables.wholeCodes / 2))
    const holdCodes = tables.wholeCodes === 0 ? limits.holdCodes : Math.min(limits.holdCodes, half)
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

  /** Takes a letter from 1 to 26; or `OTHER`, which stands for its code; or `MARKED`, which is left out. */
  letter(letter: number, code: number, at: number): void {
    if (letter === MARKED) return
    if (letter === OTHER) {
      this.matcher.step(code, at)
      return
    }
    this.matcher.step(SHIFT_CODES[letter - this.before + 26]!, at)
    this.before = letter
  }
}

/** Whether `read` has no short way for it: neither ASCII nor one of the usual Han characters. */
function isOther(unit: number): boolean {
  return unit >= 128 && (unit < 0x4e00 || unit >= 0xa000)
}
