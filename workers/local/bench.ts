/**
 * `npm run bench`: what AgentLink costs in time, memory and operations, beside a bare pass-through Worker and beside the
 * provider itself, in one run. Prints tables and writes `.local/bench.json`. About four minutes; `--quick` takes one.
 * `npm run bench -- --serve` only starts the three servers and says how to ask them; Ctrl-C stops them.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureGuard } from '../gateway/guard/guard.bench.ts'
import { costSheet } from './bench/cost.ts'
import { oneByOne, QUESTION, serverOf, together } from './bench/json.ts'
import { warm } from './bench/load.ts'
import { countOperations } from './bench/operations.ts'
import { machineCpuMs, ownCpuMs } from './bench/process.ts'
import { checks, type Figures, report } from './bench/report.ts'
import { ACCOUNTS, type Running, Stage } from './bench/stage.ts'
import { firstEvents, gaps, memory, type StreamMemory } from './bench/streams.ts'

const OUT_DIR = '.local'
const FULL = {
  rounds: 3,
  measureMs: 4_000,
  blocks: 7,
  callsPerBlock: 60,
  firstEvents: 150,
  gapRounds: 3,
  countMs: 8_000,
}
const QUICK: typeof FULL = {
  rounds: 1,
  measureMs: 2_000,
  blocks: 3,
  callsPerBlock: 40,
  firstEvents: 40,
  gapRounds: 1,
  countMs: 3_000,
}

process.chdir(join(import.meta.dirname, '..', '..'))
const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, serve: { type: 'boolean', default: false } },
})

await mkdir(OUT_DIR, { recursive: true })
const stage = await Stage.open()
let ending: Promise<never> | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
try {
  if (flags.serve) await serve()
  else {
    await run(flags.quick ? QUICK : FULL)
    await end(0)
  }
} catch (thrown) {
  console.error(thrown)
  await end(1)
}

function end(code: number): Promise<never> {
  ending ??= stage.close().then(() => process.exit(code))
  return ending
}

async function run(size: typeof FULL): Promise<void> {
  const clock = await startClock()
  say('starting')
  const bare = await stage.bare()
  const link = await stage.agentLink()
  const arms = [stage.direct, bare.arm, link.arm]
  for (const arm of arms) await warm(arm, QUESTION, ACCOUNTS)
  await stage.drained()

  say('JSON, 1 connection')
  await oneByOne(arms, { blocks: 1, callsPerBlock: size.callsPerBlock })
  const oneConnection = await oneByOne(arms, size)
  say('streams: the first event, then 100 at once')
  const firstEvent = await firstEvents(arms, size.firstEvents)
  const gapsBetween = await gaps(arms, size.gapRounds)
  await stage.drained()
  say('JSON, 32 connections')
  const servers = [{ arm: stage.direct, processId: stage.provider.processId }, serverOf(bare), serverOf(link)]
  const manyConnections = await together(stage, servers, size)
  await Promise.all([bare.worker.stop(), link.worker.stop()])

  say('memory of 200 streams')
  const memoryOfBare = await weigh(await stage.bare())
  const memoryOfLink = await weigh(await stage.agentLink({ inspect: true }))
  say('operations of a call')
  const counting = await stage.countingAgentLink()
  const operations = await countOperations(stage, counting, size.countMs)
  await counting.worker.stop()
  if (size === FULL) say('once more with the objects on disk')
  const figures: Figures = {
    at: new Date().toISOString(),
    oneConnection: three(oneConnection),
    manyConnections: three(manyConnections),
    firstEvent: three(firstEvent),
    gaps: three(gapsBetween),
    memory: { bare: memoryOfBare, agentLink: memoryOfLink },
    operations,
    guardNsPerCharacter: measureGuard().nsPerCharacter,
    cost: costSheet(operations, three(manyConnections)[2].cpuMs),
    ...(size === FULL ? { onDisk: await onDisk() } : {}),
    machine: { ...(await clock()), isInMemory: link.worker.storageDir.startsWith('/dev/shm/') },
  }
  await writeFile(join(OUT_DIR, 'bench.json'), `${JSON.stringify({ ...figures, checks: checks(figures) }, null, 2)}\n`)
  console.log(`\n${report(figures)}\n`)
}

async function weigh({ arm, worker }: Running): Promise<StreamMemory> {
  const weight = await memory(arm, worker)
  if (arm.name === 'agentlink') await stage.drained()
  await worker.stop()
  return weight
}

/** The same calls with storage that is flushed to a disk. */
async function onDisk(): Promise<NonNullable<Figures['onDisk']>> {
  const dir = await mkdtemp(join(OUT_DIR, 'bench-objects-'))
  try {
    const link = await stage.agentLink({ storage: { dir } })
    await warm(link.arm, QUESTION, ACCOUNTS)
    const [one] = await oneByOne([link.arm], { blocks: 3, callsPerBlock: 60 })
    const [many] = await together(stage, [serverOf(link)], { rounds: 1, measureMs: 3_000 })
    await link.worker.stop()
    if (!one || !many) throw new Error('Nothing was measured.')
    return { one, many }
  } finally {
    await rm(dir, { recursive: true })
  }
}

