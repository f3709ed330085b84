/**
 * Sessions: one for each sign-in, which lives for seven days at most however often it is refreshed, and ends as a whole. Its
 * access tokens die with it, within a second everywhere (see `auth.ts`).
 */
import { and, desc, eq, gt, isNull, lt, ne, or, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { atMicros, micros } from '../base/page.ts'
import { within } from '../base/within.ts'
import { forgetSession } from './auth.ts'
import { hashSecret, newSecret } from './secrets.ts'
import { sessions } from './tables.ts'
import type { Bindings } from '../env.ts'

export const SESSION_SECONDS = 7 * 24 * 60 * 60
/** The most that one account has at a time; a new one ends the oldest. */
const SESSIONS_MAX = 50
const USER_AGENT_CHARS_MAX = 200
/** The longest that an end waits for the windows to hear of it. */
const TELL_MS_MAX = 1_000

export type EndReason = NonNullable<(typeof sessions.$inferSelect)['endedBecause']>
export type NewSession = { sessionId: string; refreshToken: string }

/**
 * Begins a session of an active user. With `passwordHash`, only if that is still theirs: a password that is changed while
 * somebody signs in with the old one lets nobody in. Null: there is no such user.
 */
export async function startSession(
  env: Bindings,
  { userId, passwordHash, userAgent }: { userId: string; passwordHash?: string; userAgent: string | undefined },
): Promise<NewSession | null> {
  const sessionId = newId()
  const refreshToken = newSecret()
  const now = new Date(clock.now()).toISOString()
  const end = new Date(clock.now() + SESSION_SECONDS * 1_000).toISOString()
  const isSame = passwordHash === undefined ? sql`` : sql`AND password_hash = ${passwordHash}`
  const [started, , replaced] = await reach(() =>
    db(env).batch([
      // The lock waits for a change of the password that is under way, and makes the next one wait for this session.
      db(env).execute(sql`INSERT INTO sessions (id, user_id, user_agent, created_at, last_used_at, expires_at)
        SELECT ${sessionId}::uuid, id, ${shortened(userAgent)}::varchar, ${now}::timestamptz, ${now}::timestamptz, ${end}::timestamptz FROM users
        WHERE id = ${userId} AND status = 'active' ${isSame} FOR SHARE`),
      db(env).execute(sql`INSERT INTO refresh_tokens (hash, session_id, issued_at)
        SELECT ${hashSecret(refreshToken)}, id, ${now}::timestamptz FROM sessions WHERE id = ${sessionId}`),
      db(env).execute<{ id: string }>(sql`UPDATE sessions SET ended_at = ${now}::timestamptz, ended_because = 'revoked'
        WHERE id IN (SELECT id FROM sessions WHERE user_id = ${userId} AND ended_at IS NULL
          ORDER BY created_at DESC OFFSET ${SESSIONS_MAX}) RETURNING id`),
    ]),
  )
  await sessionsEnded(env, userId, replaced.rows)
  return started.rowCount === 0 ? null : { sessionId, refreshToken }
}

/** What a device calls itself, as far as it can be shown. */
function shortened(userAgent: string | undefined): string | null {
  return userAgent?.replaceAll(/[^\x20-\x7e]/g, '').slice(0, USER_AGENT_CHARS_MAX) || null
}

/** Ends running sessions of a user: all, only one, or all but one. Gives how many. */
export async function endSessions(
  env: Bindings,
  userId: string,
  because: EndReason,
  which: { only?: string; except?: string } = {},
): Promise<number> {
  const ended = await reach(() => ending(env, userId, because, which))
  await sessionsEnded(env, userId, ended)
  return ended.length
}

/**
 * Makes the end of sessions felt at once: this isolate forgets them, and their open windows are closed, over the binding. Never
 * throws: a window that cannot be told finds out by itself within a minute.
 */
export async function sessionsEnded(env: Bindings, userId: string, ended: { id: string }[]): Promise<void> {
  if (ended.length === 0) return
  const sessionIds = ended.map(({ id }) => id)
  for (const id of sessionIds) forgetSession(id)
  try {
    await within(TELL_MS_MAX, env.LIVE.get(env.LIVE.idFromName(userId)).end({ v: 1, sessionIds }))
  } catch (thrown) {
    log.warn('session.windows_not_told', { account_id: userId, error: describe(thrown) })
  }
}

/** The update that ends sessions, for a batch. It returns their ids, which `sessionsEnded` is to be told. */
export function ending(
  env: Bindings,
  userId: string,
  because: EndReason,
  { only, except }: { only?: string; except?: string } = {},
) {
  return db(env)
    .update(sessions)
    .set({ endedAt: new Date(clock.now()), endedBecause: because })
    .where(
      and(
        eq(sessions.userId, userId),
        isNull(sessions.endedAt),
        only === undefined ? undefined : eq(sessions.id, only),
        except === undefined ? undefined : ne(sessions.id, except),
      ),
    )
    .returning({ id: sessions.id })
}

export type SessionPlace = [startedMicros: number, id: string]

/** The running sessions of a user, the newest first, one more than `limit`. */
export async function sessionsOf(env: Bindings, userId: string, limit: number, after: SessionPlace | undefined) {
  const isAfter =
    after &&
    or(
      lt(sessions.createdAt, atMicros(after[0])),
      and(eq(sessions.createdAt, atMicros(after[0])), lt(sessions.id, after[1])),
    )
  return reach(() =>
    db(env)
      .select({
        id: sessions.id,
        userAgent: sessions.userAgent,
        createdAt: sessions.createdAt,
        startedMicros: micros(sessions.createdAt),
        lastUsedAt: sessions.lastUsedAt,
        expiresAt: sessions.expiresAt,
      })
      .from(sessions)
      .where(
        and(
          eq(sessions.userId, userId),
          isNull(sessions.endedAt),
          gt(sessions.expiresAt, new Date(clock.now())),
          isAfter,
        ),
      )
      .orderBy(desc(sessions.createdAt), desc(sessions.id))
      .limit(limit + 1),
  )
}
