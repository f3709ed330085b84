/**
 * The Worker as it would be deployed, in workerd with nothing before it and nothing beside it but its queues: for journeys
 * and benchmarks. wrangler builds it and reads wrangler.toml; `npm start` uses `wrangler dev` instead (`worker.ts`).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { unstable_readConfig as readConfig } from 'wrangler'
import { type Module, SOCKETS, workerdConfig } from './workerd-config.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'wrangler-dist', 'cli.js')
/** On Linux a file system in memory. */
const MEMORY = '/dev/shm'
/** The event by which workerd reports the inspector's port. */
const INSPECTOR = 'listen-inspector'
const BUILD_MS_MAX = 60_000
const START_MS_MAX = 10_000
/** No update check, no statistics, no question to Cloudflare: it must work without a network. */
const QUIET = {
  CI: '1',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_WRITE_LOGS: 'false',
}

export type BuiltWorkerOptions = {
  /** Variables and secrets, as workers/env.ts lists them. */
  bindings: Record<string, string>
  /** 0 or absent: any free one. */
  port?: number
  /** Where objects keep their state: in memory until `stop`, or in a folder that stays. */
  storage: 'memory' | { dir: string }
  /** Takes each line that the Worker writes. */
  log?: (line: string) => void
  /** Modules to run in place of the built one; the first is the main module. */
  modules?: Module[]
  /** False for modules that export no object classes: they get variables and nothing else. */
  withObjects?: boolean
  /** Where queues keep what they hold, as `host:port`; see `chaos/journal.ts`. */
  journal?: string
  /** Opens V8's inspector, which costs some speed. */
  inspect?: boolean
}

export type BuiltWorker = {
  /** The Worker's own socket. */
  url: string
  /** Of workerd, for those who measure it. */
  processId: number
  /** Where objects keep their state: on disk after all, where this machine has no file system in memory. */
  storageDir: string
  /** Where V8's inspector listens, if it was asked for. */
  inspectorUrl: string | undefined
  /** The queues' own door, see `queue-broker.ts`. */
  controlUrl: string
  /** Runs the `scheduled` handler as the cron of this pattern would. Rejects if the handler throws. */
  runCron(cron: string): Promise<void>
  /** For each queue: messages sent, batches delivered, messages waiting or on retry, messages given up. */
  queues(): Promise<Record<string, { sent: number; delivered: number; waiting: number; dead: number }>>
  stop(): Promise<void>
}

/** Builds the shipped Worker, once per process, and starts it. Rejects with the build's or workerd's own words. */
export async function startBuiltWorker(options: BuiltWorkerOptions): Promise<BuiltWorker> {
  const { bindings, port = 0, storage, withObjects = true, journal, inspect = false, log = () => {} } = options
  const modules = options.modules ?? [await builtModule()]
  const workDir = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'agentlink-worker-'))
  const storageDir = storage === 'memory' ? join(workDir, 'objects') : storage.dir
  await mkdir(storageDir, { recursive: true })
  const wrangler = readConfig({ config: join(ROOT, 'wrangler.toml') })
  const broker = await workerModule(join(import.meta.dirname, 'queue-broker.ts'))
  const configPath = join(workDir, 'workerd.capnp')
  const config = workerdConfig({
    modules,
    bindings,
    wrangler: withObjects ? wrangler : bare(wrangler),
    storageDir,
    port,
    broker,
    journal,
  })
  await writeFile(configPath, config, { mode: 0o600 })
  const args = ['serve', configPath, '--experimental', '--control-fd=3']
  if (inspect) args.push('--inspector-addr=127.0.0.1:0')
  const child = spawn(workerdPath(), args, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const orphan = (): void => {
    child.kill('SIGKILL')
    rmSync(workDir, { recursive: true, force: true })
  }
  process.once('exit', orphan)
  const stop = async (): Promise<void> => {
    process.off('exit', orphan)
    await end(child)
    await rm(workDir, { recursive: true, force: true })
  }
  try {
    const ports = await listening(child, [...Object.values(SOCKETS), ...(inspect ? [INSPECTOR] : [])], log)
    const control = `http://127.0.0.1:${ports.get(SOCKETS.control)}`
    return {
      url: `http://127.0.0.1:${ports.get(SOCKETS.door)}`,
      processId: child.pid ?? 0,
      storageDir,
      controlUrl: control,
      inspectorUrl: inspect ? `http://127.0.0.1:${ports.get(INSPECTOR)}` : undefined,
      async runCron(cron) {
        const { outcome } = (await getJson(`${control}/?cron=${encodeURIComponent(cron)}`)) as { outcome: string }
        if (outcome !== 'ok') throw new Error(`The cron ${cron} ended with "${outcome}".`)
      },
      queues: async () => (await getJson(control)) as Awaited<ReturnType<BuiltWorker['queues']>>,
      stop,
    }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

let built: Promise<Module> | undefined

/** The one module that `wrangler deploy` would upload. */
export function builtModule(): Promise<Module> {
  built ??= build()
  return built
}

async function build(): Promise<Module> {
  const outDir = await mkdtemp(join(tmpdir(), 'agentlink-build-'))
  try {
    const args = [
      WRANGLER,
      'deploy',
      '--dry-run',
      '--env=',
      '--config',
      join(ROOT, 'wrangler.toml'),
      '--outdir',
      outDir,
    ]
    await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...QUIET }, timeout: BUILD_MS_MAX })
    return { name: 'index.js', text: await readFile(join(outDir, 'index.js'), 'utf8') }
  } finally {
    await rm(outDir, { recursive: true })
  }
}

/** A file of Worker code that imports nothing, as a module for workerd. */
export async function workerModule(path: string): Promise<Module> {
  return { name: 'index.js', text: stripTypeScriptTypes(await readFile(path, 'utf8')) }
}

/** The binary itself: what stands in `node_modules/.bin` is a script that starts it as a child. */
function workerdPath(): string {
  const { default: path } = createRequire(import.meta.url)('workerd') as { default: string }
  return path
}

/** The ports of the named sockets, once workerd has reported them. */
async function listening(
  child: ChildProcess,
  names: string[],
  log: (line: string) => void,
): Promise<Map<string, number>> {
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream as Readable }).on('line', (line) => {
      if (said.length < 50) said.push(line)
      log(line)
    })
  const ports = new Map<string, number>()
  const reported = (async () => {
    for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
      const report = JSON.parse(line) as { event: string; socket?: string; port: number }
      ports.set(report.socket ?? report.event, report.port)
      if (names.every((name) => ports.has(name))) return true
    }
    return false
  })()
  const isUp = await Promise.race([
    reported,
    once(child, 'exit').then(() => false),
    once(AbortSignal.timeout(START_MS_MAX), 'abort').then(() => false),
  ])
  if (!isUp) throw new Error(`workerd did not start: ${said.join('\n')}`)
  return ports
}

type Wrangler = ReturnType<typeof readConfig>

function bare(wrangler: Wrangler): Wrangler {
  return { ...wrangler, durable_objects: { bindings: [] }, migrations: [], queues: {} }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${response.status}: ${(await response.text()).slice(0, 500)}`)
  return response.json()
}