/** Only starts the servers, for those who measure with tools of their own. */
async function serve(): Promise<void> {
  const bare = await stage.bare()
  const link = await stage.agentLink()
  const [first] = stage.accounts
  const keysPath = join(OUT_DIR, 'bench-keys.txt')
  await writeFile(keysPath, `${stage.accounts.map(({ key }) => key).join('\n')}\n`, { mode: 0o600 })
  const { model, slug, system_prompt } = stage.agent
  const user = { role: 'user', content: QUESTION.text }
  const asProvider = JSON.stringify({
    model,
    messages: [{ role: 'system', content: system_prompt.slice(0, 40) }, user],
  })
  const asCaller = JSON.stringify({ model: slug, messages: [user] })
  const curl = (url: string, key: string, body: string): string =>
    `curl -s ${url} -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d ${quote(body)}`
  console.log(`
The provider stand-in, asked directly; any key will do:
${curl(`${stage.provider.ready.openaiBaseUrl}/chat/completions`, 'sk-bench', asProvider)}

A bare Worker before it, which only passes on:
${curl(bare.worker.url, 'sk-bench', asProvider)}

AgentLink before it, with everything on:
${curl(`${link.worker.url}/v1/chat/completions`, first?.key ?? '', asCaller)}

Add "stream": true for a stream. A key may call 1000 times a minute; ${ACCOUNTS} of them are in ${keysPath}.
workerd is process ${bare.worker.processId} (bare) and ${link.worker.processId} (AgentLink). Ctrl-C stops everything.
`)
}

type Usage = Pick<Figures['machine'], 'cores' | 'seconds' | 'othersShare'>

/** What of this machine the run takes, and what others take from it. */
async function startClock(): Promise<() => Promise<Usage>> {
  const processes = [stage.provider.processId, stage.stores.processId]
  const startedAt = performance.now()
  const [machineBefore, ownBefore] = await Promise.all([machineCpuMs(), ownCpuMs(processes)])
  return async () => {
    const [machineAfter, ownAfter] = await Promise.all([machineCpuMs(), ownCpuMs(processes)])
    const elapsedMs = performance.now() - startedAt
    const cores = availableParallelism()
    const others = machineAfter - machineBefore - (ownAfter - ownBefore)
    return { cores, seconds: elapsedMs / 1_000, othersShare: Math.max(0, others) / (elapsedMs * cores) }
  }
}

function three<T>(values: T[]): [T, T, T] {
  const [direct, bare, agentLink] = values
  if (direct === undefined || bare === undefined || agentLink === undefined) throw new Error('Three were measured.')
  return [direct, bare, agentLink]
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function say(what: string): void {
  console.log(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${what}`)
}
