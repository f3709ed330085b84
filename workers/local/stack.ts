/**
 * The whole platform on this machine, part by part: Postgres, Redis, the providers, the mail service, the chain, who takes
 * payments, the Worker, its seed, the site.
 * What one part needs of another is handed over here; the parts do not know each other.
 */
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { type Chain, chainVariables, startChain } from './chain.ts'
import { type Dns, startDns } from './dns.ts'
import type { HttpDoor } from './http-door.ts'
import { type MailService, startMail } from './mail.ts'
import { migrate } from './migrate.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import { type Providers, startProviders } from './providers.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import { type RedisDoor, startRedis } from './redis.ts'
import { localSecrets, type Secrets } from './secrets.ts'
import { seed, type Seeded } from './seed.ts'
import { seedDocuments } from './seed-documents.ts'
import { buildSite, startSite } from './site.ts'
import { startCoinbaseTill, startStripeTill, tillVariables } from './tills.ts'
import { startVectors } from './vectors.ts'
import { startWorker } from './worker.ts'
import { writeLocalConfig } from './local-config.ts'

const LOCAL_LIMIT = '1000'
const CRON_EVERY_MS = 60 * 60 * 1_000
/** As on Base. */
const BLOCK_MS = 2_000

export type StackOptions = {
  /** Where the stack keeps its state, relative to the project; removed first if `fresh`. */
  dir: string
  fresh: boolean
  /** The API's port; the doors take the nine above it, or any free one. */
  port: number
  sitePort: number
  /** Variables that point the stack at real outside parties: `DATABASE_URL`, `REDIS_URL`, `OPENAI_API_KEY`, `STRIPE_SECRET_KEY`, … */
  env: Record<string, string | undefined>
  /** Told when a part is up. */
  onUp: (part: string, where: string) => void
  /** Told once, when a part ends by itself. */
  onCrash: (problem: string) => void
}

export type Stack = {
  api: string
  site: string | null
  mail: string
  stripe: string
  coinbase: string
  seeded: Seeded
}

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
  const secrets = await prepare(options, running)
  // The site takes as long to build as all the rest to start, so it is built meanwhile.
  const built = buildBeside(options, running)
  const doors = await openDoors(options, secrets, running)
  const api = await startApi(options, { ...doors, secrets }, running)
  const { operatorToken, encryptionKey } = secrets
  const seeded = await seed({ postgres: doors.postgres, apiUrl: api, operatorToken, encryptionKey })
  options.onUp('Market', `${seeded.agents.length} agents to call`)
  handInDocuments(options, { api, seeded }, running)
  // What has just come into the shop is counted and minted without anybody waiting an hour for it.
  await runCrons(api)
  const crons = setInterval(() => void runCrons(api), CRON_EVERY_MS)
  running.add(() => clearInterval(crons))
  const stack: Stack = {
    api,
    site: await openSite(options, await built, running),
    mail: doors.mail.url,
    stripe: doors.stripe.url,
    coinbase: doors.coinbase.url,
    seeded,
  }
  await describeStack(join(options.dir, 'stack.json'), stack)
  return stack
}

/** Makes sure that this folder and these ports are ours, and that nobody reads the description of an earlier stack. */
async function prepare({ dir, port, sitePort, fresh }: StackOptions, running: Running): Promise<Secrets> {
  await mkdir(join(dir, 'logs'), { recursive: true })
  const lock = await takeLock(join(dir, 'lock'))
  running.add(() => lock.close())
  const description = join(dir, 'stack.json')
  await rm(description, { force: true })
  running.add(() => rm(description, { force: true }))
  await assertFree(port, '--port')
  await assertFree(sitePort, '--site-port')
  if (fresh) await empty(dir)
  await mkdir(join(dir, 'worker'), { recursive: true })
  return localSecrets(join(dir, 'secrets.json'))
}

type Doors = {
  postgres: Postgres
  redis: RedisDoor
  providers: Providers
  vectors: HttpDoor
  mail: MailService
  dns: Dns
  receiver: Receiver
  stripe: HttpDoor
  coinbase: HttpDoor
  chain: Chain
}

