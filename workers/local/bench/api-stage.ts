/** A filled market behind Neon's door, the built Worker before it, and those who ask. */
import { SignJWT } from 'jose'
import { Pool } from 'pg'
import { type BuiltWorker, startBuiltWorker } from '../built-worker.ts'
import { chainVariables } from '../chain.ts'
import { startPostgres, type Postgres } from '../postgres.ts'
import { startProviders } from '../providers.ts'
import { startRedis } from '../redis.ts'
import { testBindings } from '../test-bindings.ts'
import { BENCH_CHAIN } from './fill-money.ts'
import { idOf } from './numbers.ts'
import { READS, type Read, type Who } from './reads.ts'
import type { Query } from '../postgres-http.ts'
import type { TestDoors } from '../test-doors.ts'

const EMAILS = { developer: 'developer-0@bench.test', creator: 'creator-0@bench.test', admin: 'admin-0@bench.test' }

export type ApiAnswer = { status: number; text: string }

export class ApiStage {
  readonly pool: Pool
  readonly door: Postgres
  readonly worker: BuiltWorker
  readonly #key: string
  readonly #jwtSecret: string
  readonly #heard: Query[]
  readonly #stops: (() => Promise<unknown>)[]

  /** Starts a Worker on the database at `databaseUrl`, which is filled already; `key` is what `fill` gave. */
  static async open(databaseUrl: string, key: string): Promise<ApiStage> {
    const heard: Query[] = []
    const door = await startPostgres({ port: 0, databaseUrl, heard: (query) => heard.push(query) })
    const [redis, providers] = [await startRedis({ port: 0, token: 'bench' }), await startProviders({ port: 0 })]
    const bindings = bindingsOf({
      postgresUrl: door.url,
      postgresHttpUrl: door.httpUrl,
      redisUrl: redis.url,
      redisToken: 'bench',
      openaiBaseUrl: providers.openaiBaseUrl,
      anthropicBaseUrl: providers.anthropicBaseUrl,
      googleBaseUrl: providers.googleBaseUrl,
      chain: chainVariables(BENCH_CHAIN),
    })
    const worker = await startBuiltWorker({ storage: 'memory', bindings })
    const pool = new Pool({ connectionString: databaseUrl, max: 2 })
    const stops = [() => worker.stop(), () => pool.end(), () => door.stop(), () => redis.stop(), () => providers.stop()]
    return new ApiStage({ pool, door, worker, key, jwtSecret: bindings['JWT_SECRET'] ?? '', heard, stops })
  }

  private constructor(parts: {
    pool: Pool
    door: Postgres
    worker: BuiltWorker
    key: string
    jwtSecret: string
    heard: Query[]
    stops: (() => Promise<unknown>)[]
  }) {
    this.pool = parts.pool
    this.door = parts.door
    this.worker = parts.worker
    this.#key = parts.key
    this.#jwtSecret = parts.jwtSecret
    this.#heard = parts.heard
    this.#stops = parts.stops
  }

  /** The reads whose routes the document has, and the paths of its lists that no read is of. */
  async reads(): Promise<{ reads: Read[]; missing: string[] }> {
    const documents = await Promise.all(['v1', 'v2'].map((version) => this.#document(version)))
    const paths = Object.assign({}, ...documents.toReversed()) as Record<string, { get?: Described }>
    const known = new Set(READS.map(({ route }) => route))
    const lists = Object.keys(paths).filter((path) => isList(paths[path]?.get))
    return {
      reads: READS.filter(({ route }) => paths[route]?.get),
      // What v2 serves as v1 does needs no second line.
      missing: lists.filter((path) => !known.has(path) && !known.has(path.replace('/v2/', '/v1/'))),
    }
  }

  async #document(version: string): Promise<object> {
    const response = await fetch(`${this.worker.url}/api/${version}/openapi.json`)
    return ((await response.json()) as { paths: object }).paths
  }

  /** What proves who asks, for 15 minutes. */
  async headersOf(who: Who): Promise<Record<string, string>> {
    if (who === 'anyone') return {}
    if (who === 'key') return { 'x-agentlink-key': this.#key }
    return { authorization: `Bearer ${await tokenOf(who, this.#jwtSecret)}` }
  }

  /** Asks for a read the nth time; `headers` are of `headersOf`. */
  async ask({ path, who }: Read, n: number, headers?: Record<string, string>): Promise<ApiAnswer> {
    const response = await fetch(`${this.worker.url}${path(n)}`, {
      headers: { ...(headers ?? (await this.headersOf(who))), 'cf-connecting-ip': `10.0.${n % 250}.${who.length}` },
    })
    return { status: response.status, text: await response.text() }
  }

  /** The statements that came to the database while `work` ran. */
  async statementsOf(work: () => Promise<unknown>): Promise<Query[]> {
    this.#heard.length = 0
    await work()
    return this.#heard.splice(0)
  }

  /** `select 1` through Neon's door, as the Worker's driver asks it. */
  async bare(): Promise<void> {
    const response = await fetch(this.door.httpUrl, {
      method: 'POST',
      headers: { 'neon-connection-string': this.door.url, 'neon-raw-text-output': 'true', 'neon-array-mode': 'true' },
      body: JSON.stringify({ query: 'select 1', params: [] }),
    })
    if (!response.ok) throw new Error(`select 1 was refused: ${await response.text()}`)
    await response.arrayBuffer()
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) await stop()
  }
}

/** What the tests give the Worker; no read asks an outside party that is not here. */
function bindingsOf(doors: Partial<TestDoors>): Record<string, string> {
  const all = Object.entries(testBindings(doors as TestDoors)) as [string, string | undefined][]
  return Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

type Described = {
  parameters?: { name: string }[]
  responses?: Record<
    string,
    { content?: Record<string, { schema?: { properties?: Record<string, { type?: string }> } }> }
  >
}

/** A route that shows many of something: it takes pages, gives a list, or writes CSV. */
function isList(operation: Described | undefined): boolean {
  if (!operation) return false
  const content = operation.responses?.['200']?.content ?? {}
  const fields = content['application/json']?.schema?.properties ?? {}
  return (operation.parameters ?? []).some(({ name }) => name === 'limit') || 'text/csv' in content || 'items' in fields
}

async function tokenOf(who: keyof typeof EMAILS, secret: string): Promise<string> {
  const userId = idOf(who, 0)
  return new SignJWT({ user_id: userId, user_type: who, email: EMAILS[who], sid: idOf(`${who} session`, 0) })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer('agentlink')
    .setAudience('agentlink-api')
    .setSubject(userId)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setNotBefore('0s')
    .setExpirationTime('15m')
    .sign(new TextEncoder().encode(secret))
}
