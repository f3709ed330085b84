/** The published agents, read once and shown in several places; who subscribes is told at once and at every change. */
import { ApiError, listAgents, type Agent } from '../api.ts'

export type Published =
  | { state: 'loading' }
  | { state: 'failed'; error: ApiError }
  | { state: 'ready'; agents: Agent[]; readAt: Date; tookMs: number }

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
    const agents = await listAgents()
    become({ state: 'ready', agents, readAt: new Date(), tookMs: Math.round(performance.now() - startedAt) })
  } catch (thrown) {
    become({
      state: 'failed',
      error: thrown instanceof ApiError ? thrown : new ApiError('malformed', 'The list could not be read.'),
    })
  }
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
  for (const listener of subscribers) listener(published)
}
