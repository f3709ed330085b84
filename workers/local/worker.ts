/** The Worker on this machine: `wrangler dev` as a child process, quiet towards the world, with its state in a folder. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const WRANGLER = join('node_modules', 'wrangler', 'wrangler-dist', 'cli.js')
const READY_MS_MAX = 60_000
const POLL_MS = 100
const STOP_MS_MAX = 5_000
const WATCH_MS = 5_000
/** So many unanswered questions after each other, half a minute, mean that it is gone and not merely busy. */
const SILENCES_MAX = 3

/** No update check, no statistics, no question to Cloudflare: it must work without a network. */
const QUIET = {
  CI: '1',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_WRITE_LOGS: 'false',
}

export type Worker = { url: string; stop(): Promise<void> }

export type WorkerOptions = {
  port: number
  /** Where Durable Objects, queues and buckets live, and the file of the variables. */
  stateDir: string
  logPath: string
  variables: Record<string, string>
  /** The folder of `wrangler.toml`. */
  config?: string
  /** Of V8's inspector; any free one if absent. */
  inspectorPort?: number
  /** Told once, when the Worker ends without having been stopped. */
  onCrash: (why: string) => void
}

/** Starts the Worker on 127.0.0.1 and waits until it answers. Rejects with the reason when it ends or stays silent. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { port, logPath } = options
  // Wrangler reads paths as seen from its configuration's folder.
  const stateDir = resolve(options.stateDir)
  const variablesPath = join(stateDir, 'variables.env')
  await writeFile(variablesPath, dotenv(options.variables), { mode: 0o600 })
  const args = ['dev', '--config', options.config ?? 'wrangler.toml', '--ip', '127.0.0.1', '--port', String(port)]
  args.push(
    '--inspector-port',
    String(options.inspectorPort ?? 0),
    '--persist-to',
    stateDir,
    '--env-file',
    variablesPath,
  )
  args.push('--show-interactive-dev-session=false', '--log-level', 'info')
  const logFile = openSync(logPath, 'w')
  const child = fork(WRANGLER, args, {
    // A group of its own: a Ctrl-C meant for us must not tear it down before we say so.
    detached: true,
    env: { ...process.env, ...QUIET, WRANGLER_REGISTRY_PATH: join(stateDir, 'registry') },
    execArgv: ['--no-warnings', '--import', join(import.meta.dirname, 'with-parent.ts')],
    stdio: ['ignore', logFile, logFile, 'ipc'],
  })
  closeSync(logFile)
  const url = `http://127.0.0.1:${port}`
  const stop = stopper(child)
  try {
    await ready(child, url)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  const watching = new AbortController()
  const crashed = (why: string): void => {
    if (watching.signal.aborted) return
    watching.abort()
    options.onCrash(why)
  }
  child.once('exit', (code, signal) => crashed(`it ended with ${signal ?? `code ${code}`}`))
  void watch(url, watching.signal).then(crashed)
  return {
    url,
    stop: () => {
      watching.abort()
      return stop()
    },
  }
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + READY_MS_MAX
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended while starting')
    if (await isWell(url, WATCH_MS)) return
    await setTimeout(POLL_MS)
  }
  throw new Error(`it did not answer within ${READY_MS_MAX / 1000} s`)
}

/** Resolves when the Worker has stopped answering: wrangler restarts a workerd that crashed, but not always to good effect. */
async function watch(url: string, signal: AbortSignal): Promise<string> {
  for (let silences = 0; silences < SILENCES_MAX;) {
    await setTimeout(WATCH_MS, undefined, { signal, ref: false }).catch(() => {})
    if (signal.aborted) return 'it was stopped'
    silences = (await isWell(url, WATCH_MS)) ? 0 : silences + 1
  }
  return 'it does not answer any more'
}

async function isWell(url: string, timeoutMs: number): Promise<boolean> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(timeoutMs) }).catch(() => undefined)
  await response?.body?.cancel()
  return response?.ok ?? false
}

/** Ends the child and everything it started; harmless when they are gone. */
function stopper(child: ChildProcess): () => Promise<void> {
  return async () => {
    const gone = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit')
    child.kill('SIGTERM')
    await Promise.race([gone, setTimeout(STOP_MS_MAX, undefined, { ref: false })])
    if (child.pid !== undefined) killGroup(child.pid)
    await gone
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nobody of the group is left, as it should be.
  }
}

/** The variables as a dotenv file. A dollar sign would be taken for the name of another variable. */
function dotenv(variables: Record<string, string>): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    const quote = ["'", '"', '`'].find((one) => !value.includes(one))
    if (quote === undefined || value.includes('\n'))
      throw new Error(`The value of ${name} cannot be written to a file of variables.`)
    return `${name}=${quote}${value.replaceAll('$', String.raw`\$`)}${quote}\n`
  })
  return lines.join('')
}
