/**
 * Normalisation: what a character is, whatever it is dressed as. NFKD, lower case, look-alikes and leet are folded,
 * marks, separators and invisible characters vanish. The same folding serves the prompt and the answer, so it only
 * has to be the same on both sides, and to bring every disguise of a letter to that letter.
 *
 * A character becomes *codes* from 1 to 255. ASCII takes one table look-up, packed to one number, a *sign*, as the constants below say; the
 * rest of the plane is folded once per isolate and remembered. A Han character becomes two codes.
 */

/** The code of a character in the plain stream, where leet is folded and i, l and 1 are one. */
export const CODE = 0xff
/**
 * The letter's place in the alphabet, 1 to 26; `OTHER` for a letter or digit of another script; `MARKED` for a Latin
 * letter with a mark, which ciphers of letters leave as it is; 0 for all else.
 */
export const LETTER_SHIFT = 8
export const LETTER = 0x1f
export const OTHER = 27
export const MARKED = 28
export const VOWEL = 1 << 13
/** May stand in base64 (either alphabet), base32, or their padding. */
export const BASE = 1 << 14
export const HEX = 1 << 15
/** A letter that no hexadecimal text holds; `x` is left out for the sake of `0x`. */
export const NOT_HEX = 1 << 16
export const WHITE = 1 << 17
export const NEWLINE = 1 << 18
/** May begin an escape: `%41`, `&#65;`, `\u0041`. */
export const ESCAPE = 1 << 19
/** One of the two codes of a Han character, which is no part of a word. */
export const HAN = 1 << 20
/** The second of them. */
export const SECOND = 1 << 21
/** What was not written in ASCII can be no part of anything encoded. */
export const WIDE = 1 << 22
/** The character itself, where it is ASCII. All bits together stay below 2 ** 30: small integers to every engine. */
export const UNIT_SHIFT = 23
const KEPT_OF_WIDE = CODE | (LETTER << LETTER_SHIFT) | VOWEL | WHITE | NEWLINE

const LEET: Record<string, string> = {
  '0': 'o', '1': 'i', '2': 'z', '3': 'e', '4': 'a', '5': 's', '6': 'g', '7': 't', '8': 'b', '9': 'g',
  '@': 'a', '$': 's', '!': 'i', l: 'i',
} // prettier-ignore

/** What each ASCII character is. */
export const ASCII: Int32Array = Int32Array.from({ length: 128 }, (_, unit) => {
  const character = String.fromCharCode(unit).toLowerCase()
  const folded = LEET[character] ?? character
  let info = unit << UNIT_SHIFT
  if (/[a-z]/.test(folded)) info |= folded.charCodeAt(0) - 96
  if (/[a-z]/.test(character)) info |= (character.charCodeAt(0) - 96) << LETTER_SHIFT
  if (/[aeiou]/.test(character)) info |= VOWEL
  if (/[a-z0-9+/_=-]/.test(character)) info |= BASE
  if (/[0-9a-f]/.test(character)) info |= HEX
  if (/[g-wyz]/.test(character)) info |= NOT_HEX
  if (/\s/.test(character)) info |= WHITE
  if (/[\n\r]/.test(character)) info |= NEWLINE
  if (/[%&\\]/.test(character)) info |= ESCAPE
  return info
})

/** Latin letters and, in the same order, what other scripts and sign sets draw just like them. NFKD knows none of these. */
const LOOK_ALIKES: Record<string, string> = {
  a: 'аαɑᴀⱥ', b: 'ьвʙƅɓꞵβ', c: 'сϲᴄƈ', d: 'ԁɗᴅđ', e: 'еεєᴇҽɛ', f: 'ғꜰƒ', g: 'ɡɢց', h: 'һнʜհħ', i: 'іιɪıɩ', j: 'јᴊʝ',
  k: 'кκᴋҡ', l: 'ӏʟłǀ', m: 'мᴍ', n: 'пɴոռη', o: 'оοσᴏօøჿ', p: 'рρᴘ', q: 'ԛգ', r: 'гʀᴦ', s: 'ѕꜱʂ', t: 'тτᴛŧ', u: 'υᴜʋսц',
  v: 'νѵᴠ', w: 'ԝωᴡɯш', x: 'хχ', y: 'уүγʏ', z: 'ᴢʐ',
} // prettier-ignore

