/**
 * PostgreSQL's own protocol, the server's end: signs a client in and hands its messages on, one whole message at a time.
 * It works over any two-way stream of bytes: a TCP socket, a WebSocket (which is how Neon's driver speaks it), or a pair of
 * streams within this process. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { timingSafeEqual } from 'node:crypto'
import type { Duplex } from 'node:stream'

const MESSAGE_BYTES_MAX = 16 * 1024 * 1024
const STARTUP_BYTES_MAX = 10_000
const PROTOCOL_3 = 196_608
const SSL_REQUEST = 80_877_103
const GSS_REQUEST = 80_877_104

export type Credentials = { user: string; password: string; database: string }

/** What one client talks to, once it has signed in. */
export type Session = {
  /** What the server tells of itself at sign-in, such as `server_version`. */
  parameters: Record<string, string>
  /** Takes one whole message of the client; resolves when the next one may come. Answers go out through `write`. */
  send(message: Buffer): Promise<void>
  /** The client is gone: gives back whatever the session held. */
  close(): Promise<void>
}

/** Where a session's answers go. `hangUp` ends the client's connection once everything written has left. */
export type Client = { write(bytes: Uint8Array): void; hangUp(): void }

export type Database = { open(client: Client): Promise<Session> }

/** Serves one client until it leaves. Never rejects: whatever goes wrong ends this client's connection and nothing else. */
export async function serve(stream: Duplex, database: Database, credentials: Credentials): Promise<void> {
  // A stream that breaks also ends, and the end is all that matters here.
  stream.on('error', () => stream.destroy())
  const client: Client = { write: (bytes) => stream.write(bytes), hangUp: () => stream.end(() => stream.destroy()) }
  let session: Session | undefined
  let user: string | undefined
  try {
    for await (const { type, message } of messages(stream)) {
      if (type === 'X') break
      if (session) await session.send(message)
      else if (type === 'request') client.write(Buffer.from('N'))
      else if (type === 'startup') {
        user = signInName(message, credentials)
        client.write(packet('R', int32(3)))
      } else if (type === 'p' && user === credentials.user && isSame(readText(message, 5), credentials.password)) {
        session = await database.open(client)
        client.write(welcome(session.parameters))
      } else {
        client.write(errorMessage('28P01', 'password authentication failed'))
        break
      }
    }
  } catch {
    client.write(errorMessage('08006', 'the connection cannot be served any longer'))
  } finally {
    client.hangUp()
    // A session that cannot even be closed belongs to a database that is gone, and its client has nobody to tell.
    await session?.close().catch(() => {})
  }
}

type Incoming = { type: string; message: Buffer }

/** Cuts what comes in into messages. Until the start-up message they have no type byte. */
async function* messages(stream: Duplex): AsyncGenerator<Incoming> {
  let rest: Buffer = Buffer.alloc(0)
  let isStarted = false
  // Left alone when we stop reading, or what has been written to it might be lost.
  const chunks: AsyncIterable<Buffer> = stream.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const head = isStarted ? 1 : 0
      if (rest.length < head + 4) break
      const length = head + rest.readInt32BE(head)
      if (length < head + 4 || length > (isStarted ? MESSAGE_BYTES_MAX : STARTUP_BYTES_MAX)) {
        throw new RangeError('A message of this length is not served.')
      }
      if (rest.length < length) break
      const message = rest.subarray(0, length)
      rest = rest.subarray(length)
      const type: string = isStarted ? String.fromCharCode(message[0] ?? 0) : startType(message)
      isStarted ||= type === 'startup'
      yield { type, message }
    }
  }
}

function startType(message: Buffer): 'startup' | 'request' {
  const code = message.length >= 8 ? message.readInt32BE(4) : 0
  if (code === PROTOCOL_3) return 'startup'
  if (code === SSL_REQUEST || code === GSS_REQUEST) return 'request'
  throw new RangeError('This kind of connection is not served.')
}

/** The user who signs in, or undefined if to another database than ours. */
function signInName(message: Buffer, { database }: Credentials): string | undefined {
  const words = message.toString('utf8', 8).split('\0')
  const given = new Map<string, string>()
  for (let i = 0; i + 1 < words.length; i += 2) given.set(words[i] ?? '', words[i + 1] ?? '')
  const user = given.get('user')
  return (given.get('database') ?? user) === database ? user : undefined
}

/** Whether two secrets are the same, in a time that tells nothing of where they differ. */
export function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function welcome(parameters: Record<string, string>): Buffer {
  const told = Object.entries(parameters).map(([name, value]) => packet('S', text(name), text(value)))
  // A key of zeros: queries cannot be cancelled through this door.
  return Buffer.concat([packet('R', int32(0)), ...told, packet('K', int32(0), int32(0)), packet('Z', Buffer.from('I'))])
}

/** A fatal error, after which the connection ends. */
export function errorMessage(sqlState: string, words: string): Buffer {
  return packet('E', text('SFATAL'), text('VFATAL'), text(`C${sqlState}`), text(`M${words}`), Buffer.from([0]))
}

/** One message: its type, its length, its parts. */
export function packet(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

/** A text as the protocol writes it, ended by a zero. */
export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

/** The text that begins at `start` and ends at the next zero. */
export function readText(message: Buffer, start: number): string {
  return message.toString('utf8', start, message.indexOf(0, start))
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
