/**
 * A prompt taken apart once, at publishing, and the haystacks made of it. Places are positions in the plain codes.
 */
import {
  ASCII,
  CODE,
  foldWide,
  hanCode,
  isHan,
  LETTER,
  LETTER_SHIFT,
  MARKED,
  OTHER,
  otherCode,
  unmarked,
  VOWEL,
  WHITE,
} from './fold.ts'
import type { Haystack } from './gram-index.ts'

/** How much a code covers, in quarters of a letter: a Han character counts as two and a half letters, in two codes. */
const LETTER_COVER = 4
const HAN_COVER = 5

const BEGINS_CHARACTER = 1
const BEGINS_WORD = 2
const IS_VOWEL = 4

/** One text, a code at each place; the arrays have the same length. */
export type Spelling = {
  codes: Uint8Array
  /** As in `fold.ts`: 1 to 26, `OTHER`, `MARKED`, or 0 for what is no letter. */
  letters: Uint8Array
  covers: Uint8Array
  flags: Uint8Array
}

/** The code of a letter after another, at `letter - before + 26`: the same for all shifts of the alphabet. */
export const SHIFT_CODES: Uint8Array = Uint8Array.from({ length: 53 }, (_, place) => (place % 26) + 1)

/** Takes a text apart. Linear in its length. */
export function spell(text: string): Spelling {
  const codes: number[] = []
  const letters: number[] = []
  const covers: number[] = []
  const flags: number[] = []
  let flag = BEGINS_WORD
  const put = (code: number, letter: number, cover: number, more: number) => {
    codes.push(code)
    letters.push(letter)
    covers.push(cover)
    flags.push(flag | more)
    flag = 0
  }
  const putBase = (base: number) => {
    const letter = unmarked(base)
    if (letter !== 0) {
      put(ASCII[letter]! & CODE, MARKED, LETTER_COVER, 0)
      return
    }
    if (base >= 128) {
      put(otherCode(base), OTHER, isHan(base) ? HAN_COVER : LETTER_COVER, 0)
      if (isHan(base)) put(hanCode(base), OTHER, HAN_COVER, 0)
      return
    }
    const info = ASCII[base]!
    if ((info & WHITE) !== 0) flag |= BEGINS_WORD
    if ((info & CODE) === 0) return
    put(info & CODE, (info >>> LETTER_SHIFT) & LETTER, LETTER_COVER, (info & VOWEL) === 0 ? 0 : IS_VOWEL)
  }
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i)!
    if (point > 0xffff) i++
    flag |= BEGINS_CHARACTER
    if (point < 128) putBase(point)
    else for (const part of foldWide(point)) putBase(part.codePointAt(0)!)
  }
  return {
    codes: Uint8Array.from(codes),
    letters: Uint8Array.from(letters),
    covers: Uint8Array.from(covers),
    flags: Uint8Array.from(flags),
  }
}

/** The text as it is. */
export function plain({ codes }: Spelling): Haystack {
  return { codes, places: running(codes.length) }
}

/** The text from its end to its beginning; the codes of one character keep their order. */
export function reversed(spelling: Spelling): Haystack {
  const places: number[] = []
  turn(spelling, 0, spelling.codes.length, places)
  return { codes: Uint8Array.from(places, (place) => spelling.codes[place]!), places }
}

/** Each word from its end to its beginning. A word stays where it was, so the codes keep the running places. */
export function wordReversed(spelling: Spelling): Haystack {
  const { codes, flags } = spelling
  const order: number[] = []
  let start = 0
  for (let place = 1; place <= codes.length; place++) {
    if (place < codes.length && (flags[place]! & BEGINS_WORD) === 0) continue
    turn(spelling, start, place, order)
    start = place
  }
  return { codes: Uint8Array.from(order, (place) => codes[place]!), places: running(codes.length) }
}

/** Differences of neighbouring letters; negated they are those of the Atbash. Letters of other scripts stand for themselves. */
export function shifts({ codes, letters }: Spelling, isNegated: boolean): Haystack {
  const found: number[] = []
  const places: number[] = []
  let before = 1
  for (let place = 0; place < codes.length; place++) {
    const letter = letters[place]!
    if (letter === 0 || letter === MARKED) continue
    places.push(place)
    if (letter === OTHER) {
      found.push(codes[place]!)
      continue
    }
    found.push(SHIFT_CODES[isNegated ? before - letter + 26 : letter - before + 26]!)
    before = letter
  }
  return { codes: found, places }
}

export function consonants({ letters, flags }: Spelling): Haystack {
  const found: number[] = []
  const places: number[] = []
  for (let place = 0; place < letters.length; place++) {
    const letter = letters[place]!
    if (letter === 0 || letter >= OTHER || (flags[place]! & IS_VOWEL) !== 0) continue
    found.push(letter)
    places.push(place)
  }
  return { codes: found, places }
}

function turn({ flags }: Spelling, start: number, end: number, into: number[]): void {
  let from = end
  for (let to = end; to > start; to = from) {
    do from--
    while (from > start && (flags[from]! & BEGINS_CHARACTER) === 0)
    for (let place = from; place < to; place++) into.push(place)
  }
}

function running(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, place) => place)
}
