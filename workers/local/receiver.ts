/**
 * The world outside, as far as webhooks go: an egress proxy whose other end is here as well. What is posted to it with
 * `X-AgentLink-Target` counts as having reached that URL. It is kept, and answered as the target's query asks:
 *
 * - `?answers=500,timeout,204`: a status for each attempt, the last one for all that follow; also `timeout` (no answer),
 *   `reset` (connection cut), `drip` (200, then a byte now and then), `flood` (200, then bytes without end), `cut` (200, then
 *   cut off), `gzip` (200, one MB in a few bytes)
 * - `&location=…`: where a 3xx sends to · `&retry_after=…` · `&say=…`: the body of an answer
 * - a host `port-9000.…` is passed on to http://127.0.0.1:9000, to try a receiver of one's own
 *
 * `GET /` lists what came last; `GET /?target=…` all that came for that URL, the query left out.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import type { AddressInfo } from 'node:net'

export type Received = { target: string; at: number; headers: Record<string, string>; body: string; answered: string }

export type Receiver = { url: string; stop(): Promise<void> }

const KEPT_MAX = 10_000
const LISTED = 100
const BODY_BYTES_MAX = 1024 * 1024
const DRIP_MS = 200

/** Opens the receiver on 127.0.0.1; port 0 is any free one. */
export async function startReceiver({ port }: { port: number }): Promise<Receiver> {
  const kept: Received[] = []
  const server = createServer((request, response) => {
    void (request.method === 'POST' ? take(kept, request, response) : list(kept, request, response)).catch(() =>
      response.destroy(),
    )
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function list(kept: Received[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = new URL(request.url ?? '/', 'http://receiver').searchParams.get('target')
  const found = target === null ? kept.slice(-LISTED) : kept.filter((one) => one.target.split('?')[0] === target)
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found, null, 2))
}

async function take(kept: Received[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = new URL(String(request.headers['x-agentlink-target']))
  const body = await readAll(request)
  const place = target.origin + target.pathname
  const script = (target.searchParams.get('answers') ?? '204').split(',')
  const before = kept.filter((one) => one.target.split('?')[0] === place).length
  const answered = script[Math.min(before, script.length - 1)] ?? '204'
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
  kept.push({ target: target.href, at: Date.now(), headers, body, answered })
  if (kept.length > KEPT_MAX) kept.shift()
  const [, ownPort] = /^port-(\d{1,5})\./.exec(target.hostname) ?? []
  if (ownPort === undefined) answer(response, target.searchParams, answered)
  else await passOn(response, `http://127.0.0.1:${ownPort}${target.pathname}${target.search}`, headers, body)
}

function answer(response: ServerResponse, asked: URLSearchParams, answered: string): void {
  const say = asked.get('say') ?? ''
  if (answered === 'timeout') return
  if (answered === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  if (answered === 'gzip') {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1024 * 1024)))
    return
  }
  if (/^\d{3}$/.test(answered)) {
    const [location, retryAfter] = [asked.get('location'), asked.get('retry_after')]
    response.writeHead(Number(answered), {
      ...(location === null ? {} : { location }),
      ...(retryAfter === null ? {} : { 'retry-after': retryAfter }),
    })
    response.end(say)
    return
  }
  response.writeHead(200, { 'content-type': 'text/plain' })
  response.write(`${say}.`)
  if (answered === 'cut') setTimeout(() => response.socket?.resetAndDestroy(), DRIP_MS / 4)
  if (answered === 'drip') {
    const timer = setInterval(() => response.write('.'), DRIP_MS)
    response.once('close', () => clearInterval(timer))
  }
  if (answered === 'flood') flood(response)
}

/** Writes for as long as somebody reads. */
function flood(response: ServerResponse): void {
  const chunk = 'x'.repeat(16 * 1024)
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', more)
  more()
}

async function passOn(
  response: ServerResponse,
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<void> {
  const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...passed } = headers
  const theirs = await fetch(url, { method: 'POST', headers: passed, body, redirect: 'manual' })
  response.writeHead(theirs.status).end(Buffer.from(await theirs.arrayBuffer()))
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_BYTES_MAX) throw new Error('That is too much for a webhook.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
