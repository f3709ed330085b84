import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { neon, neonConfig, NeonDbError, Pool, type NeonQueryFunction } from '@neondatabase/serverless'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/neon-http'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { agents } from '../agents/tables.ts'
import { users } from '../auth/tables.ts'
import { migrate } from './migrate.ts'
import { startPostgres, type Postgres } from './postgres.ts'
import { startRealPostgres, type RealPostgres } from './real-postgres.ts'

// The driver as the Worker has it, told only where the doors are.
neonConfig.fetchEndpoint = (host, port) => `http://${host}:${port}/sql`
neonConfig.wsProxy = (host, port) => `${host}:${port}/v2`
neonConfig.useSecureWebSocket = false
neonConfig.webSocketConstructor = WebSocket

let real: RealPostgres
beforeAll(async () => {
  real = await startRealPostgres()
})
afterAll(() => real.stop())

describe.each([
  { over: 'PGlite', start: () => startPostgres({ port: 0 }) },
  { over: 'a real PostgreSQL', start: () => startPostgres({ port: 0, databaseUrl: real.url }) },
])('the door over $over', ({ start }) => {
  let postgres: Postgres
  let sql: NeonQueryFunction<false, false>
  let pool: Pool

  beforeAll(async () => {
    postgres = await start()
    sql = neon(postgres.url)
  })
  afterAll(() => postgres.stop())
  beforeEach(async () => {
    pool = new Pool({ connectionString: postgres.url, max: 5 })
    pool.on('error', () => {})
    await postgres.query('DROP TABLE IF EXISTS box')
    await postgres.query('CREATE TABLE box (id INT PRIMARY KEY, n INT NOT NULL CONSTRAINT n_is_small CHECK (n < 1000))')
  })
  afterEach(() => pool.end())

  const boxes = (): Promise<{ id: number; n: number }[]> => postgres.query('SELECT id, n FROM box ORDER BY id')

  it('carries every type of value there and back over HTTP', async () => {
    const bytes = Buffer.from([0, 1, 92, 120, 255])
    const [row] = await sql`
      SELECT ${bytes} AS bytes, ${JSON.stringify({ a: ['ä', null] })}::jsonb AS json, ${'0.10'}::numeric AS exact,
        ${9_007_199_254_740_993n.toString()}::bigint AS big, ${[1, 2]}::int[] AS list, ${['a"b', 'c,d']}::text[] AS texts,
        ${null}::text AS nothing, ${true}::boolean AS yes, ${'2026-01-02T03:04:05.678Z'}::timestamptz AS time,
        ${'\u{1F600}'} AS face, ${3}::int AS whole, ''::text AS empty`
    // The driver's parsers are shared by all its users, and Drizzle leaves times as text.
    expect({ ...row, time: new Date(row?.['time']) }).toEqual({
      bytes,
      json: { a: ['ä', null] },
      exact: '0.10',
      big: '9007199254740993',
      list: [1, 2],
      texts: ['a"b', 'c,d'],
      nothing: null,
      yes: true,
      time: new Date('2026-01-02T03:04:05.678Z'),
      face: '\u{1F600}',
      whole: 3,
      empty: '',
    })
  })

  it('gives rows as arrays, and the command with its count, where that is asked for', async () => {
    const result = await sql.query('INSERT INTO box VALUES (1, 10), (2, 20) RETURNING id, n', [], {
      arrayMode: true,
      fullResults: true,
    })
    expect(result).toMatchObject({
      command: 'INSERT',
      rowCount: 2,
      rows: [
        [1, 10],
        [2, 20],
      ],
    })
    expect(result.fields.map((field) => [field.name, field.dataTypeID])).toEqual([
      ['id', 23],
      ['n', 23],
    ])
  })

  it('answers SQL errors as the driver knows them, and goes on', async () => {
    await sql`INSERT INTO box VALUES (1, 1)`
    const twice = await sql`INSERT INTO box VALUES (1, 1)`.catch((thrown: unknown) => thrown)
    expect(twice).toBeInstanceOf(NeonDbError)
    expect(twice).toMatchObject({
      code: '23505',
      constraint: 'box_pkey',
      table: 'box',
      detail: 'Key (id)=(1) already exists.',
    })
    await expect(sql`INSERT INTO box VALUES (2, 1000)`).rejects.toMatchObject({
      code: '23514',
      constraint: 'n_is_small',
    })
    await expect(sql`SELEC 1`).rejects.toMatchObject({ code: '42601', position: '1' })
    await expect(sql`SELECT ${'x'}::int`).rejects.toMatchObject({ code: '22P02' })
    expect(await boxes()).toEqual([{ id: 1, n: 1 }])
  })

  it('takes one statement a query', async () => {
    await expect(sql.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: '42601' })
  })

  it('runs a batch wholly or not at all', async () => {
    await sql.transaction([sql`INSERT INTO box VALUES (1, 1)`, sql`UPDATE box SET n = 2 WHERE id = 1`])
    const failed = sql.transaction([sql`INSERT INTO box VALUES (2, 1)`, sql`INSERT INTO box VALUES (1, 1)`])
    await expect(failed).rejects.toMatchObject({ code: '23505' })
    expect(await boxes()).toEqual([{ id: 1, n: 2 }])
  })

  it('begins a batch as its headers say', async () => {
    const shown = await sql.transaction([sql`SHOW transaction_isolation`, sql`SHOW transaction_read_only`], {
      isolationLevel: 'Serializable',
      readOnly: true,
      deferrable: true,
    })
    expect(shown).toEqual([[{ transaction_isolation: 'serializable' }], [{ transaction_read_only: 'on' }]])
    const writing = sql.transaction([sql`INSERT INTO box VALUES (1, 1)`], { readOnly: true })
    await expect(writing).rejects.toMatchObject({ code: '25006' })
  })

  it('carries Drizzle, bytes and dates included', async () => {
    await postgres.query('DROP SCHEMA public CASCADE')
    await postgres.query('CREATE SCHEMA public')
    await migrate(postgres.url)
    const db = drizzle(sql)
    const [user] = await db
      .insert(users)
      .values({ email: 'a@b.c', passwordHash: '', userType: 'creator' })
      .returning({ id: users.id })
    const bytes = new Uint8Array([0, 92, 255])
    const publishedAt = new Date('2026-01-02T03:04:05.678Z')
    await db.batch([
      db.insert(agents).values({
        creatorId: user?.id ?? '',
        slug: 'a',
        name: 'A',
        provider: 'openai',
        model: 'm',
        configEncrypted: bytes,
        configIv: new Uint8Array(0),
        keyId: 'k',
        pricePerCall: '0.001000',
        publishedAt,
      }),
      db
        .update(agents)
        .set({ tokenId: 2n ** 62n })
        .where(eq(agents.slug, 'a')),
    ])
    expect(await db.select().from(agents)).toMatchObject([
      {
        configEncrypted: bytes,
        configIv: new Uint8Array(0),
        pricePerCall: '0.001000',
        publishedAt,
        tokenId: 2n ** 62n,
      },
    ])
    await postgres.query('CREATE TABLE box (id INT)')
  })

  it('holds a transaction together over a WebSocket, and rolls it back', async () => {
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('INSERT INTO box VALUES ($1, $2)', [1, 1])
    await client.query('COMMIT')
    await client.query('BEGIN')
    await client.query('INSERT INTO box VALUES (2, 2)')
    await expect(client.query('INSERT INTO box VALUES (2, 2)')).rejects.toMatchObject({ code: '23505' })
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' })
    await client.query('ROLLBACK')
    client.release()
    expect(await boxes()).toEqual([{ id: 1, n: 1 }])
  })

  it('loses no update among clients of both kinds at the same time', async () => {
    await sql`INSERT INTO box VALUES (1, 0)`
    const byHttp = Array.from({ length: 40 }, () => sql`UPDATE box SET n = n + 1 WHERE id = 1`)
    const byBatch = Array.from({ length: 20 }, () =>
      sql.transaction([sql`UPDATE box SET n = n + 1 WHERE id = 1`, sql`UPDATE box SET n = n + 1 WHERE id = 1`]),
    )
    const byWebSocket = Array.from({ length: 20 }, async () => {
      const client = await pool.connect()
      await client.query('BEGIN')
      const { rows } = await client.query<{ n: number }>('SELECT n FROM box WHERE id = 1 FOR UPDATE')
      await client.query('UPDATE box SET n = $1 WHERE id = 1', [(rows[0]?.n ?? 0) + 1])
      await client.query('COMMIT')
      client.release()
    })
    await Promise.all([...byHttp, ...byBatch, ...byWebSocket])
    expect(await boxes()).toEqual([{ id: 1, n: 100 }])
  })

  it('keeps prepared statements of the same name apart', async () => {
    const [one, two] = await Promise.all([pool.connect(), pool.connect()])
    const named = (text: string): { name: string; text: string } => ({ name: 'it', text })
    for (let round = 0; round < 2; round++) {
      expect((await one.query(named('SELECT 1 AS a'))).rows).toEqual([{ a: 1 }])
      expect((await two.query(named('SELECT 2 AS b'))).rows).toEqual([{ b: 2 }])
    }
    one.release()
    two.release()
  })

  it('undoes what a client left open that vanished', async () => {
    const client = new Client({ connectionString: postgres.url })
    client.on('error', () => {})
    await client.connect()
    await client.query('BEGIN')
    await client.query('INSERT INTO box VALUES (1, 1)')
    const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
    connection.stream.destroy()
    // Waits for the row that the transaction holds, or for its turn, and must get it.
    await sql`INSERT INTO box VALUES (1, 2)`
    expect(await boxes()).toEqual([{ id: 1, n: 2 }])
  })

  it('lets in nobody with another password', async () => {
    const wrong = postgres.url.replace(/:[^:@]+@/, ':wrong@')
    await expect(neon(wrong)`SELECT 1`).rejects.toThrow(/password authentication failed/)
    await expect(new Client({ connectionString: wrong }).connect()).rejects.toMatchObject({ code: '28P01' })
    const elsewhere = postgres.url.replace(/[^/]+$/, 'elsewhere')
    await expect(new Client({ connectionString: elsewhere }).connect()).rejects.toMatchObject({ code: '28P01' })
    const bare = await fetch(postgres.httpUrl, { method: 'POST', body: '{"query":"SELECT 1"}' })
    expect(bare.status).toBe(400)
  })

  it('closes its WebSocket to web pages', async () => {
    const socket = new WebSocket(postgres.httpUrl.replace('http', 'ws').replace('/sql', '/v2'), {
      origin: 'https://a.b',
    })
    const outcome = await new Promise((resolve) => {
      socket.on('open', () => resolve('open'))
      socket.on('error', () => resolve('refused'))
    })
    expect(outcome).toBe('refused')
  })

  it('refuses malformed and oversized requests, and results beyond measure', async () => {
    const post = (body: string): Promise<number> =>
      fetch(postgres.httpUrl, { method: 'POST', body, headers: { 'neon-connection-string': postgres.url } }).then(
        (response) => response.status,
      )
    expect(await post('{')).toBe(400)
    expect(await post('{"query":1}')).toBe(400)
    expect(await post(JSON.stringify({ query: 'SELECT 1', params: ['x'.repeat(17_000_000)] }))).toBe(413)
    await expect(sql`SELECT repeat('x', 17000000)`).rejects.toThrow('HTTP status 507')
    expect(await sql`SELECT length(${'x'.repeat(5_000_000)})`).toEqual([{ length: 5_000_000 }])
  })

  it('refuses connections while paused and serves again afterwards, with nothing lost', async () => {
    const client = await pool.connect()
    client.on('error', () => {})
    await client.query('INSERT INTO box VALUES (1, 1)')
    await postgres.pause()
    await expect(sql`SELECT 1`).rejects.toThrow(/Error connecting to database/)
    await expect(client.query('SELECT 1')).rejects.toThrow()
    client.release(true)
    await postgres.query('INSERT INTO box VALUES (2, 2)')
    await postgres.resume()
    expect(await sql`SELECT count(*)::int AS rows FROM box`).toEqual([{ rows: 2 }])
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })

  it('takes connections and never answers while it hangs', async () => {
    await postgres.hang()
    const outcome = await new Promise((resolve) => {
      const asking = request(postgres.httpUrl, { method: 'POST' })
      asking.on('response', () => resolve('answered'))
      asking.on('error', (thrown) => resolve(thrown.message))
      // Taken: the connection stands and the request is on its way. What follows is ours to end.
      asking.on('finish', () => asking.destroy(new Error('given up')))
      asking.end('{}')
    })
    expect(outcome).toBe('given up')
    const limited = sql.query('SELECT 1', [], { fetchOptions: { signal: AbortSignal.timeout(50) } })
    await expect(limited).rejects.toThrow(/Error connecting to database/)
    await postgres.resume()
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
  })
})

