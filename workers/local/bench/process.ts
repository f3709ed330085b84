/** Processes of the benchmark, and what they cost. Figures come from Linux's `/proc`; elsewhere they are not a number. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Linux counts processor time in these on every platform that Node runs on. */
const MS_PER_TICK = 10

export type Child<Ready> = { ready: Ready; processId: number; ask<Answer>(): Promise<Answer>; stop(): Promise<void> }

/** Starts a module of this folder as a process that ends when this one does. Resolves with its first message. */
export async function startChild<Ready>(file: string): Promise<Child<Ready>> {
  const child = fork(join(import.meta.dirname, file), {
    detached: true,
    execArgv: ['--no-warnings', '--import', join(import.meta.dirname, '..', 'with-parent.ts')],
  })
  const ready = (await firstMessage(child)) as Ready
  return {
    ready,
    processId: child.pid ?? 0,
    async ask<Answer>() {
      const answer = firstMessage(child)
      child.send('?')
      return (await answer) as Answer
    },
    async stop() {
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

async function firstMessage(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(() => {
    throw new Error(`A process of the benchmark ended: ${child.spawnargs.at(-1)}`)
  })
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown]
  return message
}

/** Processor time that a process has used so far. */
export async function cpuMs(processId: number): Promise<number> {
  const [user, system] = await times(processId)
  return (user + system) * MS_PER_TICK
}

/** Processor time of this process, of its children that have ended, and of those that have not. */
export async function ownCpuMs(living: number[]): Promise<number> {
  const ownTicks = (await times(process.pid)).reduce((sum, ticks) => sum + ticks, 0)
  const children = await Promise.all(living.map(cpuMs))
  return children.reduce((sum, ms) => sum + ms, ownTicks * MS_PER_TICK)
}

/** User and system time of a process, then of those of its children that have ended. */
async function times(processId: number): Promise<[number, number, number, number]> {
  const stat = await readFile(`/proc/${processId}/stat`, 'utf8').catch(() => '')
  // The second field is a name in parentheses that may hold anything; these are the 14th to the 17th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user = Number.NaN, system = Number.NaN, ofChildren = Number.NaN, systemOfChildren = Number.NaN] = fields
    .slice(11, 15)
    .map(Number)
  return [user, system, ofChildren, systemOfChildren]
}

/** Memory of a process that is in RAM now. */
export async function residentBytes(processId: number): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024
}

/** The most memory in RAM that a process has ever had. */
export async function peakBytes(processId: number): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024
}

/** The workerd among the descendants of a process; the newest, if there are several. 0 if there is none. */
export async function workerdOf(processId: number): Promise<number> {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = new Map<number, number>()
  const names = new Map<number, string>()
  for (const id of ids) {
    const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '')
    parents.set(id, Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0))
    names.set(id, /^Name:\s+(\S+)/m.exec(status)?.[1] ?? '')
  }
  const descends = (id: number): boolean => id === processId || (id > 1 && descends(parents.get(id) ?? 0))
  return ids.findLast((id) => names.get(id) === 'workerd' && descends(id)) ?? 0
}

/** Processor time that all processes of this machine have used so far. */
export async function machineCpuMs(): Promise<number> {
  const stat = await readFile('/proc/stat', 'utf8').catch(() => '')
  const [, user, nice, system, , , irq, softIrq] = (stat.split('\n')[0] ?? '').split(/\s+/).map(Number)
  return [user, nice, system, irq, softIrq].reduce<number>((sum, ticks) => sum + (ticks ?? Number.NaN), 0) * MS_PER_TICK
}
