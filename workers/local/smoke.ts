/**
 * What a stranger does first, as a check: `npm start` on a clean state, one call as JSON and one as a stream, a look at the
 * quota, then Ctrl-C. Leaves nothing running. Ends with a line that counts what passed.
 */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'

/** What `npm start` writes for programs to read. */
type Stack = {
  api: string
  site: string
  demo: { developer: { apiKey: string }; agents: { slug: string; provider: string; price_per_call: string }[] }
}

const DIR = '.local/smoke'
const READY_MS = 90_000
const STOP_MS = 20_000

const port = await freePort()
const started = Date.now()
const npm = spawn(
  'npm',
  ['start', '--', '--fresh', '--dir', DIR, '--port', String(port), '--site-port', String(await freePort())],
  { stdio: 'inherit', detached: true },
)
const ended = new Promise<number | null>((resolve) => npm.once('exit', resolve))
let passed = 0
let failed = 0

try {
  await ready()
  console.log(`ready after ${((Date.now() - started) / 1000).toFixed(1)} s`)
  const stack = JSON.parse(await readFile(`${DIR}/stack.json`, 'utf8')) as Stack
  const { developer, agents } = stack.demo
  const before = await remaining(stack)
  for (const provider of ['openai', 'anthropic', 'google']) {
    const agent = agents.find((each) => each.provider === provider && Number(each.price_per_call) <= 0.005)
    const json = await call(stack, agent?.slug ?? '', false)
    check(`an agent of ${provider} answers as JSON`, json.includes('"finish_reason":"stop"'))
    const stream = await call(stack, agent?.slug ?? '', true)
    check(`an agent of ${provider} answers as a stream`, stream.trimEnd().endsWith('data: [DONE]'))
  }
  check('six calls took exactly six units', (await remaining(stack)) === before - 6)
  check('the site is there', (await (await fetch(stack.site)).text()).includes('AgentLink'))
  check(
    'a key that is nobody’s is refused',
    (await fetch(`${stack.api}/api/v1/key`, { headers: { 'x-agentlink-key': `${developer.apiKey}x` } })).status === 401,
  )
} catch (thrown) {
  console.error(thrown)
  failed++
} finally {
  // As a terminal does it: the whole group is told at once.
  process.kill(-(npm.pid ?? 0), 'SIGINT')
  const code = await Promise.race([ended, new Promise((resolve) => setTimeout(() => resolve('late'), STOP_MS))])
  check(`Ctrl-C ends it (${String(code)})`, code !== 'late')
  check('nothing is left listening', await isFree(port))
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
}

async function ready(): Promise<void> {
  while (Date.now() - started < READY_MS) {
    if (npm.exitCode !== null) throw new Error('npm start ended by itself.')
    const stack = await readFile(`${DIR}/stack.json`, 'utf8').catch(() => '')
    if (stack.includes(`:${port}`)) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`npm start was not ready after ${READY_MS / 1000} s.`)
}

async function call(stack: Stack, model: string, stream: boolean): Promise<string> {
  const response = await fetch(`${stack.api}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.demo.developer.apiKey}` },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'What do you do best?' }] }),
  })
  return response.text()
}

async function remaining(stack: Stack): Promise<number> {
  const response = await fetch(`${stack.api}/api/v1/key`, {
    headers: { 'x-agentlink-key': stack.demo.developer.apiKey },
  })
  const body = (await response.json()) as { calls: { remaining: number } }
  return body.calls.remaining
}

function check(what: string, holds: boolean): void {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`)
  if (holds) passed++
  else failed++
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function isFree(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    () => false,
    () => true,
  )
}
