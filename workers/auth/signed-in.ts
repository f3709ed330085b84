/**
 * What somebody is given who has signed in: an access token, and a refresh token by one of two ways. Browsers get it in a
 * cookie that no script can read, other clients in the body.
 */
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import * as z from 'zod'
import { settings, type AppContext } from '../env.ts'
import { ACCESS_TOKEN_SECONDS, signAccessToken } from './access-token.ts'
import { accountOf, Me } from './accounts.ts'
import { Secret } from './secrets.ts'
import { SESSION_SECONDS, type NewSession } from './sessions.ts'
import type { Context } from 'hono'

export const REFRESH_COOKIE = 'agentlink_refresh'
const COOKIE = { path: '/api', httpOnly: true, secure: true, sameSite: 'Strict' } as const

export const Transport = z
  .enum(['cookie', 'body'])
  .describe(
    'How the refresh token travels. Default: `cookie` for a request with the `Origin` of one of our sites, else `body`.',
  )
export type Transport = z.infer<typeof Transport>

export const SignedIn = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  /** Seconds. */
  expires_in: z.int(),
  /** Not there when it is in the cookie. */
  refresh_token: z.string().optional(),
  user: Me,
})

/** What is sent in a body to show a refresh token. */
export const SentToken = z
  .object({ refresh_token: Secret.optional().describe('Left out where it is in the cookie.') })
  .prefault({})

/** The tokens of a session, and whom it belongs to; sets the cookie if that is how the refresh token travels. */
export async function signedInAnswer(
  c: Context<AppContext>,
  session: NewSession & { userId: string },
  transport: Transport,
): Promise<z.input<typeof SignedIn>> {
  const user = await accountOf(c.env, session.userId)
  const { id, user_type, email } = user
  const access = await signAccessToken(c.env, { user_id: id, user_type, email, sid: session.sessionId })
  if (transport === 'cookie') setCookie(c, REFRESH_COOKIE, session.refreshToken, { ...COOKIE, maxAge: SESSION_SECONDS })
  return {
    access_token: access,
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_SECONDS,
    ...(transport === 'body' ? { refresh_token: session.refreshToken } : {}),
    user,
  }
}

/** The way that was asked for, or that suits who asks. */
export function transportOf(c: Context<AppContext>, asked: Transport | undefined): Transport {
  return asked ?? (isFromOurSite(c) ? 'cookie' : 'body')
}

/** The refresh token that was sent, and how. A cookie does not count when the request comes from a site that is not ours. */
export function sentRefreshToken(
  c: Context<AppContext>,
  inBody: string | undefined,
): { token: string; transport: Transport } | null {
  if (inBody !== undefined) return { token: inBody, transport: 'body' }
  const token = getCookie(c, REFRESH_COOKIE)
  if (!token || (c.req.header('origin') !== undefined && !isFromOurSite(c))) return null
  return { token, transport: 'cookie' }
}

/** Makes a browser forget its refresh token. */
export function clearCookie(c: Context<AppContext>): void {
  deleteCookie(c, REFRESH_COOKIE, COOKIE)
}

function isFromOurSite(c: Context<AppContext>): boolean {
  return settings(c.env).ALLOWED_ORIGINS.includes(c.req.header('origin') ?? '')
}
