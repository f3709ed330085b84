/** What creators do with their agents. Every route finds only what is the creator's own. */
import { Hono } from 'hono'
import * as z from 'zod'
import { creator, type User } from '../auth/auth.ts'
import { AppError } from '../base/errors.ts'
import { isUuid, newId } from '../base/ids.ts'
import { Micros, pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams } from '../base/wire.ts'
import {
  archiveAgent,
  createAgent,
  openAgent,
  publishAgent,
  SLUG,
  STATUSES,
  unpublishAgent,
  updateAgent,
  type Agent,
  type AgentInput,
} from './agents.ts'
import { CATEGORIES } from './categories.ts'
import { faultsOf, missingIn, refuse, warningsOf } from './check.ts'
import { AgentConfig, ConfigChange } from './config.ts'
import { mintToken } from './mint.ts'
import { modelRoutes } from './models.routes.ts'
import { countOwn, ownAgent, ownAgentIfAny, ownAgents, ownLiveAgent } from './own.ts'
import { PublicName, PublicText, slugOf } from './public-text.ts'
import { tellPrice, tellPublished } from './tell.ts'
import { changeConfig, Sealed, type OpenedConfig } from './vault.ts'
import { versionRoutes } from './versions.routes.ts'
import { agentView, AgentView, listedAgent, ListedAgent, SavedAgent, savedAgent } from './wire.ts'
import type { AppContext, Bindings } from '../env.ts'

const AGENTS_MAX = 500
/** How often another slug is tried for a name whose own is taken. */
const SLUG_ATTEMPTS = 3

export const agents = new Hono<AppContext>()
agents.route('/', modelRoutes)
agents.route('/', versionRoutes)
const route = routesOf(agents, 'Agents')

const Details = z.object({
  name: PublicName,
  description: PublicText.nullable(),
  category: z.enum(CATEGORIES).nullable(),
})

const NewAgent = Details.extend({
  slug: z
    .string()
    .regex(SLUG, 'must be 1 to 100 of a-z, 0-9 and -, and begin and end with a letter or digit')
    .refine((slug) => !isUuid(slug), 'must not look like an id')
    .optional()
    .describe('Made from the name if left out. It stays the same for the life of the agent.'),
  description: Details.shape.description.default(null),
  category: Details.shape.category.default(null),
  config: AgentConfig,
})

route(
  'POST /api/v1/agents',
  {
    summary: 'Make an agent, as a draft',
    who: creator,
    body: NewAgent,
    answer: SavedAgent,
    status: 201,
    findMade: async ({ env, me, makeId }) => {
      const agent = await ownAgentIfAny(env, me.id, makeId)
      return agent && saved(env, me, agent, await openAgent(env, agent))
    },
    errors: ['limitReached'],
  },
  async ({ env, me, body, makeId }) => {
    const { system_prompt, ...shown } = body.config
    const config = { ...shown, prompt: new Sealed(system_prompt) }
    refuse(faultsOf(config), 'This agent cannot be saved')
    if ((await countOwn(env, me.id, AGENTS_MAX)) >= AGENTS_MAX)
      throw new AppError('limitReached', { details: { max: AGENTS_MAX } })
    const agent = await createUnderSlug(env, { ...body, id: makeId, creatorId: me.id }, body.slug)
    return saved(env, me, agent, config)
  },
)

const ListQuery = PageQuery.extend({
  status: z.enum(STATUSES).optional().describe('Left out: all that are not archived.'),
})
const Place = z.tuple([Micros, Id])

route(
  'GET /api/v1/agents',
  { summary: 'Your agents, newest first', who: creator, query: ListQuery, answer: pageOf(ListedAgent) },
  async ({ env, me, query: { limit, cursor, status } }) => {
    const rows = await ownAgents(env, me.id, { status, limit: limit + 1, after: readCursor(cursor, Place) })
    const page = toPage(rows, limit, ({ micros, id }) => [micros, id])
    return { ...page, items: page.items.map(listedAgent) }
  },
)

route(
  'GET /api/v1/agents/:id',
  { summary: 'One of your agents', who: creator, params: IdParams, answer: AgentView, errors: ['notFound'] },
  async ({ env, me, params: { id } }) => {
    const agent = await ownAgent(env, me.id, id)
    return agentView(agent, await openAgent(env, agent))
  },
)

