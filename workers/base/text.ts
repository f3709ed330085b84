/** Text that people write and others read: plain text, kept and given back exactly as it was written. */
import * as z from 'zod'

/** All control characters but tab and line ends, and those that turn the direction of the text around them. */
// oxlint-disable-next-line eslint/no-control-regex
const UNSEEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/

/** Plain text of `min` to `max` characters that is not blank, and in which nothing hides. */
export function plainText(min: number, max: number) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((text) => text.trim() !== '', 'is blank')
    .refine((text) => !UNSEEN.test(text) && text.isWellFormed(), 'holds characters that cannot be shown')
}
