/** Everything that a run measures, and the accounts on whose behalf it asks. */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Pool } from 'pg'
import { hashKey, newKey, prefixOf } from '../../keys/key-format.ts'
import {
  type BuiltWorker,
  type BuiltWorkerOptions,
  builtModule,
  startBuiltWorker,
  workerModule,
} from '../built-worker.ts'
import { market, type MarketAgent } from '../market.ts'
import { seed } from '../seed.ts'
import { agentLinkArm, type Arm, providerArm } from './arm.ts'
import { type Child, startChild } from './process.ts'

/** An agent on OpenAI at less than a unit, so that no account needs a balance. Its prompt is of ordinary length. */
const AGENT = 'release-note-writer'
export const ACCOUNTS = 500
const LOT = { calls: 1_000_000, price_usd: '5000.00' }
const OPERATOR_TOKEN = 'operator-token-of-the-benchmark-0000'
const ENCRYPTION_KEY = 'bench-1:YmVuY2gga2V5IG9ubHksIGV4YWN0bHkgMzIgYnl0ZXM='
const DRAIN_MS_MAX = 20_000
const POLL_MS = 250

type Provider = { openaiBaseUrl: string; anthropicBaseUrl: string; googleBaseUrl: string }
type Stores = { databaseUrl: string; databaseHttpUrl: string; redisUrl: string; redisToken: string }
export type StoreCounts = { postgres: number; redis: number }

export type Account = { id: string; key: string }
export type Running = { arm: Arm; worker: BuiltWorker }

export class Stage {
  readonly agent: MarketAgent
  readonly accounts: Account[]
  readonly provider: Child<Provider>
  readonly stores: Child<Stores>
  readonly #pool: Pool
  readonly #running: Running[] = []
  #isSeeded = false

  /** Starts the stand-ins and makes the accounts. Rejects if a part does not start. */
  static async open(): Promise<Stage> {
    const [provider, stores] = await Promise.all([
      startChild<Provider>('provider-process.ts'),
      startChild<Stores>('stores-process.ts'),
    ])
    const pool = new Pool({ connectionString: stores.ready.databaseUrl, max: 1 })
    const stage = new Stage(provider, stores, pool)
    await stage.#addAccounts()
    return stage
  }

  private constructor(provider: Child<Provider>, stores: Child<Stores>, pool: Pool) {
    const agent = market.agents.find(({ slug }) => slug === AGENT)
    if (!agent) throw new Error(`The market has no agent ${AGENT}.`)
    this.agent = agent
    this.provider = provider
    this.stores = stores
    this.#pool = pool
    this.accounts = Array.from({ length: ACCOUNTS }, () => ({ id: crypto.randomUUID(), key: newKey() }))
  }

  /** The provider stand-in itself. */
  get direct(): Arm {
    const { url, path } = split(`${this.provider.ready.openaiBaseUrl}/chat/completions`)
    return providerArm({ name: 'direct', url, path }, this.agent)
  }

  /** A bare Worker before the stand-in, in workerd as AgentLink is. */
  async bare(options: Pick<BuiltWorkerOptions, 'inspect'> = {}): Promise<Running> {
    const modules = [await workerModule(join(import.meta.dirname, 'bare-worker.ts'))]
    const bindings = { UPSTREAM: `${this.provider.ready.openaiBaseUrl}/chat/completions` }
    const worker = await startBuiltWorker({ modules, bindings, withObjects: false, storage: 'memory', ...options })
    return this.#run(worker, providerArm({ name: 'bare', url: worker.url, path: '/' }, this.agent))
  }

  /** AgentLink with everything on. Each has accounts of its own with the same ids and keys. */
  async agentLink(
    options: Pick<BuiltWorkerOptions, 'inspect' | 'log'> & { storage?: BuiltWorkerOptions['storage'] } = {},
  ): Promise<Running> {
    return this.#agentLink({ storage: 'memory', ...options })
  }

  /** AgentLink with counters; see `counting-worker.ts`. */
  async countingAgentLink(): Promise<Running> {
    const counting = await workerModule(join(import.meta.dirname, 'counting-worker.ts'))
    const modules = [{ ...counting, name: 'counting.js' }, await builtModule()]
    return this.#agentLink({ storage: 'memory', modules })
  }

