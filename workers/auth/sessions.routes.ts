/** Where somebody is signed in, and signing out there. */
import { Hono } from 'hono'
import * as z from 'zod'
import { AppError } from '../base/errors.ts'
import { Micros, PageQuery, pageOf, readCursor, toPage } from '../base/page.ts'
import { anyone, routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { signedIn } from './auth.ts'
import { sessionOf } from './refresh.ts'
import { endSessions, sessionsOf } from './sessions.ts'
import { clearCookie, sentRefreshToken, SentToken } from './signed-in.ts'
import type { AppContext } from '../env.ts'

export const sessions = new Hono<AppContext>()
const route = routesOf(sessions, 'Signing in')

route(
  'POST /api/v1/auth/logout',
  {
    summary: 'Sign out here',
    description: 'Ends the session of the refresh token, in the cookie or the body, or else of the access token.',
    who: anyone,
    body: SentToken,
  },
  async ({ c, env, body }) => {
    clearCookie(c)
    const sent = sentRefreshToken(c, body.refresh_token)
    const session = sent ? await sessionOf(env, sent.token) : await sessionOfAccessToken(c)
    if (session) await endSessions(env, session.userId, 'signed_out', { only: session.id })
  },
)

/** Whoever is signed out already has what they want. */
async function sessionOfAccessToken(c: Parameters<typeof signedIn.admit>[0]) {
  if (c.req.header('authorization') === undefined) return null
  const me = await signedIn.admit(c)
  return { id: me.sessionId, userId: me.id }
}

route('POST /api/v1/auth/logout/all', { summary: 'Sign out everywhere', who: signedIn }, async ({ c, env, me }) => {
  clearCookie(c)
  await endSessions(env, me.id, 'signed_out')
})

const Session = z.object({
  id: Id,
  /** What the device called itself. */
  user_agent: z.string().nullable(),
  /** Whether it is the one that asks. */
  is_current: z.boolean(),
  created_at: Moment,
  last_used_at: Moment,
  expires_at: Moment,
})

route(
  'GET /api/v1/auth/sessions',
  { summary: 'Where you are signed in, the newest first', who: signedIn, query: PageQuery, answer: pageOf(Session) },
  async ({ env, me, query: { limit, cursor } }) => {
    const rows = await sessionsOf(env, me.id, limit, readCursor(cursor, z.tuple([Micros, Id])))
    const { items, next_cursor } = toPage(rows, limit, (row) => [row.startedMicros, row.id])
    return {
      items: items.map((row) => ({
        id: row.id,
        user_agent: row.userAgent,
        is_current: row.id === me.sessionId,
        created_at: row.createdAt,
        last_used_at: row.lastUsedAt,
        expires_at: row.expiresAt,
      })),
      next_cursor,
    }
  },
)

route(
  'DELETE /api/v1/auth/sessions/:id',
  { summary: 'Sign out somewhere else', who: signedIn, params: IdParams, errors: ['notFound'] },
  async ({ env, me, params }) => {
    const ended = await endSessions(env, me.id, 'revoked', { only: params.id })
    if (ended === 0) throw new AppError('notFound')
  },
)
