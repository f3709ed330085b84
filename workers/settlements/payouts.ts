/**
 * Withdrawals on their way to the wallet: handed to the chain, followed, booked. What the chain says is asked of `chain/`, which
 * has the last word on each payout; a message is only a reason to ask. So messages may come twice, late or never.
 */
import { and, eq, inArray, isNull, lte, sql, type SQL } from 'drizzle-orm'
import { users } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db, isUnchanged, mustChange, reach } from '../base/db.ts'
import { idFrom } from '../base/ids.ts'
import { pay, payoutProof } from '../chain/chain.ts'
import { amount, negate } from '../money/amount.ts'
import { isPosted, post } from '../money/ledger.ts'
import { emit } from '../webhooks/webhooks.ts'
import { isFrozen } from './differences.ts'
import { withdrawals } from './tables.ts'
import { giveBack, withdrawalOf, type Withdrawal } from './withdrawals.ts'
import type { Bindings } from '../env.ts'

/** 10⁻⁸ dollars in a millionth of a USDC. */
const UNITS = 100n
const ON_ITS_WAY = ['requested', 'queued', 'signed', 'broadcast', 'mined', 'safe'] as const

type Proof = NonNullable<Awaited<ReturnType<typeof payoutProof>>>

/**
 * Takes a withdrawal as far as it can go at this moment: asks for its payout if that was not done, books what the chain says, and
 * tells its creator. Repeatable. Throws what the chain or Postgres throw; it is taken on from there later.
 */
export async function advance(env: Bindings, id: string): Promise<void> {
  const withdrawal = await withdrawalOf(env, id)
  if (!withdrawal) return
  if (withdrawal.endedAt === null && withdrawal.state !== 'held') await follow(env, withdrawal)
  await tell(env, id)
}

async function follow(env: Bindings, withdrawal: Withdrawal): Promise<void> {
  const { id, wallet, netUsd } = withdrawal
  const proof = await payoutProof(env, id)
  if (proof) {
    await book(env, withdrawal, proof)
    // It may lie there without its signer knowing of it: asking again says so once more.
    if (proof.state !== 'queued') return
  }
  if (!(await mayLeave(env, withdrawal))) return
  await pay(env, { id, to: wallet, amount: amount(netUsd) / UNITS })
  const asked = await payoutProof(env, id)
  const now = await withdrawalOf(env, id)
  if (asked && now && now.endedAt === null) await book(env, now, asked)
}

/** Nothing leaves to somebody who is barred, or while the books do not agree about them. */
async function mayLeave(env: Bindings, { creatorId }: Withdrawal): Promise<boolean> {
  const isActive = and(eq(users.id, creatorId), eq(users.status, 'active'))
  const [user] = await reach(() => db(env).select({ id: users.id }).from(users).where(isActive))
  return user !== undefined && !(await isFrozen(env, ['withdrawals', `withdrawals:${creatorId}`]))
}

/** Books what the chain says of a payout, unless something later or the same is known. */
async function book(env: Bindings, withdrawal: Withdrawal, proof: Proof): Promise<void> {
  if (proof.state === 'failed') return fail(env, withdrawal, proof)
  const { id, creatorId, amountUsd, netUsd, feeUsd, paidAt } = withdrawal
  const isPaid = proof.state === 'safe' || proof.state === 'final'
  const change = db(env)
    .update(withdrawals)
    .set({
      state: proof.state,
      revision: proof.revision,
      txHash: proof.txHash,
      blockNumber: proof.blockNumber,
      reason: proof.reason,
      ...(isPaid ? { paidAt: sql`coalesce(${withdrawals.paidAt}, now())` } : {}),
      ...(proof.state === 'final' ? { endedAt: sql`now()` } : {}),
    })
    .where(
      and(
        eq(withdrawals.id, id),
        inArray(withdrawals.state, [...ON_ITS_WAY]),
        lte(withdrawals.revision, proof.revision),
        isPaid && paidAt === null ? isNull(withdrawals.paidAt) : undefined,
        sql`(${withdrawals.state}, ${withdrawals.txHash}, ${withdrawals.blockNumber}, ${withdrawals.reason}) IS DISTINCT FROM
          (${proof.state}, ${proof.txHash}, ${proof.blockNumber}::bigint, ${proof.reason})`,
      ),
    )
    .returning({ id: withdrawals.id })
  const payout = post(env, 'payout', id, [
    { account: `payout_in_flight:${creatorId}`, amount: amount(amountUsd) },
    { account: 'cash_usdc', amount: negate(amount(netUsd)) },
    { account: 'platform_fee', amount: negate(amount(feeUsd)) },
  ])
  await unlessDone(() =>
    isPaid && paidAt === null ? db(env).batch([mustChange(env, change), payout]) : db(env).batch([change]),
  )
}

async function fail(env: Bindings, withdrawal: Withdrawal, { reason }: Proof): Promise<void> {
  await unlessDone(() =>
    db(env).batch([...giveBack(env, withdrawal, { to: 'returned', reason, from: [...ON_ITS_WAY] })]),
  )
}

/** Somebody who was told the same was faster: then there is nothing left to do. */
async function unlessDone(batch: () => Promise<unknown>): Promise<void> {
  try {
    await reach(batch)
  } catch (thrown) {
    if (!isUnchanged(thrown) && !isPosted(thrown)) throw thrown
  }
}

/** What a creator is told, by state. From being asked for to being mined it is one thing to them: it is on its way. */
const TOLD: Record<Withdrawal['state'], string> = {
  held: 'held',
  requested: 'processing',
  queued: 'processing',
  signed: 'processing',
  broadcast: 'processing',
  mined: 'processing',
  safe: 'completed',
  final: 'completed',
  returned: 'failed',
  rejected: 'rejected',
  canceled: 'canceled',
}

export function statusOf({ state }: Pick<Withdrawal, 'state'>): string {
  return TOLD[state]
}

/** Emits what has become of a withdrawal, before noting that: an event may go out twice, under one id, but is never left out. */
async function tell(env: Bindings, id: string): Promise<void> {
  const withdrawal = await withdrawalOf(env, id)
  if (!withdrawal || withdrawal.told === withdrawal.state) return
  const { creatorId, state, netUsd, told } = withdrawal
  const status = statusOf(withdrawal)
  if (told === null || TOLD[told as Withdrawal['state']] !== status)
    await emit(env, [
      {
        v: 1,
        id: await idFrom('withdrawal.updated', id, status),
        type: 'withdrawal.updated',
        userId: creatorId,
        at: clock.now(),
        data: { withdrawal_id: id, status, net_usd: netUsd },
      },
    ])
  await reach(() => db(env).update(withdrawals).set({ told: state }).where(eq(withdrawals.id, id)))
}

/** Withdrawals of which nothing was heard since `before`, the longest first, at most `limit`; from now on they are not silent. */
export async function silentSince(env: Bindings, before: Date, limit: number): Promise<string[]> {
  const some = (condition: SQL) => sql`
    SELECT id FROM withdrawals WHERE ${condition} AND updated_at < ${before.toISOString()} ORDER BY updated_at LIMIT ${limit}`
  const { rows } = await reach(() =>
    db(env).execute<{ id: string }>(sql`
      UPDATE withdrawals SET updated_at = now() WHERE id IN (
        (${some(sql`ended_at IS NULL AND state <> 'held'`)}) UNION (${some(sql`told IS DISTINCT FROM state`)})
      ) RETURNING id`),
  )
  return rows.map(({ id }) => id)
}
