/** Settlements, withdrawals and differences, newest first, page by page. */
import { and, asc, desc, eq, isNull, sql, type SQL } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { atMicros, micros } from '../base/page.ts'
import { differences, settlementParts, settlements, withdrawalParts, withdrawals, withdrawalSteps } from './tables.ts'
import type { Bindings } from '../env.ts'

/** A withdrawal that the chain takes back again and again has more steps than anybody reads. */
const STEPS_MAX = 200
const PARTS_MAX = 1_000

/** The moment and id of the last row of the page before. */
export type After = readonly [micros: number, id: string] | undefined
export type Settlement = typeof settlements.$inferSelect

/** Settlements of a creator, or of all. One row more than `limit`, if there is one. */
export async function settlementRows(
  env: Bindings,
  filter: { creatorId?: string | undefined; status?: Settlement['status'] | undefined },
  { limit, after }: { limit: number; after: After },
): Promise<(Settlement & { place: number })[]> {
  const { creatorId, status } = filter
  const rows = await reach(() =>
    db(env)
      .select({ row: settlements, place: micros(settlements.createdAt) })
      .from(settlements)
      .where(
        and(
          creatorId === undefined ? undefined : eq(settlements.creatorId, creatorId),
          status === undefined ? undefined : eq(settlements.status, status),
          isAfter(sql`${settlements.createdAt}, ${settlements.id}`, after),
        ),
      )
      .orderBy(desc(settlements.createdAt), desc(settlements.id))
      .limit(limit + 1),
  )
  return rows.map(({ row, place }) => ({ ...row, place }))
}

/** One settlement of a creator, or null. */
export async function settlementOf(env: Bindings, creatorId: string, id: string): Promise<Settlement | null> {
  const isTheirs = and(eq(settlements.id, id), eq(settlements.creatorId, creatorId))
  const [row] = await reach(() => db(env).select().from(settlements).where(isTheirs))
  return row ?? null
}

/** What a settlement comes to at each fee rate, and what of that was taken back before it was settled. */
export async function settlementDetails(env: Bindings, id: string) {
  const [parts, corrections] = await reach(() =>
    db(env).batch([
      db(env)
        .select()
        .from(settlementParts)
        .where(eq(settlementParts.settlementId, id))
        .orderBy(asc(settlementParts.feePercent)),
      db(env).execute<{ sum: string }>(
        sql`SELECT coalesce(sum(revenue_usd), 0) AS sum FROM earnings WHERE settlement_id = ${id} AND kind = 'reversal'`,
      ),
    ]),
  )
  return { parts, corrections: corrections.rows[0]?.sum ?? '0' }
}

export type Withdrawal = typeof withdrawals.$inferSelect

/** Withdrawals of a creator, or of all. One row more than `limit`, if there is one. */
export async function withdrawalRows(
  env: Bindings,
  filter: { creatorId?: string | undefined; state?: Withdrawal['state'] | undefined },
  { limit, after }: { limit: number; after: After },
): Promise<(Withdrawal & { place: number })[]> {
  const { creatorId, state } = filter
  const rows = await reach(() =>
    db(env)
      .select({ row: withdrawals, place: micros(withdrawals.createdAt) })
      .from(withdrawals)
      .where(
        and(
          creatorId === undefined ? undefined : eq(withdrawals.creatorId, creatorId),
          state === undefined ? undefined : eq(withdrawals.state, state),
          isAfter(sql`${withdrawals.createdAt}, ${withdrawals.id}`, after),
        ),
      )
      .orderBy(desc(withdrawals.createdAt), desc(withdrawals.id))
      .limit(limit + 1),
  )
  return rows.map(({ row, place }) => ({ ...row, place }))
}

/** Every state that a withdrawal was in, and the settlements that it was taken from. */
export async function withdrawalDetails(env: Bindings, id: string) {
  const [steps, parts] = await reach(() =>
    db(env).batch([
      db(env)
        .select()
        .from(withdrawalSteps)
        .where(eq(withdrawalSteps.withdrawalId, id))
        .orderBy(asc(withdrawalSteps.number))
        .limit(STEPS_MAX),
      db(env).select().from(withdrawalParts).where(eq(withdrawalParts.withdrawalId, id)).limit(PARTS_MAX),
    ]),
  )
  return { steps, parts }
}

/** Differences, those seen last first. One row more than `limit`, if there is one. */
export async function differenceRows(
  env: Bindings,
  { isOpen }: { isOpen: boolean },
  { limit, after }: { limit: number; after: readonly [micros: number, name: string, scope: string] | undefined },
) {
  const isLater =
    after &&
    sql`(${differences.lastSeen}, ${differences.name}, ${differences.scope}) < (${atMicros(after[0])}, ${after[1]}, ${after[2]})`
  return reach(() =>
    db(env)
      .select({
        name: differences.name,
        scope: differences.scope,
        expected: differences.expected,
        found: differences.found,
        freezes: differences.freezes,
        first_seen: differences.firstSeen,
        last_seen: differences.lastSeen,
        resolved_at: differences.resolvedAt,
        released_at: differences.releasedAt,
        place: micros(differences.lastSeen),
      })
      .from(differences)
      .where(and(isOpen ? isNull(differences.resolvedAt) : undefined, isLater))
      .orderBy(desc(differences.lastSeen), desc(differences.name), desc(differences.scope))
      .limit(limit + 1),
  )
}

function isAfter(columns: SQL, after: After): SQL | undefined {
  return after && sql`(${columns}) < (${atMicros(after[0])}, ${after[1]}::uuid)`
}
