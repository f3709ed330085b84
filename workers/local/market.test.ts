import { describe, expect, it } from 'vitest'
import { amount, above, ZERO } from '../money/amount.ts'
import { CATEGORIES } from '../agents/categories.ts'
import { findModel } from '../agents/models.ts'
import { FEATURED, market } from './market.ts'

/** A longer run of letters or digits that a prompt shares with its public description is a sentence taken over. */
const SHARED_MAX = 17

const lettersAndDigits = (text: string) =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')

describe('the market of the local stack', () => {
  it('has a dozen agents or more, in six categories, from all three providers', () => {
    expect(market.agents.length).toBeGreaterThanOrEqual(12)
    expect(new Set(market.agents.map((agent) => agent.category)).size).toBe(6)
    expect(new Set(market.agents.map((agent) => agent.provider))).toEqual(new Set(['openai', 'anthropic', 'google']))
  })

  it('has one draft, one inactive agent and otherwise active ones', () => {
    const others = market.agents.map((agent) => agent.status).filter((status) => status !== 'active')
    expect(others.sort()).toEqual(['draft', 'inactive'])
  })

  it('names every agent and creator once, and no agent without its creator', () => {
    const slugs = market.agents.map((agent) => agent.slug)
    const creators = market.creators.map((creator) => creator.slug)
    expect(new Set(slugs).size).toBe(slugs.length)
    expect(new Set(creators).size).toBe(creators.length)
    for (const agent of market.agents) expect(creators).toContain(agent.creator)
  })

  it.each(market.agents)('$slug could be saved and published through the door', (agent) => {
    expect(CATEGORIES).toContain(agent.category)
    expect(agent.description.length).toBeGreaterThanOrEqual(20)
    expect(findModel(agent.provider, agent.model)?.outputTokensMax).toBeGreaterThanOrEqual(agent.max_tokens)
  })

  it('has in its front row only agents that can be called', () => {
    const active = market.agents.filter(({ status }) => status === 'active').map(({ slug }) => slug)
    expect(active).toEqual(expect.arrayContaining(FEATURED))
  })

  it.each(market.agents)('$slug fits the columns it is stored in', (agent) => {
    expect(agent.name.length).toBeLessThanOrEqual(100)
    expect(agent.price_per_call).toMatch(/^\d+(\.\d{1,6})?$/)
    expect(above(amount(agent.price_per_call), amount('1')), 'at most a dollar').toBe(ZERO)
    expect(agent.system_prompt.length).toBeGreaterThanOrEqual(400)
    expect(agent.system_prompt.length).toBeLessThanOrEqual(8000)
  })

  it.each(market.agents)('$slug shows nothing of its prompt in what is public', (agent) => {
    const prompt = lettersAndDigits(agent.system_prompt)
    const shown = lettersAndDigits(agent.description)
    for (let start = 0; start + SHARED_MAX < shown.length; start++) {
      expect(prompt).not.toContain(shown.slice(start, start + SHARED_MAX + 1))
    }
  })
})
