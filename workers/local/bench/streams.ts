/** Streams: how long until the first word, how evenly the rest comes, and what an open one weighs. */
import { setTimeout } from 'node:timers/promises'
import { fault } from '../../tests/faults.ts'
import { Connection } from './connection.ts'
import { Inspector } from './inspector.ts'
import { median, spread } from './load.ts'
import { residentBytes } from './process.ts'
import type { Arm, Body } from './arm.ts'
import type { BuiltWorker } from '../built-worker.ts'

const GAP_MS = 20
const STREAMS = 100
const EVENTS = 64
const HELD_STREAMS = 200
/** The memory of open streams is taken when this much of each has passed. */
const SHORT_MS = 1_000
const LONG_MS = 5_000
/** A delta with text in it, as OpenAI writes it. The first event of a stream has a role and no text. */
const CONTENT = /"content":"[^"]/g

export type Spread = { p50Ms: number; p99Ms: number }

/** From the request to the first word, one stream at a time, to each server in turn. */
export async function firstEvents(arms: Arm[], rounds: number): Promise<Spread[]> {
  const body = paced({ events: 3, gapMs: 2 })
  const open = await Promise.all(
    arms.map(async (arm) => ({
      connection: await Connection.open(arm.url),
      next: arm.requests(body),
      waits: [] as number[],
    })),
  )
  for (let round = 0; round < rounds; round++)
    for (const { connection, next, waits } of open) {
      const startedAt = performance.now()
      const [first = Number.NaN] = await eventTimes(connection, next())
      waits.push(first - startedAt)
    }
  for (const { connection } of open) connection.close()
  return open.map(({ waits }) => spread(waits))
}

/** The gaps between the events of 100 streams at once, paced by the provider at 20 ms; the median of the rounds. */
export async function gaps(arms: Arm[], rounds: number): Promise<Spread[]> {
  const measured = arms.map((): Spread[] => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, arm] of arms.entries()) {
      const next = arm.requests(paced({ events: EVENTS, gapMs: GAP_MS }))
      const streams = await Promise.all(
        Array.from({ length: STREAMS }, async () => {
          const connection = await Connection.open(arm.url)
          const times = await eventTimes(connection, next())
          connection.close()
          if (times.length !== EVENTS) throw new Error(`Of ${EVENTS} events ${times.length} arrived.`)
          return times
        }),
      )
      measured[index]?.push(
        spread(streams.flatMap((times) => times.slice(1).map((time, at) => time - (times[at] ?? time)))),
      )
    }
  return measured.map((rounds) => ({
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
  }))
}

export type StreamMemory = {
  idleRss: number
  openRss: number
  /** Held after a full collection, on the heap, for each open stream that has run for a second, and for five. */
  heapPerShortStream: number
  heapPerLongStream: number
  /** The same of the process's memory, with whatever the collector has not given back. */
  rssPerShortStream: number
  rssPerLongStream: number
}

/** What 200 open streams weigh: the process, and the heap (NaN without the Worker's inspector, which forces collections). */
export async function memory(arm: Arm, { processId, inspectorUrl = '' }: BuiltWorker): Promise<StreamMemory> {
  const inspector = inspectorUrl === '' ? undefined : await Inspector.open(inspectorUrl, 'worker')
  const weigh = async (): Promise<Weight> => ({
    heap: (await inspector?.heldBytes()) ?? NaN,
    rss: await residentBytes(processId),
  })
  const perStream = (after: number, before: number): number => (after - before) / HELD_STREAMS
  try {
    // Code and buffers that the first streams bring about stay for all later ones.
    await hold(arm, () => setTimeout(SHORT_MS))
    const idle = await weigh()
    const [short, long] = await hold(arm, async () => {
      await setTimeout(SHORT_MS)
      const first = await weigh()
      await setTimeout(LONG_MS - SHORT_MS)
      return [first, await weigh()] as const
    })
    return {
      idleRss: idle.rss,
      openRss: long.rss,
      heapPerShortStream: perStream(short.heap, idle.heap),
      heapPerLongStream: perStream(long.heap, idle.heap),
      rssPerShortStream: perStream(short.rss, idle.rss),
      rssPerLongStream: perStream(long.rss, idle.rss),
    }
  } finally {
    inspector?.close()
  }
}

type Weight = { heap: number; rss: number }

/** Runs `work` while 200 streams are open, and cuts them off afterwards. */
async function hold<T>(arm: Arm, work: () => Promise<T>): Promise<T> {
  const next = arm.requests(paced({ events: 10_000, gapMs: GAP_MS }))
  const open = await Promise.all(Array.from({ length: HELD_STREAMS }, () => Connection.open(arm.url)))
  // Being cut off is how each of them ends; any other end shows in `isEarly`.
  let isEarly = false
  let isOver = false
  const ended = open.map((connection) => connection.request(next()).catch(() => (isEarly ||= !isOver)))
  const result = await work()
  isOver = true
  for (const connection of open) connection.close()
  await Promise.all(ended)
  if (isEarly) throw new Error('A stream ended that should have stayed open.')
  await setTimeout(SHORT_MS)
  return result
}

/** When each piece of text arrived. */
async function eventTimes(connection: Connection, request: Buffer): Promise<number[]> {
  const times: number[] = []
  let rest = ''
  await connection.request(request, (piece) => {
    const now = performance.now()
    const text = rest + piece.toString('latin1')
    const end = text.lastIndexOf('\n') + 1
    rest = text.slice(end)
    for (const _ of text.slice(0, end).matchAll(CONTENT)) times.push(now)
  })
  return times
}

function paced({ events, gapMs }: { events: number; gapMs: number }): Body {
  return { text: `Where should I begin? ${fault({ events, gapMs })}`, stream: true }
}
