/**
 * The window over words: finds a prompt whose words were shuffled, thinned out or padded with others. Two content words
 * that stand near each other in the prompt, and near each other in the answer, in whatever order, mark each other; when
 * most of the last twenty content words are marked, and different, the answer tells the prompt. Measured on unrelated texts: at most
 * 6 of 20.
 */
import { ASCII, CODE, foldWide, isHan, LETTER, LETTER_SHIFT, otherCode, unmarked } from './fold.ts'

const WINDOW = 20
/** How many words of the window must be marked to block, usually and in strict mode. */
export const MARKS_MAX = { usual: 12, strict: 8 }
/** How many content words apart two words may stand, in the prompt and in the answer. */
const NEAR = 4
/** Shorter words are no content words. */
export const WORD_LETTERS_MIN = 4
/** With fewer content words than this a prompt has no window to fill. */
const CONTENT_WORDS_MIN = 20
const BITS_PER_PAIR = 64
/** A power of two above `WINDOW`. */
const RING = 32
/** Made once, because a copy is made faster. */
const EMPTY_RING: readonly number[] = Array.from({ length: RING }, () => 0)

const FUNCTION_WORDS =
  'about after again also always and another because been before being between both cannot could does doing done each even ever every from ' +
  'have having here into itself just like made make many more most much must need never none only other over same shall should since some ' +
  'such than that their them then there these they this those through under until upon very want well were what when where whether which ' +
  'while will with within without would your yours yourself'

const FUNCTION_WORDS_SHIFT = 18
const functionWords = new Uint8Array(2 ** (32 - FUNCTION_WORDS_SHIFT - 3))
readWords(FUNCTION_WORDS, (hash) => setBit(functionWords, spread(hash) >>> FUNCTION_WORDS_SHIFT))

/** Adds a letter (1 to 26, or the code of another script's) to the hash of a word that began as 0. */
export function addLetter(hash: number, letter: number): number {
  return (Math.imul(hash, 0x01000193) + letter) & 0x3fffffff
}

/** Whether a word says nothing of what a text is about. One content word in a hundred is taken for such a one. */
function isFunctionWord(hash: number): boolean {
  return hasBit(functionWords, spread(hash) >>> FUNCTION_WORDS_SHIFT)
}

/** Which content words stand near each other in a prompt, as bits of hashes. */
export class WordIndex {
  readonly #known: Uint8Array
  readonly #pairs: Uint8Array
  readonly #pairShift: number

