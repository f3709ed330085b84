/**
 * PGlite as a database that many clients share. It is one PostgreSQL with one session inside, so clients take turns, first
 * come, first served: a turn lasts from a client's first message until PostgreSQL is ready for the next query outside of a
 * transaction. What a real server keeps per session (settings, temporary tables) is therefore shared here; only the names
 * of prepared statements are kept apart.
 */
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { packet, errorMessage, readText, text, type Client, type Database, type Session } from './postgres-wire.ts'

/** A client that leaves a transaction open this long is cut off, for everybody else is waiting. */
const IDLE_IN_TRANSACTION_MS = 30_000

/** After these messages PostgreSQL answers: query, sync, function call, flush. */
const ANSWERED = new Set(['Q', 'S', 'F', 'H'])
const FLUSH = 'H'
const SYNC = packet('S')

export type PGliteDatabase = Database & { stop(): Promise<void> }

/** Starts PGlite, in memory unless `dataDir` says where on disk. */
export async function startPGlite(dataDir?: string): Promise<PGliteDatabase> {
  const pglite = await PGlite.create({ extensions: { pg_trgm }, ...(dataDir === undefined ? {} : { dataDir }) })
  const { rows } = await pglite.query<{ server_version: string }>('SHOW server_version')
  const parameters = {
    server_version: rows[0]?.server_version ?? '',
    server_encoding: 'UTF8',
    client_encoding: 'UTF8',
    DateStyle: 'ISO, MDY',
    TimeZone: 'UTC',
    integer_datetimes: 'on',
    standard_conforming_strings: 'on',
  }
  const turns = new Turns()
  let sessions = 0
  return {
    open: async (client) => new PGliteSession({ pglite, turns, parameters, client, prefix: `s${++sessions}_` }),
    stop: () => pglite.close(),
  }
}

type Parts = {
  pglite: PGlite
  turns: Turns
  parameters: Record<string, string>
  client: Client
  /** Goes before the names of this session's prepared statements. */
  prefix: string
}

class PGliteSession implements Session {
  readonly parameters: Record<string, string>
  readonly #parts: Parts
  readonly #statements = new Set<string>()
  #waiting: Buffer[] = []
  #endTurn: (() => void) | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.parameters = parts.parameters
  }

  async send(message: Buffer): Promise<void> {
    clearTimeout(this.#idle)
    const type = message.toString('latin1', 0, 1)
    this.#waiting.push(this.#rename(type, message))
    if (!ANSWERED.has(type)) return
    const { pglite, turns, client } = this.#parts
    this.#endTurn ??= await turns.take()
    await run(pglite, Buffer.concat(this.#waiting.splice(0)), (bytes) => client.write(bytes))
    if (type !== FLUSH && !pglite.isInTransaction()) this.#finish()
    else this.#idle = setTimeout(() => this.#cutOff(), IDLE_IN_TRANSACTION_MS)
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const { pglite, turns } = this.#parts
    if (!this.#endTurn && this.#statements.size === 0) return
    const isOpen = this.#endTurn !== undefined
    this.#endTurn ??= await turns.take()
    const last = [...this.#statements].map((name) => packet('C', Buffer.from('S'), text(name)))
    const rollback = isOpen ? [SYNC, packet('Q', text('ROLLBACK'))] : []
    try {
      await run(pglite, Buffer.concat([...rollback, ...last, SYNC]), () => {})
    } finally {
      this.#finish()
    }
  }

  #finish(): void {
    this.#endTurn?.()
    this.#endTurn = undefined
  }

  #cutOff(): void {
    const { client } = this.#parts
    client.write(errorMessage('25P03', 'terminating connection due to idle-in-transaction timeout'))
    client.hangUp()
  }

  /** Gives a prepared statement that has a name one that no other session uses. */
  #rename(type: string, message: Buffer): Buffer {
    const start = startOfStatementName(type, message)
    const name = start === undefined ? '' : readText(message, start)
    if (start === undefined || name === '') return message
    const own = this.#parts.prefix + name
    if (type === 'P') this.#statements.add(own)
    return packet(type, message.subarray(5, start), text(own), message.subarray(start + Buffer.byteLength(name) + 1))
  }
}

/** Where a message names a prepared statement, if it does: parse, bind, describe, close. */
function startOfStatementName(type: string, message: Buffer): number | undefined {
  const isOfStatement = message.toString('latin1', 5, 6) === 'S'
  if (type === 'P') return 5
  if (type === 'B') return message.indexOf(0, 5) + 1
  if (type === 'D' || type === 'C') return isOfStatement ? 6 : undefined
  return undefined
}

/** Runs whole messages; `write` gets the answers as they come. */
async function run(pglite: PGlite, bytes: Buffer, write: (bytes: Uint8Array) => void): Promise<void> {
  // A copy, because PGlite hands out a view of memory that it goes on using.
  await pglite.execProtocolRawStream(bytes, { onRawData: (answer) => write(Buffer.from(answer)) })
}

/** Turns, in the order in which they were asked for. */
class Turns {
  #last: Promise<void> = Promise.resolve()

  /** Waits for this turn, and gives the function that ends it. */
  async take(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    return resolve
  }
}
