/**
 * The settings of a key: its name, its caps, the agents it may call, the end of its life.
 *
 * They stand in Postgres, where they are changed and shown, and in the account object, which enforces them. Postgres goes
 * first: it puts changes that come at the same time in one order, as revisions, and the object takes none older than what it
 * has; so both end with the same. Whoever is answered can rely on both. A crash between the two leaves the change shown and
 * not enforced, and its caller without an answer: sent again, it makes both the same. A revocation goes the other way, the
 * object first (keys.ts), because there a crash must leave the key refused; and the object never takes a revocation back.
 */
import { and, desc, eq, isNull, or, sql, type SQL } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { setKey } from '../quota/quota.ts'
import type { Bindings } from '../env.ts'
import { checkAgents, insertion, lockUser } from './key-rows.ts'
import { newKey } from './key-format.ts'
import { apiKeys, type KeyPermissions } from './tables.ts'

/** How long a key that was replaced stays valid beside the new one. */
const OVERLAP_MS = 24 * 3_600_000

const COLUMNS = {
  id: apiKeys.id,
  prefix: apiKeys.keyPrefix,
  name: apiKeys.name,
  permissions: apiKeys.permissions,
  revision: apiKeys.revision,
  createdAt: apiKeys.createdAt,
  lastUsedAt: apiKeys.lastUsedAt,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
}

/** A key as it is shown: everything but itself. */
export type KeyRow = Pick<typeof apiKeys.$inferSelect, Exclude<keyof typeof COLUMNS, 'prefix'>> & { prefix: string }

/** Keys of a user, the newest first, those after the place of the last one that was shown; revoked and expired ones too if `all`. */
export async function keysOf(
  env: Bindings,
  userId: string,
  page: { all: boolean; limit: number; after?: KeyPlace | undefined },
): Promise<(KeyRow & { place: string })[]> {
  const { after } = page
  const isOlder =
    after && sql`(${apiKeys.createdAt}, ${apiKeys.id}) < (${after.createdAt}::timestamptz, ${after.id}::uuid)`
  return reach(() =>
    db(env)
      // The place is the moment as Postgres has it: a Date would cut its microseconds off.
      .select({ ...COLUMNS, place: sql<string>`${apiKeys.createdAt}::text` })
      .from(apiKeys)
      .where(and(eq(apiKeys.userId, userId), page.all ? undefined : isLive(), isOlder))
      .orderBy(desc(apiKeys.createdAt), desc(apiKeys.id))
      .limit(page.limit),
  )
}

export type KeyPlace = { createdAt: string; id: string }

/** One key of a user. Throws `keyNotFound`. */
export async function keyOf(env: Bindings, userId: string, keyId: string): Promise<KeyRow> {
  const row = await keyIfAny(env, userId, keyId)
  if (!row) throw new AppError('keyNotFound')
  return row
}

/** One key of a user, or null. */
export async function keyIfAny(env: Bindings, userId: string, keyId: string): Promise<KeyRow | null> {
  const [row] = await reach(() => db(env).select(COLUMNS).from(apiKeys).where(isTheirs(userId, keyId)))
  return row ?? null
}

/** What is left out stays as it is. `expiresAt` in milliseconds since 1970. */
export type KeyChanges = KeyPermissions & { name?: string | undefined; expiresAt?: number | null | undefined }

/**
 * Changes the settings of a live key; once this returns they are in force. Repeatable. Throws `keyNotFound`, `conflict` if the
 * key has been revoked or has expired, and `validationFailed` on unknown agents.
 */
export async function changeKey(env: Bindings, userId: string, keyId: string, changes: KeyChanges): Promise<KeyRow> {
  const { name, expiresAt, ...permissions } = changes
  await checkAgents(env, permissions.agentIds)
  const [row] = await reach(() =>
    db(env)
      .update(apiKeys)
      .set({
        ...(name === undefined ? {} : { name }),
        ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
        permissions: sql`${apiKeys.permissions} || ${JSON.stringify(permissions)}::jsonb`,
        revision: sql`${apiKeys.revision} + 1`,
      })
      .where(and(isTheirs(userId, keyId), isLive()))
      .returning(COLUMNS),
  )
  if (!row) throw await notLive(env, userId, keyId)
  await enforce(env, userId, row)
  return row
}

/**
 * Replaces a live key by a new one of this id with the same settings; the old one ends in 24 hours, or at its own end if that is
 * sooner. Once this returns the account object knows both. Throws `keyNotFound`, `conflict` and `keyLimitReached`.
 */
export async function rotateKey(
  env: Bindings,
  userId: string,
  keyId: string,
  makeId: string,
): Promise<KeyRow & { key: string }> {
  const made = { id: makeId, key: newKey() }
  const isOld = and(isTheirs(userId, keyId), isLive())
  const settings = sql`SELECT name, permissions, expires_at FROM api_keys WHERE ${isOld}`
  const end = new Date(clock.now() + OVERLAP_MS).toISOString()
  const isMade = sql`EXISTS (SELECT 1 FROM api_keys AS made WHERE made.id = ${made.id})`
  const [, locked, , [old], [row]] = await reach(() =>
    db(env).batch([
      db(env).execute(lockUser(userId)),
      // No change of its settings may slip in between their copy and the end of the transaction.
      db(env).select({ id: apiKeys.id }).from(apiKeys).where(isOld).for('update'),
      db(env).execute(insertion(userId, made, settings)),
      db(env)
        .update(apiKeys)
        .set({
          expiresAt: sql`least(${apiKeys.expiresAt}, ${end}::timestamptz)`,
          revision: sql`${apiKeys.revision} + 1`,
        })
        .where(and(isOld, isMade))
        .returning(COLUMNS),
      db(env).select(COLUMNS).from(apiKeys).where(eq(apiKeys.id, made.id)),
    ]),
  )
  if (locked.length === 0) throw await notLive(env, userId, keyId)
  if (!old || !row) throw new AppError('keyLimitReached')
  await Promise.all([enforce(env, userId, row), enforce(env, userId, old)])
  return { ...row, key: made.key }
}

/**
 * The key of this id that replaced another of a user, or null if there is none. Sees to it that the account object knows both:
 * whoever asks may not have heard of the end of `rotateKey`.
 */
export async function rotatedKey(env: Bindings, userId: string, keyId: string, madeId: string): Promise<KeyRow | null> {
  const [made, old] = await Promise.all([keyIfAny(env, userId, madeId), keyOf(env, userId, keyId)])
  if (!made) return null
  await Promise.all([enforce(env, userId, made), enforce(env, userId, old)])
  return made
}

const isTheirs = (userId: string, keyId: string): SQL | undefined =>
  and(eq(apiKeys.id, keyId), eq(apiKeys.userId, userId))

/** Neither revoked nor expired. */
function isLive(): SQL | undefined {
  const at = new Date(clock.now()).toISOString()
  return and(isNull(apiKeys.revokedAt), or(isNull(apiKeys.expiresAt), sql`${apiKeys.expiresAt} > ${at}::timestamptz`))
}

/** Why there was no live key of this id to change. */
async function notLive(env: Bindings, userId: string, keyId: string): Promise<AppError> {
  await keyOf(env, userId, keyId)
  return new AppError('conflict', { message: 'This key has been revoked or has expired. Make a new one.' })
}

async function enforce(env: Bindings, userId: string, { id, permissions, expiresAt, revision }: KeyRow): Promise<void> {
  const { agentIds = null, caps = {} } = permissions
  const expires = expiresAt?.getTime() ?? null
  await setKey(env, userId, { v: 1, keyId: id, state: 'active', agentIds, caps, expiresAt: expires, revision })
}
