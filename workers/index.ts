/** The only door: requests, queue messages, clock ticks, and the classes of the Durable Objects. Four short tables, no logic. */
import { figuresCron } from './agents/figures.cron.ts'
import { mintsCron } from './agents/mints.cron.ts'
import { warmCron } from './agents/warm.cron.ts'
import { app } from './app.ts'
import { sessionsCron } from './auth/sessions.cron.ts'
import { deadLettersQueue } from './base/dead-letters.queue.ts'
import { observeCron, observeQueue } from './base/observe.ts'
import { queueName } from './base/queue-name.ts'
import { mintsQueue } from './chain/mints.queue.ts'
import { payoutsQueue } from './chain/payouts.queue.ts'
import { watcherCron } from './chain/watcher.cron.ts'
import { sweepKnowledgeCron } from './knowledge/sweep.cron.ts'
import { knowledgeQueue } from './knowledge/steps.queue.ts'
import { mailsQueue } from './notifications/mails.queue.ts'
import { notificationsCron } from './notifications/notifications.cron.ts'
import { paymentEventsQueue } from './payments/payment-events.queue.ts'
import { pollCron } from './payments/poll.cron.ts'
import { callLogsQueue } from './quota/call-logs.queue.ts'
import { partitionsCron } from './quota/partitions.cron.ts'
import { payoutStatesQueue } from './settlements/payout-states.queue.ts'
import { reconcileCron } from './settlements/reconcile.cron.ts'
import { settlementsCron } from './settlements/settlements.cron.ts'
import { settlementsQueue } from './settlements/settlements.queue.ts'
import { withdrawalsCron } from './settlements/withdrawals.cron.ts'
import { deliverQueue } from './webhooks/deliver.queue.ts'
import { eventsQueue } from './webhooks/events.queue.ts'
import { sweepCron } from './webhooks/sweep.cron.ts'
import type { Bindings } from './env.ts'

export { MetricsObject } from './base/metrics.object.ts'
export { ThrottleObject } from './base/throttle.object.ts'
export { SignerObject } from './chain/signer.object.ts'
export { LiveObject } from './notifications/live.object.ts'
export { AccountObject } from './quota/account.object.ts'
export { BreakerObject } from './gateway/breaker.object.ts'

// What a message holds is its consumer's to read; here it is only handed on.
const queues: Record<string, (batch: MessageBatch<never>, env: Bindings) => Promise<void>> = {
  mints: mintsQueue,
  'mints-dead': deadLettersQueue,
  payouts: payoutsQueue,
  'payouts-dead': deadLettersQueue,
  mails: mailsQueue,
  'mails-dead': deadLettersQueue,
  events: eventsQueue,
  'events-dead': deadLettersQueue,
  'webhook-deliveries': deliverQueue,
  'webhook-deliveries-dead': deadLettersQueue,
  'webhook-deliveries-slow': deliverQueue,
  'webhook-deliveries-slow-dead': deadLettersQueue,
  'call-logs': callLogsQueue,
  'call-logs-dead': deadLettersQueue,
  knowledge: knowledgeQueue,
  'knowledge-dead': deadLettersQueue,
  'payment-events': paymentEventsQueue,
  'payment-events-dead': deadLettersQueue,
  settlements: settlementsQueue,
  'settlements-dead': deadLettersQueue,
  'payout-states': payoutStatesQueue,
  'payout-states-dead': deadLettersQueue,
}

const crons: Record<string, (env: Bindings) => Promise<void>> = {
  '* * * * *': sweepCron,
  '*/2 * * * *': watcherCron,
  '53 3 * * *': notificationsCron,
  '17 3 * * *': partitionsCron,
  '41 3 * * *': sessionsCron,
  '1-56/5 * * * *': figuresCron,
  '3-58/5 * * * *': warmCron,
  '2-59/3 * * * *': pollCron,
  '4-59/5 * * * *': mintsCron,
  '4-59/3 * * * *': sweepKnowledgeCron,
  '23 2 * * *': settlementsCron,
  '1-59/2 * * * *': withdrawalsCron,
  '37 * * * *': reconcileCron,
}

export default {
  fetch: app.fetch,
  queue: async (batch, env) =>
    observeQueue(batch, env, async () => queues[queueName(batch.queue)]?.(batch as MessageBatch<never>, env)),
  scheduled: async (event, env) => observeCron(event.cron, env, async () => crons[event.cron]?.(env)),
} satisfies ExportedHandler<Bindings>
