/** A stand-in for a collector of OpenTelemetry's traces: takes `POST /v1/traces` as JSON, and shows at `GET /` what it took. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

const KEPT_MAX = 200

export type Collector = { url: string; stop(): Promise<void> }

/** What was sent: as text, which a test can search, and the headers that came with it. */
export type Taken = { headers: Record<string, unknown>; body: string }

/** Opens the collector on 127.0.0.1. `POST /deaf` makes it refuse everything, `POST /hearing` take it again. */
export async function startCollector({ port }: { port: number }): Promise<Collector> {
  const taken: Taken[] = []
  let isDeaf = false
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    if (method === 'GET') return response.end(JSON.stringify(taken))
    if (url === '/deaf' || url === '/hearing') {
      isDeaf = url === '/deaf'
      return response.end()
    }
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text: string) => (body += text))
    request.on('end', () => {
      const isGood = url === '/v1/traces' && headers['content-type'] === 'application/json' && !isDeaf
      if (!isGood) return response.writeHead(isDeaf ? 503 : 400).end()
      taken.push({ headers, body })
      taken.splice(0, taken.length - KEPT_MAX)
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    return undefined
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
