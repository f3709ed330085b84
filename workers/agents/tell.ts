/**
 * Telling whom it concerns that an agent was published or its price changed. The change stands whether or not anybody can
 * be told: an event that the queue does not take is noted in the log and not sent again.
 */
import { callersOf } from '../analytics/analytics.ts'
import { clock } from '../base/clock.ts'
import { idFrom, newId } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { format } from '../money/amount.ts'
import { emit } from '../webhooks/webhooks.ts'
import type { Bindings } from '../env.ts'
import type { PlatformEvent } from '../notifications/events.ts'
import type { Agent } from './agents.ts'

/** Who has called within these days hears of a new price; of more accounts than this, only so many. */
const CALLER_DAYS = 30
const CALLERS_MAX = 1_000

/** Tells the creator that the agent is published. Never throws. */
export async function tellPublished(env: Bindings, agent: Agent): Promise<void> {
  const { id, slug, name, version, pricePerCall } = agent
  const data = { agent_id: id, slug, name, version, price_per_call: format(pricePerCall) }
  await tell(env, agent, async () => [
    { v: 1, id: newId(), type: 'agent.published', userId: agent.creatorId, at: clock.now(), data },
  ])
}

/** Tells the callers of a published agent that its price is another than `before`, if it is. Never throws. */
export async function tellPrice(env: Bindings, before: Agent, agent: Agent): Promise<void> {
  if (agent.status !== 'active' || agent.pricePerCall === before.pricePerCall) return
  const { id, slug, name, version } = agent
  const [old_price_per_call, new_price_per_call] = [format(before.pricePerCall), format(agent.pricePerCall)]
  const data = { agent_id: id, slug, name, old_price_per_call, new_price_per_call }
  const type = 'agent.price_changed'
  const at = clock.now()
  await tell(env, agent, async () => {
    const callers = await callersOf(env, agent, CALLER_DAYS, CALLERS_MAX)
    return Promise.all(
      callers.map(async (userId) => ({
        v: 1,
        id: await idFrom(type, id, String(version), userId),
        type,
        userId,
        at,
        data,
      })),
    )
  })
}

async function tell(env: Bindings, agent: Agent, events: () => Promise<PlatformEvent[]>): Promise<void> {
  try {
    await emit(env, await events())
  } catch (thrown) {
    log.error('agents.untold', { agent_id: agent.id, error: describe(thrown) })
  }
}
