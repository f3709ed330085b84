/**
 * The queue `mints`: agents that are published, wallets that are proven, and how far the signer is with what it was given. A
 * message may come twice, late or out of order. What is minted is fixed the moment there is a wallet for it; whatever the
 * agent is called later, its token says what it was then.
 */
import { and, eq, inArray, sql } from 'drizzle-orm'
import { getAddress } from 'viem/utils'
import { db } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { chainOf, isOn } from './config.ts'
import { recordCost } from './costs.ts'
import { metadataOf } from './metadata.ts'
import { tokenIdOf, type MintFacts } from './mint-work.ts'
import { enqueue } from './signers.ts'
import { mintJobId, type MintMessage } from './states.ts'
import { agentTokens } from './tables.ts'
import type { Bindings } from '../env.ts'

const FIRST_RETRY_SECONDS = 5
const RETRY_SECONDS_MAX = 300
/** Agents of one creator that are minted at one message; the sweep (agents/mints.cron.ts) finds the others. */
const AGENTS_MAX = 500

/** Takes each message by itself. Never throws: one that cannot be worked off is retried later. */
export async function mintsQueue(batch: MessageBatch<MintMessage>, env: Bindings): Promise<void> {
  for (const message of batch.messages) {
    try {
      await take(env, message.body)
      message.ack()
    } catch (thrown) {
      log.warn('mints.retry', { attempt: message.attempts, error: describe(thrown) })
      const delaySeconds = Math.min(RETRY_SECONDS_MAX, FIRST_RETRY_SECONDS * 2 ** (message.attempts - 1))
      message.retry({ delaySeconds })
    }
  }
}

async function take(env: Bindings, message: MintMessage): Promise<void> {
  if (message.version !== 1) throw new TypeError('This is no message about mints.')
  if (message.kind === 'state') return record(env, message)
  if (message.kind === 'cost') return recordCost(env, message)
  // While minting is switched off nothing is asked for; the sweep asks when it is on again.
  if (!(await isOn(env, 'mint'))) return
  if (message.kind === 'wallet') return mintFor(env, message.creatorId, message.wallet)
  await note(env, message)
  const { agentId, creatorWallet } = message
  if (creatorWallet !== null) await mint(env, [agentId], creatorWallet)
}

type AgentMessage = Extract<MintMessage, { kind: 'agent' }>

/** Keeps what is to be minted; what a signer has been given already stays as it is. */
async function note(env: Bindings, { agentId, creatorId, name, description, createdAt }: AgentMessage): Promise<void> {
  const facts = { name, description, agentCreatedAt: new Date(createdAt * 1_000) }
  await db(env)
    .insert(agentTokens)
    .values({ agentId, creatorId, tokenId: tokenIdOf(agentId), ...facts })
    .onConflictDoUpdate({ target: agentTokens.agentId, set: facts, setWhere: isWaiting })
}

/** What has not been minted, and can be. */
const isWaiting = inArray(agentTokens.state, ['none', 'blocked_wallet'])

/** Mints what a creator has published without a wallet, or with one that takes no tokens. */
async function mintFor(env: Bindings, creatorId: string, wallet: string): Promise<void> {
  const rows = await db(env)
    .select({ agentId: agentTokens.agentId })
    .from(agentTokens)
    .where(and(eq(agentTokens.creatorId, creatorId), isWaiting))
    .limit(AGENTS_MAX)
  await mint(
    env,
    rows.map(({ agentId }) => agentId),
    wallet,
  )
}

/** Fixes what is minted to this wallet, and hands it to the signer. Doing it again does nothing more. */
async function mint(env: Bindings, agentIds: string[], wallet: string): Promise<void> {
  const chain = chainOf(env)
  if (!chain || agentIds.length === 0) return
  const creator = getAddress(wallet)
  const rows = await db(env).select().from(agentTokens).where(inArray(agentTokens.agentId, agentIds))
  // A wallet that has refused a token is not asked again.
  const waiting = rows.filter(
    ({ state, wallet }) => state === 'none' || (state === 'blocked_wallet' && wallet !== creator),
  )
  for (const { agentId, name, description, agentCreatedAt } of waiting) {
    const created_at = Math.floor(agentCreatedAt.getTime() / 1_000)
    const { json, hash } = metadataOf({ name, description, agent_id: agentId, creator, created_at })
    await db(env)
      .update(agentTokens)
      .set({
        wallet: creator,
        metadata: json,
        metadataHash: hash,
        chainId: chain.chainId,
        state: 'queued',
        reason: null,
        txHash: null,
        blockNumber: null,
        revision: 0,
      })
      .where(and(eq(agentTokens.agentId, agentId), isWaiting))
  }
  // Read again: another message may have been faster, and what stands there is what is minted.
  const fixed = await db(env)
    .select()
    .from(agentTokens)
    .where(and(inArray(agentTokens.agentId, agentIds), eq(agentTokens.state, 'queued')))
  await enqueue(env, 'mint', fixed.flatMap(jobOf))
}

function jobOf({ agentId, wallet, agentCreatedAt, metadataHash }: typeof agentTokens.$inferSelect) {
  if (wallet === null || metadataHash === null) return []
  const facts = {
    agentId,
    creator: wallet,
    createdAt: Math.floor(agentCreatedAt.getTime() / 1_000),
    metadataHash,
  } as MintFacts
  return [{ id: mintJobId(agentId, facts.metadataHash), facts: JSON.stringify(facts) }]
}

type StateMessage = Extract<MintMessage, { kind: 'state' }>

/**
 * Writes down how far a mint is, unless something later is known. The token's columns of `agents` belong to a room further on,
 * which cannot be asked from here; they are written in the same statement, so that the two never say different things.
 */
async function record(env: Bindings, message: StateMessage): Promise<void> {
  const { agentId, metadataHash, revision, txHash, blockNumber, reason } = message
  const isBlocked = message.state === 'failed' && (reason === 'blocked_wallet' || reason === 'conflict')
  const state = isBlocked ? reason : message.state
  const isMinted = state === 'mined' || state === 'safe' || state === 'final'
  await db(env).execute(sql`
    WITH told AS (
      UPDATE agent_tokens SET state = ${state}, reason = ${reason}, tx_hash = ${txHash}, block_number = ${blockNumber},
        revision = ${revision}
      WHERE agent_id = ${agentId} AND metadata_hash = ${metadataHash} AND revision < ${revision}
      RETURNING agent_id, token_id
    )
    UPDATE agents SET token_id = CASE WHEN ${isMinted}::boolean THEN told.token_id END,
      token_tx_hash = CASE WHEN ${isMinted}::boolean THEN ${txHash}::text END
    FROM told WHERE agents.id = told.agent_id
  `)
}
