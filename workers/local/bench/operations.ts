/** What a call makes the platform do: counted under load, at the objects, the queue and the doors of the stores. */
import { QUESTION } from './json.ts'
import { load, warm } from './load.ts'
import { ACCOUNTS, type Running, type Stage, type StoreCounts } from './stage.ts'

const CONNECTIONS = 32

/** For one call, on average over the whole load, its way into the log included. */
export type Operations = {
  calls: number
  objectRequests: number
  alarms: number
  /** Rows as they are billed: an alarm that is set counts as one. */
  rowsWritten: number
  queueMessages: number
  queueBatches: number
  /** On the way of calls; what writes the log is counted below. */
  postgres: number
  redis: number
  /** Statements that write the log, one for each queue message. */
  logStatements: number
}

type ObjectCounts = { requests: number; alarms: number; rowsWritten: number; alarmsSet: number }
type Counts = { objects: ObjectCounts; stores: StoreCounts; messages: number; batches: number }

/** Counts with the Worker that counts (`counting-worker.ts`); it is warm, and everything is drained before and after. */
export async function countOperations(stage: Stage, running: Running, ms: number): Promise<Operations> {
  await warm(running.arm, QUESTION, ACCOUNTS)
  await stage.drained()
  await warm(running.arm, QUESTION, ACCOUNTS)
  const before = await read(stage, running)
  const asked = running.arm.asked()
  await load(running.arm, { body: QUESTION, connections: CONNECTIONS, warmUpMs: 0, measureMs: ms })
  await stage.drained()
  const after = await read(stage, running)
  const calls = running.arm.asked() - asked
  const perCall = (count: (counts: Counts) => number): number => (count(after) - count(before)) / calls
  const queueMessages = perCall(({ messages }) => messages)
  const queueBatches = perCall(({ batches }) => batches)
  return {
    calls,
    objectRequests: perCall(({ objects }) => objects.requests),
    alarms: perCall(({ objects }) => objects.alarms),
    rowsWritten: perCall(({ objects }) => objects.rowsWritten + objects.alarmsSet),
    queueMessages,
    queueBatches,
    postgres: perCall(({ stores }) => stores.postgres) - queueBatches,
    redis: perCall(({ stores }) => stores.redis),
    logStatements: queueBatches,
  }
}

async function read(stage: Stage, { arm, worker }: Running): Promise<Counts> {
  const [objects, stores, queues] = await Promise.all([
    fetch(`${arm.url}/__counts`).then((response) => response.json() as Promise<ObjectCounts>),
    stage.stores.ask<StoreCounts>(),
    worker.queues(),
  ])
  const { sent = 0, delivered = 0 } = queues['call-logs'] ?? {}
  return { objects, stores, messages: sent, batches: delivered }
}
