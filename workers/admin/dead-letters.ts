/** What the queues gave up on: listed without what it says, and sent again. */
import { and, desc, eq, isNull, sql } from 'drizzle-orm'
import * as z from 'zod'
import { audited } from '../auth/audit.ts'
import { db, mustChange, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { atMicros, micros, Micros, readCursor, toPage } from '../base/page.ts'
import { deadLetters } from '../base/tables.ts'
import { unlessUnchanged, type Cause } from './change.ts'
import { queueOf } from './queues.ts'
import type { Bindings } from '../env.ts'

const Place = z.tuple([Micros, z.string().max(128)])

/** `isWaiting`: only those that were not sent again yet. */
export type DeadLetterFilter = { queue?: string | undefined; isWaiting: boolean }

/** A page of dead letters, the latest first; their bodies, which may hold what is private, stay where they are. */
export async function deadLetterPage(
  env: Bindings,
  { limit, cursor, queue, isWaiting }: { limit: number; cursor?: string | undefined } & DeadLetterFilter,
) {
  const after = readCursor(cursor, Place)
  const rows = await reach(() =>
    db(env)
      .select({
        queue: deadLetters.queue,
        id: deadLetters.id,
        attempts: deadLetters.attempts,
        bytes: sql<number>`octet_length(${deadLetters.body}::text)`,
        sent_at: deadLetters.sentAt,
        received_at: deadLetters.receivedAt,
        replayed_at: deadLetters.replayedAt,
        place: micros(deadLetters.receivedAt),
      })
      .from(deadLetters)
      .where(
        and(
          queue === undefined ? undefined : eq(deadLetters.queue, queue),
          isWaiting ? isNull(deadLetters.replayedAt) : undefined,
          after && sql`(${deadLetters.receivedAt}, ${deadLetters.id}) < (${atMicros(after[0])}, ${after[1]})`,
        ),
      )
      .orderBy(desc(deadLetters.receivedAt), desc(deadLetters.id))
      .limit(limit + 1),
  )
  return toPage(rows, limit, (row) => [row.place, row.id])
}

/**
 * Sends a dead letter again, to the queue that gave up on it. It is sent before it is marked: what is broken off between the
 * two is sent twice, which every consumer takes for once, and never lost. Throws `notFound`, `conflict` if it was sent again before.
 */
export async function replay(env: Bindings, { queue, id }: { queue: string; id: string }, cause: Cause): Promise<void> {
  const isThis = and(eq(deadLetters.queue, queue), eq(deadLetters.id, id))
  const target = queueOf(env, queue)
  const [letter] = await reach(() => db(env).select().from(deadLetters).where(isThis))
  if (!letter || !target) throw new AppError('notFound')
  if (letter.replayedAt !== null) throw new AppError('conflict')
  await target.send(letter.body)
  const change = db(env)
    .update(deadLetters)
    .set({ replayedAt: sql`now()` })
    .where(and(isThis, isNull(deadLetters.replayedAt)))
    .returning({ id: deadLetters.id })
  const subject = { type: 'system', id: `${queue}/${id}`.slice(0, 128) } as const
  const done = await unlessUnchanged(() =>
    db(env).batch([mustChange(env, change), audited(env, { action: 'dead_letter.replay', subject, ...cause })]),
  )
  if (!done) throw new AppError('conflict')
}
