/** A real PostgreSQL for a simulation, asked by the Worker's own driver without a server in between. */
import { Pool } from 'pg'
import { answerBody } from '../../local/postgres-http.ts'
import { migrate } from '../../local/migrate.ts'
import { startRealPostgres } from '../../local/real-postgres.ts'

const SQL_URL = 'http://database.simulation/sql'

export type SimulatedDatabase = {
  /** The Worker's variables that lead here. */
  variables: { DATABASE_URL: string; DATABASE_HTTP_URL: string }
  query<T>(text: string, values?: unknown[]): Promise<T[]>
  stop(): Promise<void>
}

/** Answers a `fetch` of the Worker, or null where nobody is asked: then it gets no good answer. */
export type Answers = (url: string, init: RequestInit, real: typeof fetch) => Promise<Response> | null

/**
 * Starts a database with all tables, or takes the one at `databaseUrl`. `isLost` decides of each request of the Worker whether it does not arrive (`before`)
 * or is done without an answer (`after`); `others` answer what is asked of anybody else.
 */
export async function startDatabase(
  isLost: () => 'before' | 'after' | null,
  databaseUrl?: string,
  others: Answers = () => null,
): Promise<SimulatedDatabase> {
  // What a crash of the machine would lose does not matter here; that a transaction is whole does.
  const server = databaseUrl === undefined ? await startRealPostgres({ settings: ['synchronous_commit=off'] }) : null
  const url = databaseUrl ?? server?.url ?? ''
  if (server) await migrate(url)
  const pool = new Pool({ connectionString: url, max: 4 })
  const real = globalThis.fetch
  globalThis.fetch = async (input, init = {}) => {
    const to = input instanceof Request ? input.url : input.toString()
    if (to !== SQL_URL) return (await others(to, init, real)) ?? new Response('Nobody is here.', { status: 503 })
    const loss = isLost()
    if (loss === 'before') throw new TypeError('The connection was lost.')
    const headers = new Headers(init.headers)
    const { status, json } = await answerBody(
      pool,
      typeof init.body === 'string' ? init.body : '',
      (name) => headers.get(name) ?? undefined,
    )
    if (loss === 'after') throw new TypeError('The connection was lost.')
    return new Response(json, { status, headers: { 'content-type': 'application/json' } })
  }
  return {
    variables: { DATABASE_URL: url, DATABASE_HTTP_URL: SQL_URL },
    query: async <T>(text: string, values: unknown[] = []) => (await pool.query(text, values)).rows as T[],
    async stop() {
      globalThis.fetch = real
      await pool.end()
      await server?.stop()
    },
  }
}