  async #agentLink(options: Omit<BuiltWorkerOptions, 'bindings'>): Promise<Running> {
    const { databaseUrl, databaseHttpUrl, redisUrl, redisToken } = this.stores.ready
    const { openaiBaseUrl, anthropicBaseUrl, googleBaseUrl } = this.provider.ready
    const bindings = {
      DATABASE_URL: databaseUrl,
      DATABASE_HTTP_URL: databaseHttpUrl,
      UPSTASH_REDIS_REST_URL: redisUrl,
      UPSTASH_REDIS_REST_TOKEN: redisToken,
      ENCRYPTION_KEY,
      JWT_SECRET: 'signs nothing here, and is long enough for it',
      WEBHOOK_KEY: 'none-1:d2ViaG9va3Mgb2YgdGhlIHRlc3QgcnVuLCAzMiBieXQ=',
      OPERATOR_TOKEN,
      OPENAI_BASE_URL: openaiBaseUrl,
      OPENAI_API_KEY: 'sk-bench',
      ANTHROPIC_BASE_URL: anthropicBaseUrl,
      ANTHROPIC_API_KEY: 'sk-bench',
      GOOGLE_BASE_URL: googleBaseUrl,
      GOOGLE_AI_API_KEY: 'bench',
    }
    const worker = await startBuiltWorker({ ...options, bindings })
    const keys = this.accounts.map(({ key }) => key)
    const target = { name: 'agentlink', url: worker.url, path: '/v1/chat/completions' } as const
    const running = this.#run(worker, agentLinkArm(target, this.agent, keys))
    if (!this.#isSeeded) {
      const postgres = {
        query: async <Row extends object>(sql: string, params: unknown[] = []) =>
          (await this.#pool.query<Row>(sql, params)).rows,
      }
      await seed({ postgres, apiUrl: worker.url, operatorToken: OPERATOR_TOKEN, encryptionKey: ENCRYPTION_KEY })
      this.#isSeeded = true
    }
    await this.#credit(worker.url)
    return running
  }

  #run(worker: BuiltWorker, arm: Arm): Running {
    this.#running.push({ worker, arm })
    return { worker, arm }
  }

  async #addAccounts(): Promise<void> {
    const ids = this.accounts.map(({ id }) => id)
    const keys = this.accounts.map(({ key }) => key)
    await this.#pool.query(
      `INSERT INTO users (id, email, password_hash, user_type)
       SELECT id, id || '@bench.test', 'none', 'developer' FROM unnest($1::uuid[]) AS id`,
      [ids],
    )
    await this.#pool.query(
      `INSERT INTO api_keys (user_id, key_hash, key_prefix, name)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])`,
      [ids, keys.map(hashKey), keys.map(prefixOf), keys.map(() => 'bench')],
    )
  }

  /** Sells each account a lot so large that neither quota nor the free rate limit is ever met. */
  async #credit(url: string): Promise<void> {
    const left = [...this.accounts]
    const sell = async (): Promise<void> => {
      for (let account = left.pop(); account; account = left.pop()) {
        const response = await fetch(`${url}/api/v1/admin/accounts/${account.id}/lots`, {
          method: 'POST',
          headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': 'application/json' },
          body: JSON.stringify({ ...LOT, id: `bench-${account.id}` }),
        })
        if (!response.ok) throw new Error(`A lot was refused: ${await response.text()}`)
        await response.body?.cancel()
      }
    }
    await Promise.all(Array.from({ length: 8 }, sell))
  }

  /**
   * Resolves when every call is in the log: all that were asked, or so many where some were refused. Outboxes and queues are then
   * empty, and nothing is left to do.
   */
  async drained(
    calls = this.#running.reduce((sum, { arm }) => sum + (arm.name === 'agentlink' ? arm.asked() : 0), 0),
  ): Promise<void> {
    const deadline = Date.now() + DRAIN_MS_MAX
    for (;;) {
      const { rows } = await this.#pool.query<{ count: string }>('SELECT count(*) FROM call_logs')
      const missing = calls - Number(rows[0]?.count)
      if (missing === 0) return
      if (Date.now() > deadline) throw new Error(`Of ${calls} calls ${missing} are not in the log.`)
      await setTimeout(POLL_MS)
    }
  }

  /** Stops every Worker and both processes. */
  async close(): Promise<void> {
    await Promise.all(this.#running.map(({ worker }) => worker.stop()))
    await this.#pool.end()
    await Promise.all([this.provider.stop(), this.stores.stop()])
  }
}

function split(address: string): { url: string; path: string } {
  const { origin, pathname } = new URL(address)
  return { url: origin, path: pathname }
}
