/** Where the chain and what we hold say different things. The chain is right; somebody has to find out why. */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { chainOf } from './config.ts'
import { nextBlockOf } from './mirror.ts'
import type { Bindings } from '../env.ts'

/** Of each kind at most so many are named. */
const NAMED_MAX = 100

export type ChainDifference = {
  kind:
    /** The contract has settled something that was never asked for. */
    | 'settlement_unknown'
    /** It has settled another amount, or to another payee, than was asked for. */
    | 'settlement_altered'
    /** What we hold for paid has no event. */
    | 'settlement_missing'
    | 'token_unknown'
    | 'token_altered'
    | 'token_missing'
  /** The payout's or the agent's id where it is known, else the id on chain. */
  id: string
  txHash: string | null
  blockNumber: number
}

/** What differs as far as the events are copied; none where there is no chain. Throws `storeUnavailable`. */
export async function chainDifferences(env: Bindings): Promise<ChainDifference[]> {
  const chain = chainOf(env)
  if (!chain) return []
  const { chainId, settlement, agentToken } = chain
  const read = await nextBlockOf(env, chain)
  const parts = [
    sql`SELECT CASE WHEN p.id IS NULL THEN 'settlement_unknown' ELSE 'settlement_altered' END AS kind,
        coalesce(p.id::text, e.key) AS id, e.tx_hash, e.block_number
      FROM settled_events e LEFT JOIN chain_payouts p
        ON p.chain_id = e.chain_id AND p.contract = e.contract AND p.key = e.key
      WHERE NOT e.matched AND e.chain_id = ${chainId} AND e.contract = ${settlement}
      ORDER BY e.block_number LIMIT ${NAMED_MAX}`,
    sql`SELECT 'settlement_missing', id::text, tx_hash, block_number FROM chain_payouts
      WHERE NOT matched AND state = 'final' AND chain_id = ${chainId} AND contract = ${settlement} AND block_number < ${read}
      ORDER BY block_number LIMIT ${NAMED_MAX}`,
    sql`SELECT CASE WHEN t.agent_id IS NULL THEN 'token_unknown' ELSE 'token_altered' END,
        coalesce(t.agent_id::text, e.agent_id), e.tx_hash, e.block_number
      FROM minted_events e LEFT JOIN agent_tokens t ON t.token_id = e.token_id
      WHERE NOT e.matched AND e.chain_id = ${chainId} AND e.contract = ${agentToken}
      ORDER BY e.block_number LIMIT ${NAMED_MAX}`,
    sql`SELECT 'token_missing', agent_id::text, tx_hash, block_number FROM agent_tokens
      WHERE NOT matched AND state = 'final' AND chain_id = ${chainId} AND block_number < ${read}
      ORDER BY block_number LIMIT ${NAMED_MAX}`,
  ]
  const { rows } = await reach(() =>
    db(env).execute<{ kind: ChainDifference['kind']; id: string; tx_hash: string | null; block_number: string }>(
      sql.join(
        parts.map((part) => sql`(${part})`),
        sql` UNION ALL `,
      ),
    ),
  )
  return rows.map(({ kind, id, tx_hash, block_number }) => ({
    kind,
    id,
    txHash: tx_hash,
    blockNumber: Number(block_number),
  }))
}
