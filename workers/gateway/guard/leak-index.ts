/**
 * What the guard knows of a prompt. Built once for each version of an agent, then shared by all calls.
 * It can tell whether a text spells the prompt; it has no way to give the prompt back.
 */
import { CHANNELS, type ChannelName } from './channels.ts'
import { GramIndex, type Haystack } from './gram-index.ts'
import { Matcher } from './matcher.ts'
import { consonants, plain, reversed, shifts, type Spelling, spell, wordReversed } from './spelling.ts'
import { WordIndex } from './words.ts'

/** A prompt of fewer normalised characters is too common a text to be guarded. */
const PROMPT_CODES_MIN = 4
/** Public texts uncover stretches of the prompt of at least this many codes. */
const PUBLIC_CODES_MIN = 16
/** A prompt that covers less than this many letters and digits is blocked only as a whole, and in the plain channel. */
const WHOLE_COVER_MAX = 30
/** Shifts of the rolling hash: eight codes at a time, or four for a prompt that is hardly longer. */
const SHIFT = 4
const SHORT_SHIFT = 8

export type Tables = {
  channels: ReadonlySet<ChannelName>
  /** Running sum, in quarters of a letter, of what the places of the prompt cover; what is public covers nothing. */
  covers: Uint32Array
  /** How many codes the whole prompt has, without signs at its ends, where it is short enough to leave in parts, else 0. */
  wholeCodes: number
  /** Each without haystacks where the prompt is too short for it or its channels are off. */
  folded: GramIndex
  shifts: GramIndex
  consonants: GramIndex
  words: WordIndex | undefined
}

let reveal: (index: LeakIndex) => Tables

/** Opaque: its content is private to the guard. */
export class LeakIndex {
  /** The prompt's length in normalised characters: letters and digits, a Han character counted as two. */
  readonly length: number
  readonly #tables: Tables

  static {
    reveal = (index) => index.#tables
  }

  constructor(length: number, tables: Tables) {
    this.length = length
    this.#tables = tables
  }
}

/** The content of an index, for the guard's own files. */
export function tablesOf(index: LeakIndex): Tables {
  return reveal(index)
}

/**
 * Prepares a prompt for guarding. What public texts of its agent and the platform's boilerplate say in the same words,
 * in stretches of 16 or more normalised characters, is no secret and does not count. Linear in the length of all texts.
 * `disabled` switches channels off, for tests.
 */
export function compileLeakIndex(
  prompt: string,
  publicTexts: readonly string[],
  disabled: readonly ChannelName[] = [],
): LeakIndex {
  const channels = new Set((Object.keys(CHANNELS) as ChannelName[]).filter((channel) => !disabled.includes(channel)))
  const spelling = spell(prompt)
  const { length } = spelling.codes
  const { covers, isSecret } = coversOf(spelling, publicTexts)
  const isGuarded = length >= PROMPT_CODES_MIN && covers[length]! > 0
  const isShort = covers[length]! < WHOLE_COVER_MAX * 4
  const indexOf = (...haystacks: (Haystack | false)[]) =>
    new GramIndex(
      haystacks.filter((haystack) => haystack !== false),
      shiftFor(length),
      isSecret,
    )

  return new LeakIndex(length, {
    channels,
    covers,
    // A sign at its end, which leet may read as a letter, can be left out without leaving out a word.
    wholeCodes: isShort ? spell(prompt.replace(/^[\p{P}\p{S}\s]+|[\p{P}\p{S}\s]+$/gu, '')).codes.length : 0,
    folded: indexOf(
      isGuarded && channels.has('plain') && plain(spelling),
      !isShort && channels.has('reversed') && reversed(spelling),
      !isShort && channels.has('wordReversed') && wordReversed(spelling),
    ),
    shifts: indexOf(!isShort && shifts(spelling, false), !isShort && shifts(spelling, true)),
    consonants: indexOf(!isShort && channels.has('vowelless') && consonants(spelling)),
    words: channels.has('words') && !isShort ? new WordIndex(prompt, publicTexts) : undefined,
  })
}

function shiftFor(codes: number): number {
  return codes < 32 / SHIFT ? SHORT_SHIFT : SHIFT
}

/** What the places of a prompt cover once all that is public is taken out. */
function coversOf(spelling: Spelling, publicTexts: readonly string[]) {
  const own = spelling.covers.slice()
  for (const { start, end } of publicPlaces(spelling, publicTexts)) own.fill(0, start, end)
  const covers = new Uint32Array(own.length + 1)
  for (let place = 0; place < own.length; place++) covers[place + 1] = covers[place]! + own[place]!
  return { covers, isSecret: (place: number) => own[place] !== 0 }
}

function publicPlaces(spelling: Spelling, publicTexts: readonly string[]): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  const { length } = spelling.codes
  if (publicTexts.length === 0 || length < PROMPT_CODES_MIN) return found
  const index = new GramIndex([plain(spelling)], shiftFor(length), () => true)
  const holdCodes = Math.min(PUBLIC_CODES_MIN, length)
  const matcher = new Matcher({
    index,
    covers: new Uint32Array(length + 1),
    limits: { holdCodes, blockCodes: Infinity, blockCover: Infinity, exposeCodes: Infinity },
    range: index.spans[0]!,
    judge: { live: 0, grown: () => {}, ended: ({ places }) => found.push(places) },
  })
  for (const text of publicTexts) {
    const { codes } = spell(text)
    for (let position = 0; position < codes.length; position++) matcher.step(codes[position]!, position)
    matcher.finish()
  }
  return found
}
