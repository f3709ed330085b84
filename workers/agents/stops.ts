/**
 * Taking agents out of service against, or without, their creator: an admin stops one, a creator is suspended or leaves.
 * Who had it in service before is kept on the row, so that what is undone comes back as it was. These are statements for a
 * batch; after it `forgetAgent` is called for each agent that was changed, and the change is effective within a second.
 *
 *     null ──admin──▶ admin (was active) or barred (was not) ──admin──▶ null
 *     null ──creator suspended──▶ suspended ──creator activated──▶ null
 *     any  ──account closed──▶ closed
 */
import { and, eq, exists, inArray, isNull, ne, or, sql } from 'drizzle-orm'
import { users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import type { Bindings } from '../env.ts'
import { agents } from './tables.ts'

const shown = { id: agents.id, slug: agents.slug }

/** Takes one agent out of service until it is released. Meets no row if that was done already, or its creator is gone. */
export function stopAgent(env: Bindings, id: string) {
  const wasActive = sql`${agents.status} = 'active' OR ${agents.stoppedBecause} = 'suspended'`
  return db(env)
    .update(agents)
    .set({
      status: sql`CASE WHEN ${agents.status} = 'active' THEN 'inactive' ELSE ${agents.status} END`,
      stoppedBecause: sql`CASE WHEN ${wasActive} THEN 'admin' ELSE 'barred' END`,
    })
    .where(and(eq(agents.id, id), or(isNull(agents.stoppedBecause), eq(agents.stoppedBecause, 'suspended'))))
    .returning(shown)
}

/**
 * Undoes `stopAgent`. Meets no row if no admin has stopped it (what its creator took out of service is theirs to publish),
 * or if its creator is suspended.
 */
export function releaseAgent(env: Bindings, id: string) {
  const creator = db(env)
    .select({ one: sql`1` })
    .from(users)
    .where(and(eq(users.id, agents.creatorId), eq(users.status, 'active')))
  const hasActiveCreator = exists(creator)
  return db(env)
    .update(agents)
    .set({
      status: sql`CASE WHEN ${agents.stoppedBecause} = 'admin' THEN 'active' ELSE ${agents.status} END`,
      stoppedBecause: null,
    })
    .where(and(eq(agents.id, id), inArray(agents.stoppedBecause, ['admin', 'barred']), hasActiveCreator))
    .returning(shown)
}

/** Takes all active agents of a suspended creator out of service. */
export function suspendAgentsOf(env: Bindings, creatorId: string) {
  return db(env)
    .update(agents)
    .set({ status: 'inactive', stoppedBecause: 'suspended' })
    .where(and(eq(agents.creatorId, creatorId), eq(agents.status, 'active')))
    .returning(shown)
}

/** Puts back into service what `suspendAgentsOf` took out of it. */
export function resumeAgentsOf(env: Bindings, creatorId: string) {
  return db(env)
    .update(agents)
    .set({ status: 'active', stoppedBecause: null })
    .where(and(eq(agents.creatorId, creatorId), eq(agents.stoppedBecause, 'suspended')))
    .returning(shown)
}

/** Takes all agents of a creator who leaves out of service for good. */
export function closeAgentsOf(env: Bindings, creatorId: string) {
  const isOpen = or(isNull(agents.stoppedBecause), ne(agents.stoppedBecause, 'closed'))
  return db(env)
    .update(agents)
    .set({
      status: sql`CASE WHEN ${agents.status} = 'active' THEN 'inactive' ELSE ${agents.status} END`,
      stoppedBecause: 'closed',
    })
    .where(and(eq(agents.creatorId, creatorId), isOpen))
    .returning(shown)
}
