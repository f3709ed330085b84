/** One local stack with a fresh state for everything that looks at the site in a browser. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const START_MS_MAX = 120_000
const STOP_MS_MAX = 15_000
/** The built site names the API's port, so that the same port spares a build. */
const PORTS = { api: 9_620, site: 9_640 }

type Account = { email: string; password: string }
export type Stack = {
  api: string
  site: string
  mail: string
  stripe: string
  coinbase: string
  demo: {
    developer: Account & { apiKey: string }
    creator: Account
    admin: Account
    agents: { id: string; slug: string; price_per_call: string }[]
  }
}

/** `dist`: the built site. */
export type RunningStack = { stack: Stack; dist: string; stop(): Promise<void> }

/** A fresh one, or the one that runs in the folder `E2E_STACK`: for who writes tests and does not want to wait. */
export async function aStack(): Promise<RunningStack> {
  const dir = process.env['E2E_STACK']
  if (dir === undefined) return startStack('.local/e2e')
  return { stack: await described(dir), dist: join(ROOT, dir, 'site'), stop: async () => undefined }
}

/** Starts a stack in a folder, and waits until it is ready. Rejects with what it said if it ends before. */
async function startStack(dir: string): Promise<RunningStack> {
  const [port, sitePort] = [await freePort(PORTS.api), await freePort(PORTS.site)]
  const args = ['--dir', dir, '--fresh', '--port', String(port), '--site-port', String(sitePort)]
  const child = spawn(process.execPath, [join(ROOT, 'workers', 'local', 'start.ts'), ...args], {
    cwd: ROOT,
    env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    await ready(child)
    return { stack: await described(dir), dist: join(ROOT, dir, 'site'), stop: () => stop(child) }
  } catch (thrown) {
    await stop(child)
    throw thrown
  }
}

/** The stack that runs in a folder. */
async function described(dir: string): Promise<Stack> {
  const stack = JSON.parse(await readFile(join(ROOT, dir, 'stack.json'), 'utf8')) as Stack
  if (!stack.site) throw new Error(`The stack in ${dir} has no site; ${dir}/logs/site-build.log says why.`)
  return stack
}

function ready(child: ChildProcess): Promise<void> {
  let output = ''
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The stack did not become ready:\n${output}`)), START_MS_MAX)
    const keep = (chunk: Buffer): void => {
      output += chunk.toString()
      if (!output.includes('Ready in')) return
      clearTimeout(timer)
      resolve()
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.once('exit', () => reject(new Error(`The stack ended:\n${output}`)))
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGINT')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await ended
  clearTimeout(timer)
}

/** This port with the eight above it mostly, or any other that is free. */
async function freePort(preferred: number): Promise<number> {
  for (const port of [preferred, 0]) {
    const server = createServer().listen(port, '127.0.0.1')
    const isOpen = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isOpen) continue
    const { port: free } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    return free
  }
  throw new Error('No port is free.')
}
