/** Who looks at the calls of their agents, for those who write the log of calls. */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { liveWatches } from './tables.ts'
import type { Bindings } from '../env.ts'

/** Notes that a creator looks, until then (milliseconds since 1970). Throws `storeUnavailable`. */
export async function noteWatch(env: Bindings, userId: string, until: number): Promise<void> {
  const row = { userId, until: new Date(until) }
  await reach(() =>
    db(env)
      .insert(liveWatches)
      .values(row)
      .onConflictDoUpdate({
        target: liveWatches.userId,
        set: { until: sql`greatest(${liveWatches.until}, excluded.until)` },
      }),
  )
}
