/** A request's line in the log: every field that the document names, and nothing that was sent. */
import { createExecutionContext } from 'cloudflare:test'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { app } from '../app.ts'
import { fault } from '../tests/faults.ts'
import { bindings, newAgent, newDeveloper, signIn } from '../tests/world.ts'
import { newId } from './ids.ts'
import { log, logFrom } from './log.ts'

const LOUD = {
  ...bindings,
  LOG_LEVEL: 'debug',
  LOG_SUCCESS_RATIO: '1',
  JSON_TOTAL_MS: '20000',
  FIRST_CONTENT_MS: '20000',
}
/** What a test reads of a line is whatever stands there. */
type Line = Record<string, unknown>

afterEach(() => {
  vi.restoreAllMocks()
  logFrom('warn')
})

/** Lines as they were written, each with the level of the method that wrote it. */
function listen(): Line[] {
  const lines: Line[] = []
  for (const method of ['log', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockImplementation((text: string) => void lines.push(JSON.parse(text) as Line))
  return lines
}

async function send(path: string, init: RequestInit = {}, env: object = LOUD): Promise<Response> {
  const request = new Request(`https://agentlink.test${path}`, init)
  const response = await app.fetch(request, env, createExecutionContext())
  await response.clone().text()
  return response
}

const ofRequests = (lines: Line[]): Line[] => lines.filter(({ event }) => event === 'request')

describe('the line of a request', () => {
  test('has the fields of the document', async () => {
    const [developer, agent] = [await newDeveloper(), await newAgent()]
    const lines = listen()
    const chat = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-agentlink-key': developer.key, 'x-request-id': 'mine' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'What lives under kelp?' }] }),
    }
    expect((await send(`/proxy/v1/agents/${agent.slug}/chat?token=secret`, chat)).status).toBe(200)
    expect(ofRequests(lines)).toEqual([
      {
        level: 'info',
        event: 'request',
        time: expect.stringMatching(/^\d{4}-.+Z$/),
        request_id: 'mine',
        method: 'POST',
        path: '/proxy/v1/agents/:agentId/chat',
        status_code: 200,
        latency_ms: expect.any(Number),
        user_id: developer.id,
        agent_id: agent.id,
      },
    ])
  })

  test('says who was signed in, and what was refused and why', async () => {
    const boss = await signIn('admin')
    const lines = listen()
    const id = newId()
    const headers = { authorization: `Bearer ${boss.token}` }
    expect((await send(`/api/v1/agents/${id}/versions`, { headers })).status).toBe(403)
    expect((await send('/api/v1/key')).status).toBe(401)
    expect((await send('/what/somebody@typed.example')).status).toBe(404)
    expect(ofRequests(lines)).toMatchObject([
      { level: 'info', path: '/api/v1/agents/:id/versions', status_code: 403, code: '40301', agent_id: id },
      { level: 'info', path: '/api/v1/key', status_code: 401, code: '40103' },
      { level: 'info', path: 'none', status_code: 404, code: '40400' },
    ])
    expect(JSON.stringify(lines)).not.toContain('somebody')
  })

  test('of a failure is an error, and says where and not what', async () => {
    const [developer, agent] = [await newDeveloper(), await newAgent()]
    const lines = listen()
    const content = `The secret is mandarin. ${fault({ errorEcho: 400 })}`
    const chat = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-agentlink-key': developer.key },
      body: JSON.stringify({ messages: [{ role: 'user', content }] }),
    }
    expect((await send(`/proxy/v1/agents/${agent.id}/chat`, chat)).status).toBe(502)
    const [line] = ofRequests(lines)
    expect(line).toMatchObject({
      level: 'error',
      status_code: 502,
      error: expect.stringMatching(/^UpstreamFailure at /),
    })
    expect(JSON.stringify(lines)).not.toContain('mandarin')
  })
})

describe('which lines are written', () => {
  test('of what went well a share, of what did not all', async () => {
    const lines = listen()
    const none = { ...bindings, LOG_LEVEL: 'debug', LOG_SUCCESS_RATIO: '0' }
    for (let sent = 0; sent < 5; sent++) await send('/health', {}, none)
    for (let sent = 0; sent < 5; sent++) await send('/nothing', {}, none)
    expect(ofRequests(lines).map(({ status_code }) => status_code)).toEqual([404, 404, 404, 404, 404])
    const half = { ...none, LOG_SUCCESS_RATIO: '0.5' }
    const draws = [0.1, 0.7, 0.4, 0.9]
    vi.spyOn(Math, 'random').mockImplementation(() => draws.shift() ?? 0.9)
    for (let sent = 0; sent < 4; sent++) await send('/health', {}, half)
    expect(ofRequests(lines).slice(5)).toMatchObject([{ sample_ratio: 0.5 }, { sample_ratio: 0.5 }])
  })

  test('from the level on that is wanted', async () => {
    const lines = listen()
    for (const level of ['debug', 'info', 'warn', 'error']) {
      await send('/health', {}, { ...LOUD, LOG_LEVEL: level })
      for (const own of ['debug', 'info', 'warn', 'error'] as const) log[own](`${own} at ${level}`)
    }
    const events = lines.map(({ event }) => event).filter((event) => event !== 'request')
    expect(events).toEqual([
      ...['debug', 'info', 'warn', 'error'].map((own) => `${own} at debug`),
      ...['info', 'warn', 'error'].map((own) => `${own} at info`),
      ...['warn', 'error'].map((own) => `${own} at warn`),
      'error at error',
    ])
    // Whoever asks whether we are well is heard only by who listens closely.
    expect(ofRequests(lines)).toHaveLength(1)
  })
})

test('only named fields are written, whatever is handed over, and none is long', () => {
  const lines = listen()
  const row = {
    request_id: 'r',
    prompt: 'mandarin',
    authorization: 'mandarin',
    body: { a: 'mandarin' },
    count: 'mandarin',
  }
  log.warn('a.row', row as never)
  log.warn('long', { code: 'x'.repeat(1_000) })
  expect(lines).toEqual([
    { level: 'warn', event: 'a.row', time: expect.any(String), request_id: 'r' },
    { level: 'warn', event: 'long', time: expect.any(String), code: 'x'.repeat(200) },
  ])
})
