/** The only door: requests, queue messages, clock ticks, and the classes of the Durable Objects. Four short tables, no logic. */
import { app } from './app.ts'
import { callLogsDeadQueue } from './quota/call-logs-dead.queue.ts'
import { callLogsQueue } from './quota/call-logs.queue.ts'
import { partitionsCron } from './quota/partitions.cron.ts'
import type { Bindings } from './env.ts'
import type { CallLogBatch } from './quota/call-log.ts'

export { AccountObject } from './quota/account.object.ts'
export { BreakerObject } from './gateway/breaker.object.ts'

const queues: Record<string, (batch: MessageBatch<CallLogBatch>, env: Bindings) => Promise<void>> = {
  'call-logs': callLogsQueue,
  'call-logs-dead': callLogsDeadQueue,
}

const crons: Record<string, (env: Bindings) => Promise<void>> = {
  '17 3 * * *': partitionsCron,
}

export default {
  fetch: app.fetch,
  queue: async (batch, env) => queues[batch.queue]?.(batch, env),
  scheduled: async (event, env) => crons[event.cron]?.(env),
} satisfies ExportedHandler<Bindings, CallLogBatch>
