/** A small HTTP server for a stand-in: one function gives an answer to what was asked; bodies are whole and bounded. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

const BODY_BYTES_MAX = 1024 * 1024

export type Asked = {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** As it came, byte for byte. */
  body: string
}

export type Answer = { status: number; headers?: Record<string, string>; body: string }

/** The connection is closed without an answer, as a network does. */
export const CUT = 'cut'

export type HttpDoor = { url: string; stop(): Promise<void> }

/** Opens the server on 127.0.0.1; port 0 is any free one. Rejects with the system's error if the port is taken. */
export async function openHttpDoor(
  port: number,
  answer: (asked: Asked) => Promise<Answer | typeof CUT>,
  bodyBytesMax = BODY_BYTES_MAX,
): Promise<HttpDoor> {
  const server = createServer((request, response) => {
    void (async () => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://door')
      const body = await readAll(request, bodyBytesMax)
      const given =
        body === undefined
          ? { status: 413, body: 'That is too much.' }
          : await answer({
              method: request.method ?? 'GET',
              path: pathname,
              query: searchParams,
              headers: request.headers,
              body,
            })
      if (given === CUT) response.socket?.resetAndDestroy()
      else response.writeHead(given.status, given.headers).end(given.body)
    })().catch((thrown: unknown) => {
      // A mistake of the stand-in must be seen by whoever tests with it.
      if (!response.headersSent) response.writeHead(500)
      response.end(String(thrown))
    })
  })
  // Whoever calls keeps connections open; closing them under its hands would look like a fault of ours.
  server.keepAliveTimeout = 0
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: `${JSON.stringify(value, null, 2)}\n`,
  }
}

/** Sends a browser on with a GET. */
export function seeOther(location: string): Answer {
  return { status: 303, headers: { location }, body: '' }
}

async function readAll(request: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
