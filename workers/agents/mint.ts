/** Asking for the token of an agent that is published. Publishing never waits for it, and never fails for it. */
import { and, asc, eq, isNotNull, isNull, or, sql } from 'drizzle-orm'
import { users } from '../auth/tables.ts'
import { db, reach } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { requestMint } from '../chain/chain.ts'
import { agentTokens } from '../chain/tables.ts'
import { agents } from './tables.ts'
import type { Bindings } from '../env.ts'

const columns = {
  agentId: agents.id,
  creatorId: agents.creatorId,
  creatorWallet: users.walletAddress,
  name: agents.name,
  description: sql<string>`coalesce(${agents.description}, '')`,
  createdAt: agents.createdAt,
}

type Row = { createdAt: Date } & Omit<Parameters<typeof requestMint>[1], 'createdAt'>

/** Asks for the token of this agent. Never throws: if this is lost, the sweep asks. */
export async function mintToken(env: Bindings, id: string): Promise<void> {
  try {
    const rows = await reach(() =>
      db(env).select(columns).from(agents).innerJoin(users, eq(users.id, agents.creatorId)).where(eq(agents.id, id)),
    )
    for (const row of rows) await ask(env, row)
  } catch (thrown) {
    log.warn('agents.not_minting', { agent_id: id, error: describe(thrown) })
  }
}

/**
 * Asks for the tokens of published agents that have none, at most `limit`: those whose asking was lost, those from a time
 * without a chain, and those of creators who have shown a wallet since. Gives how many. Throws `storeUnavailable`.
 */
export async function mintMissing(env: Bindings, limit: number): Promise<number> {
  const isMissing = or(isNull(agentTokens.agentId), and(eq(agentTokens.state, 'none'), isNotNull(users.walletAddress)))
  const rows = await reach(() =>
    db(env)
      .select(columns)
      .from(agents)
      .innerJoin(users, eq(users.id, agents.creatorId))
      .leftJoin(agentTokens, eq(agentTokens.agentId, agents.id))
      .where(and(eq(agents.status, 'active'), isMissing))
      .orderBy(asc(agents.publishedAt), asc(agents.id))
      .limit(limit),
  )
  for (const row of rows) await ask(env, row)
  return rows.length
}

async function ask(env: Bindings, { createdAt, ...row }: Row): Promise<void> {
  await requestMint(env, { ...row, createdAt: Math.floor(createdAt.getTime() / 1_000) })
}
