/**
 * Durable Objects in Node: the platform's promises, and the ways in which it fails. Storage is SQLite and outlives the
 * instance. What an event writes without waiting is written as a whole or not at all; a call may be lost on its way, cut
 * off before its writes are durable, or done without its answer arriving; an alarm that was cut off rings again.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

type Row = Record<string, unknown>
type Instance = Record<string, (...parameters: unknown[]) => unknown>
/** A class of Durable Objects, as the Worker exports it. */
export type ObjectClass = new (ctx: unknown, env: never) => object

/** How a call to an object may end besides well. */
export type CallFault = 'lost' | 'cut off' | 'unanswered'

/** What is decided elsewhere: the time, and whether something goes wrong now. */
export type Fate = { now(): number; fault(): CallFault | null }

const LOST = 'Network connection lost.'

/** One object: its storage, and the instance that is awake, if any. */
export class Host {
  readonly #class: ObjectClass
  readonly #env: unknown
  readonly #fate: Fate
  readonly #db = new DatabaseSync(':memory:')
  readonly #statements = new Map<string, StatementSync>()
  #instance: Instance | null = null
  #ready: Promise<unknown> = Promise.resolve()
  #isOpen = false
  #lives = 0
  #alarmAt: number | null = null
  /** The alarm as it was before what is not durable yet. */
  #durableAlarmAt: number | null = null

  constructor(objectClass: ObjectClass, env: unknown, fate: Fate) {
    this.#class = objectClass
    this.#env = env
    this.#fate = fate
  }

  /** When the alarm is set to ring, or null. */
  get alarmAt(): number | null {
    return this.#alarmAt
  }

  /** Calls a method, as over the network: what goes in and comes out is copied. */
  async call(method: string, parameters: unknown[]): Promise<unknown> {
    const fault = this.#fate.fault()
    if (fault === 'lost') throw new Error(LOST)
    const instance = await this.#awake()
    const work = instance[method]?.(...structuredClone(parameters))
    if (fault === 'cut off') {
      this.evict()
      throw new Error(LOST)
    }
    this.#commit()
    const answer = structuredClone(await work)
    if (fault === 'unanswered') throw new Error(LOST)
    return answer
  }

  /** Rings the alarm that is due. Cut off, or with an error, it rings again. */
  async ring(): Promise<void> {
    const fault = this.#fate.fault()
    this.#alarmAt = null
    const instance = await this.#awake()
    const work = instance['alarm']?.()
    if (fault === 'cut off') {
      this.evict()
      this.#alarmAt = this.#fate.now()
    }
    this.#commit()
    try {
      await work
    } catch {
      this.#alarmAt ??= this.#fate.now()
    }
  }

  /** Forgets the instance, and what it has not made durable. */
  evict(): void {
    if (this.#isOpen) {
      this.#db.exec('ROLLBACK')
      this.#alarmAt = this.#durableAlarmAt
    }
    this.#isOpen = false
    this.#instance = null
    this.#lives++
  }

  close(): void {
    this.evict()
    this.#db.close()
  }

  async #awake(): Promise<Instance> {
    this.#instance ??= new this.#class(this.#context(), this.#env as never) as Instance
    await this.#ready
    return this.#instance
  }

  /** What an instance is given. One that was forgotten may still be running, and reaches nothing any more. */
  #context(): object {
    const life = ++this.#lives
    const alive = <T>(work: () => T): T => {
      if (life !== this.#lives) throw new Error(LOST)
      return work()
    }
    return {
      storage: {
        sql: { exec: (query: string, ...values: SQLInputValue[]) => alive(() => this.#exec(query, values)) },
        transactionSync: <T>(work: () => T): T => work(),
        setAlarm: async (at: number) => alive(() => this.#setAlarm(at)),
        getAlarm: async () => this.#alarmAt,
        deleteAlarm: async () => alive(() => this.#setAlarm(null)),
      },
      blockConcurrencyWhile: (work: () => Promise<unknown>) => (this.#ready = work()),
      waitUntil: () => {},
      abort: (reason: string) => {
        this.evict()
        throw new Error(reason)
      },
    }
  }

  #exec(query: string, values: SQLInputValue[]): object {
    this.#begin()
    const statement = this.#statements.get(query) ?? this.#db.prepare(query)
    this.#statements.set(query, statement)
    if (statement.columns().length === 0) return cursor([], Number(statement.run(...values).changes))
    return cursor(statement.all(...values), 0)
  }

  #setAlarm(at: number | null): void {
    this.#begin()
    this.#alarmAt = at
  }

  /** What is written without a wait in between is one transaction, the alarm with it. */
  #begin(): void {
    if (this.#isOpen) return
    this.#db.exec('BEGIN')
    this.#durableAlarmAt = this.#alarmAt
    this.#isOpen = true
    queueMicrotask(() => this.#commit())
  }

  #commit(): void {
    if (!this.#isOpen) return
    this.#db.exec('COMMIT')
    this.#isOpen = false
  }
}

function cursor(rows: Row[], rowsWritten: number): object {
  return {
    rowsWritten,
    toArray: () => rows,
    one: () => {
      if (rows.length !== 1) throw new Error(`One row was expected and there are ${rows.length}.`)
      return rows[0]
    },
    [Symbol.iterator]: () => rows[Symbol.iterator](),
  }
}

/** A namespace of such objects, each known by its name. */
export class Namespace {
  readonly hosts = new Map<string, Host>()
  readonly #make: () => Host

  constructor(make: () => Host) {
    this.#make = make
  }

  idFromName(name: string): string {
    return name
  }

  /** A stub: every method of the object, to be awaited. */
  get(name: string): object {
    const host = this.hosts.get(name) ?? this.#make()
    this.hosts.set(name, host)
    return new Proxy(
      {},
      {
        get: (_, method) =>
          typeof method === 'string' && method !== 'then'
            ? (...parameters: unknown[]) => host.call(method, parameters)
            : undefined,
      },
    )
  }
}