const Changes = Details.partial()
  .extend({
    version: z.int().min(1).optional().describe('The version that you have read: if there is a newer one, 409.'),
    config: ConfigChange.optional().describe('What is left out stays as it is.'),
  })
  .refine(({ version: _, ...changes }) => Object.keys(changes).length > 0, 'names nothing to change')

route(
  'PUT /api/v1/agents/:id',
  {
    summary: 'Change an agent; the version before stays in its history',
    description: 'Effective for calls within a second. If the agent is published it must stay fit to be.',
    who: creator,
    params: IdParams,
    body: Changes,
    answer: SavedAgent,
    errors: ['notFound', 'conflict'],
  },
  async ({ env, me, params: { id }, body: { version, config: change, ...details } }) => {
    const before = await ownLiveAgent(env, me.id, id)
    const opened = await openAgent(env, before)
    const config = change ? changeConfig(opened, change) : opened
    const { name = before.name, description = before.description, category = before.category } = details
    const missing = before.status === 'active' ? missingIn({ name, description, category }, config) : []
    refuse([...faultsOf(config), ...missing], 'This agent cannot be saved')
    const agent = await updateAgent(env, id, version ?? before.version, { ...details, config: change })
    await tellPrice(env, before, agent)
    return saved(env, me, agent, config)
  },
)

route(
  'POST /api/v1/agents/:id/publish',
  {
    summary: 'Publish an agent',
    description: 'What is missing is said all at once.',
    who: creator,
    params: IdParams,
    answer: SavedAgent,
    errors: ['validationFailed', 'notFound', 'conflict'],
  },
  async ({ env, me, params: { id } }) => {
    const before = await ownLiveAgent(env, me.id, id)
    const config = await openAgent(env, before)
    const unverified = { field: 'email', problem: 'is not verified; follow the link that we sent you' }
    refuse(
      [...missingIn(before, config), ...faultsOf(config), ...(me.emailVerified ? [] : [unverified])],
      'This agent cannot be published yet',
    )
    if (before.status === 'active') return saved(env, me, before, config)
    const agent = await publishAgent(env, id)
    await Promise.all([tellPublished(env, agent), mintToken(env, id)])
    return saved(env, me, agent, config)
  },
)

route(
  'POST /api/v1/agents/:id/unpublish',
  {
    summary: 'Take an agent out of service',
    description: 'Calls that are running end as usual. It can be published again.',
    who: creator,
    params: IdParams,
    answer: AgentView,
    errors: ['notFound', 'conflict'],
  },
  async ({ env, me, params: { id } }) => {
    await ownLiveAgent(env, me.id, id)
    await unpublishAgent(env, id)
    const agent = await ownAgent(env, me.id, id)
    return agentView(agent, await openAgent(env, agent))
  },
)

route(
  'DELETE /api/v1/agents/:id',
  {
    summary: 'Archive an agent',
    description: 'It is never called or listed again. Its history stays, and its slug is not given to another.',
    who: creator,
    params: IdParams,
    errors: ['notFound'],
  },
  async ({ env, me, params: { id } }) => {
    await ownAgent(env, me.id, id)
    await archiveAgent(env, id)
  },
)

/** Makes the agent under the slug that was asked for, or under one made from its name. */
async function createUnderSlug(env: Bindings, input: Omit<AgentInput, 'slug'>, slug?: string): Promise<Agent> {
  if (slug !== undefined) return createAgent(env, { ...input, slug })
  const made = slugOf(input.name)
  for (let attempt = 1; ; attempt++) {
    const isFirst = attempt === 1
    try {
      return await createAgent(env, { ...input, slug: isFirst ? made : `${made}-${newId().slice(0, 8)}` })
    } catch (thrown) {
      const isTaken = thrown instanceof AppError && thrown.kind === 'validationFailed'
      if (!isTaken || attempt === SLUG_ATTEMPTS) throw thrown
    }
  }
}

/** The answer to whoever has just saved this agent. */
async function saved(env: Bindings, me: User, agent: Agent, config: OpenedConfig) {
  return savedAgent(await ownAgent(env, me.id, agent.id), config, await warningsOf(agent, config))
}
