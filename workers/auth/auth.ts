/**
 * Who somebody is and what they may do. This room owns users, sessions and the audit log. It promises that the end of a
 * session, a suspension or a change of role is effective everywhere within a second, and at once where an admin acts. It
 * never tells whether an e-mail address has an account.
 *
 * The guards below stand in a route's declaration as `who`.
 */
import { and, eq, gt, inArray, isNull } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { Flights } from '../base/flights.ts'
import { Memory } from '../base/memory.ts'
import { readAccessToken, type Claims } from './access-token.ts'
import { isAllowed, type AdminRole, type Permission } from './permissions.ts'
import { sessions, users } from './tables.ts'
import type { Guard } from '../base/route.ts'
import type { Bindings } from '../env.ts'

const SESSIONS_IN_MEMORY = 5_000
/** How old a copy of a session may be. */
const COPY_MS = 1_000

export type UserType = 'creator' | 'developer' | 'admin'

/** Who is signed in. */
export type User = {
  id: string
  type: UserType
  email: string
  emailVerified: boolean
  /** Set for admins, and for nobody else. */
  adminRole: AdminRole | null
  sessionId: string
}

/** Lets everybody pass who is signed in. */
export const signedIn: Guard<User> = guard('signed in', () => true)
/** Lets creators pass. */
export const creator: Guard<User> = guard('creator', (user) => user.type === 'creator')
/** Lets developers pass. */
export const developer: Guard<User> = guard('developer', (user) => user.type === 'developer')

/** Lets admins pass whose role has this permission, as the database has it at this moment. */
export function admin(permission: Permission): Guard<User> {
  return guard(
    `admin ${permission}`,
    (user) => user.type === 'admin' && user.adminRole !== null && isAllowed(user.adminRole, permission),
    0,
  )
}

function guard(allows: string, mayPass: (user: User) => boolean, copyMs = COPY_MS): Guard<User> {
  return {
    scheme: 'session',
    allows,
    admit: async (c) => {
      const user = await whoIs(c.env, c.req.header('authorization'), copyMs)
      if (!mayPass(user)) throw new AppError('forbidden')
      return user
    },
  }
}

/** The user of an `Authorization: Bearer <access token>`. Throws `invalidCredentials` or `tokenExpired`. */
async function whoIs(env: Bindings, authorization: string | undefined, copyMs: number): Promise<User> {
  if (authorization?.slice(0, 7).toLowerCase() !== 'bearer ')
    throw new AppError('invalidCredentials', {
      message: 'Sign in, and send the access token as Authorization: Bearer ….',
    })
  const claims = await readAccessToken(env, authorization.slice(7))
  const user = await sessionUser(env, claims, copyMs)
  if (!user) throw new AppError('invalidCredentials', { message: 'This session has ended; sign in again.' })
  return user
}

type Copy = { user: User | null; readAt: number }

const copies = new Memory<Copy>(SESSIONS_IN_MEMORY)
const flights = new Flights<User | null>()

/** The user of a running session, read at most `copyMs` ago, or null if it has ended. */
async function sessionUser(env: Bindings, claims: Claims, copyMs: number): Promise<User | null> {
  const user = await userIn(env, claims.sid, copyMs)
  return user?.id === claims.user_id ? user : null
}

async function userIn(env: Bindings, sid: string, copyMs: number): Promise<User | null> {
  const copy = copies.get(sid)
  if (copy && clock.now() - copy.readAt < copyMs) return copy.user
  if (copyMs === 0) return readSession(env, sid)
  return flights.join(sid, () => readSession(env, sid))
}

async function readSession(env: Bindings, sid: string): Promise<User | null> {
  const readAt = clock.now()
  const [row] = await reach(() =>
    db(env)
      .select({
        id: users.id,
        type: users.userType,
        email: users.email,
        emailVerified: users.emailVerified,
        adminRole: users.adminRole,
        status: users.status,
        expiresAt: sessions.expiresAt,
        endedAt: sessions.endedAt,
      })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(eq(sessions.id, sid)),
  )
  const isRunning = row?.status === 'active' && row.endedAt === null && row.expiresAt.getTime() > readAt
  const user = isRunning ? toUser(row, sid) : null
  copies.set(sid, { user, readAt })
  return user
}

function toUser(row: Omit<User, 'sessionId'>, sessionId: string): User {
  const { id, type, email, emailVerified, adminRole } = row
  return { id, type, email, emailVerified, adminRole, sessionId }
}

/** Forgets what this isolate knows of a session; others know it for a second at most. */
export function forgetSession(sessionId: string): void {
  copies.delete(sessionId)
  flights.forget(sessionId)
}

/** Which of these sessions of a user are running at this moment, for what outlives a request. Throws `storeUnavailable`. */
export async function runningSessions(env: Bindings, userId: string, sessionIds: string[]): Promise<Set<string>> {
  const rows = await reach(() =>
    db(env)
      .select({ id: sessions.id })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(
        and(
          inArray(sessions.id, sessionIds),
          eq(sessions.userId, userId),
          isNull(sessions.endedAt),
          gt(sessions.expiresAt, new Date(clock.now())),
          eq(users.status, 'active'),
        ),
      ),
  )
  return new Set(rows.map(({ id }) => id))
}
