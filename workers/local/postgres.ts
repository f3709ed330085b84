/**
 * A stand-in for Neon: PostgreSQL behind one port of 127.0.0.1 that speaks Neon's HTTP protocol (`/sql`), Neon's WebSocket
 * protocol (`/v2`) and plain PostgreSQL, so that the Worker's driver, `pg` and `psql` all find their way with one address.
 * Behind it is PGlite, on disk or in memory, or any PostgreSQL whose address is given.
 */
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { once } from 'node:events'
import { Pool, type PoolConfig } from 'pg'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { answerSql, type Query } from './postgres-http.ts'
import { startPGlite } from './postgres-pglite.ts'
import { serverAt } from './postgres-server.ts'
import { serve, type Credentials, type Database } from './postgres-wire.ts'

const HOST = '127.0.0.1'
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024
const POOL_CONNECTIONS_MAX = 10
const CONNECT_MS = 5_000

/** Who signs in where nothing else is said. The door is open to this machine only. */
const LOCAL: Credentials = { user: 'agentlink', password: 'agentlink', database: 'agentlink' }

export type PostgresOptions = {
  /** 0: any free one. */
  port: number
  /** Where PGlite keeps its data; in memory if left out. */
  dataDir?: string
  /** A real PostgreSQL to stand in front of, instead of PGlite. */
  databaseUrl?: string
  /** Is told every statement that comes in over HTTP, before it is run. */
  heard?: (query: Query) => void
}

export type Postgres = {
  /** `postgres://…`, for Neon's driver (HTTP and WebSocket), `pg` and `psql`. */
  url: string
  /** `http://…/sql`, for Neon's driver over HTTP. */
  httpUrl: string
  /** One statement, past the door: it works in an outage too. Values come as `pg` gives them. */
  query<Row extends object>(sql: string, params?: unknown[]): Promise<Row[]>
  /** An outage: connections are cut, new ones refused. */
  pause(): Promise<void>
  /** The other kind of outage: connections are cut, new ones taken and never answered. */
  hang(): Promise<void>
  /** Ends either outage. */
  resume(): Promise<void>
  /** Lets go of everything. */
  stop(): Promise<void>
}

/** Starts PostgreSQL and opens its door. Rejects if the port is taken or the database cannot be opened. */
export async function startPostgres({ port, dataDir, databaseUrl, heard }: PostgresOptions): Promise<Postgres> {
  const behind = databaseUrl ? overServer(databaseUrl) : await overPGlite(dataDir)
  const { database, pool, credentials } = behind
  // Connections of the pool break when a server restarts. The next query opens another; unheard, this ends the process.
  pool.on('error', () => {})
  const http = createHttpServer((request, response) => void answerSql(request, response, { pool, credentials, heard }))
  // Never closed for being idle: a client that sends just then would take it for an outage.
  http.keepAliveTimeout = 0
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX })
  http.on('upgrade', (request, socket, head) => {
    // Only a web page names an origin, and no web page has business here.
    const isOurs = request.url?.split('?')[0] === '/v2' && request.headers.origin === undefined
    if (!isOurs) socket.destroy()
    else {
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        void serve(createWebSocketStream(webSocket), database, credentials)
      })
    }
  })

  const sockets = new Set<Socket>()
  let isHanging = false
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    if (isHanging) return
    // PostgreSQL's protocol begins with a length, whose first byte is 0; HTTP begins with a letter.
    socket.once('data', (chunk) => {
      socket.pause()
      socket.unshift(chunk)
      if (chunk[0] === 0) void serve(socket, database, credentials)
      else {
        http.emit('connection', socket)
        socket.resume()
      }
    })
  })
  const listen = async (on: number): Promise<number> => {
    server.listen(on, HOST)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  const shut = async (): Promise<void> => {
    cut()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }

  const opened = await listen(port).catch(async (thrown: unknown) => {
    await behind.close()
    throw thrown
  })
  const { user, password, database: name } = credentials
  const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
  return {
    url: `postgres://${account}@${HOST}:${opened}/${encodeURIComponent(name)}`,
    httpUrl: `http://${HOST}:${opened}/sql`,
    query: async <Row extends object>(sql: string, params: unknown[] = []) => (await pool.query<Row>(sql, params)).rows,
    pause: shut,
    hang: async () => {
      isHanging = true
      cut()
      if (!server.listening) await listen(opened)
    },
    resume: async () => {
      if (isHanging) cut()
      isHanging = false
      if (!server.listening) await listen(opened)
    },
    stop: async () => {
      await shut()
      await behind.close()
    },
  }
}

type Behind = { database: Database; pool: Pool; credentials: Credentials; close(): Promise<void> }

async function overPGlite(dataDir: string | undefined): Promise<Behind> {
  const pglite = await startPGlite(dataDir)
  const pool = new Pool({ ...LOCAL, ...poolLimits, stream: () => lineTo(pglite) })
  const close = async (): Promise<void> => {
    await pool.end()
    await pglite.stop()
  }
  return { database: pglite, pool, credentials: LOCAL, close }
}

function overServer(databaseUrl: string): Behind {
  const { username, password, pathname } = new URL(databaseUrl)
  const [user, secret, database] = [username, password, pathname.slice(1)].map(decodeURIComponent)
  const pool = new Pool({ ...poolLimits, connectionString: databaseUrl })
  const credentials = { user: user ?? '', password: secret ?? '', database: database ?? '' }
  return { database: serverAt(databaseUrl), pool, credentials, close: () => pool.end() }
}

const poolLimits: PoolConfig = { max: POOL_CONNECTIONS_MAX, connectionTimeoutMillis: CONNECT_MS }

/** A connection within this process, in the shape of the socket that `pg` expects. */
function lineTo(database: Database): ReturnType<typeof duplexPair>[0] {
  const [ours, theirs] = duplexPair()
  void serve(ours, database, LOCAL)
  const nothing = (): void => {}
  return Object.assign(theirs, {
    connect: () => queueMicrotask(() => theirs.emit('connect')),
    setNoDelay: nothing,
    setKeepAlive: nothing,
    ref: nothing,
    unref: nothing,
  })
}
