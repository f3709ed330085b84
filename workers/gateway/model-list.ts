/** Published agents in the shape of OpenAI's list of models, with what a caller wants to know of an agent beside it. */
import * as z from 'zod'
import { format } from '../money/amount.ts'
import type { PublishedAgent } from '../agents/agents.ts'

const Model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.number().int(),
  owned_by: z.string(),
  agent_id: z.uuid(),
  slug: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  category: z.string().nullable(),
  provider: z.string(),
  model: z.string(),
  price_per_call: z.string(),
})

export const ModelList = z.object({ object: z.literal('list'), data: z.array(Model) })

export function modelList(agents: PublishedAgent[]): z.input<typeof ModelList> {
  return { object: 'list', data: agents.map(model) }
}

function model(agent: PublishedAgent): z.input<typeof Model> {
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