const LATIN = new Map(
  Object.entries(LOOK_ALIKES).flatMap(([latin, others]) => Array.from(others, (other) => [other, latin])),
)

/** What became of each unit above ASCII: 0 not yet looked at, 1 nothing, 2 several characters, else the one it stands for. */
const folded = new Uint16Array(0x10000)
const NOTHING = 1
const SEVERAL = 2
const several = new Map<number, string>()

/** A letter with a mark becomes the letter's place in ASCII behind this, where no character has a meaning of its own. */
const MARKS = 0xe000

/** The letter without its mark, or 0 for all that is no letter with a mark. */
export function unmarked(base: number): number {
  return base >= MARKS && base < MARKS + 128 ? base - MARKS : 0
}

/** The one character that a unit stands for, where that is known already; 0 where `foldWide` must be asked. */
export function foldedUnit(unit: number): number {
  const known = folded[unit]!
  return known > SEVERAL ? known : 0
}

/** The characters that a code point above ASCII stands for: ASCII in lower case, what `unmarked` knows, letters and digits of other scripts, or none. */
export function foldWide(point: number): string {
  if (point > 0xffff) return foldAstral(point)
  const known = folded[point]!
  if (known === NOTHING) return ''
  if (known === SEVERAL) return several.get(point)!
  if (known !== 0) return String.fromCharCode(known)
  const character = String.fromCharCode(point)
  let text = foldSlowly(character)
  if (/^[a-z]$/.test(text) && character.normalize('NFD').length > 1)
    text = String.fromCharCode(MARKS + text.charCodeAt(0))
  folded[point] = text.length === 0 ? NOTHING : text.length === 1 ? text.charCodeAt(0) : SEVERAL
  if (text.length > 1) several.set(point, text)
  return text
}

/** Letters hide above the first plane as mathematical letters, tags and flags; emoji are met often and hold none. */
function foldAstral(point: number): string {
  if (point >= 0xe0020 && point < 0xe007f) return String.fromCharCode(point - 0xe0000).toLowerCase()
  if (point >= 0x1f150 && point <= 0x1f169) return String.fromCharCode(point - 0x1f150 + 97)
  if (point >= 0x1f170 && point <= 0x1f189) return String.fromCharCode(point - 0x1f170 + 97)
  if (point >= 0x1f1e6 && point <= 0x1f1ff) return String.fromCharCode(point - 0x1f1e6 + 97)
  if (point >= 0x1f200 && point < 0x20000) return ''
  return foldSlowly(String.fromCodePoint(point))
}

function foldSlowly(character: string): string {
  let text = ''
  for (const part of character.normalize('NFKD').toLowerCase().normalize('NFKD')) {
    const latin = LATIN.get(part)
    if (latin !== undefined) text += latin
    else if (part.charCodeAt(0) < 128 || /[\p{L}\p{N}]/u.test(part)) text += part
  }
  return text
}

/** What `ASCII` would say of what a character above it stands for: the first or only sign. */
export function wideSign(base: number): number {
  if (base < 128) return (ASCII[base]! & KEPT_OF_WIDE) | WIDE
  const letter = unmarked(base)
  if (letter !== 0) return (ASCII[letter]! & CODE) | (MARKED << LETTER_SHIFT) | WIDE
  return otherCode(base) | (OTHER << LETTER_SHIFT) | WIDE | (isHan(base) ? HAN : 0)
}

/** The second sign of a Han character. */
export function hanSign(base: number): number {
  return hanCode(base) | (OTHER << LETTER_SHIFT) | WIDE | HAN | SECOND
}

/** Whether one character of this script says as much as two or three letters. */
export function isHan(point: number): boolean {
  return (
    (point >= 0x3400 && point <= 0x9fff) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0x20000 && point <= 0x3ffff)
  )
}

/** The code of a letter or digit of another script, and the first of the two codes of a Han character. */
export function otherCode(point: number): number {
  return 0x80 | (point & 0x7f)
}

/** The second code of a Han character. */
export function hanCode(point: number): number {
  return 0x80 | ((point >>> 7) & 0x7f)
}
