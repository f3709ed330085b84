/** Open-loop load: requests come when they come, whether or not earlier ones have been answered, as callers do. */
import { setTimeout } from 'node:timers/promises'
import { Connection } from './connection.ts'
import { spread } from './load.ts'
import type { Arm, Body } from './arm.ts'

/** More open requests than this and the machine measures itself: what would come on top is counted as not sent. */
const CONNECTIONS_MAX = 4_000
const ANSWER_MS_MAX = 30_000
const TICK_MS = 1

export type Arrivals = {
  /** Of the requests that were due in the measured time. */
  due: number
  notSent: number
  /** Answers by status; 0 stands for a connection that ended without one. */
  statuses: Map<number, number>
  /** From the moment a request was due to the end of its answer: of those with 200, and of those refused. */
  answered: ReturnType<typeof spread>
  refused: ReturnType<typeof spread>
}

/** Sends `perSecond` requests each second for so long, and waits for their answers. Rejects when answers stay away. */
export async function arrive(
  arm: Arm,
  { body, perSecond, seconds }: { body: Body; perSecond: number; seconds: number },
): Promise<Arrivals> {
  const next = arm.requests(body)
  const due = Math.round(perSecond * seconds)
  const free: Connection[] = []
  const running = new Set<Promise<void>>()
  const answered: number[] = []
  const refused: number[] = []
  const statuses = new Map<number, number>()
  let open = 0
  let notSent = 0

  const ask = async (dueAt: number): Promise<void> => {
    const connection = free.pop() ?? (await opened())
    const status = await connection.ask(next()).catch(() => 0)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (status > 0) free.push(connection)
    else open -= 1
    const latencies = status === 200 ? answered : refused
    latencies.push(performance.now() - dueAt)
  }
  const opened = (): Promise<Connection> => {
    open += 1
    return Connection.open(arm.url)
  }

  const startedAt = performance.now()
  for (let sent = 0; sent < due; await setTimeout(TICK_MS)) {
    const dueNow = Math.min(due, Math.floor(((performance.now() - startedAt) * perSecond) / 1_000) + 1)
    for (; sent < dueNow; sent += 1) {
      if (free.length === 0 && open >= CONNECTIONS_MAX) notSent += 1
      else {
        const asked = ask(startedAt + (sent * 1_000) / perSecond)
        running.add(asked)
        void asked.finally(() => running.delete(asked))
      }
    }
  }
  await Promise.race([Promise.all(running), late()])
  for (const connection of free) connection.close()
  return { due, notSent, statuses, answered: spread(answered), refused: spread(refused) }
}

async function late(): Promise<never> {
  await setTimeout(ANSWER_MS_MAX, undefined, { ref: false })
  throw new Error(`Answers stayed away for ${ANSWER_MS_MAX / 1_000} s.`)
}
