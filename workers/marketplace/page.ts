/** The public page of an agent: what it is, what it costs, how it does, how it has changed, how it is called. */
import * as z from 'zod'
import { versionsOf } from '../agents/versions.ts'
import { agentStatistics } from '../analytics/analytics.ts'
import { Moment } from '../base/wire.ts'
import { above, amount, format } from '../money/amount.ts'
import { Dollars } from '../money/dollars.ts'
import { BASE_VALUE } from '../money/prices.ts'
import { Card, cardOf } from './card.ts'
import { snippets } from './snippets.ts'
import type { Bindings } from '../env.ts'
import type { PublicAgent } from './marketplace.ts'

const FIGURE_DAYS = 30
const VERSIONS_SHOWN = 20

export const AgentPage = Card.omit({ summary: true, creator: true, rating: true }).extend({
  description: z.string(),
  version: z.int(),
  creator: Card.shape.creator.extend({ bio: z.string().nullable(), avatar_url: z.string().nullable() }),
  cost: z
    .object({ calls: z.literal(1), premium_usd: Dollars })
    .describe(
      'What one successful call takes from a developer: a call of the package, and a premium from the balance.',
    ),
  rating: z.object({
    average: z.number(),
    count: z.int(),
    distribution: z.array(z.int()).length(5).describe('How many reviews gave 1, 2, 3, 4 and 5.'),
  }),
  statistics: z.object({
    days: z.int(),
    calls: z.int(),
    users: z.int(),
    success_rate: z.number().nullable(),
    latency_ms: z
      .object({ p50: z.int(), p95: z.int() })
      .nullable()
      .describe('Of the calls that succeeded, within 10 %; null while there are none.'),
  }),
  versions: z.array(z.object({ version: z.int(), model: z.string(), price_per_call: Dollars, created_at: Moment })),
  snippets: z.object({ curl: z.string(), typescript: z.string(), python: z.string(), openai: z.string() }),
  token: z.object({ id: z.string(), tx_hash: z.string().nullable() }).nullable(),
})

/** The page of a published agent. `origin` is where this API answers. */
export async function agentPage(env: Bindings, agent: PublicAgent, origin: string): Promise<z.input<typeof AgentPage>> {
  const [figures, versions] = await Promise.all([
    agentStatistics(env, { id: agent.id, creatorId: agent.creator_id }, FIGURE_DAYS),
    versionsOf(env, agent.id, { limit: VERSIONS_SHOWN }),
  ])
  const { creator, rating, summary: _, ...card } = cardOf(agent)
  return {
    ...card,
    description: agent.description ?? '',
    version: agent.version,
    creator: { ...creator, bio: agent.bio, avatar_url: agent.avatar_url },
    cost: { calls: 1, premium_usd: premiumOf(agent.price_per_call) },
    rating: { ...rating, distribution: agent.rating_counts },
    statistics: {
      days: FIGURE_DAYS,
      calls: figures.calls,
      users: figures.users,
      success_rate: figures.calls === 0 ? null : figures.successful / figures.calls,
      latency_ms: figures.p50 === null || figures.p95 === null ? null : { p50: figures.p50, p95: figures.p95 },
    },
    versions: versions.map(({ version, model, pricePerCall, createdAt }) => ({
      version,
      model,
      price_per_call: pricePerCall,
      created_at: createdAt,
    })),
    snippets: snippets(origin, agent.slug),
    token: agent.token_id === null ? null : { id: agent.token_id, tx_hash: agent.token_tx_hash },
  }
}

/** What a call costs on top of its unit. */
export function premiumOf(pricePerCall: string): string {
  return format(above(amount(pricePerCall), BASE_VALUE))
}
