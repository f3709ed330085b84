/** Whose an agent is, as the chain has it: what anybody may check against it. */
import { eq } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { needChain } from './config.ts'
import { holds, readAgent } from './mint-work.ts'
import { nodeAt } from './rpc.ts'
import { agentTokens } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { Address } from 'viem'

/** Somebody waits for the page. */
const RPC_MS = 3_000

export type Token = typeof agentTokens.$inferSelect

export type Ownership = {
  token: Token
  chain: { chainId: number; name: string; explorer: string | null; contract: Address }
  /** What the chain says at this moment; null while it cannot be asked, or has nothing yet. */
  onChain: {
    owner: Address | null
    creator: Address
    metadataHash: string
    createdAt: number
    isRetired: boolean
  } | null
  /** Whether that is what we hold; null where it could not be asked. */
  isVerified: boolean | null
}

/** The token of an agent, or null if it was never published. Throws `chainOff` and `storeUnavailable`. */
export async function getAgentOwnership(env: Bindings, agentId: string): Promise<Ownership | null> {
  const { chainId, name, explorer, agentToken, rpcUrl } = await needChain(env, 'mint')
  const token = await tokenOf(env, agentId)
  if (!token) return null
  const chain = { chainId, name, explorer, contract: agentToken }
  try {
    const node = nodeAt(rpcUrl, RPC_MS)
    const agent = await readAgent(node, agentToken, agentId, 'latest')
    if (!agent) return { token, chain, onChain: null, isVerified: false }
    const owner = (await holds(node, agentToken, agentId, agent.creator)) ? agent.creator : null
    const isVerified =
      owner === token.wallet && agent.creator === token.wallet && agent.metadataHash === token.metadataHash
    return { token, chain, onChain: { ...agent, owner }, isVerified }
  } catch (thrown) {
    log.warn('chain.unreached', { agent_id: agentId, error: describe(thrown) })
    return { token, chain, onChain: null, isVerified: null }
  }
}

/** What we hold of an agent's token, or null. Throws `storeUnavailable`. */
export async function tokenOf(env: Bindings, agentId: string): Promise<Token | null> {
  const [row] = await reach(() => db(env).select().from(agentTokens).where(eq(agentTokens.agentId, agentId)))
  return row ?? null
}

/** The JSON of a token, or null if there is none yet. Throws `storeUnavailable`. */
export async function metadataJson(env: Bindings, tokenId: bigint): Promise<string | null> {
  const [row] = await reach(() =>
    db(env).select({ metadata: agentTokens.metadata }).from(agentTokens).where(eq(agentTokens.tokenId, tokenId)),
  )
  return row?.metadata ?? null
}
