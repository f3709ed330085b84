/** How often people, and those who pretend to be people, may try what this room offers. */
import { throttle } from '../base/throttle.ts'
import { settings, type Bindings } from '../env.ts'

const FIVE_MINUTES = 5 * 60
const HOUR = 60 * 60
const SIGN_IN_PER_ACCOUNT = 10
const MAILS_PER_ACCOUNT = 5
const WALLET_PER_ACCOUNT = 20
const AVATARS_PER_ACCOUNT = 20

type Who = { email: string; address: string }

/** Before a password is looked at. Throws `rateLimited`, as all of these do. */
export async function limitSignIn(env: Bindings, { email, address }: Who): Promise<void> {
  await Promise.all([limitPassword(env, email), limitAttempts(env, address)])
}

/** Before a password is looked at of somebody who is signed in. */
export function limitPassword(env: Bindings, email: string): Promise<void> {
  return throttle(env, { name: 'sign-in', key: email, limit: SIGN_IN_PER_ACCOUNT, windowSeconds: FIVE_MINUTES })
}

/** Before a token from a mail is looked at. */
export function limitAttempts(env: Bindings, address: string): Promise<void> {
  const limit = settings(env).SIGN_IN_PER_ADDRESS
  return throttle(env, { name: 'sign-in-from', key: address, limit, windowSeconds: FIVE_MINUTES })
}

export function limitRegistration(env: Bindings, address: string): Promise<void> {
  const limit = settings(env).REGISTER_PER_ADDRESS
  return throttle(env, { name: 'register-from', key: address, limit, windowSeconds: HOUR })
}

/** Before a mail that somebody asks for. */
export async function limitMail(env: Bindings, { email, address }: Who): Promise<void> {
  const limit = settings(env).MAIL_PER_ADDRESS
  await Promise.all([
    throttle(env, { name: 'mail', key: email, limit: MAILS_PER_ACCOUNT, windowSeconds: HOUR }),
    throttle(env, { name: 'mail-from', key: address, limit, windowSeconds: HOUR }),
  ])
}

/** Before a mail that nobody has asked for; counted apart, so that it keeps nobody from asking. */
export function limitNotice(env: Bindings, email: string): Promise<void> {
  return throttle(env, { name: 'notice', key: email, limit: MAILS_PER_ACCOUNT, windowSeconds: HOUR })
}

export function limitWallet(env: Bindings, userId: string): Promise<void> {
  return throttle(env, { name: 'wallet', key: userId, limit: WALLET_PER_ACCOUNT, windowSeconds: HOUR })
}

export function limitAvatars(env: Bindings, userId: string): Promise<void> {
  return throttle(env, { name: 'avatar', key: userId, limit: AVATARS_PER_ACCOUNT, windowSeconds: HOUR })
}
