/** A creator's own agents. What is somebody else's is to them as if it were not there. */
import { and, desc, eq, ne, sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { atMicros, micros } from '../base/page.ts'
import { agentColumns, fromRow } from './agent.ts'
import { openAgent, type Agent, type Status } from './agents.ts'
import { faultsOf, refuse } from './check.ts'
import { agents } from './tables.ts'
import { changeConfig, type OpenedConfig } from './vault.ts'
import type { Bindings } from '../env.ts'
import type { ConfigChange } from './config.ts'

/** What only its creator, and in part the market, wants to know of an agent. */
const ownColumns = {
  totalCalls: agents.totalCalls,
  totalRevenue: agents.totalRevenue,
  averageRating: agents.averageRating,
  reviewCount: agents.reviewCount,
  tokenId: agents.tokenId,
  tokenTxHash: agents.tokenTxHash,
  createdAt: agents.createdAt,
  updatedAt: agents.updatedAt,
  publishedAt: agents.publishedAt,
}

export type OwnAgent = Agent & { [Name in keyof typeof ownColumns]: (typeof agents.$inferSelect)[Name] }

/** This creator's agent, archived or not. Throws `notFound` if there is none, or it is somebody else's. */
export async function ownAgent(env: Bindings, creatorId: string, id: string): Promise<OwnAgent> {
  const agent = await ownAgentIfAny(env, creatorId, id)
  if (!agent) throw new AppError('notFound')
  return agent
}

/** This creator's agent, archived or not, or null. */
export async function ownAgentIfAny(env: Bindings, creatorId: string, id: string): Promise<OwnAgent | null> {
  const isMine = and(eq(agents.id, id), eq(agents.creatorId, creatorId))
  const [row] = await reach(() =>
    db(env)
      .select({ ...agentColumns, ...ownColumns })
      .from(agents)
      .where(isMine),
  )
  return row ? { ...row, ...fromRow(row) } : null
}

/** The same, to be changed or called. Throws `conflict` if it is archived. */
export async function ownLiveAgent(env: Bindings, creatorId: string, id: string): Promise<OwnAgent> {
  const agent = await ownAgent(env, creatorId, id)
  if (agent.status === 'archived') throw new AppError('conflict', { message: 'This agent is archived.' })
  return agent
}

/**
 * A creator's agent with a change that is not saved, to be tried out. Throws `validationFailed` naming what would keep it
 * from being saved, and what `ownLiveAgent` throws.
 */
export async function agentToTry(
  env: Bindings,
  creatorId: string,
  id: string,
  change: ConfigChange = {},
): Promise<{ agent: Agent; config: OpenedConfig }> {
  const agent = await ownLiveAgent(env, creatorId, id)
  const config = changeConfig(await openAgent(env, agent), change)
  refuse(faultsOf(config), 'This agent cannot be tried')
  return { agent, config }
}

/** The place of an agent among a creator's: when it was made, and its id. */
export type OwnPlace = readonly [micros: number, id: string]

/** A creator's agents, newest first: those of a status, or all that are not archived. `limit` rows, those after `after`. */
export async function ownAgents(
  env: Bindings,
  creatorId: string,
  { status, limit, after }: { status?: Status | undefined; limit: number; after?: OwnPlace | undefined },
) {
  const { ciphertext: _ciphertext, iv: _iv, keyId: _keyId, ...open } = agentColumns
  const isWanted = status ? eq(agents.status, status) : ne(agents.status, 'archived')
  const isAfter = after && sql`(${agents.createdAt}, ${agents.id}) < (${atMicros(after[0])}, ${after[1]}::uuid)`
  return reach(() =>
    db(env)
      .select({ ...open, ...ownColumns, micros: micros(agents.createdAt) })
      .from(agents)
      .where(and(eq(agents.creatorId, creatorId), isWanted, isAfter))
      .orderBy(desc(agents.createdAt), desc(agents.id))
      .limit(limit),
  )
}

/** How many agents a creator has that are not archived, counted as far as `most`. */
export async function countOwn(env: Bindings, creatorId: string, most: number): Promise<number> {
  const some = db(env)
    .select({ id: agents.id })
    .from(agents)
    .where(and(eq(agents.creatorId, creatorId), ne(agents.status, 'archived')))
    .limit(most)
    .as('some')
  const [row] = await reach(() =>
    db(env)
      .select({ count: sql<number>`count(*)::int` })
      .from(some),
  )
  return row?.count ?? 0
}
