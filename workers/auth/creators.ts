/** Profiles of creators: what they say of themselves, and what of that everybody sees. */
import { and, eq } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { creatorProfiles, users } from './tables.ts'
import type { Bindings } from '../env.ts'

const PUBLIC = {
  id: users.id,
  display_name: creatorProfiles.displayName,
  bio: creatorProfiles.bio,
  website: creatorProfiles.website,
  avatar_url: creatorProfiles.avatarUrl,
  verified: creatorProfiles.verified,
  created_at: users.createdAt,
}
const OWN = {
  ...PUBLIC,
  email: users.email,
  wallet_address: users.walletAddress,
  wallet_changed_at: users.walletChangedAt,
}

/** What everybody sees of a creator who is active. Throws `userNotFound`. */
export async function publicProfile(env: Bindings, id: string) {
  const [row] = await reach(() =>
    db(env)
      .select(PUBLIC)
      .from(users)
      .innerJoin(creatorProfiles, eq(creatorProfiles.userId, users.id))
      .where(and(eq(users.id, id), eq(users.status, 'active'))),
  )
  if (!row) throw new AppError('userNotFound')
  return row
}

/** A creator's profile, as they see it. Throws `userNotFound`. */
export async function ownProfile(env: Bindings, id: string) {
  const [row] = await reach(() =>
    db(env)
      .select(OWN)
      .from(users)
      .innerJoin(creatorProfiles, eq(creatorProfiles.userId, users.id))
      .where(eq(users.id, id)),
  )
  if (!row) throw new AppError('userNotFound')
  return row
}

export type ProfileChange = { displayName?: string; bio?: string | null; website?: string | null }

/** Changes what is named in `change`, and leaves the rest. */
export async function changeProfile(env: Bindings, id: string, change: ProfileChange): Promise<void> {
  if (Object.keys(change).length === 0) return
  await reach(() => db(env).update(creatorProfiles).set(change).where(eq(creatorProfiles.userId, id)))
}
