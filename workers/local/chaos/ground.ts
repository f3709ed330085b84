/** What chaos breaks: the Worker as it is deployed, on stores and providers that can be stopped, with accounts that have bought calls. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hashKey, newKey, prefixOf } from '../../keys/key-format.ts'
import { type BuiltWorker, startBuiltWorker } from '../built-worker.ts'
import { migrate } from '../migrate.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { type Providers, startProviders } from '../providers.ts'
import { type RedisDoor, startRedis } from '../redis.ts'
import { seed, type Seeded as Market } from '../seed.ts'
import { Journal } from './journal.ts'

const OPERATOR_TOKEN = 'operator-token-of-chaos-000000000000'
const ENCRYPTION_KEY = 'chaos-1:Y2hhb3Mga2V5IG9ubHksIGV4YWN0bHkgMzIgYnl0ZXM='
const LOT = { calls: 100_000, price_usd: '500.00' }
const DEPOSIT = { amount_usd: '500.00' }

export type Account = { id: string; key: string }

export class Ground {
  readonly postgres: Postgres
  readonly redis: RedisDoor
  readonly providers: Providers
  readonly journal: Journal
  readonly accounts: Account[]
  market!: Market
  #worker!: BuiltWorker
  readonly #storageDir: string

  /** Starts all of it, with an empty state in a folder. */
  static async open(dir: string, accounts: number): Promise<Ground> {
    const storageDir = join(dir, 'objects')
    await rm(storageDir, { recursive: true, force: true })
    await mkdir(storageDir, { recursive: true })
    const postgres = await startPostgres({ port: 0 })
    await migrate(postgres.url)
    const ground = new Ground(
      {
        postgres,
        redis: await startRedis({ port: 0, token: 'chaos-redis-token' }),
        providers: await startProviders({ port: 0 }),
        journal: await Journal.open(),
      },
      storageDir,
      accounts,
    )
    ground.#worker = await ground.#start(0)
    const door = { postgres, apiUrl: ground.url, operatorToken: OPERATOR_TOKEN, encryptionKey: ENCRYPTION_KEY }
    ground.market = await seed(door)
    await ground.#addAccounts()
    return ground
  }

  private constructor(
    parts: Pick<Ground, 'postgres' | 'redis' | 'providers' | 'journal'>,
    storageDir: string,
    accounts: number,
  ) {
    this.postgres = parts.postgres
    this.redis = parts.redis
    this.providers = parts.providers
    this.journal = parts.journal
    this.#storageDir = storageDir
    this.accounts = Array.from({ length: accounts }, () => ({ id: crypto.randomUUID(), key: newKey() }))
  }

  get url(): string {
    return this.#worker.url
  }

  /** Kills the Worker as a machine dies, with whatever it is doing, and starts it again at the same address. */
  async killAndRestart(): Promise<void> {
    const port = Number(new URL(this.url).port)
    await this.#worker.stop()
    this.#worker = await this.#start(port)
    await this.journal.restore(this.#worker.controlUrl)
  }

  /** So many batches to come are delivered twice. */
  async deliverTwice(batches: number): Promise<void> {
    await (await fetch(`${this.#worker.controlUrl}/?twice=${batches}`)).body?.cancel()
  }

  async runCron(pattern: string): Promise<void> {
    await this.#worker.runCron(pattern)
  }

  async close(): Promise<void> {
    await this.#worker.stop()
    await Promise.all([this.postgres.stop(), this.redis.stop(), this.providers.stop(), this.journal.close()])
  }

  #start(port: number): Promise<BuiltWorker> {
    const { postgres, redis, providers, journal } = this
    return startBuiltWorker({
      port,
      storage: { dir: this.#storageDir },
      journal: journal.address,
      bindings: {
        DATABASE_URL: postgres.url,
        DATABASE_HTTP_URL: postgres.httpUrl,
        UPSTASH_REDIS_REST_URL: redis.url,
        UPSTASH_REDIS_REST_TOKEN: redis.token,
        ENCRYPTION_KEY,
        JWT_SECRET: 'signs nothing here, and is long enough for it',
        WEBHOOK_KEY: 'none-1:d2ViaG9va3Mgb2YgdGhlIHRlc3QgcnVuLCAzMiBieXQ=',
        OPERATOR_TOKEN,
        OPENAI_BASE_URL: providers.openaiBaseUrl,
        OPENAI_API_KEY: 'sk-chaos',
        ANTHROPIC_BASE_URL: providers.anthropicBaseUrl,
        ANTHROPIC_API_KEY: 'sk-chaos',
        GOOGLE_BASE_URL: providers.googleBaseUrl,
        GOOGLE_AI_API_KEY: 'chaos',
        // Short clocks, so that what hangs is over while we watch.
        FIRST_CONTENT_MS: '3000',
        JSON_TOTAL_MS: '4000',
        IDLE_MS: '2000',
        STREAM_TOTAL_MS: '6000',
        OUTBOX_LINGER_MS: '500',
        OUTBOX_BUSY_MS: '1500',
      },
    })
  }

  async #addAccounts(): Promise<void> {
    for (const { id, key } of this.accounts) {
      await this.postgres.query(
        `INSERT INTO users (id, email, password_hash, user_type) VALUES ($1::uuid, $1 || '@chaos.test', 'none', 'developer')`,
        [id],
      )
      await this.postgres.query(
        `INSERT INTO api_keys (user_id, key_hash, key_prefix, name) VALUES ($1, $2, $3, 'chaos')`,
        [id, hashKey(key), prefixOf(key)],
      )
      await this.#operate(`${id}/lots`, { ...LOT, id: `lot-${id}` })
      await this.#operate(`${id}/deposits`, { ...DEPOSIT, id: `deposit-${id}` })
    }
  }

  async #operate(path: string, body: object): Promise<void> {
    const response = await fetch(`${this.url}/api/v1/admin/accounts/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path} was refused: ${await response.text()}`)
    await response.body?.cancel()
  }
}
