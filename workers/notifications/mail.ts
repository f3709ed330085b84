/** Mail: whoever wants to send one puts it on the queue `mails`. */
import type { Bindings } from '../env.ts'

export type Mail = {
  /** Made from what happened: a mail that is sent twice under one id arrives once. */
  id: string
  to: string
  subject: string
  text: string
}

/** Sends a mail on its way. Throws when the queue does not take it. */
export async function sendMail(env: Bindings, mail: Mail): Promise<void> {
  await env.MAILS.send(mail)
}
