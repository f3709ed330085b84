/**
 * The whole platform on this machine, part by part: Postgres, Redis, the providers, the Worker, its seed, the site.
 * What one part needs of another is handed over here; the parts do not know each other.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { migrate } from './migrate.ts'
import { startPostgres } from './postgres.ts'
import { type Providers, startProviders } from './providers.ts'
import { startRedis } from './redis.ts'
import { localSecrets } from './secrets.ts'
import { seed, type Seeded } from './seed.ts'
import { buildSite, startSite } from './site.ts'
import { startWorker } from './worker.ts'

const CRON_EVERY_MS = 60 * 60 * 1_000

export type StackOptions = {
  /** Where the stack keeps its state, relative to the project; removed first if `fresh`. */
  dir: string
  fresh: boolean
  /** The API's port; the doors take the three above it, or any free one. */
  port: number
  sitePort: number
  /** Variables that point the stack at real outside parties: `DATABASE_URL`, `REDIS_URL`, `OPENAI_API_KEY`, … */
  env: Record<string, string | undefined>
  /** Told when a part is up. */
  onUp: (part: string, where: string) => void
  /** Told once, when a part ends by itself. */
  onCrash: (problem: string) => void
}

export type Stack = { api: string; site: string | null; seeded: Seeded }

/** What is up, in the order in which it came up. It can be stopped at any time, also while more is being started. */
export class Running {
  readonly #stops: (() => unknown)[] = []

  add(stop: () => unknown): void {
    this.#stops.push(stop)
  }

