/**
 * Telling the users themselves. This room owns what is shown, pushed and mailed to them of what happened. It promises that
 * an event is told once, however often it comes. It never holds up what the event was about.
 */
import type { Bindings } from '../env.ts'
import type { PlatformEvent } from './events.ts'

/** Tells an event to its user; repeatable, by the event's id. */
export async function tell(_env: Bindings, _event: PlatformEvent): Promise<void> {}
