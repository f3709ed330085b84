/**
 * One believable market, for the seed of the local stack: who publishes, and what. Pure data, no ids and no secrets.
 * Every creator has a file in `market/`. Nothing here is shipped.
 */
import type { Category } from '../agents/categories.ts'
import type { AgentConfigInput } from '../agents/config.ts'
import type { ProviderName } from '../gateway/providers/provider.ts'
import { inesCarvalho } from './market/ines-carvalho.ts'
import { linZhiyuan } from './market/lin-zhiyuan.ts'
import { solveigMoe } from './market/solveig-moe.ts'
import { tomaszWrona } from './market/tomasz-wrona.ts'

export type Creator = {
  slug: string
  display_name: string
  email: string
  bio: string
  verified: boolean
}

export type MarketAgent = {
  slug: string
  /** The slug of its creator. */
  creator: string
  name: string
  description: string
  category: Category
  provider: ProviderName
  model: string
  /** Dollars, a decimal string with at most 6 decimals. */
  price_per_call: string
  temperature: number
  top_p: number
  max_tokens: number
  status: 'draft' | 'active' | 'inactive'
  system_prompt: string
  knowledge_base?: AgentConfigInput['knowledge_base']
  /** Files in `market/` that it answers from. */
  documents?: string[]
}

/** A creator's page of the market: the agents carry no `creator`, it is the page's. */
export type Page = { creator: Creator; agents: Omit<MarketAgent, 'creator'>[] }

const pages: Page[] = [inesCarvalho, tomaszWrona, solveigMoe, linZhiyuan]

/** The slugs of those in the front row, in order. */
export const FEATURED = ['postgres-reviewer', 'plain-english-editor', 'shuxue-peilian', 'nda-reader']

export const market: { creators: Creator[]; agents: MarketAgent[] } = {
  creators: pages.map((page) => page.creator),
  agents: pages.flatMap((page) => page.agents.map((agent) => ({ ...agent, creator: page.creator.slug }))),
}