async function openDoors(
  { dir, port, env, onUp, onCrash }: StackOptions,
  secrets: Secrets,
  running: Running,
): Promise<Doors> {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = env
  const postgres = await atPort(port + 1, (port) =>
    startPostgres(databaseUrl ? { port, databaseUrl } : { port, dataDir: join(dir, 'postgres') }),
  )
  running.add(() => postgres.stop())
  const applied = await migrate(postgres.url).catch((thrown: Error) => {
    throw new Error(`${thrown.message} To begin with an empty stack: npm start -- --fresh`, { cause: thrown })
  })
  const newest = applied.at(-1)
  onUp('Postgres', newest === undefined ? postgres.url : `${postgres.url} (migrated to ${newest.slice(0, 4)})`)

  const redis = await atPort(port + 2, (port) =>
    startRedis({ port, token: secrets.redisToken, ...(redisUrl ? { redisUrl } : {}) }),
  )
  running.add(() => redis.stop())
  onUp('Redis', redis.url)

  const providers = await atPort(port + 3, (port) => startProviders({ port }))
  running.add(() => providers.stop())
  const real = upstreams(env, providers).filter(({ url }) => !url?.startsWith(providers.url))
  onUp('Providers', [providers.url, ...real.map(({ name, url }) => `${name}: ${url ?? 'the real one'}`)].join(', '))

  const vectors = await atPort(port + 9, (port) => startVectors({ port, file: join(dir, 'vectors.jsonl') }))
  running.add(() => vectors.stop())
  onUp('Vectors', vectors.url)

  const mail = await atPort(port + 4, (port) => startMail({ port, outbox: join(dir, 'outbox') }))
  running.add(() => mail.stop())
  onUp('Mail', mail.url)

  const receiver = await atPort(port + 5, (port) => startReceiver({ port }))
  running.add(() => receiver.stop())
  const dns = await startDns({ port: 0 })
  running.add(() => dns.stop())
  onUp('Webhooks', `${receiver.url} shows what was sent; https://port-9000.example.com is 127.0.0.1:9000`)

  const chain = await atPort(port + 6, (chainPort) =>
    startChain({
      port: chainPort,
      keys: secrets,
      stateFile: join(dir, 'chain.json'),
      logPath: join(dir, 'logs', 'chain.log'),
      apiUrl: `http://127.0.0.1:${port}`,
      blockMs: BLOCK_MS,
      onCrash: (why) => onCrash(`The chain stopped: ${why}. See ${join(dir, 'logs', 'chain.log')}.`),
    }),
  )
  running.add(() => chain.stop())
  onUp('Chain', `${chain.rpcUrl} (agents ${chain.agentToken}, payouts ${chain.settlement})`)

  const till = { secrets, dir: join(dir, 'tills'), apiUrl: `http://127.0.0.1:${port}` }
  const stripe = await atPort(port + 7, (port) => startStripeTill(port, till))
  running.add(() => stripe.stop())
  const coinbase = await atPort(port + 8, (port) => startCoinbaseTill(port, till))
  running.add(() => coinbase.stop())
  const { STRIPE_BASE_URL, COINBASE_BASE_URL } = tillVariables(env, secrets, { stripe, coinbase })
  onUp('Payments', `Stripe: ${STRIPE_BASE_URL ?? 'the real one'}, Coinbase: ${COINBASE_BASE_URL ?? 'the real one'}`)
  return { postgres, redis, providers, vectors, mail, dns, receiver, chain, stripe, coinbase }
}

async function startApi(
  options: StackOptions,
  {
    postgres,
    redis,
    providers,
    vectors,
    mail,
    dns,
    receiver,
    chain,
    stripe,
    coinbase,
    secrets,
  }: Doors & { secrets: Secrets },
  running: Running,
): Promise<string> {
  const { dir, port, sitePort, env, onCrash, onUp } = options
  const logPath = join(dir, 'logs', 'worker.log')
  const variables = {
    DATABASE_URL: postgres.url,
    DATABASE_HTTP_URL: postgres.httpUrl,
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    ENCRYPTION_KEY: secrets.encryptionKey,
    JWT_SECRET: secrets.jwtSecret,
    WEBHOOK_KEY: secrets.webhookKey,
    WEBHOOK_EGRESS_URL: receiver.url,
    DNS_URL: dns.url,
    OPERATOR_TOKEN: secrets.operatorToken,
    ALLOWED_ORIGINS: `http://127.0.0.1:${sitePort},http://localhost:${sitePort}`,
    SITE_URL: `http://127.0.0.1:${sitePort}`,
    VECTORS_URL: vectors.url,
    MAIL_BASE_URL: mail.url,
    MAIL_API_KEY: 'stand-in',
    // All who use a local stack have one address.
    SIGN_IN_PER_ADDRESS: LOCAL_LIMIT,
    REGISTER_PER_ADDRESS: LOCAL_LIMIT,
    MAIL_PER_ADDRESS: LOCAL_LIMIT,
    ...tillVariables(env, secrets, { stripe, coinbase }),
    // Whoever tries the platform out does not want to wait three days for their wallet.
    WALLET_COOL_DOWN_HOURS: '0',
    ...chainVariables(chain),
    ...providerVariables(env, providers),
  }
  const onWorkerCrash = (why: string): void => onCrash(`The Worker stopped: ${why}. See ${logPath}.`)
  const worker = await startWorker({
    port,
    stateDir: join(dir, 'worker'),
    logPath,
    variables,
    config: writeLocalConfig(join(dir, 'worker')),
    onCrash: onWorkerCrash,
  }).catch((thrown: Error) => {
    throw new Error(`The Worker did not start: ${thrown.message}. See ${logPath}.`, { cause: thrown })
  })
  running.add(() => worker.stop())
  await runCrons(worker.url)
  onUp('API', worker.url)
  return worker.url
}

