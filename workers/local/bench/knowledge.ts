/**
 * `npm run bench:knowledge`: a PDF of 500 pages on its way through the Worker under `wrangler dev`, from its upload until it can be
 * found: how long it takes, what memory the Worker takes meanwhile, and what its creator sees of it. `--pages 100` makes a shorter
 * one. Vectors are noise that comes at once, so that what is measured is ours; `--model` takes the local model's.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { PDFDocument, StandardFonts } from 'pdf-lib'
import { chainVariables } from '../chain.ts'
import { json, openHttpDoor, type HttpDoor } from '../http-door.ts'
import { writeLocalConfig } from '../local-config.ts'
import { migrate } from '../migrate.ts'
import '../newer-node.ts'
import { startPostgres } from '../postgres.ts'
import { startProviders } from '../providers.ts'
import { startRedis } from '../redis.ts'
import { seed } from '../seed.ts'
import { testBindings } from '../test-bindings.ts'
import { startVectors } from '../vectors.ts'
import { startWorker } from '../worker.ts'
import { BENCH_CHAIN } from './fill-money.ts'
import { Inspector } from './inspector.ts'
import { peakBytes, residentBytes, workerdOf } from './process.ts'
import type { AddressInfo } from 'node:net'
import type { TestDoors } from '../test-doors.ts'

const LIMIT_BYTES = 128 * 1024 * 1024
const READY_MS_MAX = 10 * 60_000
const LOOK_MS = 100
const DIMENSIONS = 1_536
const PICTURE_BYTES = 20 * 1024
const BODY_BYTES_MAX = 4 * 1024 * 1024

const { values: flags } = parseArgs({
  options: { pages: { type: 'string', default: '500' }, model: { type: 'boolean', default: false } },
})
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const say = (text: string): void => console.log(text)
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`
const stops: (() => unknown)[] = []
const kept = async <Part extends { stop(): unknown }>(starting: Promise<Part>): Promise<Part> => {
  const part = await starting
  stops.push(() => part.stop())
  return part
}

try {
  process.exitCode = (await run(Number(flags.pages))) ? 0 : 1
} finally {
  for (const stop of stops.toReversed()) await stop()
}

async function run(pages: number): Promise<boolean> {
  const file = await handbook(pages)
  say(`A PDF of ${pages} pages, ${mb(file.length)}.`)
  const { url, token, agentId, inspectorUrl } = await open()
  const workerd = await workerdOf(process.pid)
  const inspector = await Inspector.open(inspectorUrl)
  stops.push(() => inspector.close())
  const path = `${url}/api/v1/agents/${agentId}/knowledge`
  const headers = { authorization: `Bearer ${token}` }

  // One page first: what is loaded once is no part of what a large file takes.
  await settled(path, headers, await upload(path, headers, await handbook(1)), () => {})
  const heapBefore = await inspector.usedBytes({ isCollected: true })
  const before = { resident: await residentBytes(workerd), peak: await peakBytes(workerd) }
  const startedAt = performance.now()
  const id = await upload(path, headers, file)
  const uploadedAt = performance.now()
  const seen: Progress[] = []
  let [heap, held] = [0, 0]
  let resident = 0
  const last = await settled(path, headers, id, async (progress) => {
    seen.push(progress)
    heap = Math.max(heap, await inspector.usedBytes())
    held = Math.max(held, await inspector.usedBytes({ isCollected: true }))
    resident = Math.max(resident, await residentBytes(workerd))
  })
  const endedAt = performance.now()
  const heapAfter = await inspector.usedBytes({ isCollected: true })
  const statuses = new Map<string, number>()
  for (const [at, { status }] of seen.entries())
    statuses.set(status, (statuses.get(status) ?? 0) + ((seen[at + 1]?.at ?? endedAt) - (seen[at]?.at ?? endedAt)))
  const steps = new Set(seen.map(({ status, chunks, embedded }) => `${status} ${chunks} ${embedded}`)).size
  const peak = Math.max(resident, await peakBytes(workerd))

  say(
    `${last.status}${last.problem === null ? '' : ` (${last.problem})`}: ${last.pages} pages, ${last.chars} characters, ${last.chunks} chunks, ${last.embedded} vectors`,
  )
  say(`uploaded in ${seconds(uploadedAt - startedAt)}, found after ${seconds(endedAt - startedAt)}`)
  for (const [status, ms] of statuses) say(`  ${status.padEnd(10)} ${seconds(ms)}`)
  say(`progress: ${steps} states seen, the longest without a change ${seconds(longestPause(seen, endedAt))}`)
  say(
    `heap and buffers of the Worker: ${mb(heapBefore)} before, at most ${mb(held)} held (limit ${mb(LIMIT_BYTES)}), ${mb(heap)} with what was not collected yet, ${mb(heapAfter)} after`,
  )
  say(
    `workerd in RAM, with the local R2, queues and objects in it: ${mb(before.resident)} before, at most ${mb(peak)}: ${mb(peak - before.resident)} more`,
  )
  const isWell = last.status === 'ready' && last.embedded === last.chunks && held < LIMIT_BYTES && steps > 5
  say(isWell ? 'ok' : 'FAILED')
  return isWell
}

function longestPause(seen: Progress[], endedAt: number): number {
  let [longest, since] = [0, seen[0]?.at ?? endedAt]
  for (const [at, now] of seen.entries()) {
    const before = seen[at - 1]
    if (
      before &&
      `${before.status} ${before.chunks} ${before.embedded}` === `${now.status} ${now.chunks} ${now.embedded}`
    )
      continue
    longest = Math.max(longest, now.at - since)
    since = now.at
  }
  return Math.max(longest, endedAt - since)
}

type Progress = {
  at: number
  status: string
  problem: string | null
  chunks: number
  embedded: number
  pages: number | null
  chars: number
}

async function upload(path: string, headers: Record<string, string>, body: Uint8Array): Promise<string> {
  const response = await fetch(`${path}?filename=handbook.pdf`, { method: 'POST', headers, body: Buffer.from(body) })
  const text = await response.text()
  if (response.status !== 202) throw new Error(`The file was not taken: ${text}`)
  return (JSON.parse(text) as { id: string }).id
}

/** Looks at a file again and again until it is read, as its creator might. */
async function settled(
  path: string,
  headers: Record<string, string>,
  id: string,
  onLook: (progress: Progress) => unknown,
): Promise<Progress> {
  for (const deadline = Date.now() + READY_MS_MAX; Date.now() < deadline;) {
    const response = await fetch(`${path}/${id}`, { headers })
    // While the stores are busy a look may go unanswered; the next one tells.
    if (!response.ok) {
      await response.body?.cancel()
      await setTimeout(LOOK_MS)
      continue
    }
    const { status, problem, statistics } = (await response.json()) as {
      status: string
      problem: string | null
      statistics: Omit<Progress, 'at' | 'status' | 'problem'>
    }
    const progress = { at: performance.now(), status, problem, ...statistics }
    await onLook(progress)
    if (status === 'ready' || status === 'failed') return progress
    await setTimeout(LOOK_MS)
  }
  throw new Error('The file is not read in time.')
}

