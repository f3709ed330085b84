/**
 * Telling the world outside. This room owns the events' way to webhooks, the webhooks, and what became of each delivery.
 * It promises that an event that was emitted reaches every webhook that asked for it at least once under one id, or is
 * shown to its owner as failed; `deliveries.ts` has the states. It never calls an inside address, a paused or deleted
 * webhook, or anybody with a secret that is not theirs any more.
 */
import { and, eq, inArray, isNull } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { Memory } from '../base/memory.ts'
import { webhooks } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { PlatformEvent } from '../notifications/events.ts'

/** The most messages that a queue takes at once. */
const BATCH_MAX = 100
const USERS_IN_MEMORY = 20_000
/** A new webhook is told of calls that end so much later than its creation. */
const WANTED_MS = 3_000

/** Sends events on their way. Throws when the queue does not take them: then whoever emits them does so again. */
export async function emit(env: Bindings, events: PlatformEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += BATCH_MAX)
    await env.EVENTS.sendBatch(events.slice(from, from + BATCH_MAX).map((body) => ({ body })))
}

type Wanted = { types: ReadonlySet<string>; readAt: number }

const wanted = new Memory<Wanted>(USERS_IN_MEMORY)

/**
 * Like `emit`, for what happens too often to be told to nobody: only events go out for which their user has a webhook, as
 * it was at most three seconds ago. Throws also `storeUnavailable`.
 */
export async function emitWanted(env: Bindings, events: PlatformEvent[]): Promise<void> {
  const now = clock.now()
  const users = new Set(events.map(({ userId }) => userId))
  const known = new Map<string, Wanted>()
  for (const user of users) {
    const copy = wanted.get(user)
    if (copy && now - copy.readAt < WANTED_MS) known.set(user, copy)
  }
  const missing = [...users].filter((user) => !known.has(user))
  for (const [user, types] of await wantedTypes(env, missing)) {
    const copy = { types, readAt: now }
    known.set(user, copy)
    wanted.set(user, copy)
  }
  await emit(
    env,
    events.filter(({ userId, type }) => known.get(userId)?.types.has(type)),
  )
}

/** The types of events that the active webhooks of these users ask for. */
async function wantedTypes(env: Bindings, users: string[]): Promise<Map<string, Set<string>>> {
  const types = new Map(users.map((user) => [user, new Set<string>()]))
  if (users.length === 0) return types
  const rows = await reach(() =>
    db(env)
      .select({ userId: webhooks.userId, events: webhooks.events })
      .from(webhooks)
      .where(and(inArray(webhooks.userId, users), eq(webhooks.active, true), isNull(webhooks.deletedAt))),
  )
  for (const { userId, events } of rows) for (const type of events) types.get(userId)?.add(type)
  return types
}
