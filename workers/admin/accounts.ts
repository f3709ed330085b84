/**
 * Suspending, activating and closing accounts. Whoever is to stop is stopped first: the account object is told before
 * Postgres changes, in one batch with its line in the audit log, so that what is broken off in between leaves an account
 * that can do less and never one that can do more. Before there is an answer the object is told again what Postgres says.
 * All of it is repeatable, and a repetition finishes what was broken off.
 */
import { and, eq, isNull, ne, sql } from 'drizzle-orm'
import { forgetAgent } from '../agents/agents.ts'
import { closeAgentsOf, resumeAgentsOf, suspendAgentsOf } from '../agents/stops.ts'
import { agents } from '../agents/tables.ts'
import { audited } from '../auth/audit.ts'
import { removeAvatar } from '../auth/avatars.ts'
import { ending, sessionsEnded } from '../auth/sessions.ts'
import { creatorProfiles, developerProfiles, oneTimeTokens, sessions, users } from '../auth/tables.ts'
import { db, mustChange, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { apiKeys } from '../keys/tables.ts'
import { add, format, fromUnits, ZERO } from '../money/amount.ts'
import { notificationPreferences, notifications } from '../notifications/tables.ts'
import { quotaOf, setAccount } from '../quota/quota.ts'
import { earningsOf } from '../settlements/settlements.ts'
import { webhooks } from '../webhooks/tables.ts'
import { unlessUnchanged, type Cause } from './change.ts'
import type { Bindings } from '../env.ts'

type User = typeof users.$inferSelect

/** How often a state that changes while the account is told of it is told again. */
const TELLS_MAX = 5

/** Ends the sessions of an account, takes its agents out of service and stops its keys. Throws `userNotFound`, `lastSuperAdmin`. */
export async function suspend(env: Bindings, userId: string, cause: Cause): Promise<void> {
  const user = await openUser(env, userId)
  const entry = { action: 'user.suspend', subject: { type: 'user', id: userId }, ...cause } as const
  const isActive = and(eq(users.id, userId), eq(users.status, 'active'), isNotLast)
  await setAccount(env, userId, { v: 1, state: 'suspended' })
  const done = await unlessUnchanged(() =>
    db(env).batch([
      lockAdmins(env),
      mustChange(env, db(env).update(users).set({ status: 'suspended' }).where(isActive).returning({ id: users.id })),
      ending(env, userId, 'suspended'),
      suspendAgentsOf(env, userId),
      audited(env, entry),
    ]),
  )
  await Promise.all([tellAccount(env, userId), sessionsEnded(env, userId, done?.[2] ?? [])])
  if (!done && user.status === 'active') await refuseLast(env, userId)
  await forgetAgentsOf(env, userId)
}

/** Undoes `suspend`, but for the sessions. Throws `userNotFound`. */
export async function activate(env: Bindings, userId: string, cause: Cause): Promise<void> {
  await openUser(env, userId)
  const isSuspended = and(eq(users.id, userId), eq(users.status, 'suspended'))
  const entry = { action: 'user.activate', subject: { type: 'user', id: userId }, ...cause } as const
  await unlessUnchanged(() =>
    db(env).batch([
      mustChange(env, db(env).update(users).set({ status: 'active' }).where(isSuspended).returning({ id: users.id })),
      resumeAgentsOf(env, userId),
      audited(env, entry),
    ]),
  )
  await tellAccount(env, userId)
  await forgetAgentsOf(env, userId)
}

/**
 * Closes an account for good: nothing of it works any more, and what was personal is gone from it. What it has called, been
 * paid and reviewed stays on the books, under its id. Throws `userNotFound`, `lastSuperAdmin`, `earningsUnpaid`, and, unless
 * `forfeit`, `accountNotEmpty` while paid calls or money are left on it.
 */
export async function close(
  env: Bindings,
  userId: string,
  { forfeit }: { forfeit: boolean },
  cause: Cause,
): Promise<void> {
  await openUser(env, userId)
  await refuseUnpaid(env, userId)
  const left = await leftOn(env, userId)
  if (!forfeit && left) throw new AppError('accountNotEmpty', { details: left })
  const erased = {
    status: 'deleted',
    email: `${userId}@deleted.invalid`,
    passwordHash: 'none',
    walletAddress: null,
    walletChangedAt: null,
    emailVerified: false,
  } as const
  const isOpen = and(eq(users.id, userId), ne(users.status, 'deleted'), isNotLast)
  const entry = { action: 'user.delete', subject: { type: 'user', id: userId }, ...cause } as const
  await setAccount(env, userId, { v: 1, state: 'suspended' })
  await dropAvatar(env, userId)
  const done = await unlessUnchanged(() =>
    db(env).batch([
      lockAdmins(env),
      mustChange(env, db(env).update(users).set(erased).where(isOpen).returning({ id: users.id })),
      ending(env, userId, 'deleted'),
      db(env).update(sessions).set({ userAgent: null }).where(eq(sessions.userId, userId)),
      db(env).delete(oneTimeTokens).where(eq(oneTimeTokens.userId, userId)),
      db(env)
        .update(creatorProfiles)
        .set({ displayName: 'Deleted account', bio: null, avatarUrl: null, website: null })
        .where(eq(creatorProfiles.userId, userId)),
      db(env).delete(developerProfiles).where(eq(developerProfiles.userId, userId)),
      db(env).delete(notifications).where(eq(notifications.userId, userId)),
      db(env).delete(notificationPreferences).where(eq(notificationPreferences.userId, userId)),
      db(env)
        .update(apiKeys)
        .set({ name: null, revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())` })
        .where(eq(apiKeys.userId, userId)),
      // As their owner deletes them: no attempt begins after this, and the rows go with the last of their deliveries.
      db(env)
        .update(webhooks)
        .set({ deletedAt: sql`now()`, description: null })
        .where(and(eq(webhooks.userId, userId), isNull(webhooks.deletedAt))),
      closeAgentsOf(env, userId),
      audited(env, { ...entry, details: { forfeit, ...left } }),
    ]),
  )
  await Promise.all([tellAccount(env, userId), sessionsEnded(env, userId, done?.[2] ?? [])])
  if (!done) await refuseLast(env, userId)
  await forgetAgentsOf(env, userId)
}

/** One after the other, or two super admins who demote each other at once would leave none. */
export function lockAdmins(env: Bindings) {
  return db(env).execute(sql`SELECT pg_advisory_xact_lock(hashtext('super admins'))`)
}

/** True of everybody but the only super admin who can sign in: who was invited and has not come yet does not count. */
export const isNotLast = sql`(${users.adminRole} IS DISTINCT FROM 'super_admin' OR ${users.status} <> 'active' OR EXISTS (
  SELECT 1 FROM users other WHERE other.admin_role = 'super_admin' AND other.status = 'active' AND other.email_verified
    AND other.id <> ${users.id}))`

/** Throws what a change that met no row failed of: `lastSuperAdmin`, or nothing, if somebody else made the same change. */
export async function refuseLast(env: Bindings, userId: string): Promise<void> {
  const user = await userRow(env, userId)
  if (user?.adminRole === 'super_admin' && user.status === 'active') throw new AppError('lastSuperAdmin')
}

/** The account of a user, as it is now. Throws `userNotFound`, also if it was closed. */
export async function openUser(env: Bindings, userId: string): Promise<User> {
  const user = await userRow(env, userId)
  if (!user || user.status === 'deleted') throw new AppError('userNotFound')
  return user
}

async function userRow(env: Bindings, userId: string): Promise<User | undefined> {
  const [user] = await reach(() => db(env).select().from(users).where(eq(users.id, userId)))
  return user
}

/** Tells the account object what Postgres says. It looks again afterwards: the last of two who change it at once is believed. */
async function tellAccount(env: Bindings, userId: string): Promise<void> {
  let told: User['status'] | undefined
  for (let tells = 0; tells < TELLS_MAX; tells++) {
    const user = await userRow(env, userId)
    if (user === undefined || user.status === told) return
    await setAccount(env, userId, { v: 1, state: user.status === 'active' ? 'active' : 'suspended' })
    told = user.status
  }
}

async function forgetAgentsOf(env: Bindings, creatorId: string): Promise<void> {
  const rows = await reach(() =>
    db(env).select({ id: agents.id, slug: agents.slug }).from(agents).where(eq(agents.creatorId, creatorId)),
  )
  await Promise.all(rows.map((agent) => forgetAgent(env, agent)))
}

/** What somebody has paid for and not used, or null if that is nothing. A call that is still running counts. */
export async function leftOn(env: Bindings, userId: string) {
  const { lots, balance, held } = await quotaOf(env, userId)
  const calls = lots.filter(({ kind }) => kind === 'paid').reduce((all, lot) => all + lot.remaining, 0)
  return calls > 0 || balance > 0 || held > 0 ? { calls, balance_usd: format(fromUnits(balance)), held } : null
}

/** Refuses while a creator is owed money, settled or not. Forfeiting does not help: it is theirs. */
export async function refuseUnpaid(env: Bindings, creatorId: string): Promise<void> {
  const { pending, available, inFlight } = await earningsOf(env, creatorId)
  const unpaid = add(add(pending, available), inFlight)
  if (unpaid > ZERO) throw new AppError('earningsUnpaid', { details: { unpaid_usd: format(unpaid) } })
}

/** Removes a creator's picture from where pictures lie. */
async function dropAvatar(env: Bindings, userId: string): Promise<void> {
  const [profile] = await reach(() =>
    db(env).select({ url: creatorProfiles.avatarUrl }).from(creatorProfiles).where(eq(creatorProfiles.userId, userId)),
  )
  if (profile?.url != null) await removeAvatar(env, userId)
}
