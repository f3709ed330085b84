/**
 * The exchange of a refresh token for its successor. A token is exchanged once; one that comes a second time was stolen, or
 * its successor was, and the whole session ends.
 *
 * Except for twins. Two windows of one browser send the same token at the same time, and neither is a thief. They are told
 * apart by this: the answer with the successor is held back for `TWIN_MS`. A second request that was here before that time
 * was over cannot come from somebody who knew that the token was used: it is a twin, is told so, and nothing ends. All times
 * are the Worker's, which stamps the requests, so that no other clock can put them in another order.
 */
import { eq, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { log } from '../base/log.ts'
import { hashSecret, newSecret } from './secrets.ts'
import { endSessions, type NewSession } from './sessions.ts'
import { refreshTokens, sessions } from './tables.ts'
import type { Bindings } from '../env.ts'

export const TWIN_MS = 250

const OVER = 'This session has ended; sign in again.'

/**
 * The successor of a token that was here at `arrivedAt`, `TWIN_MS` later. Throws `refreshTwin`, or `invalidCredentials`: the
 * token is unknown, its session is over, or it was used before, which ends the session.
 */
export async function exchange(
  env: Bindings,
  token: string,
  arrivedAt: number,
): Promise<NewSession & { userId: string }> {
  const hash = hashSecret(token)
  const successor = newSecret()
  const now = sql`${new Date(arrivedAt).toISOString()}::timestamptz`
  // One statement: of any number that come together, the row lets one through. A session that ends meanwhile leaves a
  // successor that opens nothing.
  const { rows } = await reach(() =>
    db(env).execute<{ session_id: string; user_id: string }>(sql`
      WITH spent AS (
        UPDATE refresh_tokens SET used_at = ${now} FROM sessions, users
        WHERE hash = ${hash} AND used_at IS NULL
          AND sessions.id = session_id AND ended_at IS NULL AND expires_at > ${now}
          AND users.id = sessions.user_id AND users.status = 'active'
        RETURNING session_id, user_id
      ), next AS (
        INSERT INTO refresh_tokens (hash, session_id, issued_at) SELECT ${hashSecret(successor)}, session_id, ${now} FROM spent
      ), touched AS (
        UPDATE sessions SET last_used_at = ${now} FROM spent WHERE id = spent.session_id
      )
      SELECT session_id, user_id FROM spent`),
  )
  const [won] = rows
  if (!won) throw await refusal(env, hash, arrivedAt)
  await until(arrivedAt + TWIN_MS)
  return { sessionId: won.session_id, userId: won.user_id, refreshToken: successor }
}

async function refusal(env: Bindings, hash: string, arrivedAt: number): Promise<AppError> {
  const over = new AppError('invalidCredentials', { message: OVER })
  const [found] = await reach(() =>
    db(env)
      .select({
        sessionId: sessions.id,
        userId: sessions.userId,
        usedAt: refreshTokens.usedAt,
        endedAt: sessions.endedAt,
      })
      .from(refreshTokens)
      .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
      .where(eq(refreshTokens.hash, hash)),
  )
  if (!found?.usedAt || found.endedAt !== null) return over
  if (arrivedAt <= found.usedAt.getTime() + TWIN_MS) return new AppError('refreshTwin')
  await endSessions(env, found.userId, 'reused', { only: found.sessionId })
  log.warn('session.reused', { account_id: found.userId })
  return over
}

/** Waits until this moment is over. */
async function until(moment: number): Promise<void> {
  const leftMs = moment + 1 - clock.now()
  if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs))
}

/** The session that a refresh token belongs to, used or not, or null. */
export async function sessionOf(env: Bindings, token: string): Promise<{ id: string; userId: string } | null> {
  const [found] = await reach(() =>
    db(env)
      .select({ id: sessions.id, userId: sessions.userId })
      .from(refreshTokens)
      .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
      .where(eq(refreshTokens.hash, hashSecret(token))),
  )
  return found ?? null
}
