/**
 * Showing creators the calls of their agents as they reach the log. Only those are shown anything who said that they look
 * (`live_watches`), so where nobody does it costs nothing. They see what was called, how it went and what it earned, and
 * nothing of who called or what was said.
 */
import { idFrom } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { within } from '../base/within.ts'
import { pushLive } from '../notifications/notifications.ts'
import type { Bindings } from '../env.ts'
import type { CallLog } from './call-log.ts'

const TYPE = 'agent.called'
/** Of one batch, to one creator: more than that nobody reads, and the list has them all. */
const SHOWN_MAX = 50
/** What is shown in vain must not hold up the log. */
const SHOW_MS = 1_000

/** Shows these creators what of the logs is theirs. Repeatable. Never throws: the list is the truth, and this a glance at it. */
export async function showCreators(env: Bindings, creatorIds: string[], logs: CallLog[]): Promise<void> {
  await Promise.all(
    creatorIds.map(async (creatorId) => {
      try {
        const theirs = logs.filter((one) => one.creatorId === creatorId).slice(-SHOWN_MAX)
        await within(SHOW_MS, pushLive(env, creatorId, await Promise.all(theirs.map(eventOf))))
      } catch (thrown) {
        log.warn('quota.creator_not_shown', { account_id: creatorId, error: describe(thrown) })
      }
    }),
  )
}

async function eventOf(call: CallLog) {
  return {
    // Whoever called knows the call by its id; this one tells the same call apart and leads nowhere.
    id: await idFrom(TYPE, call.id),
    type: TYPE,
    at: call.settledAt,
    data: {
      agent_id: call.agentId,
      agent_version: call.agentVersion,
      stream: call.stream,
      status: call.status,
      error_code: call.errorCode,
      funding: call.funding,
      price_usd: call.priceUsd,
      revenue_usd: call.revenueUsd,
      latency_ms: call.latencyMs,
    },
  }
}
