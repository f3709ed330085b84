/**
 * The platform in one process, for simulations: the Worker's own code over a real PostgreSQL and objects in SQLite, with a
 * clock, queues and a network that do as chance says. What the platform's code is promised is kept (a message comes at least
 * once, a transaction is whole, an alarm rings again); everything that it is not promised goes wrong now and then.
 */
import { TEST_STRIPE } from '../../local/test-keys.ts'
import { startDatabase, type SimulatedDatabase } from './database.ts'
import { Host, Namespace, type CallFault, type ObjectClass } from './object.ts'
import { Random } from './random.ts'
import { playedSigner, type PlayedJob } from './signer.ts'
import { openTill, TILL_URL, type Till } from './till.ts'
import { afterwards } from './workers-module.ts'

export const DAY_MS = 86_400_000
/** The Monday after this one: what the database dates by its own clock lies before it. */
const BEGINNING = (Math.floor((Date.now() / DAY_MS - 4) / 7) * 7 + 11) * DAY_MS
const FAULTS: CallFault[] = ['lost', 'cut off', 'unanswered']
/** Messages that a consumer is given at once. */
const BATCH_MAX = 20
/** After so many rounds without faults nothing may be left to do. */
const ROUNDS_MAX = 200

/** Things to do at one moment of time. */
const STEPS_MAX = 20_000

const ATTEMPTS_MAX = 15

type Message = { id: string; body: unknown; attempts: number; notBefore: number }
export type Consumer = (batch: { queue: string; messages: object[] }, env: never) => Promise<void>

/** Named by variables, because what the Worker's code is typed with does not hold in Node; what it does, does. */
const MODULES = {
  clock: '../../base/clock.ts',
  account: '../../quota/account.object.ts',
  callLogs: '../../quota/call-logs.queue.ts',
  payouts: '../../chain/payouts.queue.ts',
  payoutStates: '../../settlements/payout-states.queue.ts',
  payments: '../../payments/payment-events.queue.ts',
  settlements: '../../settlements/settlements.queue.ts',
}

/** Something is tried again and again and never comes to an end: that too is a promise broken. */
export class RestlessError extends Error {}

/** What a run has to have seen before it says anything. */
const HAPPENINGS = [
  'call',
  'payment',
  'refund',
  'dispute',
  'settlement',
  'withdrawal',
  'payout',
  'duplicate',
  'crash',
  'reorg',
] as const
export type Happening = (typeof HAPPENINGS)[number]

export class Platform {
  readonly database: SimulatedDatabase
  till: Till = openTill()
  readonly env: Record<string, unknown> = {}
  seed = 0
  signers: Namespace | null = null
  random = new Random(0)
  /** How probable it is that a step goes wrong. */
  trouble = 0
  /** What has happened, and how often. */
  readonly happened: Record<Happening, number> = nothingYet()
  now = BEGINNING
  readonly #queues = new Map<string, Message[]>()
  readonly #consumers = new Map<string, Consumer>()
  readonly #namespaces: Namespace[] = []
  #messages = 0
  #ids = 0

  private constructor(database: SimulatedDatabase) {
    this.database = database
  }

  /** Starts the platform, quiet at first, on a database of its own or the one at `databaseUrl`. */
  static async start(databaseUrl?: string): Promise<Platform> {
    const starting: { platform?: Platform } = {}
    const isLost = () => starting.platform?.lost() ?? null
    const database = await startDatabase(isLost, databaseUrl, (to, init) =>
      to.startsWith(TILL_URL) ? platform.till.answer(to, init, isLost) : null,
    )
    const platform = new Platform(database)
    starting.platform = platform
    const { clock } = (await import(MODULES.clock)) as { clock: { now(): number } }
    clock.now = () => platform.now
    const { AccountObject } = (await import(MODULES.account)) as { AccountObject: ObjectClass }
    Object.assign(platform.env, secrets(), database.variables, {
      STRIPE_SECRET_KEY: TEST_STRIPE.secretKey,
      STRIPE_BASE_URL: TILL_URL,
    })
    platform.objects('ACCOUNT', AccountObject)
    platform.signers = platform.objects('SIGNER', playedSigner(platform))
    const { callLogsQueue } = (await import(MODULES.callLogs)) as { callLogsQueue: Consumer }
    const { payoutsQueue } = (await import(MODULES.payouts)) as { payoutsQueue: Consumer }
    const { payoutStatesQueue } = (await import(MODULES.payoutStates)) as { payoutStatesQueue: Consumer }
    const { settlementsQueue } = (await import(MODULES.settlements)) as { settlementsQueue: Consumer }
    const { paymentEventsQueue } = (await import(MODULES.payments)) as { paymentEventsQueue: Consumer }
    platform.queue('PAYMENT_EVENTS', paymentEventsQueue)
    platform.queue('CALL_LOGS', callLogsQueue)
    platform.queue('PAYOUTS', payoutsQueue)
    platform.queue('PAYOUT_STATES', payoutStatesQueue)
    platform.queue('SETTLEMENTS', settlementsQueue)
    platform.queue('EVENTS', async ({ messages }) => messages.forEach((message) => (message as { ack(): void }).ack()))
    return platform
  }

