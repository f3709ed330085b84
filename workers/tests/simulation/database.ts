/** A real PostgreSQL for a simulation, asked by the Worker's own driver without a server in between. */
import { Client, type DatabaseError } from 'pg'
import { migrate } from '../../local/migrate.ts'
import type { Query } from '../../local/postgres-http.ts'
import { startRealPostgres } from '../../local/real-postgres.ts'
import { Pipeline } from './pipeline.ts'

const SQL_URL = 'http://database.simulation/sql'

/**
 * What a crash of the machine would lose does not matter here; that a transaction is whole does. A statement is planned once, while the
 * tables are empty: so the plan has to be told that they will not stay so.
 */
export const SETTINGS = [
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'autovacuum=off',
  'jit=off',
  'max_parallel_workers_per_gather=0',
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
]

export type SimulatedDatabase = {
  /** The Worker's variables that lead here. */
  variables: { DATABASE_URL: string; DATABASE_HTTP_URL: string }
  query<T>(text: string, values?: unknown[]): Promise<T[]>
  /** Comes when nobody waits for an answer. */
  rest(): Promise<void>
  stop(): Promise<void>
}

/** Answers a `fetch` of the Worker, or null where nobody is asked: then it gets no good answer. */
export type Answers = (url: string, init: RequestInit) => Promise<Response> | null

/**
 * Starts a database with all tables, or takes the one at `databaseUrl`. `isLost` decides of each request of the Worker whether it does not arrive (`before`)
 * or is done without an answer (`after`); `others` answer what is asked of anybody else.
 */
export async function startDatabase(
  isLost: () => 'before' | 'after' | null,
  databaseUrl?: string,
  others: Answers = () => null,
): Promise<SimulatedDatabase> {
  const server = databaseUrl === undefined ? await startRealPostgres({ settings: SETTINGS }) : null
  const url = databaseUrl ?? server?.url ?? ''
  if (server) await migrate(url)
  // One connection: what happens is decided by the seed alone. What happens at the same time on several is tested elsewhere.
  const client = new Client({ connectionString: url })
  await client.connect()
  const pipeline = new Pipeline(client)
  const real = globalThis.fetch
  globalThis.fetch = async (input, init = {}) => {
    const to = input instanceof Request ? input.url : input.toString()
    if (to !== SQL_URL) return (await others(to, init)) ?? new Response('Nobody is here.', { status: 503 })
    const loss = isLost()
    if (loss === 'before') throw new TypeError('The connection was lost.')
    const answer = await answerSql(pipeline, typeof init.body === 'string' ? init.body : '')
    if (loss === 'after') throw new TypeError('The connection was lost.')
    return answer
  }
  return {
    variables: { DATABASE_URL: url, DATABASE_HTTP_URL: SQL_URL },
    query: async <T>(text: string, values: unknown[] = []) => (await client.query(text, values)).rows as T[],
    rest: () => pipeline.rest(),
    async stop() {
      globalThis.fetch = real
      await client.end()
      await server?.stop()
    },
  }
}

/** As much of a response as the driver reads: the rest of one costs as much as a statement. */
async function answerSql(pipeline: Pipeline, body: string): Promise<Response> {
  const asked = JSON.parse(body) as Query | { queries: Query[] }
  const isBatch = 'queries' in asked
  try {
    const results = await pipeline.run(isBatch ? asked.queries : [asked])
    return { ok: true, status: 200, json: async () => (isBatch ? { results } : results[0]) } as Response
  } catch (thrown) {
    const { message, ...told } = thrown as DatabaseError
    return { ok: false, status: 400, json: async () => ({ ...told, message }) } as Response
  }
}
