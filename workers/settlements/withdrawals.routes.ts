/** How creators have what was settled paid out to their wallet. */
import { Hono } from 'hono'
import * as z from 'zod'
import { creator } from '../auth/auth.ts'
import { AppError } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { isPaying, payoutProof } from '../chain/chain.ts'
import { amount } from '../money/amount.ts'
import { Dollars } from '../money/dollars.ts'
import { withdrawalDetails, withdrawalRows } from './lists.ts'
import { advance } from './payouts.ts'
import { cancel, withdraw, withdrawalOf, type Withdrawal } from './withdrawals.ts'
import { Place, toWithdrawal, WithdrawalAnswer } from './wire.ts'
import type { AppContext, Bindings } from '../env.ts'

export const withdrawalRoutes = new Hono<AppContext>()
const route = routesOf(withdrawalRoutes, 'Earnings')

/** Dollars as people write them, in whole cents. */
const Cents = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,2})?$/, 'must be dollars and cents as text, such as "25.00"')
  .describe('Before the fee, at least 10.00.')

export const InFull = WithdrawalAnswer.extend({
  steps: z
    .array(
      z.object({
        state: z.string(),
        at: Moment,
        tx_hash: z.string().nullable(),
        block_number: z.int().nullable(),
      }),
    )
    .describe('Every state that it was in, the first first.'),
  parts: z
    .array(z.object({ settlement_id: Id, fee_percent: z.int(), amount_usd: Dollars }))
    .describe('The settlements that it is taken from, the oldest first, each with the fee that was frozen on it.'),
  payout: z
    .object({
      chain_id: z.int(),
      contract: z.string(),
      key: z.string().describe('The id under which the contract has it.'),
      credited: z
        .boolean()
        .nullable()
        .describe('The token refused the wallet; the contract keeps the amount for it. Null: not known yet.'),
    })
    .nullable(),
})

/** A withdrawal with all that is known of it. */
export async function inFull(env: Bindings, withdrawal: Withdrawal): Promise<z.input<typeof InFull>> {
  const [{ steps, parts }, proof] = await Promise.all([
    withdrawalDetails(env, withdrawal.id),
    payoutProof(env, withdrawal.id),
  ])
  return {
    ...toWithdrawal(withdrawal),
    steps: steps.map(({ state, at, txHash, blockNumber }) => ({
      state,
      at,
      tx_hash: txHash,
      block_number: blockNumber,
    })),
    parts: parts.map(({ settlementId, feePercent, amountUsd }) => ({
      settlement_id: settlementId,
      fee_percent: feePercent,
      amount_usd: amountUsd,
    })),
    payout: proof && { chain_id: proof.chainId, contract: proof.contract, key: proof.key, credited: proof.credited },
  }
}

/** Takes a withdrawal on at once, if that is possible; if not, the sweep does. */
export async function advanceNow(env: Bindings, id: string): Promise<void> {
  try {
    await advance(env, id)
  } catch (thrown) {
    log.warn('withdrawals.not_advanced', { error: describe(thrown) })
  }
}

route(
  'POST /api/v1/creators/me/withdrawals',
  {
    summary: 'Have settled earnings paid out in USDC',
    description:
      'Make the id yourself, a UUID: sent again with the same amount it is the same withdrawal, whatever became of the first answer. It goes to the wallet that you have proven, at least 72 hours after you changed it, and one at a time. The oldest earnings are taken first, and the fee that was frozen on them. Large amounts wait until they have been reviewed (`held`).',
    who: creator,
    body: z.object({ id: Id, amount_usd: Cents }),
    answer: InFull,
    status: 201,
    errors: [
      'withdrawalTooSmall',
      'notEnoughSettled',
      'withdrawalRunning',
      'walletMissing',
      'walletCooling',
      'withdrawalsFrozen',
      'idempotencyMismatch',
      'chainOff',
    ],
  },
  async ({ env, me, body }) => {
    const id = body.id.toLowerCase()
    if (!(await withdrawalOf(env, id)) && !(await isPaying(env)))
      throw new AppError('chainOff', {
        message: 'Withdrawals are switched off at the moment. What you have earned stays yours; try again later.',
      })
    await withdraw(env, { id, creatorId: me.id, amount: amount(body.amount_usd) })
    await advanceNow(env, id)
    return inFull(env, await ownWithdrawal(env, me.id, id))
  },
)

route(
  'GET /api/v1/creators/me/withdrawals',
  { summary: 'Your withdrawals, newest first', who: creator, query: PageQuery, answer: pageOf(WithdrawalAnswer) },
  async ({ env, me, query: { limit, cursor } }) => {
    const rows = await withdrawalRows(env, { creatorId: me.id }, { limit, after: readCursor(cursor, Place) })
    const { items, next_cursor } = toPage(rows, limit, ({ place, id }) => [place, id])
    return { items: items.map(toWithdrawal), next_cursor }
  },
)

route(
  'GET /api/v1/creators/me/withdrawals/:id',
  {
    summary: 'A withdrawal, with every state it was in',
    who: creator,
    params: IdParams,
    answer: InFull,
    errors: ['notFound'],
  },
  async ({ env, me, params: { id } }) => inFull(env, await ownWithdrawal(env, me.id, id)),
)

route(
  'POST /api/v1/creators/me/withdrawals/:id/cancel',
  {
    summary: 'Take back a withdrawal that is held for review',
    description: 'The whole amount is available again. Once it is on its way it cannot be taken back.',
    who: creator,
    params: IdParams,
    answer: InFull,
    errors: ['notFound', 'conflict'],
  },
  async ({ env, me, params: { id } }) => {
    await cancel(env, await ownWithdrawal(env, me.id, id))
    await advanceNow(env, id)
    return inFull(env, await ownWithdrawal(env, me.id, id))
  },
)

async function ownWithdrawal(env: Bindings, creatorId: string, id: string): Promise<Withdrawal> {
  const withdrawal = await withdrawalOf(env, id)
  if (withdrawal?.creatorId !== creatorId) throw new AppError('notFound')
  return withdrawal
}
