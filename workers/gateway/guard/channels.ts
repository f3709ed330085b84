/**
 * The list of promises: each form in which a prompt is kept from leaving, as one row. Every channel can be switched off
 * on its own, which is how the attack suite proves that it bites.
 *
 * A channel is one of three things. A *haystack*: the prompt, itself put into that form, which the answer's codes are
 * compared with. A *reading*: another way to read the answer (first letters only, decoded), compared with the same
 * haystacks. Or a *window* over words.
 */
export const CHANNELS = {
  plain: 'haystack: the prompt; whatever stands between the letters, whatever script or leet they are dressed in',
  reversed: 'haystack: the prompt from its end to its beginning',
  wordReversed: 'haystack: each word from its end to its beginning',
  caesar:
    'haystack: the differences between neighbouring letters, the same for all 25 shifts; digits and letters with marks left out, so also numbered words',
  atbash: 'haystack: those differences negated',
  vowelless: 'haystack: consonants only, whether vowels were dropped or replaced',
  initials: 'reading: the first letters of words, and of lines',
  base64:
    'reading: runs of base64, either alphabet, at each alignment, in lines of 16 or more characters, numbered or not',
  base32: 'reading: runs of base32',
  base16: 'reading: hexadecimal pairs, whatever stands between them; so also text percent-encoded throughout',
  escapes:
    'reading: percent, HTML entities with or without their semicolon, JSON and JavaScript escapes, octal ones too',
  words: 'window: content words of the prompt near each other, in any order, with words left out or put between',
  lanes: 'reading: all lanes of an answer as one, in the order of arrival',
} as const

export type ChannelName = keyof typeof CHANNELS

/** When a match is held and when it blocks. `codes` are matched codes, `cover` is how many letters and digits of the prompt they stand for. */
export type Limits = { holdCodes: number; blockCodes: number; blockCover: number; exposeCodes: number }

export type Limited = 'folded' | 'shifts' | 'consonants' | 'initials'

/**
 * `blockCover` 30 is the promise; the longest coincidence among 32,000 unrelated pairs was 29. Matches in codes that say
 * less (a Han character is two codes, consonants leave out vowels) need fewer of them for the same cover.
 */
export const LIMITS: Record<Limited, Limits> = {
  folded: { holdCodes: 12, blockCodes: 24, blockCover: 30, exposeCodes: 14 },
  shifts: { holdCodes: 11, blockCodes: 22, blockCover: 30, exposeCodes: 15 },
  consonants: { holdCodes: 9, blockCodes: 14, blockCover: 28, exposeCodes: 12 },
  initials: { holdCodes: 11, blockCodes: 18, blockCover: 20, exposeCodes: 15 },
}

/** The same once an account has used up what may drip out of an agent. */
export const STRICT_LIMITS: Record<Limited, Limits> = {
  folded: { holdCodes: 8, blockCodes: 12, blockCover: 16, exposeCodes: 14 },
  shifts: { holdCodes: 8, blockCodes: 15, blockCover: 16, exposeCodes: 15 },
  consonants: { holdCodes: 8, blockCodes: 12, blockCover: 18, exposeCodes: 12 },
  initials: { holdCodes: 8, blockCodes: 12, blockCover: 12, exposeCodes: 12 },
}
