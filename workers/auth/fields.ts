/** What people may type in this room's forms. Whatever is read here is in Unicode's composed form (NFC). */
import * as z from 'zod'

const EMAIL_CHARS_MAX = 254
const PASSWORD_CHARS_MIN = 10
const PASSWORD_CHARS_MAX = 256
const PASSWORD_BYTES_MAX = 1_024

/** Nothing that cannot be seen, or that turns the direction of what stands around it. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u
/** In a text of several lines, line ends and tabs can be seen. */
// oxlint-disable-next-line eslint/no-control-regex
const HIDDEN_IN_TEXT = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u

/** The passwords that are tried first, of those that are long enough to be allowed. */
const COMMON = new Set(
  `1234567890 12345678910 123456789a 0123456789 0987654321 1111111111 0000000000 1234567891 123123123123 112233445566
  qwertyuiop qwerty12345 qwerty123456 qwertyuiop123 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4t5 1qaz2wsx3edc qazwsxedcrfv asdfghjkl123
  zxcvbnm123 password12 password123 password1234 password12345 passwordpassword mypassword123 p@ssword123 passw0rd123
  iloveyou123 iloveyou1234 letmein123 letmeinletmein welcome123 welcome1234 administrator admin12345 changeme123 changemenow
  abcdefghij abcdefghijk abc123456789 abcd123456 aa12345678 unbelievable football123 basketball1 dragon12345 monkey12345
  superman123 princess123 sunshine123 trustno1trustno1 correcthorsebatterystaple agentlink123 agentlinkagentlink`.split(
    /\s+/,
  ),
)

/** An e-mail address, in lower case: one mailbox, one account. */
export const Email = z
  .string()
  .max(EMAIL_CHARS_MAX)
  .transform((text) => text.trim().normalize('NFC').toLowerCase())
  .pipe(z.email().max(EMAIL_CHARS_MAX))

/** A password as it is typed to sign in: whatever it is, it is compared. */
export const TypedPassword = z.string().min(1).max(PASSWORD_CHARS_MAX).overwrite(composed)

/** A password that is chosen: long, and none of those that are tried first. What it is made of is its owner's business. */
export const NewPassword = z
  .string()
  .overwrite(composed)
  .min(PASSWORD_CHARS_MIN)
  .max(PASSWORD_CHARS_MAX)
  .refine((text) => text.isWellFormed(), 'holds half a character')
  .refine((text) => new TextEncoder().encode(text).length <= PASSWORD_BYTES_MAX, 'is too long')
  .refine((text) => !isCommon(text), 'is one of the most common passwords')

/** Whether somebody who knows the address would guess the password from it. */
export function isTheirEmail(password: string, email: string): boolean {
  const [name] = email.split('@')
  const lower = password.toLowerCase()
  return lower === email || lower === name
}

/** A name of one line, with single spaces. */
export function oneLine(max: number) {
  return z
    .string()
    .max(max * 2)
    .overwrite((text) => composed(text).trim().replaceAll(/ +/g, ' '))
    .min(1)
    .max(max)
    .refine((text) => !HIDDEN.test(text), 'holds characters that cannot be seen')
}

/** A text of several lines. */
export function paragraphs(max: number) {
  return z
    .string()
    .max(max * 2)
    .overwrite((text) => composed(text).replaceAll('\r\n', '\n').trim())
    .max(max)
    .refine((text) => !HIDDEN_IN_TEXT.test(text), 'holds characters that cannot be seen')
}

export const DisplayName = oneLine(100)

function composed(text: string): string {
  return text.normalize('NFC')
}

function isCommon(password: string): boolean {
  const lower = password.toLowerCase()
  return COMMON.has(lower) || new Set(lower).size === 1
}
