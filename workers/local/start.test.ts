import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')

type Description = {
  api: string
  site: string
  demo: {
    developer: { email: string; password: string; apiKey: string }
    creator: { email: string; password: string }
    admin: { email: string; password: string }
    agents: { id: string; slug: string; provider: string; model: string; price_per_call: string }[]
  }
}

let dir: string
let ports: { api: number; site: number }
let child: ChildProcess
let output = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stack-'))
  ports = { api: await freePort(), site: await freePort() }
})
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})
afterAll(() => rm(dir, { recursive: true, force: true }))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function launch(...flags: string[]): void {
  output = ''
  const args = ['--dir', dir, '--port', String(ports.api), '--site-port', String(ports.site), ...flags]
  child = spawn(process.execPath, [join(ROOT, 'workers', 'local', 'start.ts'), ...args], {
    env: { PATH: process.env['PATH'], HOME: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const keep = (chunk: Buffer): unknown => (output += chunk.toString())
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
}

/** Starts a stack and waits until it says that it is ready. */
async function start(...flags: string[]): Promise<Description> {
  launch(...flags)
  await vi.waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`It ended: ${output}`)
      expect(output).toContain('Ready in')
    },
    { timeout: 110_000, interval: 50 },
  )
  return JSON.parse(await readFile(join(dir, 'stack.json'), 'utf8')) as Description
}

/** The addresses of the stack that still answer. */
async function open(): Promise<string[]> {
  const addresses = [...new Set(output.match(/127\.0\.0\.1:\d+/g) ?? [])]
  const answers = await Promise.all(
    addresses.map((address) =>
      fetch(`http://${address}/`, { signal: AbortSignal.timeout(1_000) }).then(
        () => address,
        () => '',
      ),
    ),
  )
  return answers.filter(Boolean)
}

async function ask(
  { api, demo }: Description,
  stream: boolean,
  { model = demo.agents[0]?.slug, question = 'Is a whale a fish?' } = {},
): Promise<{ text: string; remaining: number }> {
  const response = await fetch(`${api}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${demo.developer.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: question }] }),
  })
  expect(response.status).toBe(200)
  return { text: await response.text(), remaining: Number(response.headers.get('x-quota-remaining')) }
}

/** The seeded document is read a few seconds after the stack is ready. */
async function askTheDesk(description: Description): Promise<void> {
  const asked = { model: 'heat-pump-desk', question: 'What does fault code F27 mean?' }
  await vi.waitFor(async () => expect((await ask(description, false, asked)).text).toContain('aurora-handbook.md'), {
    timeout: 30_000,
    interval: 500,
  })
  expect((await ask(description, false, asked)).text).toContain('the flow is too low')
}

test('everything starts, an agent answers, the state outlives a restart, and nothing is left behind', async () => {
  const first = await start()
  expect(first).toMatchObject({ api: `http://127.0.0.1:${ports.api}`, site: `http://127.0.0.1:${ports.site}` })
  expect(new Set(first.demo.agents.map((agent) => agent.provider)).size).toBe(3)
  expect(output).toContain(first.demo.developer.apiKey)
  const whole = await ask(first, false)
  expect(whole.text).toContain('Is a whale a fish')
  const streamed = await ask(first, true)
  expect(streamed.text).toContain('data: [DONE]')
  expect(streamed.remaining).toBe(whole.remaining - 1)
  expect(await (await fetch(first.site)).text()).toContain('<!DOCTYPE html>')
  await askTheDesk(first)
  const before = (await ask(first, false)).remaining

  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(await open()).toEqual([])

  const second = await start()
  expect(second).toEqual(first)
  expect((await ask(second, false)).remaining).toBe(before - 1)

  // Killed without a word, it takes its children with it all the same.
  child.kill('SIGKILL')
  await vi.waitFor(async () => expect(await open()).toEqual([]), { timeout: 5_000 })
}, 240_000)

test('a port that is taken is named, with the flag that helps', async () => {
  const other = createServer().listen(ports.api, '127.0.0.1')
  await once(other, 'listening')
  launch()
  expect(await once(child, 'exit')).toEqual([1, null])
  other.close()
  expect(output).toContain(`Port ${ports.api} is taken`)
  expect(output).toContain('--port')
})

test('a flag that nobody knows is refused by name', async () => {
  launch('--prot', '1')
  expect(await once(child, 'exit')).toEqual([1, null])
  expect(output).toContain('--prot')
})