  /** From here on everything is decided by this seed. */
  begin(seed: number, trouble: number): void {
    this.seed = seed
    this.random = new Random(seed)
    this.trouble = trouble
    this.now = BEGINNING
    crypto.randomUUID = () => this.#id()
    Math.random = () => this.random.next()
    Date.now = () => this.now
  }

  /** Binds a namespace of Durable Objects. */
  objects(binding: string, objectClass: ObjectClass): Namespace {
    const fate = { now: () => this.now, fault: () => this.fault() }
    const namespace = new Namespace(() => new Host(objectClass, this.env, fate))
    this.#namespaces.push(namespace)
    this.env[binding] = namespace
    return namespace
  }

  /** What became of every payout that a signer was asked for. */
  async payouts(): Promise<Map<string, PlayedJob>> {
    const all = await Promise.all([...(this.signers?.hosts.values() ?? [])].map((host) => host.call('played', [])))
    return new Map((all as PlayedJob[][]).flat().map((job) => [job.id, job]))
  }

  /** Binds a queue and the consumer of its messages. */
  queue(binding: string, consumer: Consumer): void {
    const messages: Message[] = []
    this.#queues.set(binding, messages)
    this.#consumers.set(binding, consumer)
    const send = async (body: unknown): Promise<void> => {
      const fault = this.fault()
      if (fault === 'lost') throw new Error('The queue cannot be reached.')
      messages.push({ id: String(this.#messages++), body: structuredClone(body), attempts: 1, notBefore: 0 })
      if (fault !== null) throw new Error('The queue did not answer.')
    }
    this.env[binding] = {
      send,
      sendBatch: async (batch: Iterable<{ body: unknown }>) => {
        for (const { body } of batch) await send(body)
      },
    }
  }

  /** What goes wrong with the call that is being made, if anything. */
  fault(): CallFault | null {
    const fault = this.random.chance(this.trouble) ? this.random.pick(FAULTS) : null
    if (fault === 'cut off') this.happened.crash++
    return fault
  }

  lost(): 'before' | 'after' | null {
    return this.random.chance(this.trouble) ? this.random.pick(['before', 'after'] as const) : null
  }

  /** Puts a message into a queue, in the end. */
  async tell(binding: string, body: unknown): Promise<void> {
    const queue = this.env[binding] as { send(body: unknown): Promise<void> }
    await this.insist(() => queue.send(body))
  }

  async stop(): Promise<void> {
    await this.database.stop()
    this.till.stop()
  }

  /** Repeats what must be done in the end and may be done twice, as a client or a sweeping job would. */
  async insist<T>(work: () => Promise<T>, isWorthIt = (_: unknown): boolean => true): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (thrown) {
        if (attempt === ATTEMPTS_MAX || !isWorthIt(thrown)) throw thrown
      }
    }
  }

  /** One thing that the platform does by itself: rings an alarm, delivers a batch, or forgets an object's instance. */
  async step(): Promise<boolean> {
    const hosts = this.#namespaces.flatMap((namespace) => [...namespace.hosts.values()])
    if (hosts.length > 0 && this.random.chance(this.trouble)) this.random.pick(hosts).evict()
    const due = hosts.filter(({ alarmAt }) => alarmAt !== null && alarmAt <= this.now)
    const waiting = [...this.#queues].filter(([, messages]) => messages.some(({ notBefore }) => notBefore <= this.now))
    if (due.length + waiting.length === 0) return false
    const at = this.random.below(due.length + waiting.length)
    const host = due[at]
    if (host) await host.ring()
    else await this.#deliver(waiting[at - due.length]?.[0] ?? '')
    return true
  }

  /** Lets time pass and everything happen, without faults, until nothing is left to do. */
  async settleDown(): Promise<void> {
    const { trouble } = this
    this.trouble = 0
    for (let round = 0; ; round++) {
      for (let steps = 0; await this.step(); steps++) {
        if (steps === STEPS_MAX) throw new RestlessError(`It never ends: ${this.#left()}.`)
      }
      await Promise.all(afterwards)
      const next = this.#next()
      if (next === null) break
      if (round === ROUNDS_MAX) throw new RestlessError(`There is still something to do: ${this.#left()}.`)
      this.now = Math.max(this.now, next)
      this.till.expire()
    }
    this.trouble = trouble
  }

  /** Forgets all objects and payments: what comes next happens to others. */
  clear(): void {
    this.till.stop()
    this.till = openTill()
    for (const { hosts } of this.#namespaces) {
      for (const host of hosts.values()) host.close()
      hosts.clear()
    }
  }

  /** The next random id. Ids are never the same twice in a database, so the seed is a part of them. */
  #id(): ReturnType<typeof crypto.randomUUID> {
    const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
    this.#ids++
    return `${hex(this.random.below(2 ** 32), 8)}-${hex(this.#ids % 65_536, 4)}-4${hex(this.seed % 4_096, 3)}-8000-${hex(this.random.below(2 ** 48), 12)}`
  }

  /** What has not come to rest, in words. */
  #left(): string {
    const queues = [...this.#queues].filter(([, messages]) => messages.length > 0)
    const said = queues.map(([name, messages]) => `${messages.length} of ${name}, as ${JSON.stringify(messages[0])}`)
    const alarms = this.#namespaces.map(
      ({ hosts }) => [...hosts.values()].filter(({ alarmAt }) => alarmAt !== null).length,
    )
    return [...said, `alarms: ${alarms.join(', ')}`].join('; ')
  }

