/**
 * How agents are written: every version once, sealed for each of the two places where it stands, and never over one that
 * somebody else has written meanwhile. What is written is forgotten by the caches before its writer hears of it.
 */
import { and, eq, ne } from 'drizzle-orm'
import { db, isUniqueViolation, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { format } from '../money/amount.ts'
import { agentColumns, fromRow, readAgent } from './agent.ts'
import { forgetCopies } from './copies.ts'
import { agents, agentVersions } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { Agent } from './agents.ts'
import type { AgentConfig } from './config.ts'
import type { Place, SealedRecord } from './vault.ts'

export const inAgents = (agentId: string, version: number): Place => ({
  table: 'agents',
  column: 'config_encrypted',
  agentId,
  version,
})

export const inVersions = (agentId: string, version: number): Place => ({
  ...inAgents(agentId, version),
  table: 'agent_versions',
})

/** What of a configuration stands beside the ciphertext in the open, for lists and prices. */
export const shownOf = (config: Pick<AgentConfig, 'provider' | 'model' | 'price_per_call'>) => ({
  provider: config.provider,
  model: config.model,
  pricePerCall: config.price_per_call,
})

export const toColumns = ({ ciphertext, iv, keyId }: SealedRecord) => ({
  configEncrypted: ciphertext,
  configIv: iv,
  keyId,
})

export const shownColumns = ({ provider, model, pricePerCall }: Agent) => ({
  provider,
  model,
  pricePerCall: format(pricePerCall),
})

const meanwhile = (): AppError =>
  new AppError('conflict', { message: 'This agent has a newer version. Read it again, then repeat your change.' })

/** The agent, still at this version. Throws `agentNotFound`, or `conflict` if it has a newer one. */
export async function agentAt(env: Bindings, id: string, version: number): Promise<Agent> {
  const agent = await readAgent(env, id)
  if (!agent) throw new AppError('agentNotFound')
  if (agent.version !== version) throw meanwhile()
  return agent
}

type NextColumns = ReturnType<typeof shownColumns> & {
  name?: string | undefined
  description?: string | null | undefined
  category?: string | null | undefined
}

/** Writes the version after `before`, sealed for each of the two places where it stands. */
export async function giveNext(
  env: Bindings,
  before: Agent,
  { provider, model, pricePerCall, ...details }: NextColumns,
  sealFor: (place: Place) => Promise<SealedRecord>,
): Promise<Agent> {
  const { id, version } = before
  const next = version + 1
  const shown = { provider, model, pricePerCall }
  const [current, kept] = await Promise.all([sealFor(inAgents(id, next)), sealFor(inVersions(id, next))])
  const isAsItWas = and(eq(agents.id, id), eq(agents.version, version), ne(agents.status, 'archived'))
  const [rows] = await write(
    () =>
      db(env).batch([
        db(env)
          .update(agents)
          .set({ ...details, ...shown, ...toColumns(current), version: next })
          .where(isAsItWas)
          .returning(agentColumns),
        // Where the update met no row somebody was faster, and this clashes with theirs: a version is written once.
        db(env)
          .insert(agentVersions)
          .values({ agentId: id, version: next, ...shown, ...toColumns(kept) }),
      ]),
    meanwhile,
  )
  return changed(env, rows)
}

/** The agent of what a write gave back; every copy of it that can be reached is dropped. Throws `agentNotFound` if that is nothing. */
export async function changed(env: Bindings, rows: Parameters<typeof fromRow>[0][]): Promise<Agent> {
  const [row] = rows
  if (!row) throw new AppError('agentNotFound')
  const agent = fromRow(row)
  await forgetCopies(env, [agent.id, agent.slug])
  return agent
}

/** Runs a write; a clash with a row that is there already becomes `error()`. */
export async function write<T>(work: () => Promise<T>, error: () => AppError): Promise<T> {
  try {
    return await reach(work)
  } catch (thrown) {
    throw isUniqueViolation(thrown) ? error() : thrown
  }
}
