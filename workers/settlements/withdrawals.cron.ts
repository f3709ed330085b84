/** Every two minutes: takes on the withdrawals of which nothing was heard for a while, whatever was lost on their way. */
import { clock } from '../base/clock.ts'
import { describe, log } from '../base/log.ts'
import { advance, silentSince } from './payouts.ts'
import type { Bindings } from '../env.ts'

const SILENT_MS = 60_000
const MOST = 100

/** Repeatable. Throws `storeUnavailable` if Postgres is away; the next time is soon enough then. */
export async function withdrawalsCron(env: Bindings): Promise<void> {
  for (const id of await silentSince(env, new Date(clock.now() - SILENT_MS), MOST)) {
    try {
      await advance(env, id)
    } catch (thrown) {
      log.warn('withdrawals.not_advanced', { error: describe(thrown) })
    }
  }
}