describe('PGlite', () => {
  it('cuts off a client that keeps everybody waiting in an open transaction', async () => {
    const postgres = await startPostgres({ port: 0 })
    const client = new Client({ connectionString: postgres.url })
    const cutOff = new Promise((resolve) => client.on('error', resolve))
    await client.connect()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await client.query('BEGIN')
    vi.advanceTimersByTime(30_000)
    vi.useRealTimers()
    expect(await cutOff).toMatchObject({ code: '25P03' })
    expect(await postgres.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await postgres.stop()
  })

  it('on disk still has after a restart what was written before', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'agentlink-pglite-'))
    const first = await startPostgres({ port: 0, dataDir })
    await first.query('CREATE TABLE kept AS SELECT 1 AS one')
    await first.stop()
    const second = await startPostgres({ port: 0, dataDir })
    expect(await second.query('SELECT * FROM kept')).toEqual([{ one: 1 }])
    await second.stop()
    await rm(dataDir, { recursive: true })
  })
})

it('reports a database that cannot be reached as such, and stays up', async () => {
  const postgres = await startPostgres({ port: 0, databaseUrl: 'postgres://a:b@127.0.0.1:1/c' })
  await expect(neon(postgres.url)`SELECT 1`).rejects.toThrow('HTTP status 503')
  await expect(new Client({ connectionString: postgres.url }).connect()).rejects.toMatchObject({ code: '08006' })
  await postgres.stop()
})