/** Beside all else: reading and embedding them takes some seconds, for which nobody waits. */
function handInDocuments(
  { onUp }: StackOptions,
  { api, seeded }: Pick<Stack, 'api' | 'seeded'>,
  running: Running,
): void {
  const stopping = new AbortController()
  running.add(() => stopping.abort())
  seedDocuments(api, seeded, stopping.signal).catch((thrown: unknown) => {
    if (!stopping.signal.aborted)
      onUp('Documents', `missing: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  })
}

/** How a build went: what it took, or what went wrong. */
type Built = { ms: number } | { problem: string }

/** Builds the site. One that cannot be built does not keep the API away. */
async function buildBeside({ dir, port }: StackOptions, running: Running): Promise<Built> {
  const startedAt = performance.now()
  const building = new AbortController()
  running.add(() => building.abort())
  try {
    await buildSite({
      root: 'site',
      dist: join(dir, 'site'),
      logPath: join(dir, 'logs', 'site-build.log'),
      apiUrl: `http://127.0.0.1:${port}`,
      signal: building.signal,
    })
    return { ms: performance.now() - startedAt }
  } catch (thrown) {
    return { problem: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

async function openSite(
  { dir, port, sitePort, onUp }: StackOptions,
  built: Built,
  running: Running,
): Promise<string | null> {
  if ('problem' in built) {
    onUp('Site', `missing: ${built.problem}`)
    return null
  }
  const site = await startSite({ port: sitePort, dist: join(dir, 'site'), apiUrl: `http://127.0.0.1:${port}` })
  running.add(() => site.stop())
  onUp('Site', `${site.url} (built in ${(built.ms / 1000).toFixed(1)} s)`)
  return site.url
}

type Upstream = { name: string; baseUrl: string; key: string; secret: string; url: string | undefined }

/** The providers the Worker talks to: the real ones where the environment says so, otherwise the stand-ins. */
function upstreams(env: StackOptions['env'], providers: Providers): Upstream[] {
  const standIns = [
    { name: 'OpenAI', baseUrl: 'OPENAI_BASE_URL', key: 'OPENAI_API_KEY', standIn: providers.openaiBaseUrl },
    { name: 'Anthropic', baseUrl: 'ANTHROPIC_BASE_URL', key: 'ANTHROPIC_API_KEY', standIn: providers.anthropicBaseUrl },
    { name: 'Google', baseUrl: 'GOOGLE_BASE_URL', key: 'GOOGLE_AI_API_KEY', standIn: providers.googleBaseUrl },
  ]
  return standIns.map(({ standIn, ...names }) => {
    const given = env[names.baseUrl]
    const secret = env[names.key]
    // A key without an address means the provider itself, which is the Worker's default.
    return { ...names, secret: secret || 'stand-in', url: given || (secret ? undefined : standIn) }
  })
}

function providerVariables(env: StackOptions['env'], providers: Providers): Record<string, string> {
  const pairs = upstreams(env, providers).flatMap(({ baseUrl, key, secret, url }) => [
    [key, secret],
    ...(url === undefined ? [] : [[baseUrl, url]]),
  ])
  return Object.fromEntries(pairs) as Record<string, string>
}

/** Runs each schedule once: wrangler fires none by itself. */
async function runCrons(workerUrl: string): Promise<void> {
  const [, written = ''] = /^crons = (\[.*\])/m.exec(await readFile('wrangler.toml', 'utf8')) ?? []
  const crons = written === '' ? [] : (JSON.parse(written) as string[])
  for (const cron of crons)
    await fetch(`${workerUrl}/cdn-cgi/local/scheduled?cron=${encodeURIComponent(cron)}`).catch(() => {})
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
async function describeStack(path: string, { seeded, ...urls }: Stack): Promise<void> {
  const { developer, creator, admin, agents } = seeded
  await writeFile(path, JSON.stringify({ ...urls, demo: { developer, creator, admin, agents } }, null, 2))
}
