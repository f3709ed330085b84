/** An environment's queues are named as the ones here, with its own name behind: `mails-staging`, `mails-dead-production`. */
const ENVIRONMENT = /-(?:staging|production)$/

/** The name by which the code knows a queue, whatever environment it is in. */
export function queueName(queue: string): string {
  return queue.replace(ENVIRONMENT, '')
}
