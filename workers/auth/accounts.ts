/** What an account says of itself: to its owner, and of a creator to everybody. */
import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { Id, Moment } from '../base/wire.ts'
import { creatorProfiles, developerProfiles, users } from './tables.ts'
import type { Bindings } from '../env.ts'

/** An account, as its owner sees it. */
export const Me = z.object({
  id: Id,
  email: z.string(),
  user_type: z.enum(['creator', 'developer', 'admin']),
  /** For admins only. */
  admin_role: z.enum(['super_admin', 'moderator', 'support']).nullable(),
  email_verified: z.boolean(),
  display_name: z.string().nullable(),
  avatar_url: z.string().nullable(),
  created_at: Moment,
})

/** The account of a user. Throws `userNotFound`. */
export async function accountOf(env: Bindings, userId: string): Promise<z.input<typeof Me>> {
  const [row] = await reach(() =>
    db(env)
      .select({
        id: users.id,
        email: users.email,
        user_type: users.userType,
        admin_role: users.adminRole,
        email_verified: users.emailVerified,
        display_name: sql<string | null>`coalesce(${creatorProfiles.displayName}, ${developerProfiles.displayName})`,
        avatar_url: creatorProfiles.avatarUrl,
        created_at: users.createdAt,
      })
      .from(users)
      .leftJoin(creatorProfiles, eq(creatorProfiles.userId, users.id))
      .leftJoin(developerProfiles, eq(developerProfiles.userId, users.id))
      .where(eq(users.id, userId)),
  )
  if (!row) throw new AppError('userNotFound')
  return row
}

/** What it takes to let somebody in who says that this is their address. */
export async function credentialsOf(env: Bindings, email: string) {
  const [row] = await reach(() =>
    db(env)
      .select({
        id: users.id,
        email: users.email,
        type: users.userType,
        status: users.status,
        emailVerified: users.emailVerified,
        passwordHash: users.passwordHash,
      })
      .from(users)
      .where(eq(users.email, email)),
  )
  return row
}

/** Keeps a stronger hash of the same password, unless the password was changed meanwhile. */
export async function strengthen(
  env: Bindings,
  userId: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await reach(() =>
    db(env)
      .update(users)
      .set({ passwordHash: to })
      .where(and(eq(users.id, userId), eq(users.passwordHash, from))),
  )
}
