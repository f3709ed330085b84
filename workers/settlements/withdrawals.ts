/** Asking for what was settled: what has to be so, and the batch that reserves it. The states stand in `settlements.ts`. */
import { and, asc, eq, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, isUnchanged, isUniqueViolation, mustChange, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { users } from '../auth/tables.ts'
import { audited, type AuditEntry } from '../auth/audit.ts'
import { amount, format, negate, type Amount } from '../money/amount.ts'
import { post } from '../money/ledger.ts'
import { settings, type Bindings } from '../env.ts'
import { allocate, withdrawable, type Allocation, type Part } from './allocate.ts'
import { lockCreator } from './close.ts'
import { isFrozen } from './differences.ts'
import { settlementParts, settlements, withdrawals } from './tables.ts'

export const LEAST = amount('10')
const HOUR_MS = 3_600_000
/** A creator who never withdraws has so many after 80 years of weeks. Beyond them only the oldest are taken. */
const PARTS_MAX = 5_000
/** How often is looked again when somebody else changes the same earnings. */
const TRIES_MAX = 5

export type Withdrawal = typeof withdrawals.$inferSelect
export type Asked = { id: string; creatorId: string; amount: Amount }

/**
 * Reserves an amount to be paid out. Repeatable: the same id and amount give the withdrawal that there is. Throws
 * `idempotencyMismatch` if the id was used otherwise, and what stands in the way with what would work: `withdrawalTooSmall`,
 * `walletMissing`, `walletCooling`, `withdrawalsFrozen`, `withdrawalRunning`, `notEnoughSettled`.
 */
export async function withdraw(env: Bindings, asked: Asked): Promise<Withdrawal> {
  for (let tries = 1; ; tries++) {
    const known = await withdrawalOf(env, asked.id)
    if (known) return sameOf(known, asked)
    if (asked.amount < LEAST) throw await tooSmall(env, asked)
    const wallet = await walletOf(env, asked.creatorId)
    await refuseFrozen(env, asked.creatorId)
    // In this order, or what a twin has just taken would seem never to have been there.
    const parts = await partsOf(env, asked.creatorId)
    const running = await runningOf(env, asked.creatorId)
    // A twin of this request was faster.
    if (running?.id === asked.id) continue
    if (running) throw second(running)
    const allocation = allocate(parts, asked.amount)
    if (!allocation) throw notEnough(parts)
    try {
      await reserve(env, asked, wallet, allocation)
    } catch (thrown) {
      // Somebody else was first. What that means is found by looking again.
      const isBeaten = isUnchanged(thrown) || isUniqueViolation(thrown)
      if (!isBeaten) throw thrown
      if (tries >= TRIES_MAX) throw new AppError('conflict')
    }
  }
}

/** A withdrawal, of whomever, or null. */
export async function withdrawalOf(env: Bindings, id: string): Promise<Withdrawal | null> {
  const [row] = await reach(() => db(env).select().from(withdrawals).where(eq(withdrawals.id, id)))
  return row ?? null
}

/** What is left of a creator's posted settlements, oldest first. */
export async function partsOf(env: Bindings, creatorId: string): Promise<Part[]> {
  const rows = await reach(() =>
    db(env)
      .select({
        settlementId: settlementParts.settlementId,
        feePercent: settlementParts.feePercent,
        left: sql<string>`${settlementParts.grossUsd} - ${settlementParts.withdrawnUsd}`,
      })
      .from(settlementParts)
      .innerJoin(settlements, eq(settlements.id, settlementParts.settlementId))
      .where(
        and(
          eq(settlementParts.creatorId, creatorId),
          lt(settlementParts.withdrawnUsd, settlementParts.grossUsd),
          eq(settlements.status, 'posted'),
        ),
      )
      .orderBy(asc(settlements.periodStart), asc(settlementParts.feePercent))
      .limit(PARTS_MAX),
  )
  return rows.map(({ left, ...part }) => ({ ...part, left: amount(left) }))
}

/** Lets a held withdrawal go on. Throws `conflict` if it is not held any more. */
export async function approve(env: Bindings, id: string, cause: Cause): Promise<void> {
  const isHeld = and(eq(withdrawals.id, id), eq(withdrawals.state, 'held'))
  const change = db(env).update(withdrawals).set({ state: 'requested' }).where(isHeld).returning({ id: withdrawals.id })
  await decide(() =>
    db(env).batch([
      mustChange(env, change),
      audited(env, { action: 'withdrawal.approve', subject: { type: 'withdrawal', id }, ...cause }),
    ]),
  )
}

/** Ends a held withdrawal, the whole amount back. Throws `conflict` if it is not held any more. */
export async function reject(env: Bindings, withdrawal: Withdrawal, cause: Cause): Promise<void> {
  const subject = { type: 'withdrawal', id: withdrawal.id } as const
  await decide(() =>
    db(env).batch([
      ...giveBack(env, withdrawal, { to: 'rejected', reason: cause.reason ?? null, from: ['held'] }),
      audited(env, { action: 'withdrawal.reject', subject, ...cause }),
    ]),
  )
}

/** The same, by its creator. */
export async function cancel(env: Bindings, withdrawal: Withdrawal): Promise<void> {
  await decide(() => db(env).batch([...giveBack(env, withdrawal, { to: 'canceled', reason: null, from: ['held'] })]))
}

export type Cause = Pick<AuditEntry, 'actor' | 'requestId' | 'reason'>

/**
 * The statements that end a withdrawal and give the whole amount back, to the earnings it was taken from too. A batch with them is
 * undone if it is not in one of the states `from`, or was given back before.
 */
export function giveBack(
  env: Bindings,
  { id, creatorId, amountUsd, netUsd, feeUsd, paidAt }: Withdrawal,
  {
    to,
    reason,
    from,
  }: { to: 'returned' | 'rejected' | 'canceled'; reason: string | null; from: Withdrawal['state'][] },
) {
  // What was booked as paid is on its way to nobody: it comes back out of the cash and the fee.
  const isPaid = paidAt === null ? isNull(withdrawals.paidAt) : isNotNull(withdrawals.paidAt)
  const change = db(env)
    .update(withdrawals)
    .set({ state: to, reason, endedAt: sql`now()` })
    .where(and(eq(withdrawals.id, id), inArray(withdrawals.state, from), isPaid))
    .returning({ id: withdrawals.id })
  const out =
    paidAt === null
      ? [{ account: `payout_in_flight:${creatorId}` as const, amount: amount(amountUsd) }]
      : [
          { account: 'cash_usdc' as const, amount: amount(netUsd) },
          { account: 'platform_fee' as const, amount: amount(feeUsd) },
        ]
  return [
    lockCreator(env, creatorId),
    mustChange(env, change),
    db(env).execute(sql`
      UPDATE settlement_parts SET withdrawn_usd = withdrawn_usd - taken.amount_usd FROM withdrawal_parts AS taken
      WHERE taken.withdrawal_id = ${id} AND settlement_parts.settlement_id = taken.settlement_id
        AND settlement_parts.fee_percent = taken.fee_percent`),
    post(env, 'payout_returned', id, [
      ...out,
      { account: `creator_available:${creatorId}`, amount: negate(amount(amountUsd)) },
    ]),
  ] as const
}

async function reserve(env: Bindings, { id, creatorId, amount: asked }: Asked, wallet: Wallet, allocation: Allocation) {
  const { taken, fee, net } = allocation
  const { WITHDRAWAL_REVIEW_USD } = settings(env)
  const state = asked > amount(WITHDRAWAL_REVIEW_USD) ? 'held' : 'requested'
  const pieces = JSON.stringify(
    taken.map(({ settlementId, feePercent, amount: piece }) => ({ settlementId, feePercent, piece: format(piece) })),
  )
  await reach(() =>
    db(env).batch([
      lockCreator(env, creatorId),
      // Only to the wallet that was looked at, of somebody who is still here.
      mustChange(
        env,
        sql`(INSERT INTO withdrawals (id, creator_id, amount_usd, fee_usd, net_usd, wallet, state)
          SELECT ${id}, id, ${format(asked)}, ${format(fee)}, ${format(net)}, wallet_address, ${state} FROM users
          WHERE id = ${creatorId} AND status = 'active' AND wallet_address = ${wallet.address}
            AND date_trunc('milliseconds', wallet_changed_at) = ${wallet.changedAt.toISOString()}
          RETURNING id)`,
      ),
      // All pieces, or none: fewer rows than pieces undo the batch, as does a part that has not enough left (its own CHECK).
      db(env).execute(sql`
        WITH pieces AS (
          SELECT * FROM json_to_recordset(${pieces}::json) AS piece ("settlementId" uuid, "feePercent" smallint, piece decimal)
        ),
        taken AS (
          UPDATE settlement_parts AS part SET withdrawn_usd = withdrawn_usd + piece FROM pieces
          WHERE part.settlement_id = "settlementId" AND part.fee_percent = "feePercent" AND part.creator_id = ${creatorId}
            AND part.withdrawn_usd + piece <= part.gross_usd
          RETURNING part.settlement_id, part.fee_percent, piece
        ),
        noted AS (
          INSERT INTO withdrawal_parts (withdrawal_id, settlement_id, fee_percent, amount_usd)
          SELECT ${id}, settlement_id, fee_percent, piece FROM taken
        )
        SELECT demand_change((count(*) = ${taken.length})::int) FROM taken`),
      post(env, 'withdrawal', id, [
        { account: `creator_available:${creatorId}`, amount: asked },
        { account: `payout_in_flight:${creatorId}`, amount: negate(asked) },
      ]),
    ]),
  )
}

function sameOf(known: Withdrawal, { creatorId, amount: asked }: Asked): Withdrawal {
  if (known.creatorId === creatorId && amount(known.amountUsd) === asked) return known
  throw new AppError('idempotencyMismatch', {
    message: 'A withdrawal with this id was asked for before, with another amount. Use a new id for a new withdrawal.',
  })
}

async function tooSmall(env: Bindings, { creatorId }: Asked): Promise<AppError> {
  const most = withdrawable(await partsOf(env, creatorId))
  return new AppError('withdrawalTooSmall', {
    message: `At least $${format(LEAST)} can be withdrawn at once. $${format(most)} can be withdrawn at the moment.`,
    details: { least_usd: format(LEAST), withdrawable_usd: format(most) },
  })
}

function notEnough(parts: Part[]): AppError {
  const most = withdrawable(parts)
  const what =
    most < LEAST
      ? `$${format(most)} is settled and not withdrawn yet. At least $${format(LEAST)} can be withdrawn at once.`
      : `At most $${format(most)} can be withdrawn at the moment.`
  return new AppError('notEnoughSettled', {
    message: what,
    details: { least_usd: format(LEAST), withdrawable_usd: format(most) },
  })
}

type Wallet = { address: string; changedAt: Date }

async function walletOf(env: Bindings, creatorId: string): Promise<Wallet> {
  const [user] = await reach(() =>
    db(env)
      .select({ address: users.walletAddress, changedAt: users.walletChangedAt })
      .from(users)
      .where(eq(users.id, creatorId)),
  )
  if (!user?.address || !user.changedAt) throw new AppError('walletMissing')
  const coolAt = coolFrom(env, user.changedAt)
  if (coolAt.getTime() > clock.now())
    throw new AppError('walletCooling', {
      message: `Your wallet was changed; withdrawals to it can be made from ${coolAt.toISOString()} on.`,
      details: { wallet_changed_at: user.changedAt.toISOString(), possible_at: coolAt.toISOString() },
    })
  return { address: user.address, changedAt: user.changedAt }
}

/** From when the wallet of a creator may be paid; null for who has none. */
export async function payableFrom(env: Bindings, creatorId: string): Promise<Date | null> {
  const [user] = await reach(() =>
    db(env).select({ changedAt: users.walletChangedAt }).from(users).where(eq(users.id, creatorId)),
  )
  return user?.changedAt ? coolFrom(env, user.changedAt) : null
}

function coolFrom(env: Bindings, changedAt: Date): Date {
  return new Date(changedAt.getTime() + settings(env).WALLET_COOL_DOWN_HOURS * HOUR_MS)
}

async function refuseFrozen(env: Bindings, creatorId: string): Promise<void> {
  if (await isFrozen(env, ['withdrawals', `withdrawals:${creatorId}`])) throw new AppError('withdrawalsFrozen')
}

async function runningOf(env: Bindings, creatorId: string): Promise<Withdrawal | undefined> {
  const isRunning = and(eq(withdrawals.creatorId, creatorId), isNull(withdrawals.paidAt), isNull(withdrawals.endedAt))
  const [running] = await reach(() => db(env).select().from(withdrawals).where(isRunning))
  return running
}

function second({ id, state, amountUsd }: Withdrawal): AppError {
  const details = { withdrawal_id: id, state, amount_usd: format(amount(amountUsd)) }
  return new AppError('withdrawalRunning', { details })
}

/** Runs a decision; one that somebody else has made before is a conflict. */
async function decide(batch: () => Promise<unknown>): Promise<void> {
  try {
    await reach(batch)
  } catch (thrown) {
    if (isUnchanged(thrown))
      throw new AppError('conflict', { message: 'This withdrawal is not held for review any more. Read it again.' })
    throw thrown
  }
}
