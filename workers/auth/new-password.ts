/**
 * A new password ends what was opened with the old one, in one transaction of two steps: the first holds the user's row, so
 * that a sign-in with the old password is either over, and ended by the second, or finds the new password.
 */
import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { spending } from './one-time.ts'
import { hashSecret } from './secrets.ts'
import { ending, sessionsEnded } from './sessions.ts'
import { oneTimeTokens, users } from './tables.ts'
import type { User } from './auth.ts'
import type { Bindings } from '../env.ts'

/** Who may choose a new password with this token, or null. */
export async function holderOf(env: Bindings, token: string): Promise<{ id: string; email: string } | null> {
  const [holder] = await reach(() =>
    db(env)
      .select({ id: users.id, email: users.email })
      .from(oneTimeTokens)
      .innerJoin(users, eq(users.id, oneTimeTokens.userId))
      .where(
        and(
          eq(oneTimeTokens.hash, hashSecret(token)),
          eq(oneTimeTokens.purpose, 'reset_password'),
          isNull(oneTimeTokens.usedAt),
          gt(oneTimeTokens.expiresAt, new Date(clock.now())),
          eq(users.status, 'active'),
        ),
      ),
  )
  return holder ?? null
}

/** Spends the token of a user for a new password, confirms their address and ends all their sessions. Throws `tokenSpent`. */
export async function resetPassword(
  env: Bindings,
  token: string,
  { userId, passwordHash }: { userId: string; passwordHash: string },
): Promise<void> {
  const [changed, ended] = await reach(() =>
    db(env).batch([
      db(env).execute(sql`
        WITH spent AS (${spending(token, 'reset_password', new Date(clock.now()))})
        UPDATE users SET password_hash = ${passwordHash}, email_verified = TRUE FROM spent
        WHERE id = spent.user_id AND id = ${userId} AND status = 'active'`),
      // Two who spend one token at once both come here, and one of them has spent it.
      ending(env, userId, 'password'),
    ]),
  )
  await sessionsEnded(env, userId, ended)
  if (changed.rowCount === 0) throw new AppError('tokenSpent')
}

/** Changes a password and ends the other sessions. Throws `conflict` if it was changed meanwhile. */
export async function changePassword(
  env: Bindings,
  me: User,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const [changed, ended] = await reach(() =>
    db(env).batch([
      db(env)
        .update(users)
        .set({ passwordHash: to })
        .where(and(eq(users.id, me.id), eq(users.passwordHash, from))),
      ending(env, me.id, 'password', { except: me.sessionId }),
    ]),
  )
  await sessionsEnded(env, me.id, ended)
  if (changed.rowCount === 0) throw new AppError('conflict')
}
