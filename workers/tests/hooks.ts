/** What tests of webhooks share: webhooks with a receiver of their own, events, and a consumer that is driven by hand. */
import { env } from 'cloudflare:workers'
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { sql, type SQL } from 'drizzle-orm'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { emit } from '../webhooks/webhooks.ts'
import { deliverQueue } from '../webhooks/deliver.queue.ts'
import type { Bindings } from '../env.ts'
import type { EventType, PlatformEvent } from '../notifications/events.ts'
import type { DeliveryMessage } from '../webhooks/deliveries.ts'
import { api, bindings, door, type Account } from './world.ts'

/** What came to a receiver, as local/receiver.ts keeps it. */
export type Received = { target: string; at: number; headers: Record<string, string>; body: string; answered: string }

export type Hook = { id: string; secret: string; target: string; path: string }

/**
 * A webhook whose receiver answers as `script` says, in the words of local/receiver.ts: `answers=500,204&say=Hello`.
 * `label` is the first label of its host, which local/dns.ts takes for what the name is to resolve to.
 */
export async function newHook(
  account: Account,
  script = '',
  { label = 'hooks', events = ['agent.published'] }: { label?: string; events?: EventType[] } = {},
): Promise<Hook> {
  const target = `https://${label}.example.com/${newId()}`
  const { status, body } = await api('POST /api/v1/webhooks', {
    as: account,
    body: { url: `${target}?${script}`, events },
  })
  if (status !== 201) throw new Error(`The webhook was refused: ${JSON.stringify(body)}`)
  return { id: body.id, secret: body.secret, target, path: `/api/v1/webhooks/${body.id}` }
}

/** What a receiver was sent, in order. */
export async function received(hook: Pick<Hook, 'target'>): Promise<Received[]> {
  const response = await fetch(`${env.RECEIVER_URL}/?${new URLSearchParams({ target: hook.target }).toString()}`)
  return response.json()
}

export function published(account: Pick<Account, 'id'>, name = 'Marlow'): PlatformEvent {
  const data = { agent_id: newId(), slug: 'marlow', name, version: 1, price_per_call: '0.004' }
  return { v: 1, id: newId(), type: 'agent.published', userId: account.id, at: Date.now(), data }
}

/** Tells an event, and waits until its delivery to the webhook is there. */
export async function happen(account: Account, hook: Hook, event = published(account)): Promise<string> {
  await emit(bindings, [event])
  return (await only(account, hook, (delivery) => delivery.event_id === event.id)).id
}

// As `api` gives it; what shape it has is checked by the route itself.
// oxlint-disable-next-line typescript/no-explicit-any
type Shown = any

/** The first delivery of a webhook that is as wanted, once it is. */
export async function only(account: Account, hook: Hook, isWanted: (delivery: Shown) => boolean): Promise<Shown> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const { body } = await api(`GET ${hook.path}/deliveries?limit=100`, { as: account })
    const found = body.items.find(isWanted)
    if (found) return (await api(`GET ${hook.path}/deliveries/${found.id}`, { as: account })).body
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('There is no such delivery.')
}

/** The delivery, once it is over. */
export function ended(account: Account, hook: Hook, id: string): Promise<Shown> {
  return only(account, hook, (delivery) => delivery.id === id && delivery.finished_at !== null)
}

export type Sent = { body: DeliveryMessage; delaySeconds: number }

/** The Worker's bindings with queues that only keep what is sent, and what they have kept. */
export function byHand(variables: Record<string, string> = {}): { env: Bindings; sent: Sent[]; slow: Sent[] } {
  const [sent, slow]: Sent[][] = [[], []]
  const keep = (into: Sent[]) => ({
    sendBatch: async (messages: Sent[]) => {
      into.push(...messages)
    },
  })
  const queues = { DELIVERIES: keep(sent!), DELIVERIES_SLOW: keep(slow!) }
  return { env: { ...bindings, ...variables, ...queues } as unknown as Bindings, sent: sent!, slow: slow! }
}

/** Hands messages to the consumer as one batch. */
export async function deliver(env: Bindings, messages: DeliveryMessage[]) {
  const batch = createMessageBatch<DeliveryMessage>(
    'webhook-deliveries',
    messages.map((body) => ({ id: newId(), timestamp: new Date(), attempts: 1, body })),
  )
  const context = createExecutionContext()
  await deliverQueue(batch, env)
  return getQueueResult(batch, context)
}

/** Does something while Postgres is away. */
export async function withoutPostgres<T>(work: () => Promise<T>): Promise<T> {
  await door('/postgres/pause')
  try {
    return await work()
  } finally {
    await door('/postgres/resume')
  }
}

/**
 * The plan of a query with everything put off that a small table tempts Postgres to: what is sorted or read through here
 * has no index to come by.
 */
export async function planOf(query: SQL): Promise<string> {
  const off = (what: string) => db(bindings).execute(sql`SELECT set_config(${`enable_${what}`}, 'off', true)`)
  const [, , , { rows }] = await db(bindings).batch([
    off('seqscan'),
    off('bitmapscan'),
    off('sort'),
    db(bindings).execute<{ 'QUERY PLAN': string }>(sql`EXPLAIN ${query}`),
  ])
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}
