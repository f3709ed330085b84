/** JSON calls: what one alone takes, and how many go through in a second. */
import { Connection } from './connection.ts'
import { load, median, type Sample, spread, warm } from './load.ts'
import { cpuMs } from './process.ts'
import { ACCOUNTS, type Running, type Stage } from './stage.ts'
import type { Arm } from './arm.ts'

export const QUESTION = { text: 'Where should I begin with a changelog for three audiences?', stream: false }

/** Long enough for outboxes that were filled at the beginning to drain while the rest is measured. */
const SWING_IN_MS = 5_500
const CONNECTIONS = 32

export type Latency = { p50Ms: number; p99Ms: number; perSecond: number }
/** `cpuMs`: processor time of the server's process for a call; `generatorCpuMs`: of the one that asks. */
export type Throughput = Sample & { cpuMs: number; generatorCpuMs: number }

/** One call at a time, to each server in turn, so that whatever slows this machine slows all of them. */
export async function oneByOne(arms: Arm[], options: { blocks: number; callsPerBlock: number }): Promise<Latency[]> {
  const open = await Promise.all(
    arms.map(async (arm) => ({ connection: await Connection.open(arm.url), next: arm.requests(QUESTION) })),
  )
  const blocks = arms.map((): ReturnType<typeof spread>[] => [])
  for (let block = 0; block < options.blocks; block++) {
    const latencies = arms.map((): number[] => [])
    for (let call = 0; call < options.callsPerBlock; call++)
      for (const [index, { connection, next }] of open.entries()) {
        const startedAt = performance.now()
        await connection.request(next())
        latencies[index]?.push(performance.now() - startedAt)
      }
    for (const [index, values] of latencies.entries()) blocks[index]?.push(spread(values))
  }
  for (const { connection } of open) connection.close()
  return blocks.map((spreads) => {
    const p50Ms = median(spreads.map((one) => one.p50Ms))
    return { p50Ms, p99Ms: median(spreads.map((one) => one.p99Ms)), perSecond: 1_000 / p50Ms }
  })
}

type Server = { arm: Arm; processId: number }

/**
 * 32 connections on each server, one server after the other, several rounds; the median of the rounds. AgentLink is
 * measured while it also sends its calls on to Postgres, and the next server only when it has finished with that.
 */
export async function together(
  stage: Stage,
  servers: Server[],
  options: { rounds: number; measureMs: number },
): Promise<Throughput[]> {
  const rounds = servers.map((): Throughput[] => [])
  for (let round = 0; round < options.rounds; round++)
    for (const [index, server] of servers.entries()) {
      const isAgentLink = server.arm.name === 'agentlink'
      if (isAgentLink) await warm(server.arm, QUESTION, ACCOUNTS)
      const sample = await measure(server, isAgentLink ? SWING_IN_MS : 500, options.measureMs)
      rounds[index]?.push(sample)
      if (isAgentLink) await stage.drained()
    }
  return rounds.map((samples) => {
    const middle = (value: (sample: Throughput) => number): number => median(samples.map(value))
    return {
      perSecond: middle((sample) => sample.perSecond),
      p50Ms: middle((sample) => sample.p50Ms),
      p99Ms: middle((sample) => sample.p99Ms),
      cpuMs: middle((sample) => sample.cpuMs),
      generatorCpuMs: middle((sample) => sample.generatorCpuMs),
      calls: samples.reduce((sum, sample) => sum + sample.calls, 0),
    }
  })
}

async function measure({ arm, processId }: Server, warmUpMs: number, measureMs: number): Promise<Throughput> {
  const used = { server: 0, generator: 0 }
  const sample = await load(arm, {
    body: QUESTION,
    connections: CONNECTIONS,
    warmUpMs,
    measureMs,
    async onMeasure(isOver) {
      const sign = isOver ? 1 : -1
      used.server += sign * (await cpuMs(processId))
      used.generator += sign * (await cpuMs(process.pid))
    },
  })
  return { ...sample, cpuMs: used.server / sample.calls, generatorCpuMs: used.generator / sample.calls }
}

export function serverOf({ arm, worker }: Running): Server {
  return { arm, processId: worker.processId }
}
