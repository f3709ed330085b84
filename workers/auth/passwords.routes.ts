/** A forgotten password, and a changed one. */
import { Hono } from 'hono'
import * as z from 'zod'
import { AppError, refuseField } from '../base/errors.ts'
import { anyone, routesOf } from '../base/route.ts'
import { addressOf } from '../base/throttle.ts'
import { signedIn } from './auth.ts'
import { confirmPassword } from './confirm.ts'
import { Email, isTheirEmail, NewPassword, TypedPassword } from './fields.ts'
import { sendReset, tellOfNewPassword } from './letters.ts'
import { limitAttempts, limitMail } from './limits.ts'
import { changePassword, holderOf, resetPassword } from './new-password.ts'
import { hashPassword } from './passwords.ts'
import { Secret } from './secrets.ts'
import type { AppContext } from '../env.ts'

export const passwords = new Hono<AppContext>()
const route = routesOf(passwords, 'Signing in')

route(
  'POST /api/v1/auth/password/forgot',
  {
    summary: 'Have a mail sent with which to choose a new password',
    who: anyone,
    body: z.object({ email: Email }),
    answer: z.object({ message: z.string() }),
    status: 202,
    errors: ['rateLimited'],
  },
  async ({ c, env, body: { email } }) => {
    await limitMail(env, { email, address: addressOf(c.req.raw.headers) })
    sendReset(env, email)
    return { message: 'If there is an account with this address, there is a mail on its way to it.' }
  },
)

route(
  'POST /api/v1/auth/password/reset',
  {
    summary: 'Choose a new password with the token from the mail',
    description: 'Ends every session, and confirms the address.',
    who: anyone,
    body: z.object({ token: Secret, password: NewPassword }),
    errors: ['tokenSpent', 'rateLimited', 'signInBusy'],
  },
  async ({ c, env, body: { token, password } }) => {
    await limitAttempts(env, addressOf(c.req.raw.headers))
    // Asked first, so that nobody makes us hash for a token that was made up.
    const holder = await holderOf(env, token)
    if (!holder) throw new AppError('tokenSpent')
    if (isTheirEmail(password, holder.email)) throw refuseField('password', 'is your e-mail address')
    await resetPassword(env, token, { userId: holder.id, passwordHash: await hashPassword(password) })
    tellOfNewPassword(env, holder.email)
  },
)

route(
  'PUT /api/v1/auth/password',
  {
    summary: 'Change your password',
    description: 'Ends every other session.',
    who: signedIn,
    body: z.object({ current_password: TypedPassword, new_password: NewPassword }),
    errors: ['conflict', 'rateLimited', 'signInBusy'],
  },
  async ({ env, me, body }) => {
    const { current_password: current, new_password: chosen } = body
    if (isTheirEmail(chosen, me.email)) throw refuseField('new_password', 'is your e-mail address')
    const kept = await confirmPassword(env, me, { password: current, field: 'current_password' })
    await changePassword(env, me, { from: kept, to: await hashPassword(chosen) })
    tellOfNewPassword(env, me.email)
  },
)