  constructor(prompt: string, publicTexts: readonly string[]) {
    const words = contentWordsOf(prompt)
    const log = Math.max(10, Math.ceil(Math.log2(words.length * NEAR * BITS_PER_PAIR)))
    this.#pairShift = 32 - log
    this.#pairs = new Uint8Array(2 ** (log - 3))
    this.#known = new Uint8Array(2 ** (log - 3))
    if (words.length < CONTENT_WORDS_MIN) return
    const isPublic = new Set(publicTexts.flatMap((text) => pairsOf(contentWordsOf(text))))
    for (const word of words) setBit(this.#known, spread(word) >>> this.#pairShift)
    for (const pair of pairsOf(words)) if (!isPublic.has(pair)) setBit(this.#pairs, pair >>> this.#pairShift)
  }

  knows(word: number): boolean {
    return hasBit(this.#known, spread(word) >>> this.#pairShift)
  }

  hasPair(pair: number): boolean {
    return hasBit(this.#pairs, pair >>> this.#pairShift)
  }
}

export type WordJudge = {
  /** Pairs of words that the caller used himself; asked for only when a window is full. */
  sentPairs(): ReadonlySet<number>
  /** Ends the answer. Throws. */
  block(): never
}

/** The last content words of an answer. */
export class WordWindow {
  readonly #index: WordIndex
  readonly #marksMax: number
  readonly #judge: WordJudge
  readonly #words: number[] = EMPTY_RING.slice()
  readonly #marks = new Uint8Array(RING)
  #count = 0
  #marked = 0
  #sent: ReadonlySet<number> | undefined

  constructor(index: WordIndex, marksMax: number, judge: WordJudge) {
    this.#index = index
    this.#marksMax = marksMax
    this.#judge = judge
  }

  /** Takes the next word of `WORD_LETTERS_MIN` letters or more. Throws what the judge throws. */
  push(word: number): void {
    const isKnown = this.#index.knows(word)
    if (!isKnown && isFunctionWord(word)) return
    const newest = this.#count++
    const slot = newest & (RING - 1)
    this.#marked -= this.#marks[(newest - WINDOW) & (RING - 1)]!
    this.#marks[(newest - WINDOW) & (RING - 1)] = 0
    this.#words[slot] = isKnown ? word : 0
    if (!isKnown) return
    this.#markNear(newest)
    if (this.#marked < this.#marksMax) return
    this.#forgetWhatWasSent()
    if (this.#marked >= this.#marksMax) this.#judge.block()
  }

  #markNear(newest: number): void {
    const word = this.#words[newest & (RING - 1)]!
    for (let other = newest - NEAR; other < newest; other++) {
      const near = this.#words[other & (RING - 1)]!
      if (near === 0 || near === word) continue
      const pair = pairOf(word, near)
      if (!this.#index.hasPair(pair) || this.#sent?.has(pair)) continue
      this.#mark(other)
      this.#mark(newest)
    }
  }

  /** Marks a word, unless it is marked already or says again what another one said. */
  #mark(position: number): void {
    if (this.#marks[position & (RING - 1)] === 1) return
    const word = this.#words[position & (RING - 1)]!
    for (let other = this.#count - WINDOW; other < this.#count; other++) {
      if (this.#marks[other & (RING - 1)] === 1 && this.#words[other & (RING - 1)] === word) return
    }
    this.#marks[position & (RING - 1)] = 1
    this.#marked++
  }

  /** Takes back the marks of pairs that the caller's own text holds; they are not counted again. */
  #forgetWhatWasSent(): void {
    if (this.#sent !== undefined) return
    this.#sent = this.#judge.sentPairs()
    if (this.#sent.size === 0) return
    this.#marks.fill(0)
    this.#marked = 0
    for (let position = Math.max(0, this.#count - WINDOW); position < this.#count; position++) {
      if (this.#words[position & (RING - 1)] !== 0) this.#markNear(position)
    }
  }
}

/** The pairs of content words that stand near each other in a text. */
export function pairsIn(text: string): number[] {
  return pairsOf(contentWordsOf(text))
}

function contentWordsOf(text: string): number[] {
  const words: number[] = []
  readWords(text, (hash, letters) => {
    if (letters >= WORD_LETTERS_MIN && !isFunctionWord(hash)) words.push(hash)
  })
  return words
}

function readWords(text: string, take: (hash: number, letters: number) => void): void {
  let hash = 0
  let letters = 0
  const end = () => {
    if (letters > 0) take(hash, letters)
    hash = 0
    letters = 0
  }
  for (const character of text) {
    const point = character.codePointAt(0)!
    for (const part of point < 128 ? character : foldWide(point)) {
      const letter = letterOf(part.codePointAt(0)!)
      if (letter === 0) end()
      else {
        hash = addLetter(hash, letter)
        letters++
      }
    }
  }
  end()
}

function letterOf(base: number): number {
  if (base < 128) return (ASCII[base]! >>> LETTER_SHIFT) & LETTER
  if (unmarked(base) !== 0) return ASCII[unmarked(base)]! & CODE
  return isHan(base) ? 0 : otherCode(base)
}

function pairsOf(words: readonly number[]): number[] {
  const pairs: number[] = []
  for (const [position, word] of words.entries()) {
    for (const near of words.slice(Math.max(0, position - NEAR), position))
      if (near !== word) pairs.push(pairOf(word, near))
  }
  return pairs
}

function pairOf(a: number, b: number): number {
  return Math.imul((a ^ b) + Math.imul(a + b, 0x297a2d39), 0x2c1b3c6d)
}

function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x846ca68b)
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >>> 3]! |= 1 << (at & 7)
}

function hasBit(bits: Uint8Array, at: number): boolean {
  return ((bits[at >>> 3]! >>> (at & 7)) & 1) === 1
}
