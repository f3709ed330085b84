/**
 * What a creator writes for everybody to read. It is kept as it was written and shown as text, so markup in it is only
 * text; but what cannot be seen, or makes text read otherwise than it is written, is refused.
 */
import * as z from 'zod'

const NAME_CHARS_MAX = 100
const DESCRIPTION_CHARS_MAX = 4_000
const SLUG_CHARS_MAX = 60

/** Control characters, formatting ones (zero width, direction), halves of characters, private use; line and paragraph separators. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u
/** The same for longer text, where lines end, and where Persian or Hindi need joiners (U+200C, U+200D), as emoji do. */
const UNSEEN_IN_TEXT = /(?![\n\t\u200c\u200d])[\p{C}\p{Zl}\p{Zp}]/u

/** Scripts whose letters look alike. A word that mixes two of them means to be taken for another word. */
const ALIKE = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
]

/** A name: one line, full-width and other forms of a letter made the letter itself. */
export const PublicName = z
  .string()
  .max(NAME_CHARS_MAX)
  .refine((name) => !UNSEEN.test(name), 'must not hold control, zero-width or direction characters')
  .transform((name) => name.normalize('NFKC').replaceAll(/\s+/g, ' ').trim())
  .pipe(
    z
      .string()
      .max(NAME_CHARS_MAX)
      .regex(/[\p{L}\p{N}]/u, 'must have a letter or a digit')
      .refine(
        (name) => !name.split(/[^\p{L}\p{M}]+/u).some(isMixed),
        'must not mix letters of scripts that look alike in a word',
      ),
  )

/** A description, as it was written. */
export const PublicText = z
  .string()
  .max(DESCRIPTION_CHARS_MAX)
  .refine((text) => !UNSEEN_IN_TEXT.test(text), 'must not hold control, zero-width or direction characters')

function isMixed(word: string): boolean {
  return ALIKE.filter((script) => script.test(word)).length > 1
}

/** A slug made from a name, to which something must be added if it is taken. `agent` where a name has no Latin letter. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_CHARS_MAX)
    .replaceAll(/^-+|-+$/g, '')
  return slug === '' ? 'agent' : slug
}
