/** The site as Pages would serve it: the files of `astro build`, built again when their sources or the API's address changed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, createReadStream, openSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, relative, resolve } from 'node:path'
import { edge } from '../../site/edge/edge.ts'

const BUILD_MS_MAX = 120_000
/** Folders whose files are no sources. */
const MADE = /^(?:dist|node_modules|\.astro|e2e|shots)(?:[/\\]|$)/
const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml',
}

export type Site = { url: string; stop(): Promise<void> }

type Served = {
  dist: string
  /** Where what is made when it is asked for comes from; without it there are only files. */
  apiUrl?: string
}

/** Serves the files under `dist` on 127.0.0.1, as Pages would; port 0 takes a free one. Rejects if the port is taken. */
export async function startSite(options: Served & { port: number }): Promise<Site> {
  const server = createServer((request, response) => {
    serve(options, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve({ dist, apiUrl }: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
    return
  }
  const path = pathOf(request.url ?? '/')
  const headers = await headersFor(dist, path ?? '/')
  const made = apiUrl === undefined || path === undefined ? null : await madeFor(path, { dist, apiUrl }, request)
  if (made) {
    response.writeHead(made.status, { ...headers, ...Object.fromEntries(made.headers) })
    response.end(request.method === 'HEAD' ? undefined : Buffer.from(await made.arrayBuffer()))
    return
  }
  const found = await find(dist, path)
  const file = found ?? (await fileAt(join(dist, '404.html')))
  if (!file) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found')
    return
  }
  response.writeHead(found ? 200 : 404, {
    ...headers,
    'content-type': TYPES[extname(file.path)] ?? 'application/octet-stream',
    'content-length': file.bytes,
    'cache-control': headers['cache-control'] ?? 'no-cache',
  })
  if (request.method === 'HEAD') response.end()
  else
    createReadStream(file.path)
      .on('error', () => response.destroy())
      .pipe(response)
}

function madeFor(path: string, { dist, apiUrl }: Required<Served>, request: IncomingMessage): Promise<Response | null> {
  return edge(path, {
    apiUrl,
    siteUrl: `http://${request.headers.host ?? '127.0.0.1'}`,
    asset: async (path) => {
      const file = await find(dist, path)
      return file ? new Response(await readFile(file.path)) : new Response('Not found', { status: 404 })
    },
    fetch,
  })
}

/** What `_headers` says for a path: `/*` stands for all, `/_astro/*` for what lies below. */
async function headersFor(dist: string, path: string): Promise<Record<string, string>> {
  const headers: Record<string, string> = {}
  let isFor = false
  for (const line of (await readFile(join(dist, '_headers'), 'utf8').catch(() => '')).split('\n')) {
    if (line.startsWith('/')) isFor = path.startsWith(line.replace(/\*$/, ''))
    const [, name, value] = /^ {2}([\w-]+): (.*)$/.exec(line) ?? []
    // On this machine there is no HTTPS to insist on.
    if (isFor && name !== undefined && value !== undefined && name !== 'Strict-Transport-Security')
      headers[name.toLowerCase()] = value
  }
  return headers
}

/** The path of a request, decoded, without any way up; undefined if it is not valid. */
function pathOf(url: string): string | undefined {
  try {
    const decoded = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '/')
    return decoded.includes('\0') ? undefined : normalize(`/${decoded}`)
  } catch {
    return undefined
  }
}

type Found = { path: string; bytes: number }

/** As Pages finds files: the file itself, the page with `.html`, the folder's `index.html`. */
async function find(dist: string, path: string | undefined): Promise<Found | undefined> {
  if (path === undefined) return undefined
  const base = join(dist, path)
  const tries = path.endsWith('/') ? [join(base, 'index.html')] : [base, `${base}.html`, join(base, 'index.html')]
  for (const one of tries) {
    const file = await fileAt(one)
    if (file) return file
  }
  return undefined
}

async function fileAt(path: string): Promise<Found | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ? { path, bytes: found.size } : undefined
}

/**
 * Builds the site for an API into `dist`, unless that was done since its sources last changed. Rejects naming the log when
 * the build fails.
 */
export async function buildSite({ root, dist, logPath, apiUrl, signal }: BuildOptions): Promise<void> {
  const marker = join(dist, 'built-for.txt')
  const built = await stat(marker).catch(() => undefined)
  if (built && built.mtimeMs > (await newest(root)) && (await readFile(marker, 'utf8')) === apiUrl) return
  const logFile = openSync(logPath, 'w')
  const astro = join('node_modules', 'astro', 'bin', 'astro.mjs')
  const build = spawn(process.execPath, [astro, 'build', '--root', root, '--outDir', resolve(dist)], {
    // Whoever starts us may be under development or a test: what is served is what would be deployed.
    env: { ...process.env, NODE_ENV: 'production', ASTRO_TELEMETRY_DISABLED: '1', PUBLIC_API_URL: apiUrl },
    stdio: ['ignore', logFile, logFile],
    timeout: BUILD_MS_MAX,
    signal,
  })
  closeSync(logFile)
  const [code] = (await once(build, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`The site could not be built. See ${logPath}.`)
  await writeFile(marker, apiUrl)
}

type BuildOptions = {
  root: string
  dist: string
  logPath: string
  apiUrl: string
  /** Ends a build that nobody waits for any more. */
  signal: AbortSignal
}

/** When the youngest source of the site was written, in milliseconds since 1970. */
async function newest(root: string): Promise<number> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile() && !MADE.test(relative(root, entry.parentPath)))
  const times = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).mtimeMs))
  return Math.max(0, ...times)
}
