/** Daily: sends a message for every creator whose earnings of a period are due, and for every settlement that got stuck. */
import { clock } from '../base/clock.ts'
import { log } from '../base/log.ts'
import { dueEnd } from './periods.ts'
import { earners, unfinishedCreators, type SettlementMessage } from './settle.ts'
import type { Bindings } from '../env.ts'

const CREATORS = 500
/** More creators than these wait for the next day. */
const PAGES_MAX = 400
/** As many messages as a queue takes at once. */
const SEND_MAX = 100
/** What was begun so long ago is not on its way any more. */
const STUCK_MS = 60 * 60_000
const FIRST = '00000000-0000-0000-0000-000000000000'

/** Repeatable. Throws `storeUnavailable` if Postgres is away; tomorrow is soon enough then. */
export async function settlementsCron(env: Bindings): Promise<void> {
  const now = clock.now()
  const to = dueEnd(env, now)
  await send(env, to, await unfinishedCreators(env, new Date(now - STUCK_MS), CREATORS))
  let sent = 0
  let after = FIRST
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const found = await earners(env, { to, after, limit: CREATORS })
    const due = found.filter(({ isDue }) => isDue).map(({ id }) => id)
    await send(env, to, due)
    sent += due.length
    const last = found.at(-1)
    if (!last || found.length < CREATORS) break
    after = last.id
  }
  log.info('settlements.due', { count: sent })
}

async function send(env: Bindings, to: string, creators: string[]): Promise<void> {
  const messages = creators.map((creatorId) => ({
    body: { version: 1, creatorId, to, asOf: null, expected: null } satisfies SettlementMessage,
  }))
  for (let from = 0; from < messages.length; from += SEND_MAX)
    await env.SETTLEMENTS.sendBatch(messages.slice(from, from + SEND_MAX))
}
