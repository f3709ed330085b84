/** Registering and signing in. No answer here tells whether an address has an account. */
import { waitUntil } from 'cloudflare:workers'
import { Hono } from 'hono'
import * as z from 'zod'
import { clock } from '../base/clock.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { anyone, routesOf } from '../base/route.ts'
import { addressOf } from '../base/throttle.ts'
import { accountOf, credentialsOf, Me, strengthen } from './accounts.ts'
import { signedIn } from './auth.ts'
import { DisplayName, Email, isTheirEmail, NewPassword, TypedPassword } from './fields.ts'
import { greet, remindToVerify, verifyAgain } from './letters.ts'
import { limitAttempts, limitMail, limitRegistration, limitSignIn } from './limits.ts'
import { checkPassword, hashPassword } from './passwords.ts'
import { exchange } from './refresh.ts'
import { addAccount, confirmAddress } from './registration.ts'
import { Secret } from './secrets.ts'
import { startSession } from './sessions.ts'
import { sentRefreshToken, SentToken, SignedIn, signedInAnswer, Transport, transportOf } from './signed-in.ts'
import type { AppContext, Bindings } from '../env.ts'

/** One sentence for a wrong password, an unknown address and one that is not confirmed: it tells them apart for nobody. */
const NOT_LET_IN =
  'This e-mail and password are not valid, or the address is not verified yet: then open the mail that we have sent to it.'
const MAILED = 'If this address is yours, there is a mail on its way to you. Open it to go on.'

export const auth = new Hono<AppContext>()
const route = routesOf(auth, 'Signing in')

const Mailed = z.object({ message: z.string() })

const Registration = z.discriminatedUnion('user_type', [
  z.object({ user_type: z.literal('creator'), email: Email, password: NewPassword, display_name: DisplayName }),
  z.object({
    user_type: z.literal('developer'),
    email: Email,
    password: NewPassword,
    display_name: DisplayName.optional(),
  }),
])

route(
  'POST /api/v1/auth/register',
  {
    summary: 'Open an account',
    description:
      'The answer is the same whether the address has an account or not; what is to be done is in the mail. A new developer has 100 free calls.',
    who: anyone,
    body: Registration,
    answer: Mailed,
    status: 202,
    errors: ['rateLimited', 'signInBusy'],
  },
  async ({ c, env, body }) => {
    const { email, password, user_type: type, display_name: displayName } = body
    if (isTheirEmail(password, email)) throw refuseField('password', 'is your e-mail address')
    await limitRegistration(env, addressOf(c.req.raw.headers))
    const passwordHash = await hashPassword(password)
    greet(env, email, await addAccount(env, { email, passwordHash, type, displayName }))
    return { message: MAILED }
  },
)

route(
  'POST /api/v1/auth/verify-email',
  {
    summary: 'Confirm an address with the token from the mail, and sign in',
    who: anyone,
    body: z.object({ token: Secret, transport: Transport.optional() }),
    answer: SignedIn,
    errors: ['tokenSpent', 'rateLimited'],
  },
  async ({ c, env, body }) => {
    await limitAttempts(env, addressOf(c.req.raw.headers))
    const userId = await confirmAddress(env, body.token)
    const session = await startSession(env, { userId, userAgent: c.req.header('user-agent') })
    if (!session) throw new AppError('tokenSpent')
    return signedInAnswer(c, { ...session, userId }, transportOf(c, body.transport))
  },
)

route(
  'POST /api/v1/auth/verify-email/resend',
  {
    summary: 'Send the verification mail again',
    who: anyone,
    body: z.object({ email: Email }),
    answer: Mailed,
    status: 202,
    errors: ['rateLimited'],
  },
  async ({ c, env, body: { email } }) => {
    await limitMail(env, { email, address: addressOf(c.req.raw.headers) })
    verifyAgain(env, email)
    return { message: MAILED }
  },
)

route(
  'POST /api/v1/auth/login',
  {
    summary: 'Sign in',
    description:
      'A browser on one of our sites gets the refresh token in a cookie (`HttpOnly; Secure; SameSite=Strict; Path=/api`), every other client in the body; `transport` asks for one or the other.',
    who: anyone,
    body: z.object({ email: Email, password: TypedPassword, transport: Transport.optional() }),
    answer: SignedIn,
    errors: ['invalidCredentials', 'forbidden', 'rateLimited', 'signInBusy'],
  },
  async ({ c, env, body }) => {
    const { email, password } = body
    const userAgent = c.req.header('user-agent')
    await limitSignIn(env, { email, address: addressOf(c.req.raw.headers) })
    const session =
      (await begin(env, email, password, userAgent)) ??
      // The hash has changed since it was read: by a new password, or by another sign-in that strengthened it.
      (await begin(env, email, password, userAgent))
    if (!session) throw new AppError('invalidCredentials', { message: NOT_LET_IN })
    return signedInAnswer(c, session, transportOf(c, body.transport))
  },
)

/** A session of whoever has this password. Null: the password's hash was changed meanwhile. Throws for everybody who is not let in. */
async function begin(env: Bindings, email: string, password: string, userAgent: string | undefined) {
  const user = await credentialsOf(env, email)
  const { isRight, isWeak } = await checkPassword(password, user?.passwordHash)
  const refused = new AppError('invalidCredentials', { message: NOT_LET_IN })
  if (!user || !isRight || user.status === 'deleted') throw refused
  if (!user.emailVerified) {
    if (user.status === 'active') remindToVerify(env, user)
    throw refused
  }
  if (user.status === 'suspended') throw new AppError('forbidden', { message: 'This account is suspended.' })
  const { id: userId, passwordHash } = user
  const session = await startSession(env, { userId, passwordHash, userAgent })
  if (!session) return null
  if (isWeak) waitUntil(rehash(env, userId, password, passwordHash))
  return { ...session, userId }
}

async function rehash(env: Bindings, userId: string, password: string, from: string): Promise<void> {
  try {
    await strengthen(env, userId, { from, to: await hashPassword(password) })
  } catch (thrown) {
    // The next sign-in tries again.
    log.warn('password.not_strengthened', { account_id: userId, error: describe(thrown) })
  }
}

route(
  'POST /api/v1/auth/refresh',
  {
    summary: 'Exchange a refresh token for a new one and a new access token',
    description:
      'A token can be exchanged once. The new one travels as the old one did. Sent again at the same time, the old one is answered with 409 and nothing ends; sent again later, it ends the session, since one of two holders is a thief. A session lives for seven days.',
    who: anyone,
    body: SentToken,
    answer: SignedIn,
    errors: ['invalidCredentials', 'refreshTwin'],
  },
  async ({ c, env, body }) => {
    const arrivedAt = clock.now()
    const sent = sentRefreshToken(c, body.refresh_token)
    if (!sent) throw new AppError('invalidCredentials', { message: 'Send a refresh token in the body or the cookie.' })
    return signedInAnswer(c, await exchange(env, sent.token, arrivedAt), sent.transport)
  },
)

route('GET /api/v1/auth/me', { summary: 'Who is signed in', who: signedIn, answer: Me }, ({ env, me }) =>
  accountOf(env, me.id),
)
