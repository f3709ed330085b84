/**
 * What differs about somebody's calls stops these calls, in the account object that admits them: a lot that has more units there
 * than in the books, or all that was bought, where there is more money than in the books. Fewer of either harms nobody but its
 * owner, whom standing still would harm more. A difference has to be seen twice, an hour apart, before anything stops.
 */
import { and, eq, isNull, sql } from 'drizzle-orm'
import { audited } from '../auth/audit.ts'
import { clock } from '../base/clock.ts'
import { db, isUnchanged, mustChange, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { giveBack, takeBack } from '../quota/quota.ts'
import { accountFreezes, differences } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { Cause } from './withdrawals.ts'

/** Dealt with in one run. */
const MOST = 200
/** A difference that was there twice is no delay. */
const SURE_AFTER = sql`interval '30 minutes'`
/** Where the lot begins in `calls:{account}:{lot}`. */
const LOT_AT = 44

/** Freezes and thaws lots as the differences stand. Repeatable; what an account did not answer is done the next time. */
export async function freezeCalls(env: Bindings): Promise<void> {
  await note(env)
  const rows = await reach(() =>
    db(env).select().from(accountFreezes).where(isNull(accountFreezes.frozenAt)).limit(MOST),
  )
  for (const row of rows) await alone(() => freeze(env, row))
  await thaw(env, null)
}

/** Lets go what a difference has stopped, although it is still there. Throws `notFound` where none stands. */
export async function release(env: Bindings, one: { name: string; scope: string }, cause: Cause): Promise<void> {
  const isIt = and(eq(differences.name, one.name), eq(differences.scope, one.scope))
  const change = db(env)
    .update(differences)
    .set({ releasedAt: new Date(clock.now()) })
    .where(and(isIt, isNull(differences.resolvedAt), isNull(differences.releasedAt)))
    .returning({ name: differences.name })
  const subject = { type: 'system', id: `difference:${one.name}` } as const
  try {
    await reach(() =>
      db(env).batch([
        mustChange(env, change),
        audited(env, { action: 'difference.release', subject, details: one, ...cause }),
      ]),
    )
  } catch (thrown) {
    if (isUnchanged(thrown)) throw new AppError('notFound')
    throw thrown
  }
  await thaw(env, one)
}

/** Writes down which lots are to be frozen, each time a difference appears under an id of its own. */
async function note(env: Bindings): Promise<void> {
  await reach(() =>
    db(env).execute(sql`
      WITH sure AS (
        SELECT name, scope, substr(freezes, 7, 36)::uuid AS user_id, substr(freezes, ${LOT_AT}::int) AS lot, first_seen
        FROM differences
        WHERE resolved_at IS NULL AND released_at IS NULL AND freezes >= 'calls:' AND freezes < 'calls;'
          AND last_seen >= first_seen + ${SURE_AFTER}
        ORDER BY freezes LIMIT ${MOST}
      )
      INSERT INTO account_freezes (id, user_id, lot_id, name, scope)
      SELECT 'difference:' || name || ':' || lots.id || ':' || floor(extract(epoch FROM first_seen) * 1000)::bigint,
        sure.user_id, lots.id, name, scope
      FROM sure, LATERAL (
        SELECT sure.lot AS id WHERE sure.lot <> ''
        UNION ALL SELECT id FROM quota_lots WHERE sure.lot = '' AND user_id = sure.user_id AND created_at <= sure.first_seen
      ) AS lots
      ON CONFLICT DO NOTHING`),
  )
}

type Freeze = typeof accountFreezes.$inferSelect

async function freeze(env: Bindings, { id, userId, lotId }: Freeze): Promise<void> {
  await takeBack(env, userId, { v: 1, id, lotId, max: 0, lot: 'frozen' })
  await mark(env, id, { frozenAt: new Date(clock.now()) })
}

/** Thaws what is frozen for a difference that is gone, or that somebody has released; of all, or of this one. */
async function thaw(env: Bindings, only: { name: string; scope: string } | null): Promise<void> {
  const isOf = only ? sql`name = ${only.name} AND scope = ${only.scope}` : sql`TRUE`
  const { rows } = await reach(() =>
    db(env).execute<{ id: string; user_id: string }>(sql`
      SELECT id, user_id FROM account_freezes WHERE thawed_at IS NULL AND ${isOf} AND NOT EXISTS (
        SELECT FROM differences d WHERE d.name = account_freezes.name AND d.scope = account_freezes.scope
          AND d.resolved_at IS NULL AND d.released_at IS NULL
      ) LIMIT ${MOST}`),
  )
  for (const { id, user_id } of rows)
    await alone(async () => {
      await giveBack(env, user_id, id)
      // One that was never frozen never will be: what was given back takes nothing any more.
      const now = new Date(clock.now())
      await mark(env, id, { frozenAt: sql`coalesce(${accountFreezes.frozenAt}, ${now.toISOString()})`, thawedAt: now })
    })
}

async function mark(env: Bindings, id: string, change: object): Promise<void> {
  await reach(() => db(env).update(accountFreezes).set(change).where(eq(accountFreezes.id, id)))
}

/** One account that does not answer keeps no other waiting. */
async function alone(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    log.warn('reconcile.not_frozen', { error: describe(thrown) })
  }
}
