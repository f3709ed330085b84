/**
 * Neon's HTTP protocol: one query, or a list that is one transaction, as JSON in a POST to `/sql`. Values travel as text,
 * as PostgreSQL writes them; the driver at the other end turns them into types.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { DatabaseError, type CustomTypesConfig, type Pool, type PoolClient, type QueryArrayConfig } from 'pg'
import * as z from 'zod'
import { isSame, type Credentials } from './postgres-wire.ts'

const BODY_BYTES_MAX = 16 * 1024 * 1024
const RESULT_CHARS_MAX = 16 * 1024 * 1024
const QUERIES_PER_BATCH_MAX = 1_000

const Query = z.object({
  query: z.string(),
  params: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).default([]),
})
/** A statement as it came in. */
export type Query = z.infer<typeof Query>
const Body = z.union([z.object({ queries: z.array(Query).max(QUERIES_PER_BATCH_MAX) }), Query])

const ISOLATION: Record<string, string> = {
  ReadUncommitted: 'ISOLATION LEVEL READ UNCOMMITTED',
  ReadCommitted: 'ISOLATION LEVEL READ COMMITTED',
  RepeatableRead: 'ISOLATION LEVEL REPEATABLE READ',
  Serializable: 'ISOLATION LEVEL SERIALIZABLE',
}

/** Leaves every value as the text that PostgreSQL wrote. */
const AS_TEXT: CustomTypesConfig = { getTypeParser: () => (value: string) => value }

/** What Neon tells of an error. */
const ERROR_FIELDS = [
  'severity',
  'code',
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const satisfies (keyof DatabaseError)[]

/** Something in the request that Neon would answer with this status. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Answers one request. Never rejects. */
export async function answerSql(
  request: IncomingMessage,
  response: ServerResponse,
  { pool, credentials, heard }: { pool: Pool; credentials: Credentials; heard?: ((query: Query) => void) | undefined },
): Promise<void> {
  try {
    if (request.method !== 'POST' || request.url !== '/sql') throw new Refusal(404, 'POST /sql is all there is here.')
    checkCredentials(header(request, 'neon-connection-string'), credentials)
    const { status, json } = await answerBody(pool, await readBody(request), (name) => header(request, name), heard)
    send(response, status, json)
  } catch (thrown) {
    const [status, error] = explain(thrown)
    send(response, status, JSON.stringify(error))
  }
}

/** What Neon would answer to the body of a request, for whoever needs no server in between. Never rejects. */
export async function answerBody(
  pool: Pool,
  text: string,
  headerOf: (name: string) => string | undefined,
  heard?: (query: Query) => void,
): Promise<{ status: number; json: string }> {
  try {
    const body = Body.parse(JSON.parse(text))
    if (heard) for (const query of 'queries' in body ? body.queries : [body]) heard(query)
    const form: Form = {
      isRaw: headerOf('neon-raw-text-output') === 'true',
      isArray: headerOf('neon-array-mode') === 'true',
    }
    const results =
      'queries' in body
        ? { results: await transaction(pool, body.queries, form, beginning(headerOf)) }
        : await single(pool, body, form)
    const json = JSON.stringify(results)
    if (json.length > RESULT_CHARS_MAX) throw new Refusal(507, 'The result is too large.')
    return { status: 200, json }
  } catch (thrown) {
    const [status, error] = explain(thrown)
    return { status, json: JSON.stringify(error) }
  }
}

type Form = { isRaw: boolean; isArray: boolean }

async function single(pool: Pool, query: Query, form: Form): Promise<object> {
  const client = await pool.connect()
  return release(client, () => run(client, query, form))
}

/** All of the queries in one transaction: every one of them, or none. */
async function transaction(pool: Pool, queries: Query[], form: Form, begin: string): Promise<object[]> {
  const client = await pool.connect()
  return release(client, async () => {
    await client.query(begin)
    try {
      const results: object[] = []
      for (const query of queries) results.push(await run(client, query, form))
      await client.query('COMMIT')
      return results
    } catch (thrown) {
      await client.query('ROLLBACK')
      throw thrown
    }
  })
}

/** Gives the client back to the pool after `work`, or throws it away if its connection has broken. */
async function release<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  let isBroken = false
  try {
    return await work()
  } catch (thrown) {
    isBroken = !(thrown instanceof DatabaseError)
    throw thrown
  } finally {
    client.release(isBroken)
  }
}

async function run(client: PoolClient, { query, params }: Query, { isRaw, isArray }: Form): Promise<object> {
  // The extended protocol takes one statement only, as Neon does; `pg` knows the option, its types do not.
  const config: QueryArrayConfig & { queryMode: 'extended' } = {
    text: query,
    values: params,
    rowMode: 'array',
    queryMode: 'extended',
    types: isRaw ? AS_TEXT : undefined,
  }
  const result = await client.query<unknown[]>(config)
  const names = result.fields.map((field) => field.name)
  return {
    command: result.command,
    rowCount: result.rowCount,
    fields: result.fields,
    rowAsArray: isArray,
    rows: isArray ? result.rows : result.rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]]))),
  }
}

function beginning(headerOf: (name: string) => string | undefined): string {
  const level = headerOf('neon-batch-isolation-level')
  const isolation = level === undefined ? '' : ISOLATION[level]
  if (isolation === undefined) throw new Refusal(400, 'There is no such isolation level.')
  const access = headerOf('neon-batch-read-only') === 'true' ? 'READ ONLY' : ''
  const deferrable = headerOf('neon-batch-deferrable') === 'true' ? 'DEFERRABLE' : ''
  return ['BEGIN', isolation, access, deferrable].filter((word) => word !== '').join(' ')
}

/** The header is also what keeps web pages out: a browser sends it to another origin only if asked, and nobody asks. */
function checkCredentials(connectionString: string | undefined, { user, password, database }: Credentials): void {
  const url = connectionString === undefined ? null : URL.parse(connectionString)
  if (!url) throw new Refusal(400, 'The header neon-connection-string is missing or malformed.')
  const isOurs =
    decodeURIComponent(url.username) === user &&
    isSame(decodeURIComponent(url.password), password) &&
    decodeURIComponent(url.pathname.slice(1)) === database
  if (!isOurs) throw new Refusal(400, `password authentication failed for user '${decodeURIComponent(url.username)}'`)
}

function explain(thrown: unknown): [status: number, error: object] {
  if (thrown instanceof DatabaseError) {
    const told = Object.fromEntries(ERROR_FIELDS.map((field) => [field, thrown[field]]))
    return [400, { message: thrown.message, ...told }]
  }
  if (thrown instanceof Refusal) return [thrown.status, { message: thrown.message }]
  if (thrown instanceof z.ZodError || thrown instanceof SyntaxError || thrown instanceof URIError) {
    return [400, { message: `The request is malformed: ${thrown.message}` }]
  }
  return [503, { message: 'The database cannot be reached.' }]
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // Read to its end all the same, or the connection would be of no use afterwards.
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
  }
  if (bytes > BODY_BYTES_MAX) throw new Refusal(413, 'The request is too large.')
  return Buffer.concat(chunks).toString('utf8')
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function send(response: ServerResponse, status: number, json: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) })
    .end(json)
}
