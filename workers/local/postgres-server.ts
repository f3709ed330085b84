/**
 * Any real PostgreSQL as a database behind our doors. Every client gets a connection of its own: the `pg` package signs in
 * (with TLS and whatever else the address asks for), and from then on the bytes pass through untouched.
 */
import { Client as PgClient } from 'pg'
import type { Socket } from 'node:net'
import type { Database } from './postgres-wire.ts'

const CONNECT_MS = 5_000

/** The part of a `pg` client that its types leave out: the connection under it, and that connection's socket. */
type WithConnection = {
  connection: {
    stream: Socket
    on(event: 'parameterStatus', listener: (status: { parameterName: string; parameterValue: string }) => void): void
  }
}

/** A database whose sessions are connections to the server at `databaseUrl`. */
export function serverAt(databaseUrl: string): Database {
  return {
    async open(client) {
      const pg = new PgClient({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_MS })
      // What happens to the connection is told by its socket below; unheard, it would end the process.
      pg.on('error', () => {})
      const parameters: Record<string, string> = {}
      const { connection } = pg as unknown as WithConnection
      connection.on('parameterStatus', (status) => (parameters[status.parameterName] = status.parameterValue))
      await pg.connect()

      const socket = connection.stream
      socket.removeAllListeners('data')
      socket.on('data', (bytes: Buffer) => client.write(bytes))
      socket.on('close', () => client.hangUp())
      return {
        parameters,
        send: async (message) => {
          if (!socket.write(message)) await drained(socket)
        },
        close: async () => void socket.destroy(),
      }
    },
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}
