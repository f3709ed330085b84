/** The only door: requests, queue messages, clock ticks, and the classes of the Durable Objects. Four short tables, no logic. */
import { figuresCron } from './agents/figures.cron.ts'
import { warmCron } from './agents/warm.cron.ts'
import { app } from './app.ts'
import { deadLettersQueue } from './base/dead-letters.queue.ts'
import { callLogsQueue } from './quota/call-logs.queue.ts'
import { partitionsCron } from './quota/partitions.cron.ts'
import { eventsQueue } from './webhooks/events.queue.ts'
import type { Bindings } from './env.ts'

export { AccountObject } from './quota/account.object.ts'
export { BreakerObject } from './gateway/breaker.object.ts'

// What a message holds is its consumer's to read; here it is only handed on.
const queues: Record<string, (batch: MessageBatch<never>, env: Bindings) => Promise<void>> = {
  events: eventsQueue,
  'events-dead': deadLettersQueue,
  'call-logs': callLogsQueue,
  'call-logs-dead': deadLettersQueue,
}

const crons: Record<string, (env: Bindings) => Promise<void>> = {
  '17 3 * * *': partitionsCron,
  '1-56/5 * * * *': figuresCron,
  '3-58/5 * * * *': warmCron,
}

export default {
  fetch: app.fetch,
  queue: async (batch, env) => queues[batch.queue]?.(batch as MessageBatch<never>, env),
  scheduled: async (event, env) => crons[event.cron]?.(env),
} satisfies ExportedHandler<Bindings>
