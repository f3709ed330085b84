/**
 * The chain: Base or Polygon, by configuration. This room owns the two signers, what was asked of them, and a copy of what the
 * chain's own events say. It promises that a payout that was asked for is paid once or said to have failed, never both and
 * never twice, and that an agent that is published gets one token. It never decides who is paid, and what for.
 */
import { and, desc, eq, sql } from 'drizzle-orm'
import { getAddress, isAddress } from 'viem/utils'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { isOn, needChain } from './config.ts'
import { payoutKey } from './payout-work.ts'
import { chainPayouts, settledEvents } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { MintMessage, MintRequest, PayoutMessage, PayoutState } from './states.ts'

/** The contract's caps have 48 bits: no payout can be larger. */
const AMOUNT_MAX = 2n ** 48n

const columns = {
  chainId: chainPayouts.chainId,
  contract: chainPayouts.contract,
  key: chainPayouts.key,
  payee: chainPayouts.payee,
  amount: chainPayouts.amount,
  state: chainPayouts.state,
  reason: chainPayouts.reason,
  credited: chainPayouts.credited,
  txHash: chainPayouts.txHash,
  blockNumber: chainPayouts.blockNumber,
  revision: chainPayouts.revision,
}

export type Payout = {
  /** A UUID, for ever the same payout. */
  id: string
  to: string
  /** Millionths of a USDC. */
  amount: bigint
}

/**
 * Asks for a payout, once by its id: asking again changes nothing, and tells how far it is. What it comes to is also told on
 * the queue `payout-states`. Throws `chainOff` where there is no chain, `conflict` if another amount or payee was asked for
 * under this id, `storeUnavailable`, and what the queue throws; ask again then.
 */
export async function pay(env: Bindings, { id, to, amount }: Payout): Promise<PayoutState> {
  const chain = await needChain(env, 'settle')
  if (!isAddress(to) || amount <= 0n || amount >= AMOUNT_MAX) throw new RangeError('This is no payout.')
  const payee = getAddress(to)
  const { chainId, settlement: contract } = chain
  const row = { id, chainId, contract, key: payoutKey(chain, id), payee, amount }
  const [, [known]] = await reach(() =>
    db(env).batch([
      db(env).insert(chainPayouts).values(row).onConflictDoNothing(),
      db(env).select(columns).from(chainPayouts).where(eq(chainPayouts.id, id)),
    ]),
  )
  if (!known || known.payee !== payee || known.amount !== amount)
    throw new AppError('conflict', { message: 'Another payout was asked for under this id.' })
  if (known.state !== 'queued') return stateOf(known)
  // Another contract would not know that this one has paid.
  if (known.key !== row.key) throw new AppError('conflict', { message: 'This payout is for another contract.' })
  const message: PayoutMessage = { version: 1, kind: 'pay', id, to: payee, amount: String(amount) }
  await env.PAYOUTS.send(message)
  return stateOf(known)
}

/** How far a payout is; `absent` if none was asked for under this id. Throws `storeUnavailable`. */
export async function payoutOf(env: Bindings, id: string): Promise<PayoutState> {
  const proof = await payoutProof(env, id)
  return proof ? stateOf(proof) : { state: 'absent', txHash: null, blockNumber: null, reason: null }
}

/** Everything by which a payout can be found on chain, or null if none was asked for under this id. Throws `storeUnavailable`. */
export async function payoutProof(env: Bindings, id: string) {
  const [row] = await reach(() => db(env).select(columns).from(chainPayouts).where(eq(chainPayouts.id, id)))
  return row ?? null
}

function stateOf({
  state,
  txHash,
  blockNumber,
  reason,
}: Omit<PayoutState, 'state'> & { state: Exclude<PayoutState['state'], 'absent'> }): PayoutState {
  return { state, txHash, blockNumber, reason }
}

/**
 * Asks for an agent's token; asking again changes nothing. Nothing waits for the chain, and nothing fails for it: what could
 * not be asked for is asked for by the sweep. Never throws.
 */
export async function requestMint(env: Bindings, request: MintRequest): Promise<void> {
  try {
    if (!(await isOn(env, 'mint'))) return
    const message: MintMessage = { version: 1, kind: 'agent', ...request }
    await env.MINTS.send(message)
  } catch (thrown) {
    log.error('mints.not_asked', { agent_id: request.agentId, error: describe(thrown) })
  }
}

/** Whether there is a chain, and paying out is not switched off. */
export async function isPaying(env: Bindings): Promise<boolean> {
  return isOn(env, 'settle')
}

/** Whether there is a chain, and minting is not switched off. */
export async function isMinting(env: Bindings): Promise<boolean> {
  return isOn(env, 'mint')
}

export type PaidPlace = readonly [block: number, logIndex: number]

/**
 * What the contract has settled to a wallet, newest first, as far as it is final: `limit` rows, those after `after`. Throws
 * `chainOff` and `storeUnavailable`.
 */
export async function getSettlementHistory(
  env: Bindings,
  creatorAddress: string,
  { limit, after }: { limit: number; after?: PaidPlace | undefined },
) {
  const { chainId, settlement } = await needChain(env, 'settle')
  const isAfter =
    after && sql`(${settledEvents.blockNumber}, ${settledEvents.logIndex}) < (${after[0]}::bigint, ${after[1]}::int)`
  return reach(() =>
    db(env)
      .select({
        key: settledEvents.key,
        amount: settledEvents.amount,
        credited: settledEvents.credited,
        txHash: settledEvents.txHash,
        blockNumber: settledEvents.blockNumber,
        logIndex: settledEvents.logIndex,
        settledAt: settledEvents.settledAt,
      })
      .from(settledEvents)
      .where(
        and(
          eq(settledEvents.payee, getAddress(creatorAddress)),
          eq(settledEvents.chainId, chainId),
          eq(settledEvents.contract, settlement),
          isAfter,
        ),
      )
      .orderBy(desc(settledEvents.blockNumber), desc(settledEvents.logIndex))
      .limit(limit),
  )
}
