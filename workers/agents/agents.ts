/**
 * Agents: what creators publish and developers call. This room owns agents, their versions and their prompts (vault.ts).
 * It promises that a change is effective everywhere within a second (copies.ts) and that every version of an agent is
 * kept. It never hands out a prompt except sealed.
 */
import { and, asc, eq, gt, isNull, sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { creatorProfiles } from '../auth/tables.ts'
import { db, isUniqueViolation, reach } from '../base/db.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { isUuid, newId } from '../base/ids.ts'
import { Memory } from '../base/memory.ts'
import type { Bindings } from '../env.ts'
import { amount, format, type Amount } from '../money/amount.ts'
import { agentColumns, fromRow, readAgent } from './agent.ts'
import { AgentConfig, type AgentConfigInput } from './config.ts'
import { findCopy, forgetCopies } from './copies.ts'
import { agents, agentVersions } from './tables.ts'
import { openConfig, reseal, sealConfig, type OpenedConfig, type Place, type SealedRecord } from './vault.ts'

const OPENED_IN_MEMORY = 200
const PAGE_MAX = 200
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?$/

type Status = 'draft' | 'active' | 'inactive'

export type Agent = {
  id: string
  slug: string
  name: string
  description: string | null
  category: string | null
  creatorId: string
  status: Status
  version: number
  provider: AgentConfig['provider']
  model: string
  pricePerCall: Amount
  /** What of the agent everybody may read; the guard lets it through even where the prompt repeats it. */
  publicTexts: string[]
  config: SealedRecord
}

/** The agent of this id or slug in whatever status, or null. Throws `storeUnavailable` when no store can say. */
export async function findAgent(env: Bindings, idOrSlug: string): Promise<Agent | null> {
  const name = idOrSlug.toLowerCase()
  return isUuid(name) || SLUG.test(name) ? findCopy(env, name) : null
}

const opened = new Memory<OpenedConfig>(OPENED_IN_MEMORY)

/** The agent's configuration, its prompt sealed. Throws `VaultError` if the ciphertext is not this agent's at this version. */
export async function openAgent(env: Bindings, agent: Agent): Promise<OpenedConfig> {
  // A version is never changed once it is written, so what was opened under its number stays true.
  const key = `${agent.id}.${agent.version}`
  const known = opened.get(key)
  if (known) return known
  const config = await openConfig(env, inAgents(agent.id, agent.version), agent.config)
  opened.set(key, config)
  return config
}

const Details = z.object({
  slug: z
    .string()
    .regex(SLUG)
    .refine((slug) => !isUuid(slug), 'A slug may not look like an id.'),
  name: z.string().trim().min(1).max(100),
  description: z.string().max(4_000).nullable(),
  category: z.string().min(1).max(50).nullable(),
})

export type AgentInput = z.input<typeof Details> & { creatorId: string; config: AgentConfigInput }

/** Makes a draft, version 1. Throws a `ZodError` on malformed input and `validationFailed` on a slug that is taken. */
export async function createAgent(env: Bindings, input: AgentInput): Promise<Agent> {
  const details = Details.parse(input)
  const config = AgentConfig.parse(input.config)
  const id = newId()
  const [current, kept] = await Promise.all([
    sealConfig(env, inAgents(id, 1), config),
    sealConfig(env, inVersions(id, 1), config),
  ])
  const shown = shownOf(config)
  const first = { id, creatorId: input.creatorId, ...details, ...shown, ...toColumns(current) }
  const [rows] = await write(
    () =>
      db(env).batch([
        db(env).insert(agents).values(first).returning(agentColumns),
        db(env)
          .insert(agentVersions)
          .values({ agentId: id, version: 1, ...shown, ...toColumns(kept) }),
      ]),
    () => refuseField('slug', 'is taken'),
  )
  return changed(env, rows)
}

export type AgentChanges = Partial<Omit<z.input<typeof Details>, 'slug'>> & { config?: AgentConfigInput }

/**
 * Changes an agent as it was at `version` and gives it the next one; the version before stays in its history.
 * Throws a `ZodError` on malformed input, `agentNotFound`, and `validationFailed` if it is no longer at that version.
 */
export async function updateAgent(env: Bindings, id: string, version: number, changes: AgentChanges): Promise<Agent> {
  const details = Details.omit({ slug: true }).partial().parse(changes)
  const config = changes.config && AgentConfig.parse(changes.config)
  const before = await readAgent(env, id)
  if (!before) throw new AppError('agentNotFound')
  const meanwhile = (): AppError => refuseField('version', 'has been replaced by a newer one')
  if (before.version !== version) throw meanwhile()

  const next = version + 1
  const sealFor = (place: Place): Promise<SealedRecord> =>
    config ? sealConfig(env, place, config) : reseal(env, inAgents(id, version), before.config, place)
  const [current, kept] = await Promise.all([sealFor(inAgents(id, next)), sealFor(inVersions(id, next))])
  const { provider, model, pricePerCall } = before
  const shown = config ? shownOf(config) : { provider, model, pricePerCall: format(pricePerCall) }
  const change = { ...details, ...shown, ...toColumns(current), version: next }
  const isAsItWas = and(eq(agents.id, id), eq(agents.version, version))
  const [rows] = await write(
    () =>
      db(env).batch([
        db(env).update(agents).set(change).where(isAsItWas).returning(agentColumns),
        // Where the update met no row somebody was faster, and this clashes with theirs: a version is written once.
        db(env)
          .insert(agentVersions)
          .values({ agentId: id, version: next, ...shown, ...toColumns(kept) }),
      ]),
    meanwhile,
  )
  return changed(env, rows)
}

/** Makes an agent callable. Publishing one that is published changes nothing. Throws `agentNotFound`, or `agentStopped`. */
export async function publishAgent(env: Bindings, id: string): Promise<Agent> {
  const publishedAt = sql`coalesce(${agents.publishedAt}, now())`
  const isPublishable = and(eq(agents.id, id), isNull(agents.stoppedBecause))
  const rows = await reach(() =>
    db(env).update(agents).set({ status: 'active', publishedAt }).where(isPublishable).returning(agentColumns),
  )
  if (rows.length === 0 && (await readAgent(env, id))) throw new AppError('agentStopped')
  return changed(env, rows)
}

/** Takes a published agent out of service; a draft stays a draft. Throws `agentNotFound`. */
export async function unpublishAgent(env: Bindings, id: string): Promise<Agent> {
  const status = sql`case when ${agents.status} = 'draft' then 'draft' else 'inactive' end`
  const rows = await reach(() =>
    db(env).update(agents).set({ status }).where(eq(agents.id, id)).returning(agentColumns),
  )
  return changed(env, rows)
}

/** A statement for a batch: the figures that an agent shows of its reviews. `average` has two decimals, 0 without reviews. */
export function ratingUpdate(env: Bindings, agentId: string, { average, count }: { average: SQL; count: SQL }) {
  return db(env).update(agents).set({ averageRating: average, reviewCount: count }).where(eq(agents.id, agentId))
}

/** Drops every copy of this agent that can be reached. Whoever writes agents otherwise than by this file calls it afterwards. */
export async function forgetAgent(env: Bindings, agent: Pick<Agent, 'id' | 'slug'>): Promise<void> {
  await forgetCopies(env, [agent.id, agent.slug])
}

export type PublishedAgent = Pick<
  Agent,
  'id' | 'slug' | 'name' | 'description' | 'category' | 'provider' | 'model' | 'pricePerCall'
> & {
  creatorName: string
  publishedAt: Date
}

/** Published agents in the order of their slugs, at most `PAGE_MAX`, those after the slug `after`. Straight from Postgres. */
export async function listPublished(env: Bindings, after = ''): Promise<PublishedAgent[]> {
  const { id, slug, name, description, category, provider, model, pricePerCall } = agentColumns
  const creatorName = sql<string>`coalesce(${creatorProfiles.displayName}, '')`
  const publishedAt = sql<string>`coalesce(${agents.publishedAt}, ${agents.createdAt})`
  const rows = await reach(() =>
    db(env)
      .select({ id, slug, name, description, category, provider, model, pricePerCall, creatorName, publishedAt })
      .from(agents)
      .leftJoin(creatorProfiles, eq(creatorProfiles.userId, agents.creatorId))
      .where(and(eq(agents.status, 'active'), gt(agents.slug, after)))
      .orderBy(asc(agents.slug))
      .limit(PAGE_MAX),
  )
  return rows.map((row) => ({ ...row, pricePerCall: amount(row.pricePerCall), publishedAt: new Date(row.publishedAt) }))
}

const inAgents = (agentId: string, version: number): Place => ({
  table: 'agents',
  column: 'config_encrypted',
  agentId,
  version,
})

const inVersions = (agentId: string, version: number): Place => ({
  ...inAgents(agentId, version),
  table: 'agent_versions',
})

/** What of a configuration stands beside the ciphertext in the open, for lists and prices. */
const shownOf = (config: AgentConfig) => ({
  provider: config.provider,
  model: config.model,
  pricePerCall: config.price_per_call,
})

const toColumns = ({ ciphertext, iv, keyId }: SealedRecord) => ({ configEncrypted: ciphertext, configIv: iv, keyId })

async function changed(env: Bindings, rows: Parameters<typeof fromRow>[0][]): Promise<Agent> {
  const [row] = rows
  if (!row) throw new AppError('agentNotFound')
  const agent = fromRow(row)
  await forgetAgent(env, agent)
  return agent
}

/** Runs a write; a clash with a row that is there already becomes `error()`. */
async function write<T>(work: () => Promise<T>, error: () => AppError): Promise<T> {
  try {
    return await reach(work)
  } catch (thrown) {
    throw isUniqueViolation(thrown) ? error() : thrown
  }
}
