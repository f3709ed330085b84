/**
 * Postgres: Neon over HTTP, through Drizzle. One query is one request, so there is no connection to keep or to lose; what
 * must happen together goes out as one batch, which is one transaction.
 *
 * A query gets two seconds. `reach` turns a database that is away, or silent, into `storeUnavailable`, and leaves alone
 * what the database itself has answered, such as a broken constraint.
 */
import { neon, neonConfig, NeonDbError } from '@neondatabase/serverless'
import { sql, type SQLWrapper } from 'drizzle-orm'
import { DrizzleQueryError } from 'drizzle-orm/errors'
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http'
import { settings, type Bindings } from '../env.ts'
import { AppError } from './errors.ts'

const QUERY_MS = 2_000
const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'
const NOTHING_CHANGED = 'P0002'
/** SQLSTATE classes of a server that cannot serve just now: connection, resources, operator (shutdown), system. */
const AWAY = /^(08|53|57P|58)/

const databases = new WeakMap<Bindings, NeonHttpDatabase>()
/** Where Neon's HTTP protocol is spoken for a database, by its host and port, where that is not Neon's own place for it. */
const endpoints = new Map<string, string>()
const standardEndpoint = neonConfig.fetchEndpoint

// The driver knows only one setting for all databases of an isolate, so these two look up which one they are asked for.
neonConfig.fetchEndpoint = (host, port, options) =>
  endpoints.get(`${host}:${port}`) ??
  (typeof standardEndpoint === 'string' ? standardEndpoint : standardEndpoint(host, port, options))
neonConfig.fetchFunction = (url: string, init: RequestInit) =>
  fetch(url, { ...init, signal: AbortSignal.timeout(QUERY_MS) })

/** The database of this environment. Nothing is sent before the first query. */
export function db(env: Bindings): NeonHttpDatabase {
  const known = databases.get(env)
  if (known) return known
  const { DATABASE_URL, DATABASE_HTTP_URL } = settings(env)
  if (DATABASE_HTTP_URL !== undefined) {
    // Read as the driver reads it: as the address of a web server, whose standard port is left out.
    const { hostname, port } = new URL(DATABASE_URL.replace(/^postgres(ql)?:/, 'http:'))
    endpoints.set(`${hostname}:${port}`, DATABASE_HTTP_URL)
  }
  const database = drizzle(neon(DATABASE_URL))
  databases.set(env, database)
  return database
}

/**
 * Runs `work`, which queries the database. Throws `storeUnavailable` if the database could not be reached or did not
 * answer in time (a write may have happened all the same), and whatever else `work` threw as it is.
 */
export async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw isAway(thrown) ? new AppError('storeUnavailable', { cause: thrown }) : thrown
  }
}

/**
 * A statement for a batch: runs `change`, an update or a deletion that returns its rows, and undoes the whole batch if it
 * meets none. `isUnchanged` knows the error.
 */
export function mustChange(env: Bindings, change: SQLWrapper) {
  return db(env).execute(sql`WITH changed AS ${change} SELECT demand_change(count(*)) FROM changed`)
}

/** Whether this is the database's refusal of a second row with the same value, of `constraint` if that is named. */
export function isUniqueViolation(thrown: unknown, constraint?: string): boolean {
  const answer = sqlErrorOf(thrown)
  return answer?.code === UNIQUE_VIOLATION && (constraint === undefined || answer.constraint === constraint)
}

/** Whether this is the database's refusal of a row that refers to one that is not there. */
export function isForeignKeyViolation(thrown: unknown): boolean {
  return sqlErrorOf(thrown)?.code === FOREIGN_KEY_VIOLATION
}

/** Whether a statement that had to change something met no row, so that its batch was undone. */
export function isUnchanged(thrown: unknown): boolean {
  return sqlErrorOf(thrown)?.code === NOTHING_CHANGED
}

function isAway(thrown: unknown): boolean {
  const answer = sqlErrorOf(thrown)
  if (answer) return AWAY.test(answer.code ?? '')
  // The driver failed without an answer of the database: no connection, no answer in time, or one that is not Neon's.
  return thrown instanceof DrizzleQueryError || thrown instanceof NeonDbError || isTimeout(thrown)
}

/** The database's own error, if that is at the bottom of `thrown`. */
function sqlErrorOf(thrown: unknown): NeonDbError | undefined {
  const error = thrown instanceof DrizzleQueryError ? thrown.cause : thrown
  return error instanceof NeonDbError && error.code ? error : undefined
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'TimeoutError'
}
