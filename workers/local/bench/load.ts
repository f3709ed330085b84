/** Closed-loop load: so many connections, each asking again as soon as it has its answer. */
import { setTimeout } from 'node:timers/promises'
import { Connection } from './connection.ts'
import type { Arm, Body } from './arm.ts'

export type Sample = { perSecond: number; p50Ms: number; p99Ms: number; calls: number }

export type LoadOptions = {
  body: Body
  connections: number
  /** Load before the measured time, for what needs a while to swing in. */
  warmUpMs: number
  measureMs: number
  /** Told at the beginning and at the end of the measured time. */
  onMeasure?: (isOver: boolean) => Promise<void> | void
}

/** Loads a server. Rejects as soon as an answer is not a 200: a benchmark of refusals would measure nothing. */
export async function load(arm: Arm, options: LoadOptions): Promise<Sample> {
  const { body, connections, warmUpMs, measureMs, onMeasure } = options
  const next = arm.requests(body)
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(arm.url)))
  const latencies: number[] = []
  const state: { phase: 'warm-up' | 'measure' | 'over' } = { phase: 'warm-up' }
  const loop = async (connection: Connection): Promise<void> => {
    while (state.phase !== 'over') {
      const startedAt = performance.now()
      await connection.request(next())
      if (state.phase === 'measure') latencies.push(performance.now() - startedAt)
    }
  }
  const schedule = async (): Promise<number> => {
    await setTimeout(warmUpMs)
    await onMeasure?.(false)
    const startedAt = performance.now()
    state.phase = 'measure'
    await setTimeout(measureMs)
    state.phase = 'over'
    const elapsedMs = performance.now() - startedAt
    await onMeasure?.(true)
    return elapsedMs
  }
  try {
    const [elapsedMs] = await Promise.all([schedule(), ...open.map(loop)])
    return { ...spread(latencies), perSecond: latencies.length / (elapsedMs / 1_000), calls: latencies.length }
  } finally {
    state.phase = 'over'
    for (const connection of open) connection.close()
  }
}

/** Asks for each account once, so that nothing measured afterwards is cold. */
export async function warm(arm: Arm, body: Body, calls: number): Promise<void> {
  const next = arm.requests(body)
  const open = await Promise.all(Array.from({ length: 8 }, () => Connection.open(arm.url)))
  let left = calls
  await Promise.all(
    open.map(async (connection) => {
      while (left-- > 0) await connection.request(next())
    }),
  )
  for (const connection of open) connection.close()
}

/** The median and the 99th percentile, in the unit of the values. */
export function spread(values: number[]): { p50Ms: number; p99Ms: number } {
  const sorted = Float64Array.from(values).toSorted()
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = (sorted.length - 1) / 2
  return ((sorted[Math.floor(half)] ?? Number.NaN) + (sorted[Math.ceil(half)] ?? Number.NaN)) / 2
}
