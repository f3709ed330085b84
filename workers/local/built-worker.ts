/**
 * The Worker as it would be deployed, in workerd without wrangler's proxy before it: for journeys and benchmarks.
 * `wrangler deploy --dry-run` builds it, wrangler.toml says which objects and queues it has, miniflare plays the queues.
 */
import { type ChildProcess, execFile } from 'node:child_process'
import diagnostics from 'node:diagnostics_channel'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { convertV4MiniflareOptions, Miniflare, NoOpLog, type V4WorkerOptions } from 'miniflare'
import { unstable_getMiniflareWorkerOptions as workerOptions } from 'wrangler'

const CONFIG = join(import.meta.dirname, '..', '..', 'wrangler.toml')
const WRANGLER = join(import.meta.dirname, '..', '..', 'node_modules', 'wrangler', 'wrangler-dist', 'cli.js')
/** On Linux a file system in memory. */
const MEMORY = '/dev/shm'
const BUILD_MS_MAX = 60_000
/** No update check, no statistics, no question to Cloudflare: it must work without a network. */
const QUIET = {
  CI: '1',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_WRITE_LOGS: 'false',
}

export type BuiltWorkerOptions = {
  /** Variables and secrets, as workers/env.ts lists them. */
  bindings: Record<string, string>
  /** 0 or absent: any free one. */
  port?: number
  /** Where objects keep their state: on a memory file system until `stop`, or in a folder that stays. */
  storage: 'memory' | { dir: string }
  /** Takes each line that the Worker logs. */
  log?: (line: string) => void
  /** Other modules in place of the built ones; the first is the main module and may import the rest. */
  modules?: Module[]
}

export type Module = { path: string; contents: string }

export type BuiltWorker = {
  /** The Worker's own socket: nothing of miniflare stands before it. */
  url: string
  /** Of workerd, for those who measure it. */
  processId: number
  /** What `memory` came to be: a folder in memory, or on disk where there is none. */
  storageDir: string
  /** Runs the `scheduled` handler as the cron of this pattern would. Rejects if the handler throws. */
  runCron(cron: string): Promise<void>
  stop(): Promise<void>
}

/** Builds the shipped Worker once per process and starts it. Rejects with the build's or workerd's own words. */
export async function startBuiltWorker(options: BuiltWorkerOptions): Promise<BuiltWorker> {
  const { bindings, log } = options
  return runWorkerd(options, {
    ...workerOptions(CONFIG).workerOptions,
    modules: esModules(options.modules ?? [await builtModule()]),
    bindings,
  }, log)
}
