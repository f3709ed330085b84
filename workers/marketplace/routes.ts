/** The market, for people and their pages. Everything here is the same for everybody, and kept for five minutes. */
import { Hono } from 'hono'
import * as z from 'zod'
import { CATEGORIES } from '../agents/categories.ts'
import { isPrice } from '../agents/config.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { PageQuery, readCursor, writeCursor } from '../base/page.ts'
import { anyone, routesOf } from '../base/route.ts'
import { amount } from '../money/amount.ts'
import { Card, cardOf } from './card.ts'
import { machineRoutes } from './machine.routes.ts'
import { COUNT_MAX, featured, publicAgent, shelves } from './marketplace.ts'
import { SORTS } from './orders.ts'
import { agentPage, AgentPage } from './page.ts'
import { search } from './search.ts'
import { orderOf } from './statements.ts'
import type { AppContext } from '../env.ts'

const WORDS_CHARS_MAX = 100
/** More words would be looked up one by one, to find ever less. */
const WORDS_MAX = 8

export const marketplace = new Hono<AppContext>()
marketplace.route('/', machineRoutes)
const route = routesOf(marketplace, 'Marketplace')

const Price = z
  .string()
  .refine((text) => text === '0' || isPrice(text), 'must be 0, or a price of 0.001 to 100 dollars')

const SearchQuery = PageQuery.extend({
  q: z
    .string()
    .max(WORDS_CHARS_MAX)
    .regex(/^\P{C}*$/u, 'must not hold control characters')
    .transform((text) => text.trim().split(/\s+/).slice(0, WORDS_MAX).join(' ') || undefined)
    .optional()
    .describe(
      'Words of the name, of the creator’s name or of the description, in whatever order; a name may be misspelt.',
    ),
  category: z.enum(CATEGORIES).optional(),
  min_price: Price.optional().describe('Dollars a call, included.'),
  max_price: Price.optional().describe('Dollars a call, included.'),
  min_rating: z.coerce.number().min(0).max(5).optional(),
  provider: z.enum(['openai', 'anthropic', 'google']).optional(),
  sort: z.enum(SORTS).default('relevance'),
})

route(
  'GET /api/v1/marketplace/agents',
  {
    summary: 'Search the published agents',
    description:
      'A page may hold fewer agents than `limit` and still not be the last: go on until `next_cursor` is null. ' +
      '`is_complete` is false where more agents have the words than are ranked; add a word or a filter to see the others.',
    who: anyone,
    query: SearchQuery,
    limit: { name: 'search', perMinute: 60 },
    cache: 'public',
    answer: z.object({ items: z.array(Card), next_cursor: z.string().nullable(), is_complete: z.boolean() }),
  },
  async ({ env, query: { cursor, ...asked } }) => {
    const { min_price: least, max_price: most } = asked
    if (least !== undefined && most !== undefined && amount(least) > amount(most))
      throw refuseField('max_price', 'is less than min_price')
    const after = readCursor(cursor, orderOf(asked).place)
    const { rows, next, is_complete } = await search(env, { ...asked, after })
    return { items: rows.map(cardOf), next_cursor: next && writeCursor(next), is_complete }
  },
)

route(
  'GET /api/v1/marketplace/agents/:id',
  {
    summary: 'The public page of an agent, by its id or slug',
    who: anyone,
    params: z.object({ id: z.string().max(100) }),
    limit: { name: 'agent-page', perMinute: 120 },
    cache: 'public',
    answer: AgentPage,
    errors: ['agentNotFound'],
  },
  async ({ c, env, params: { id } }) => {
    const agent = await publicAgent(env, id)
    if (!agent) throw new AppError('agentNotFound')
    return agentPage(env, agent, new URL(c.req.url).origin)
  },
)

route(
  'GET /api/v1/marketplace/categories',
  {
    summary: 'The categories, with how many agents each has',
    description: `Agents are counted as far as ${COUNT_MAX}; \`is_more\` says that there are at least as many.`,
    who: anyone,
    limit: { name: 'categories', perMinute: 120 },
    cache: 'public',
    answer: z.object({
      items: z.array(z.object({ category: z.enum(CATEGORIES), agents: z.int(), is_more: z.boolean() })),
    }),
  },
  async ({ env }) => ({
    items: (await shelves(env)).map((shelf) => ({ ...shelf, is_more: shelf.agents >= COUNT_MAX })),
  }),
)

route(
  'GET /api/v1/marketplace/featured',
  {
    summary: 'The agents in the front row, in order',
    description: 'Chosen by the platform; while nothing is chosen, the best rated.',
    who: anyone,
    limit: { name: 'featured', perMinute: 120 },
    cache: 'public',
    answer: z.object({ items: z.array(Card) }),
  },
  async ({ env }) => ({ items: (await featured(env)).map(cardOf) }),
)
