/** The history of an agent, for its creator. */
import { Hono } from 'hono'
import * as z from 'zod'
import { audited } from '../auth/audit.ts'
import { creator } from '../auth/auth.ts'
import { reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { Dollars } from '../money/dollars.ts'
import { openAgent } from './agents.ts'
import { faultsOf, refuse, warningsOf } from './check.ts'
import { ownAgent, ownLiveAgent } from './own.ts'
import { readPrompt } from './prompt.ts'
import { tellPrice } from './tell.ts'
import { openVersion, restoreVersion, versionsOf, type VersionRow } from './versions.ts'
import { SavedAgent, savedAgent } from './wire.ts'
import type { AppContext } from '../env.ts'

export const versionRoutes = new Hono<AppContext>()
const route = routesOf(versionRoutes, 'Agents')

const VersionNumber = z.coerce.number().int().min(1).max(2_147_483_647)
const VersionParams = IdParams.extend({ version: VersionNumber })

const Version = z.object({
  version: z.int(),
  is_current: z.boolean(),
  provider: z.string(),
  model: z.string(),
  price_per_call: Dollars,
  created_at: Moment,
})

route(
  'GET /api/v1/agents/:id/versions',
  {
    summary: 'The versions of an agent, newest first',
    who: creator,
    params: IdParams,
    query: PageQuery,
    answer: pageOf(Version),
    errors: ['notFound'],
  },
  async ({ env, me, params: { id }, query: { limit, cursor } }) => {
    const { version: current } = await ownAgent(env, me.id, id)
    const [before] = readCursor(cursor, z.tuple([VersionNumber])) ?? []
    const rows = await versionsOf(env, id, { limit: limit + 1, before })
    const page = toPage(rows, limit, ({ version }) => [version])
    return { ...page, items: page.items.map((row) => shown(row, current)) }
  },
)

route(
  'GET /api/v1/agents/:id/versions/:version',
  { summary: 'One version of an agent', who: creator, params: VersionParams, answer: Version, errors: ['notFound'] },
  async ({ env, me, params: { id, version } }) => {
    const { version: current } = await ownAgent(env, me.id, id)
    const [row] = await versionsOf(env, id, { limit: 1, before: version + 1 })
    if (row?.version !== version) throw new AppError('notFound')
    return shown(row, current)
  },
)

route(
  'POST /api/v1/agents/:id/versions/:version/restore',
  {
    summary: 'Make an earlier version the newest again',
    description: 'What it was built of becomes a new version; name, description and category stay as they are.',
    who: creator,
    params: VersionParams,
    answer: SavedAgent,
    errors: ['notFound', 'conflict'],
  },
  async ({ env, me, params: { id, version } }) => {
    const before = await ownLiveAgent(env, me.id, id)
    const config = await openVersion(env, id, version)
    refuse(faultsOf(config), 'This version cannot be restored')
    const agent = await restoreVersion(env, id, before.version, version)
    await tellPrice(env, before, agent)
    return savedAgent(await ownAgent(env, me.id, id), config, await warningsOf(agent, config))
  },
)

const PromptQuery = z.object({ version: VersionNumber.optional().describe('Left out: the newest.') })

route(
  'GET /api/v1/agents/:id/prompt',
  {
    summary: 'The prompt of your agent',
    description:
      'The only route that shows one, to nobody but its owner. It is never cached, and each reading is recorded.',
    who: creator,
    params: IdParams,
    query: PromptQuery,
    answer: z.object({ agent_id: Id, version: z.int(), system_prompt: z.string() }),
    errors: ['notFound'],
  },
  async ({ c, env, me, params: { id }, query }) => {
    const agent = await ownAgent(env, me.id, id)
    const version = query.version ?? agent.version
    const config = version === agent.version ? await openAgent(env, agent) : await openVersion(env, id, version)
    // What cannot be recorded is not shown.
    const subject = { type: 'agent', id } as const
    const entry = { actor: me, action: 'agent.prompt_read', subject, details: { version }, requestId: c.var.requestId }
    await reach(async () => await audited(env, entry))
    return { agent_id: id, version, system_prompt: readPrompt(config.prompt) }
  },
)

function shown(row: VersionRow, current: number): z.input<typeof Version> {
  return {
    version: row.version,
    is_current: row.version === current,
    provider: row.provider,
    model: row.model,
    price_per_call: row.pricePerCall,
    created_at: row.createdAt,
  }
}