  #next(): number | null {
    const alarms = this.#namespaces.flatMap(({ hosts }) =>
      [...hosts.values()].map(({ alarmAt }) => alarmAt ?? Infinity),
    )
    const messages = [...this.#queues.values()].flat().map(({ notBefore }) => notBefore)
    const next = Math.min(...alarms, ...messages)
    return next === Infinity ? null : next
  }

  /** Gives some messages to their consumer, in any order; now and then one that was taken already comes again. */
  async #deliver(binding: string): Promise<void> {
    const messages = this.#queues.get(binding) ?? []
    const ready = this.random.shuffled(messages.filter(({ notBefore }) => notBefore <= this.now))
    const batch = ready.slice(0, 1 + this.random.below(BATCH_MAX))
    const taken = new Set<Message>()
    const given = batch.map((message) => ({
      id: message.id,
      body: structuredClone(message.body),
      attempts: message.attempts,
      timestamp: new Date(this.now),
      ack: () => void taken.add(message),
      retry: (options: { delaySeconds?: number } = {}) => {
        message.notBefore = this.now + (options.delaySeconds ?? 0) * 1000
        message.attempts++
      },
    }))
    const ackAll = (): void => batch.forEach((message) => taken.add(message))
    const queue = binding.toLowerCase().replaceAll('_', '-')
    try {
      await this.#consumers.get(binding)?.(Object.assign({ queue, messages: given }, { ackAll }), this.env as never)
    } catch {
      return
    }
    for (const message of taken) {
      if (this.random.chance(this.trouble)) this.happened.duplicate++
      else messages.splice(messages.indexOf(message), 1)
    }
  }
}

function nothingYet(): Record<Happening, number> {
  return Object.fromEntries(HAPPENINGS.map((one) => [one, 0])) as Record<Happening, number>
}

function secrets(): Record<string, string> {
  return {
    UPSTASH_REDIS_REST_URL: 'http://redis.simulation',
    UPSTASH_REDIS_REST_TOKEN: 'none',
    ENCRYPTION_KEY: 'test-1:dGVzdCBrZXkgb2Ygb25seSAzMiBieXRlcywgbm8gbW8=',
    JWT_SECRET: 'access tokens of the simulation are signed with this',
    OPERATOR_TOKEN: 'operator-token-of-the-simulation-000',
    CHAIN_RPC_URL: 'http://chain.simulation',
    CHAIN_ID: '8453',
    USDC_ADDRESS: `0x${'c0'.repeat(20)}`,
    AGENT_TOKEN_ADDRESS: `0x${'a0'.repeat(20)}`,
    SETTLEMENT_ADDRESS: `0x${'e0'.repeat(20)}`,
    MINT_SIGNER_KEY: `0x${'1a'.repeat(32)}`,
    SETTLE_SIGNER_KEY: `0x${'5e'.repeat(32)}`,
    WEBHOOK_KEY: 'test-1:d2ViaG9va3Mgb2YgdGhlIHRlc3QgcnVuLCAzMiBieXQ=',
  }
}
