/** The queues: where messages are put into each, and how many wait in it. */
import { within } from '../base/within.ts'
import type { Bindings, OwnBindings } from '../env.ts'

const LIMIT_MS = 1_000

/** The queues of wrangler.toml, by the binding that sends to each. */
export const QUEUES = {
  mints: 'MINTS',
  payouts: 'PAYOUTS',
  'payout-states': 'PAYOUT_STATES',
  mails: 'MAILS',
  events: 'EVENTS',
  'webhook-deliveries': 'DELIVERIES',
  'webhook-deliveries-slow': 'DELIVERIES_SLOW',
  'call-logs': 'CALL_LOGS',
  knowledge: 'KNOWLEDGE_STEPS',
  'payment-events': 'PAYMENT_EVENTS',
  settlements: 'SETTLEMENTS',
} as const satisfies Record<string, keyof OwnBindings>

/** The queue of this name, or null. What it takes is for whoever sends to know. */
export function queueOf(env: Bindings, name: string): Queue | null {
  const binding = Object.entries(QUEUES).find(([queue]) => queue === name)?.[1]
  return binding === undefined ? null : env[binding]
}

/** `backlog`: the messages that wait, or null where the queue does not say. */
export type Backlog = { queue: string; backlog: number | null }

/** How many messages wait in each queue. Never throws. */
export async function backlogs(env: Bindings): Promise<Backlog[]> {
  return Promise.all(
    Object.keys(QUEUES).map(async (queue) => {
      const asked = async (): Promise<number | null> => (await queueOf(env, queue)?.metrics())?.backlogCount ?? null
      return { queue, backlog: await within(LIMIT_MS, asked()).catch(() => null) }
    }),
  )
}
