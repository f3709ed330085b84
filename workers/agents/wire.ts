/** How a creator's own agent stands in answers: everything but its prompt. */
import * as z from 'zod'
import { Id, Moment } from '../base/wire.ts'
import { Dollars } from '../money/dollars.ts'
import { STATUSES } from './agents.ts'
import { ShownConfig } from './config.ts'
import { measure } from './prompt.ts'
import type { Remark } from './check.ts'
import type { OwnAgent, ownAgents } from './own.ts'
import type { OpenedConfig } from './vault.ts'

const Common = {
  id: Id,
  slug: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  category: z.string().nullable(),
  status: z.enum(STATUSES),
  version: z.int(),
  statistics: z.object({
    total_calls: z.int(),
    total_revenue_usd: Dollars,
    average_rating: z.number(),
    review_count: z.int(),
  }),
  created_at: Moment,
  updated_at: Moment,
  published_at: Moment.nullable(),
}

export const ListedAgent = z.object({ ...Common, provider: z.string(), model: z.string(), price_per_call: Dollars })

export const AgentView = z.object({
  ...Common,
  config: ShownConfig.extend({ price_per_call: Dollars }),
  prompt: z
    .object({ chars: z.int(), sha256: z.string() })
    .describe('How long the prompt is, and a fingerprint of it. The prompt itself is shown by `GET …/prompt` alone.'),
  token: z.object({ id: z.string(), tx_hash: z.string().nullable() }).nullable(),
})

const Remarks = z.array(z.object({ field: z.string(), problem: z.string() }))

export const SavedAgent = AgentView.extend({
  warnings: Remarks.describe('What you should know and may decide otherwise.'),
})

/** An agent with its opened configuration. */
export async function agentView(agent: OwnAgent, opened: OpenedConfig): Promise<z.input<typeof AgentView>> {
  const { prompt, ...config } = opened
  const { chars, sha256 } = await measure(prompt)
  const { tokenId, tokenTxHash } = agent
  return {
    ...common(agent),
    config,
    prompt: { chars, sha256 },
    token: tokenId === null ? null : { id: String(tokenId), tx_hash: tokenTxHash },
  }
}

/** The same after it was saved. */
export async function savedAgent(
  agent: OwnAgent,
  opened: OpenedConfig,
  warnings: Remark[],
): Promise<z.input<typeof SavedAgent>> {
  return { ...(await agentView(agent, opened)), warnings }
}

/** A row of a creator's list. */
export function listedAgent(row: Awaited<ReturnType<typeof ownAgents>>[number]): z.input<typeof ListedAgent> {
  return { ...common(row), provider: row.provider, model: row.model, price_per_call: row.pricePerCall }
}

type Row = Omit<OwnAgent, 'config' | 'pricePerCall' | 'publicTexts'>

const common = (row: Row) => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  description: row.description,
  category: row.category,
  status: row.status,
  version: row.version,
  statistics: {
    total_calls: row.totalCalls,
    total_revenue_usd: row.totalRevenue,
    average_rating: Number(row.averageRating),
    review_count: row.reviewCount,
  },
  created_at: row.createdAt,
  updated_at: row.updatedAt,
  published_at: row.publishedAt,
})
