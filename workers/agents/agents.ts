/**
 * Agents: what creators publish and developers call. This room owns agents, their versions and their prompts (vault.ts).
 * It promises that a change is effective everywhere within a second (copies.ts) and that every version of an agent is
 * kept. It never hands out a prompt except sealed.
 */
import { and, asc, eq, gt, isNull, ne, sql, type SQL } from 'drizzle-orm'
import * as z from 'zod'
import { creatorProfiles, users } from '../auth/tables.ts'
import { db, reach } from '../base/db.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { isUuid, newId } from '../base/ids.ts'
import { Memory } from '../base/memory.ts'
import type { Bindings } from '../env.ts'
import { amount, type Amount } from '../money/amount.ts'
import { agentColumns, readAgent } from './agent.ts'
import { AgentConfig, type AgentConfigInput, type ConfigChange } from './config.ts'
import { findCopy, forgetCopies } from './copies.ts'
import { agents, agentVersions } from './tables.ts'
import {
  changeConfig,
  openConfig,
  reseal,
  sealConfig,
  sealOpened,
  type OpenedConfig,
  type SealedRecord,
} from './vault.ts'
import { agentAt, changed, giveNext, inAgents, inVersions, shownColumns, shownOf, toColumns, write } from './write.ts'

const OPENED_IN_MEMORY = 200
const PAGE_MAX = 200
export const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?$/

export const STATUSES = ['draft', 'active', 'inactive', 'archived'] as const
export type Status = (typeof STATUSES)[number]

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

export type AgentInput = z.input<typeof Details> & { creatorId: string; config: AgentConfigInput; id?: string }

/** Makes a draft, version 1. Throws a `ZodError` on malformed input and `validationFailed` on a slug that is taken. */
export async function createAgent(env: Bindings, input: AgentInput): Promise<Agent> {
  const details = Details.parse(input)
  const config = AgentConfig.parse(input.config)
  const { id = newId() } = input
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

const Changes = Details.omit({ slug: true }).partial()
export type AgentChanges = z.input<typeof Changes> & { config?: ConfigChange | undefined }

/**
 * Changes an agent as it was at `version` and gives it the next one; the version before stays in its history. What is left
 * out of the changes stays as it is. Throws a `ZodError` or `validationFailed` on malformed input, `agentNotFound`, and
 * `conflict` if it is no longer at that version.
 */
export async function updateAgent(env: Bindings, id: string, version: number, changes: AgentChanges): Promise<Agent> {
  const details = Changes.parse(changes)
  const before = await agentAt(env, id, version)
  if (!changes.config)
    return giveNext(env, before, { ...details, ...shownColumns(before) }, (place) =>
      reseal(env, inAgents(id, version), before.config, place),
    )
  const config = changeConfig(await openAgent(env, before), changes.config)
  return giveNext(env, before, { ...details, ...shownOf(config) }, (place) => sealOpened(env, place, config))
}

/** Makes an agent callable. Publishing one that is published changes nothing. Throws `agentNotFound`, also if it is archived, or `agentStopped`. */
export async function publishAgent(env: Bindings, id: string): Promise<Agent> {
  const publishedAt = sql`coalesce(${agents.publishedAt}, now())`
  try {
    return await setStatus(env, id, { status: 'active', publishedAt }, isNull(agents.stoppedBecause))
  } catch (thrown) {
    const stopped = thrown instanceof AppError && thrown.kind === 'agentNotFound' ? await readAgent(env, id) : null
    throw stopped && stopped.status !== 'archived' ? new AppError('agentStopped') : thrown
  }
}

/** Takes a published agent out of service; a draft stays a draft. Throws `agentNotFound`, also if it is archived. */
export async function unpublishAgent(env: Bindings, id: string): Promise<Agent> {
  const status = sql`case when ${agents.status} = 'draft' then 'draft' else 'inactive' end`
  return setStatus(env, id, { status })
}

/** Takes an agent out of service for good; its versions and its slug are kept. Repeatable. Throws `agentNotFound`. */
export async function archiveAgent(env: Bindings, id: string): Promise<Agent> {
  const change = { status: 'archived', featuredRank: null } as const
  const rows = await reach(() => db(env).update(agents).set(change).where(eq(agents.id, id)).returning(agentColumns))
  return changed(env, rows)
}

/** `average` is that of approved reviews, `counts` how many of them gave 1, 2, 3, 4 and 5; each a value or a subquery. */
export type Rating = { average: string | SQL; count: number | SQL; counts?: number[] | SQL }

/** The change of an agent's rating, to be run in one batch with the review that makes it. */
export function ratingUpdate(env: Bindings, agentId: string, { average, count, counts }: Rating) {
  return db(env)
    .update(agents)
    .set({
      averageRating: typeof average === 'string' ? average : sql`coalesce(${average}, 0)`,
      reviewCount: count,
      ...(counts ? { ratingCounts: counts } : {}),
    })
    .where(eq(agents.id, agentId))
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
      .where(and(eq(agents.status, 'active'), gt(agents.slug, after), isOfActiveCreator))
      .orderBy(asc(agents.slug))
      .limit(PAGE_MAX),
  )
  return rows.map((row) => ({ ...row, pricePerCall: amount(row.pricePerCall), publishedAt: new Date(row.publishedAt) }))
}

/** No creator who is not active: said this way, the planner takes most agents to pass, and reads them in the list's order. */
export const isOfActiveCreator = sql`
  NOT EXISTS (SELECT FROM ${users} WHERE ${users.id} = ${agents.creatorId} AND ${users.status} <> 'active')
`

type StatusChange = { status: Status | SQL; publishedAt?: SQL }

async function setStatus(env: Bindings, id: string, change: StatusChange, isAllowed?: SQL): Promise<Agent> {
  const isThis = and(eq(agents.id, id), ne(agents.status, 'archived'), isAllowed)
  const rows = await reach(() => db(env).update(agents).set(change).where(isThis).returning(agentColumns))
  return changed(env, rows)
}
