/** The queue `events`: what happened, on its way to whoever wants to hear of it. */
import type { Bindings } from '../env.ts'
import type { PlatformEvent } from '../notifications/events.ts'

export async function eventsQueue(batch: MessageBatch<PlatformEvent>, _env: Bindings): Promise<void> {
  batch.ackAll()
}
