/** The published agents, read once and shown in several places; who subscribes is told at once and at every change. */
import { call, type Item } from '../api/client.ts'
import { ApiError } from '../api/error.ts'

export type Agent = Item<'GET /api/v1/marketplace/agents'>
export type Published =
  | { state: 'loading' }
  | { state: 'failed'; error: ApiError }
  | { state: 'ready'; agents: Agent[]; tookMs: number }

const AGENTS_MAX = 50
/** What a call of a package covers of an agent's price, in dollars; what lies above comes from the balance. */
const COVERED = 0.005

let current: Published = { state: 'loading' }
const subscribers = new Set<(published: Published) => void>()

/** Calls `listener` now and whenever the list changes. */
export function onPublished(listener: (published: Published) => void): void {
  subscribers.add(listener)
  listener(current)
}

/** Reads the list again. Never throws: a failure is a state. */
export async function readPublished(): Promise<void> {
  become({ state: 'loading' })
  const startedAt = performance.now()
  try {
    const { items } = await call('GET /api/v1/marketplace/agents', { query: { limit: AGENTS_MAX }, isPublic: true })
    become({ state: 'ready', agents: items, tookMs: Math.round(performance.now() - startedAt) })
  } catch (thrown) {
    become({ state: 'failed', error: thrown instanceof ApiError ? thrown : new ApiError('malformed', 'malformed') })
  }
}

/** Dollars of a call that come from the balance. */
export function premiumOf({ price_per_call }: Pick<Agent, 'price_per_call'>): number {
  return Math.max(0, Math.round((Number(price_per_call) - COVERED) * 1e8) / 1e8)
}

let chosenId: string | undefined
const choosers = new Set<(agent: Agent) => void>()

/** Calls `listener` whenever another agent is chosen, here or elsewhere on the page. */
export function onChosen(listener: (agent: Agent) => void): void {
  choosers.add(listener)
}

/** Makes `agent` the one that the live box and the code examples speak of. */
export function choose(agent: Agent): void {
  if (agent.id === chosenId) return
  chosenId = agent.id
  for (const listener of choosers) listener(agent)
}

function become(published: Published): void {
  current = published
  for (const subscriber of subscribers) subscriber(published)
}
