/** Finding accounts, and what an admin sees of one. */
import { and, count, desc, eq, isNull, sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { agents } from '../agents/tables.ts'
import { creatorProfiles, sessions, users } from '../auth/tables.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { isUuid } from '../base/ids.ts'
import { atMicros, micros, Micros, readCursor, toPage } from '../base/page.ts'
import { apiKeys } from '../keys/tables.ts'
import type { Bindings } from '../env.ts'

/** Whoever looks for more than this should type another letter. */
const MATCHES_MAX = 250

const Place = z.tuple([Micros, z.uuid()])

const columns = {
  id: users.id,
  email: users.email,
  user_type: users.userType,
  admin_role: users.adminRole,
  status: users.status,
  email_verified: users.emailVerified,
  display_name: creatorProfiles.displayName,
  created_at: users.createdAt,
  place: micros(users.createdAt),
}

export type UserFilter = {
  /** An id, how an e-mail address begins, or what a display name contains. */
  q?: string | undefined
  user_type?: (typeof users.$inferSelect)['userType'] | undefined
  status?: (typeof users.$inferSelect)['status'] | undefined
}

/** A page of the accounts that match, newest first. */
export async function findUsers(
  env: Bindings,
  { q, user_type, status }: UserFilter,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
) {
  const after = readCursor(cursor, Place)
  const rows = await reach(() =>
    db(env)
      .select(columns)
      .from(users)
      .leftJoin(creatorProfiles, eq(creatorProfiles.userId, users.id))
      .where(
        and(
          q === undefined ? undefined : matching(q),
          user_type === undefined ? undefined : eq(users.userType, user_type),
          status === undefined ? undefined : eq(users.status, status),
          after && sql`(${users.createdAt}, ${users.id}) < (${atMicros(after[0])}, ${after[1]}::uuid)`,
        ),
      )
      .orderBy(desc(users.createdAt), desc(users.id))
      .limit(limit + 1),
  )
  return toPage(rows, limit, (row) => [row.place, row.id])
}

/** One account with the numbers of what it has. Throws `userNotFound`. */
export async function userOf(env: Bindings, id: string) {
  const [[user], [openSessions], [keys], [own]] = await reach(() =>
    db(env).batch([
      db(env)
        .select({ ...columns, wallet_address: users.walletAddress })
        .from(users)
        .leftJoin(creatorProfiles, eq(creatorProfiles.userId, users.id))
        .where(eq(users.id, id)),
      db(env)
        .select({ count: count() })
        .from(sessions)
        .where(and(eq(sessions.userId, id), isNull(sessions.endedAt))),
      db(env)
        .select({ count: count() })
        .from(apiKeys)
        .where(and(eq(apiKeys.userId, id), isNull(apiKeys.revokedAt))),
      db(env).select({ count: count() }).from(agents).where(eq(agents.creatorId, id)),
    ]),
  )
  if (!user) throw new AppError('userNotFound')
  return { ...user, sessions: openSessions?.count ?? 0, keys: keys?.count ?? 0, agents: own?.count ?? 0 }
}

/** Each half goes along its own index. */
function matching(q: string): SQL {
  if (isUuid(q)) return eq(users.id, q)
  const plain = q.replaceAll(/[\\%_]/g, String.raw`\$&`)
  // An array, which the planner takes to be short: it goes from the matches to their rows, and not through all users.
  return sql`${users.id} = ANY (ARRAY(
    (SELECT id FROM users WHERE email LIKE ${`${plain.toLowerCase()}%`} ORDER BY email USING ~<~ LIMIT ${MATCHES_MAX})
    UNION ALL (SELECT user_id FROM creator_profiles WHERE display_name ILIKE ${`%${plain}%`} LIMIT ${MATCHES_MAX})))`
}