  /** Stops every part, the last one first. */
  async stop(): Promise<void> {
    for (let next = this.#stops.pop(); next; next = this.#stops.pop()) await next()
  }
}

/** Starts everything, adding to `running` what is up. Rejects with a sentence for the reader; the rest is then not started. */
export async function startStack(options: StackOptions, running: Running): Promise<Stack> {
  const { dir, port, sitePort, env, onUp, onCrash } = options
  const at = (name: string): string => join(dir, name)
  await mkdir(at('logs'), { recursive: true })
  const lock = await takeLock(at('lock'))
  running.add(() => lock.close())
  // The description is there exactly as long as what it describes.
  const unlist = (): Promise<void> => rm(at('stack.json'), { force: true })
  await unlist()
  running.add(unlist)
  for (const [wanted, flag] of [
    [port, '--port'],
    [sitePort, '--site-port'],
  ] as const)
    await assertFree(wanted, flag)
  if (options.fresh) await empty(dir)
  await mkdir(at('worker'), { recursive: true })
  const secrets = await localSecrets(at('secrets.json'))

  const postgres = await atPort(port + 1, (port) =>
    startPostgres(env['DATABASE_URL'] ? { port, databaseUrl: env['DATABASE_URL'] } : { port, dataDir: at('postgres') }),
  )
  running.add(() => postgres.stop())
  const migrated = await migrate(postgres.url)
  onUp('Postgres', `${postgres.url}${migrated.length > 0 ? ` (migrated to ${migrated.at(-1)?.slice(0, 4)})` : ''}`)

  const redis = await atPort(port + 2, (port) =>
    startRedis({ port, token: secrets.redisToken, ...(env['REDIS_URL'] ? { redisUrl: env['REDIS_URL'] } : {}) }),
  )
  running.add(() => redis.stop())
  onUp('Redis', redis.url)

  const providers = await atPort(port + 3, (port) => startProviders({ port }))
  running.add(() => providers.stop())
  const upstream = providerVariables(env, providers)
  onUp(
    'Providers',
    [
      ...new Set(
        Object.values(upstream)
          .filter((value) => value.startsWith('http'))
          .map((value) => new URL(value).origin),
      ),
    ].join(', '),
  )

  const site = `http://127.0.0.1:${sitePort}`
  const logPath = at('logs/worker.log')
  const worker = await startWorker({
    port,
    stateDir: at('worker'),
    logPath,
    variables: {
      DATABASE_URL: postgres.url,
      DATABASE_HTTP_URL: postgres.httpUrl,
      UPSTASH_REDIS_REST_URL: redis.url,
      UPSTASH_REDIS_REST_TOKEN: redis.token,
      ENCRYPTION_KEY: secrets.encryptionKey,
      OPERATOR_TOKEN: secrets.operatorToken,
      ALLOWED_ORIGINS: `${site},http://localhost:${sitePort}`,
      ...upstream,
    },
    onCrash: (why) => onCrash(`The Worker stopped: ${why}. See ${logPath}.`),
  }).catch((thrown: Error) => {
    throw new Error(`The Worker did not start: ${thrown.message}. See ${logPath}.`, { cause: thrown })
  })
  running.add(() => worker.stop())
  running.add(await runCrons(worker.url))
  onUp('API', worker.url)

  const { operatorToken, encryptionKey } = secrets
  const seeded = await seed({ postgres, apiUrl: worker.url, operatorToken, encryptionKey })
  onUp('Market', `${seeded.agents.length} agents to call`)

  const hasSite = existsSync(join('site', 'src'))
  if (hasSite) {
    await buildSite({ root: 'site', dist: at('site'), logPath: at('logs/site-build.log'), apiUrl: worker.url })
    const served = await startSite({ port: sitePort, dist: at('site') })
    running.add(() => served.stop())
    onUp('Site', served.url)
  }
  const stack: Stack = { api: worker.url, site: hasSite ? site : null, seeded }
  await describeStack(at('stack.json'), stack)
  return stack
}

/** Where the Worker finds the providers: the real ones where the environment says so, otherwise the stand-ins. */
function providerVariables(env: StackOptions['env'], providers: Providers): Record<string, string> {
  const standIns = [
    { baseUrl: 'OPENAI_BASE_URL', key: 'OPENAI_API_KEY', url: providers.openaiBaseUrl },
    { baseUrl: 'ANTHROPIC_BASE_URL', key: 'ANTHROPIC_API_KEY', url: providers.anthropicBaseUrl },
    { baseUrl: 'GOOGLE_BASE_URL', key: 'GOOGLE_AI_API_KEY', url: providers.googleBaseUrl },
  ]
  const variables: Record<string, string> = {}
  for (const { baseUrl, key, url } of standIns) {
    variables[key] = env[key] || 'stand-in'
    // A key without an address means the provider itself, which is the Worker's default.
    if (env[baseUrl] || !env[key]) variables[baseUrl] = env[baseUrl] || url
  }
  return variables
}

/** Wrangler fires no schedules by itself: each is run now and then every hour. Gives what ends that. */
async function runCrons(workerUrl: string): Promise<() => void> {
  const [, written = ''] = /^crons = (\[.*\])/m.exec(await readFile('wrangler.toml', 'utf8')) ?? []
  const crons = written === '' ? [] : (JSON.parse(written) as string[])
  const run = async (): Promise<void> => {
    for (const cron of crons)
      await fetch(`${workerUrl}/cdn-cgi/local/scheduled?cron=${encodeURIComponent(cron)}`).catch(() => {})
  }
  await run()
  const timer = setInterval(() => void run(), CRON_EVERY_MS)
  return () => clearInterval(timer)
}

/** Two stacks in one folder would ruin each other's database. The lock goes with its process, however that ends. */
async function takeLock(path: string): Promise<Server> {
  const isHeld = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.unref()
  })
  if (isHeld) throw new Error('A stack is already running in this folder. Stop it first.')
  await rm(path, { force: true })
  const server = createServer((socket) => socket.destroy()).listen(path)
  await once(server, 'listening')
  return server
}

async function assertFree(port: number, flag: string): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening').catch((thrown: unknown) => {
    throw new Error(`Port ${port} is taken. Stop what uses it, or choose another: npm start -- ${flag} ${port + 10}`, {
      cause: thrown,
    })
  })
  await new Promise((resolve) => server.close(resolve))
}

/** Starts a door at the port that is easy to remember, or at any free one when that is taken. */
async function atPort<T>(preferred: number, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(preferred)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw thrown
    return start(0)
  }
}

/** Removes the state, and leaves the lock that is held, the logs and the built site. */
async function empty(dir: string): Promise<void> {
  const kept = new Set(['lock', 'logs', 'site'])
  const names = await readdir(dir)
  await Promise.all(names.filter((name) => !kept.has(name)).map((name) => rm(join(dir, name), { recursive: true })))
}

/** Writes what others need to use the stack: where it is and who may sign in. */
async function describeStack(path: string, { api, site, seeded }: Stack): Promise<void> {
  const { developer, creator, admin, agents } = seeded
  await writeFile(path, JSON.stringify({ api, site, demo: { developer, creator, admin, agents } }, null, 2))
}
