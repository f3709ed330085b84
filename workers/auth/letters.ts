/**
 * Which mail goes to whom. All of it happens after the answer, so that neither what the answer says nor how long it takes
 * depends on whether there is an account.
 */
import { waitUntil } from 'cloudflare:workers'
import { and, eq } from 'drizzle-orm'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { settings, type Bindings } from '../env.ts'
import { limitNotice } from './limits.ts'
import {
  alreadyRegistered,
  invitation,
  passwordChanged,
  passwordReset,
  unfinishedRegistration,
  verification,
} from './mails.ts'
import { issueToken } from './one-time.ts'
import { users } from './tables.ts'
import type { AdminRole } from './permissions.ts'

/** To somebody who has registered; `addedId` if that made an account. */
export function greet(env: Bindings, email: string, addedId: string | null): void {
  afterwards(async () => {
    if (addedId !== null) return sendVerification(env, { id: addedId, email })
    const user = await activeUser(env, email)
    if (!user) return
    await limitNotice(env, email)
    if (user.emailVerified) return send(env, email, alreadyRegistered(settings(env).SITE_URL))
    const token = await issueToken(env, user.id, 'reset_password')
    return send(env, email, unfinishedRegistration(settings(env).SITE_URL, token))
  })
}

/** To somebody who has asked for the verification mail again, if their address is yet to be confirmed. */
export function verifyAgain(env: Bindings, email: string): void {
  afterwards(async () => {
    const user = await activeUser(env, email)
    if (user && !user.emailVerified) await sendVerification(env, user)
  })
}

/** To somebody who has tried to sign in, with the right password, before their address was confirmed. */
export function remindToVerify(env: Bindings, user: { id: string; email: string }): void {
  afterwards(async () => {
    await limitNotice(env, user.email)
    await sendVerification(env, user)
  })
}

/** To somebody who has forgotten their password, if there is such an account. */
export function sendReset(env: Bindings, email: string): void {
  afterwards(async () => {
    const user = await activeUser(env, email)
    if (!user) return
    const token = await issueToken(env, user.id, 'reset_password')
    await send(env, email, passwordReset(settings(env).SITE_URL, token))
  })
}

/** To somebody who is to be an admin: with the password they choose they show that the address is theirs. */
export function inviteByMail(env: Bindings, { id, email }: { id: string; email: string }, role: AdminRole): void {
  afterwards(async () => {
    await limitNotice(env, email)
    const token = await issueToken(env, id, 'reset_password')
    await send(env, email, invitation(settings(env).SITE_URL, token, role))
  })
}

/** To somebody whose password was changed. */
export function tellOfNewPassword(env: Bindings, email: string): void {
  afterwards(() => send(env, email, passwordChanged(settings(env).SITE_URL)))
}

async function sendVerification(env: Bindings, { id, email }: { id: string; email: string }): Promise<void> {
  const token = await issueToken(env, id, 'verify_email')
  await send(env, email, verification(settings(env).SITE_URL, token))
}

async function send(env: Bindings, to: string, mail: { subject: string; text: string }): Promise<void> {
  await env.MAILS.send({ id: newId(), to, ...mail })
}

async function activeUser(env: Bindings, email: string) {
  const [user] = await db(env)
    .select({ id: users.id, email: users.email, emailVerified: users.emailVerified })
    .from(users)
    .where(and(eq(users.email, email), eq(users.status, 'active')))
  return user
}

function afterwards(work: () => Promise<void>): void {
  waitUntil(
    work().catch((thrown: unknown) => {
      log.warn('letter.not_sent', { error: describe(thrown) })
    }),
  )
}
