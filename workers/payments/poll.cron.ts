/** Asks about payments of which nobody told us anything for a while, and sends on events that got lost after they were kept. */
import { inArray, lte, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { log } from '../base/log.ts'
import { lostEvents } from './events.ts'
import { payments } from './tables.ts'
import type { Bindings } from '../env.ts'

/** As many as a queue takes at once. */
const BATCH_MAX = 100
/** A payment that was just sent to be asked about is left alone for so long. */
const CLAIM_MS = 10 * 60_000

export async function pollCron(env: Bindings): Promise<void> {
  const now = clock.now()
  const due = db(env)
    .select({ id: payments.id })
    .from(payments)
    .where(lte(payments.checkAt, new Date(now)))
    .orderBy(payments.checkAt)
    .limit(BATCH_MAX)
    .for('update', { skipLocked: true })
  const claimed = await reach(() =>
    db(env)
      .update(payments)
      .set({ checkAt: new Date(now + CLAIM_MS) })
      .where(inArray(payments.id, sql`(${due})`))
      .returning({ id: payments.id }),
  )
  const lost = await lostEvents(env, BATCH_MAX)
  if (lost.length > 0) log.warn('payments.events_lost', { count: lost.length })
  const news = [
    ...claimed.map(({ id }) => ({ version: 1, payment: id }) as const),
    ...lost.map((id) => ({ version: 1, event: id }) as const),
  ]
  for (let from = 0; from < news.length; from += BATCH_MAX)
    await env.PAYMENT_EVENTS.sendBatch(news.slice(from, from + BATCH_MAX).map((body) => ({ body })))
}
