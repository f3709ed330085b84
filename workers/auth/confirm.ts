/** What cannot be undone is asked of whoever knows the password, and not of whoever found a window open. */
import { refuseField } from '../base/errors.ts'
import { credentialsOf } from './accounts.ts'
import { limitPassword } from './limits.ts'
import { checkPassword } from './passwords.ts'
import type { Bindings } from '../env.ts'
import type { User } from './auth.ts'

/**
 * Makes sure that somebody who is signed in knows their password; gives what is kept of it. Counted with sign-ins, so that a
 * stolen session is no way to guess. Throws `validationFailed` about `field`, `rateLimited`, `signInBusy`.
 */
export async function confirmPassword(
  env: Bindings,
  me: Pick<User, 'email'>,
  { password, field }: { password: string; field: string },
): Promise<string> {
  await limitPassword(env, me.email)
  const kept = (await credentialsOf(env, me.email))?.passwordHash
  const { isRight } = await checkPassword(password, kept)
  if (!isRight || kept === undefined) throw refuseField(field, 'is not your password')
  return kept
}
