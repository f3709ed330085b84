/**
 * Who is an admin, and in which role. A role is given to whoever is invited, or to an account that has nothing on it; it is
 * changed, and it is taken, all with a reason and a line in the audit log in the same batch. One super admin who can sign in
 * always stays.
 */
import { and, eq, isNull, ne, sql } from 'drizzle-orm'
import { agents } from '../agents/tables.ts'
import { audited } from '../auth/audit.ts'
import { inviteByMail } from '../auth/letters.ts'
import { endSessions } from '../auth/sessions.ts'
import { users } from '../auth/tables.ts'
import { db, mustChange, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { newId } from '../base/ids.ts'
import { apiKeys } from '../keys/tables.ts'
import { isNotLast, leftOn, lockAdmins, openUser, refuseLast, refuseUnpaid } from './accounts.ts'
import { unlessUnchanged, type Cause } from './change.ts'
import type { AdminRole } from '../auth/permissions.ts'
import type { Bindings } from '../env.ts'

type Role = AdminRole | null

/**
 * Makes an account in this role and mails its owner, who chooses a password and is an admin from then on. Repeatable until they
 * have: the mail goes again, and the role is the one said last. Gives the account's id. Throws `conflict` if the address has
 * another account.
 */
export async function invite(
  env: Bindings,
  { email, role }: { email: string; role: AdminRole },
  cause: Cause,
): Promise<string> {
  const added = { id: newId(), email, passwordHash: 'none', userType: 'admin', adminRole: role } as const
  const subject = { type: 'user', id: (await idUnder(env, email)) ?? added.id } as const
  // As long as nobody has shown that the address is theirs, nobody can have signed in.
  const isOpen = sql`${users.id} = ${subject.id} AND ${users.userType} = 'admin' AND NOT ${users.emailVerified}
    AND ${users.status} = 'active'`
  const change = db(env)
    .insert(users)
    .values(added)
    .onConflictDoUpdate({ target: users.email, set: { adminRole: role }, setWhere: isOpen })
    .returning({ id: users.id })
  const done = await unlessUnchanged(() =>
    db(env).batch([
      mustChange(env, change),
      audited(env, { action: 'user.invite', subject, details: { role }, ...cause }),
    ]),
  )
  if (!done) {
    const known = await idUnder(env, email)
    // Somebody else has invited them meanwhile.
    if (known !== subject.id) return invite(env, { email, role }, cause)
    throw new AppError('conflict', {
      message: 'There is an account with this address already. Give that one a role, or invite another address.',
      details: { user_id: known },
    })
  }
  inviteByMail(env, { id: subject.id, email }, role)
  return subject.id
}

/**
 * Gives an account a role, changes it, or takes it (null), which leaves a developer's account. Effective with their next
 * request; where it makes an admin, or stops being one, their sessions end. Throws `userNotFound`, `lastSuperAdmin`,
 * `emailNotVerified`, `earningsUnpaid`, and `accountNotEmpty` for an account that is in use as something else.
 */
export async function setRole(env: Bindings, userId: string, role: Role, cause: Cause): Promise<void> {
  const user = await openUser(env, userId)
  const isAdmin = user.userType === 'admin'
  if (!isAdmin && role === null) return
  if (!isAdmin) await refuseInUse(env, user)
  const isStill = and(eq(users.id, userId), eq(users.userType, user.userType), ne(users.status, 'deleted'))
  const isAllowed = isAdmin ? (role === 'super_admin' ? isStill : and(isStill, isNotLast)) : and(isStill, isFree)
  const details = { from: user.adminRole, to: role, ...(isAdmin ? {} : { type: user.userType }) }
  const entry = { action: 'user.role', subject: { type: 'user', id: userId }, details, ...cause } as const
  const type = role === null ? 'developer' : 'admin'
  const set = { adminRole: role, userType: type } as const
  const change = db(env).update(users).set(set).where(isAllowed).returning({ id: users.id })
  const done = await unlessUnchanged(() =>
    db(env).batch([lockAdmins(env), mustChange(env, change), audited(env, entry)]),
  )
  if (!done) {
    await refuseLast(env, userId)
    throw new AppError('conflict')
  }
  // What their tokens and windows say of them is not true any more.
  if (!isAdmin || role === null) await endSessions(env, userId, 'revoked')
}

/** The id of the account under this address, if there is one. */
async function idUnder(env: Bindings, email: string): Promise<string | undefined> {
  const [known] = await reach(() => db(env).select({ id: users.id }).from(users).where(eq(users.email, email)))
  return known?.id
}

/** True of accounts that own nothing that only their kind can look after. */
const isFree = sql`(${users.status} = 'active' AND ${users.emailVerified}
  AND NOT EXISTS (SELECT 1 FROM ${agents} WHERE ${and(eq(agents.creatorId, users.id), ne(agents.status, 'archived'))})
  AND NOT EXISTS (SELECT 1 FROM ${apiKeys} WHERE ${and(eq(apiKeys.userId, users.id), isNull(apiKeys.revokedAt))}))`

async function refuseInUse(env: Bindings, user: typeof users.$inferSelect): Promise<void> {
  if (!user.emailVerified) throw new AppError('emailNotVerified', { message: 'This address is not confirmed yet.' })
  const [, left, [free]] = await Promise.all([
    refuseUnpaid(env, user.id),
    leftOn(env, user.id),
    reach(() =>
      db(env)
        .select({ id: users.id })
        .from(users)
        .where(and(eq(users.id, user.id), isFree)),
    ),
  ])
  if (free && !left) return
  throw new AppError('accountNotEmpty', {
    message:
      'This account is in use: it is suspended, or has agents, keys, paid calls or money. Invite its owner under another address.',
    ...(left ? { details: left } : {}),
  })
}
