/** Published agents in the shape of OpenAI's list of models, with what a caller wants to know of an agent beside it. */
import { format } from '../money/amount.ts'
import type { PublishedAgent } from '../agents/agents.ts'

export function modelList(agents: PublishedAgent[]): Record<string, unknown> {
  return { object: 'list', data: agents.map(model) }
}

function model(agent: PublishedAgent): Record<string, unknown> {
  return {
    id: agent.slug,
    object: 'model',
    created: Math.floor(agent.publishedAt.getTime() / 1_000),
    owned_by: agent.creatorName,
    agent_id: agent.id,
    slug: agent.slug,
    name: agent.name,
    description: agent.description,
    category: agent.category,
    provider: agent.provider,
    model: agent.model,
    price_per_call: format(agent.pricePerCall),
  }
}
