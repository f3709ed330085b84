import { afterEach, describe, expect, it, vi } from 'vitest'
import { chat, type ChatEvent } from './chat.ts'
import { call as ask } from './client.ts'
import { ApiError } from './error.ts'

const event = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const said = (content: string) => event({ choices: [{ index: 0, delta: { content } }] })
const USAGE = event({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } })

afterEach(() => vi.unstubAllGlobals())

function answerWith(body: string, options: { chunkBytes?: number; status?: number } = {}): void {
  const bytes = new TextEncoder().encode(body)
  const { chunkBytes = bytes.length, status = 200 } = options
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += chunkBytes) controller.enqueue(bytes.subarray(at, at + chunkBytes))
      controller.close()
    },
  })
  const headers = { 'x-request-id': 'request-1', 'x-quota-remaining': '99' }
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(stream, { status, headers })))
}

async function call(): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  const { signal } = new AbortController()
  for await (const step of chat({ agentId: 'a', key: 'ak_x', messages: [{ role: 'user', content: 'hello' }], signal }))
    events.push(step)
  return events
}

describe('a streamed call', () => {
  it.each([1, 3, 7, 64, 4096])('reads the same from chunks of %i bytes', async (chunkBytes) => {
    answerWith(`: beat\n\n${said('Grüße, ')}${said('世界')}${USAGE}${event('[DONE]')}`, { chunkBytes })
    expect(await call()).toEqual([
      { type: 'opened', requestId: 'request-1', quotaRemaining: '99' },
      { type: 'text', text: 'Grüße, ' },
      { type: 'text', text: '世界' },
      { type: 'usage', inputTokens: 7, outputTokens: 2 },
      { type: 'finished' },
    ])
  })

  it('that ends without its last word is cut, not finished', async () => {
    answerWith(said('Half an '))
    await expect(call()).rejects.toMatchObject({ code: 'cut', requestId: 'request-1' })
  })

  it('that fails on its way throws the error of the event', async () => {
    answerWith(said('Here is ') + event({ error: { code: '40304', message: 'Withheld.' } }))
    await expect(call()).rejects.toMatchObject({ code: '40304', message: 'Withheld.' })
  })

  it('that is refused throws the error of the body', async () => {
    answerWith(JSON.stringify({ error: { code: '40103', message: 'No valid key.' } }), { status: 401 })
    await expect(call()).rejects.toMatchObject({ code: '40103', requestId: 'request-1' })
  })
})

describe('a route', () => {
  const agents = () => ask('GET /v1/models', { isPublic: true })

  it('answers with what it promised', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ object: 'list', data: [{ id: 'slug' }] })))
    expect(await agents()).toMatchObject({ data: [{ id: 'slug' }] })
  })

  it('that cannot be reached says so', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    await expect(agents()).rejects.toThrow(ApiError)
    await expect(agents()).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('that refuses says which fields, and in which request', async () => {
    const error = {
      code: '40002',
      message: 'q: is too long',
      details: { fields: [{ field: 'q', problem: 'is too long' }] },
    }
    const headers = { 'x-request-id': 'request-2' }
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ error }, { status: 400, headers })))
    await expect(agents()).rejects.toMatchObject({
      code: '40002',
      requestId: 'request-2',
      fields: [{ field: 'q', problem: 'is too long' }],
    })
  })

  it('puts its parameters and its query into the address', async () => {
    const asked = vi.fn((_url: string) => Promise.resolve(Response.json({})))
    vi.stubGlobal('fetch', asked)
    await ask('GET /api/v1/reviews/agents/{id}', { params: { id: 'a/b' }, query: { limit: 5 }, isPublic: true })
    expect(asked.mock.calls[0]?.[0]).toMatch(/\/api\/v1\/reviews\/agents\/a%2Fb\?limit=5$/)
  })
})
