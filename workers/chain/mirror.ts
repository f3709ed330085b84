/**
 * What the chain's own events say, copied once they are final. Blocks are read in order, in bounded ranges, and the place is
 * written together with what was found, so that a range that is read twice, or by two at once, is kept once.
 */
import { and, eq, sql } from 'drizzle-orm'
import { db, mustChange, reach, isUnchanged } from '../base/db.ts'
import { chainOf, type ChainConfig } from './config.ts'
import { mintedEvent, mintedOf } from './mint-work.ts'
import { settledEvent, settledOf } from './payout-work.ts'
import { nodeAt, type Placed } from './rpc.ts'
import { chainCursors, mintedEvents, settledEvents } from './tables.ts'
import { logsOf } from './work.ts'
import type { Bindings } from '../env.ts'

/** As far as nodes go in one question. */
const BLOCKS_MAX = 2_000
const RANGES_MAX = 10

/** Copies what is final and not copied yet, in at most ten ranges. Throws when the node or Postgres is away. */
export async function mirror(env: Bindings): Promise<{ events: number; nextBlock: number } | null> {
  const chain = chainOf(env)
  if (!chain) return null
  const node = nodeAt(chain.rpcUrl, chain.timeLimitMs)
  if ((await node.chainId()) !== chain.chainId) throw new Error('The node is one of another chain.')
  const { finalized } = await node.head()
  let from = await nextBlockOf(env, chain)
  let events = 0
  for (let range = 0; range < RANGES_MAX && from <= finalized; range++) {
    const to = Math.min(from + BLOCKS_MAX - 1, finalized)
    const addresses = [chain.settlement, chain.agentToken]
    const logs = await node.events({ addresses, events: [settledEvent, mintedEvent], from, to })
    if (!(await keep(env, chain, logs, { from, next: to + 1 }))) break
    events += logs.length
    from = to + 1
  }
  await match(env, chain)
  return { events, nextBlock: from }
}

/** The first block whose events are not copied yet. */
export async function nextBlockOf(env: Bindings, chain: ChainConfig): Promise<number> {
  const [row] = await reach(() =>
    db(env).select({ nextBlock: chainCursors.nextBlock }).from(chainCursors).where(isCursorOf(chain)),
  )
  return row?.nextBlock ?? chain.fromBlock
}

const contractsOf = ({ settlement, agentToken }: ChainConfig): string => `${settlement},${agentToken}`

const isCursorOf = (chain: ChainConfig) =>
  and(eq(chainCursors.chainId, chain.chainId), eq(chainCursors.contracts, contractsOf(chain)))

/** Writes the events of a range and that it is read; false if somebody else was faster. */
async function keep(
  env: Bindings,
  chain: ChainConfig,
  logs: Placed[],
  { from, next }: { from: number; next: number },
): Promise<boolean> {
  const { chainId } = chain
  const settled = logsOf(logs, chain.settlement).flatMap((log) => {
    const event = settledOf(log)
    if (!event) return []
    const { id: key, payee, amount, credited } = event
    return [{ chainId, contract: chain.settlement, key, payee, amount, credited, ...placeOf(log), settledAt: log.at }]
  })
  const minted = logsOf(logs, chain.agentToken).flatMap((log) => {
    const event = mintedOf(log)
    if (!event) return []
    const { tokenId, creator, agentId, metadataHash } = event
    const place = { chainId, contract: chain.agentToken, ...placeOf(log), mintedAt: log.at }
    return [{ ...place, tokenId, creator, agentId, metadataHash }]
  })
  try {
    await reach(() =>
      db(env).batch([
        db(env)
          .insert(chainCursors)
          .values({ chainId, contracts: contractsOf(chain), nextBlock: from })
          .onConflictDoNothing(),
        mustChange(
          env,
          db(env)
            .update(chainCursors)
            .set({ nextBlock: next })
            .where(and(isCursorOf(chain), eq(chainCursors.nextBlock, from)))
            .returning({ nextBlock: chainCursors.nextBlock }),
        ),
        ...(settled.length > 0 ? [db(env).insert(settledEvents).values(settled).onConflictDoNothing()] : []),
        ...(minted.length > 0 ? [db(env).insert(mintedEvents).values(minted).onConflictDoNothing()] : []),
      ]),
    )
    return true
  } catch (thrown) {
    if (isUnchanged(thrown)) return false
    throw thrown
  }
}

const placeOf = ({ hash: txHash, blockNumber, logIndex }: Placed) => ({ txHash, blockNumber, logIndex })

/** Finds for each event what was asked for, and the reverse. What finds nothing is a difference, see `differences.ts`. */
async function match(env: Bindings, { chainId }: ChainConfig): Promise<void> {
  await reach(() =>
    db(env).batch([
      db(env).execute(sql`
        WITH met AS (
          UPDATE settled_events e SET matched = TRUE FROM chain_payouts p
          WHERE NOT e.matched AND e.chain_id = ${chainId} AND p.chain_id = e.chain_id AND p.contract = e.contract
            AND p.key = e.key AND p.payee = e.payee AND p.amount = e.amount
          RETURNING p.id
        )
        UPDATE chain_payouts SET matched = TRUE FROM met WHERE chain_payouts.id = met.id`),
      db(env).execute(sql`
        WITH met AS (
          UPDATE minted_events e SET matched = TRUE FROM agent_tokens t
          WHERE NOT e.matched AND e.chain_id = ${chainId} AND t.chain_id = e.chain_id AND t.token_id = e.token_id
            AND t.agent_id::text = e.agent_id AND t.wallet = e.creator AND t.metadata_hash = e.metadata_hash
          RETURNING t.agent_id
        )
        UPDATE agent_tokens SET matched = TRUE FROM met WHERE agent_tokens.agent_id = met.agent_id`),
    ]),
  )
}