/** The Worker with its stores, a seeded market, and a creator who is signed in. */
async function open(): Promise<{ url: string; token: string; agentId: string; inspectorUrl: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'agentlink-bench-'))
  stops.push(() => rm(dir, { recursive: true, force: true }))
  const postgres = await kept(startPostgres({ port: 0 }))
  await migrate(postgres.url)
  const redis = await kept(startRedis({ port: 0, token: 'bench' }))
  const providers = await kept(startProviders({ port: 0 }))
  const noise = await kept(startNoise())
  const vectors = await kept(startVectors({ port: 0 }))
  const doors: Partial<TestDoors> = {
    postgresUrl: postgres.url,
    postgresHttpUrl: postgres.httpUrl,
    redisUrl: redis.url,
    redisToken: 'bench',
    openaiBaseUrl: flags.model ? providers.openaiBaseUrl : noise.url,
    anthropicBaseUrl: providers.anthropicBaseUrl,
    googleBaseUrl: providers.googleBaseUrl,
    vectorsUrl: vectors.url,
    chain: chainVariables(BENCH_CHAIN),
  }
  const given = Object.entries(testBindings(doors as TestDoors)) as [string, string | undefined][]
  const variables = Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const inspectorPort = await freePort()
  const worker = await kept(
    startWorker({
      port: await freePort(),
      stateDir: dir,
      logPath: join(dir, 'worker.log'),
      variables,
      config: writeLocalConfig(dir),
      inspectorPort,
      onCrash: (why) => say(`The Worker stopped: ${why}.`),
    }),
  )
  const { creator, agents } = await seed({
    postgres,
    apiUrl: worker.url,
    operatorToken: variables['OPERATOR_TOKEN'] ?? '',
    encryptionKey: variables['ENCRYPTION_KEY'] ?? '',
  })
  const login = await fetch(`${worker.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(creator),
  })
  const { access_token: token } = (await login.json()) as { access_token: string }
  const agent = agents.find(({ slug }) => slug === 'heat-pump-desk')
  return { url: worker.url, token, agentId: agent?.id ?? '', inspectorUrl: `http://127.0.0.1:${inspectorPort}` }
}

/** Vectors at once, in the form of OpenAI's; they mean nothing. */
function startNoise(): Promise<HttpDoor> {
  let seed = 1
  const vector = (): string => {
    const values = Float32Array.from(
      { length: DIMENSIONS },
      () => (seed = (seed * 48_271) % 0x7fffffff) / 0x7fffffff - 0.5,
    )
    return Buffer.from(values.buffer).toString('base64')
  }
  return openHttpDoor(
    0,
    async ({ body }) => {
      const { input } = JSON.parse(body) as { input: string[] }
      return json(200, { data: input.map((_, index) => ({ index, embedding: vector() })) })
    },
    BODY_BYTES_MAX,
  )
}

/** A handbook with chapters, a running head and page numbers: about 3,000 characters a page, and what pictures would add to it. */
async function handbook(pages: number): Promise<Uint8Array> {
  const document = await PDFDocument.create()
  const font = await document.embedFont(StandardFonts.Helvetica)
  const words =
    'valve pump circuit pressure sensor installer inspection winter filter display owner refrigerant noise quiet warm morning kitchen cellar spring careful'.split(
      ' ',
    )
  for (let number = 1; number <= pages; number++) {
    const page = document.addPage([595, 842])
    page.drawText('The Great Handbook of Heat Pumps', { x: 50, y: 815, size: 9, font })
    page.drawText(`Chapter ${number}: ${words[number % words.length]} and ${words[(number * 7) % words.length]}`, {
      x: 50,
      y: 780,
      size: 18,
      font,
    })
    const lines = Array.from({ length: 48 }, (_, line) => {
      const said = Array.from({ length: 9 }, (_, at) => words[(number * 31 + line * 17 + at * at * 5) % words.length])
      return `${line % 6 === 0 ? `Rule ${number}-${line}. ` : ''}${said.join(' ')}${line % 3 === 2 ? '.' : ''}`
    })
    page.drawText(lines.join('\n'), { x: 50, y: 750, size: 10, lineHeight: 14, font })
    page.drawText(`${number}`, { x: 290, y: 25, size: 9, font })
  }
  document.context.register(document.context.stream(randomBytes(pages * PICTURE_BYTES)))
  return document.save()
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
