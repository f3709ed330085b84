/**
 * Every five minutes: the hundred busiest agents into Redis. A copy there is used for a second while Postgres answers, and
 * for ten minutes while it does not: so that the agents that are called most can be called in every isolate, also in one
 * that starts during an outage.
 */
import { busiestAgents } from '../analytics/analytics.ts'
import { clock } from '../base/clock.ts'
import { readPublished } from './agent.ts'
import { shareCopies } from './copies.ts'
import type { Bindings } from '../env.ts'

const BUSIEST = 100

export async function warmCron(env: Bindings): Promise<void> {
  const ids = await busiestAgents(env, BUSIEST)
  const readAt = clock.now()
  if (ids.length > 0) await shareCopies(env, await readPublished(env, ids), readAt)
}
