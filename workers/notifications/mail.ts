/** Mail to people. It goes out through a queue, so that nobody waits for the mail service, and no mail is lost while it is away. */
import * as z from 'zod'
import type { Bindings } from '../env.ts'

const SUBJECT_CHARS_MAX = 200
const TEXT_CHARS_MAX = 20_000

/** All that could end a header line or hide in one. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/u

export const Mail = z.object({
  /** Names the mail: sent twice under one id, it arrives once. */
  id: z.uuid(),
  to: z.email().max(254),
  subject: z
    .string()
    .min(1)
    .max(SUBJECT_CHARS_MAX)
    .refine((text) => !UNSEEN.test(text), 'is not one line'),
  /** Plain text. */
  text: z.string().min(1).max(TEXT_CHARS_MAX),
})
export type Mail = z.infer<typeof Mail>

/**
 * Puts a mail on its way. Throws if it is not one, or if the queue does not take it. Rooms to the left of this one send to
 * the queue themselves; whatever they send is looked at once more before it leaves.
 */
export async function sendMail(env: Bindings, mail: Mail): Promise<void> {
  const subject = mail.subject.replaceAll(new RegExp(UNSEEN, 'gu'), ' ').trim().slice(0, SUBJECT_CHARS_MAX)
  await env.MAILS.send(Mail.parse({ ...mail, subject }))
}
