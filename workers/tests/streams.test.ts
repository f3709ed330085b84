/** Streams that end badly, arrive oddly or are read slowly: what the caller sees, and what it costs. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { app } from '../app.ts'
import type { Agent } from '../agents/agents.ts'
import { fault } from './faults.ts'
import {
  ask,
  bindings,
  contentOf,
  eventsIn,
  eventsOf,
  newAgent,
  newDeveloper,
  pay,
  type Developer,
  type ProviderName,
  type StreamEvent,
} from './world.ts'

const PROVIDERS: ProviderName[] = ['openai', 'anthropic', 'google']
/** Fewer failures than open a breaker, also where each of them is tried twice. */
const FAILURES_PER_AGENT = 4

/** What one open stream may take up, whatever its length. */
const STREAM_MEMORY_BYTES = 64 * 1024
/** `STREAM_TOTAL_MS` of the test run. */
const TEST_STREAM_MS = 5_000

let developer: Developer
beforeAll(async () => {
  developer = await newDeveloper()
  await pay(developer, 100_000)
})

afterEach(() => {
  vi.restoreAllMocks()
})

type Cut = Parameters<typeof fault>[0]

/** Every way in which a provider breaks a stream off after the third of its six events. */
const CUTS: Record<string, Cut> = {
  'closes the connection': { closeAfterEvents: 3 },
  'closes its side of the connection': { closeAfterEvents: 3, halfClose: true },
  'resets the connection': { closeAfterEvents: 3, reset: true },
  'sends half a JSON': { garbageAfterEvents: 3, garbage: 'bad-json' },
  'sends zero bytes': { garbageAfterEvents: 3, garbage: 'nul' },
  'sends a line of ten megabytes': { garbageAfterEvents: 3, garbage: 'long-line' },
  'sends its own error event': { errorAfterEvents: 3 },
  'falls silent': { hangAfterEvents: 3 },
}

describe.each(PROVIDERS)('a stream of %s', (provider) => {
  test.concurrent.each(Object.entries(CUTS))(
    'that %s ends after its three events in one error event, and costs nothing',
    async (_, cut) => {
      const own = await newDeveloper()
      const agent = await newAgent(provider)
      const response = await ask(own, agent, `Say something. ${fault({ events: 6, ...cut })}`, { stream: true })
      const events = await eventsOf(response)
      expect(response.status).toBe(200)
      expect(contents(events).length).toBe(3)
      const error = expectBroken(events)
      expect(error.code.slice(0, 3)).toMatch(/50[234]/)
      if (cut.hangAfterEvents) expect(error.code).toBe('50401')
      expect(error.requestId).toBe(response.headers.get('x-request-id'))
      expect(await own.account.quota()).toMatchObject({ remaining: 100, used: 0, held: 0 })
    },
  )

  test('that lacks only its terminal marker is broken off all the same', async () => {
    const agent = await newAgent(provider)
    const before = await developer.account.quota()
    const events = await eventsOf(
      await ask(developer, agent, `Say. ${fault({ events: 6, noTerminal: true })}`, { stream: true }),
    )
    expect(contents(events).length).toBe(6)
    expect(expectBroken(events).code).toBe('50202')
    expect(await developer.account.quota()).toMatchObject({ remaining: before.remaining, held: 0 })
  })

  test('that is reset at any byte gives the beginning of the text, then its end or one error', async () => {
    const own = await newDeveloper()
    await pay(own, 900)
    const whole = 'Kelp sways, limpets graze – Grüße 🌍.'
    const said = { say: whole, chunk: 4 }
    const sizes = Array.from({ length: 36 }, (_, step) => step * 97)
    let due = 0
    for (let at = 0; at < sizes.length; at += FAILURES_PER_AGENT) {
      const agent = await newAgent(provider)
      const group = sizes.slice(at, at + FAILURES_PER_AGENT)
      const answers = await Promise.all(
        group.map(async (resetAtByte) => {
          const response = await ask(own, agent, `Say it. ${fault({ ...said, resetAtByte })}`, { stream: true })
          return { resetAtByte, status: response.status, text: await response.text() }
        }),
      )
      for (const { resetAtByte, status, text } of answers) {
        if (status !== 200) {
          expect((JSON.parse(text) as { error: { code: string } }).error.code, String(resetAtByte)).toMatch(/^50[23]/)
          continue
        }
        const events = eventsIn(text)
        expect(whole.startsWith(contentOf(events)), String(resetAtByte)).toBe(true)
        if (events.at(-1)?.data === '[DONE]') {
          due++
          expect(contentOf(events)).toBe(whole)
        } else expectBroken(events)
      }
    }
    expect(await own.account.quota()).toMatchObject({ used: due, held: 0 })
  })

  test('that is cut between any two bytes of a character says the same text', async () => {
    const agent = await newAgent(provider)
    const whole = 'Ärmel, naïve Grüße – 漢字かな交じり文 · 🌍🦀👩‍👩‍👧 · العربية, "\\" \t and \u2028 end.'
    for (const cut of [
      { splitBytes: 1 },
      { splitBytes: 2 },
      { splitBytes: 3 },
      { splitBytes: 7 },
      { splitSurrogates: true },
    ]) {
      const events = await eventsOf(
        await ask(developer, agent, `Say it. ${fault({ say: whole, ...cut })}`, { stream: true }),
      )
      expect(contentOf(events), JSON.stringify(cut)).toBe(whole)
      expect(events.at(-1)?.data).toBe('[DONE]')
    }
  })

  test('with line ends of its own, a byte order mark, comments or a stray page of HTML says the same text', async () => {
    const agent = await newAgent(provider)
    for (const garbage of ['crlf', 'bom', 'comments', 'html'] as const) {
      const said = { say: 'Grüße aus dem Watt 🌍.', garbageAfterEvents: 1, garbage }
      const response = await ask(developer, agent, `Say it. ${fault(said)}`, { stream: true })
      const text = await response.text()
      expect(contentOf(eventsIn(text)), garbage).toBe(said.say)
      expect(text).not.toMatch(/nothing to see|Bad Gateway|\r|\uFEFF/)
      expect(eventsIn(text).at(-1)?.data).toBe('[DONE]')
    }
  })

  test('whose text is written like events is still one content, JSON-encoded', async () => {
    const agent = await newAgent(provider)
    const evil =
      'a\n\ndata: [DONE]\n\nevent: error\ndata: {"error":{"code":"50001"}}\r\n\r\n: comment\n\nid: 7\nretry: 1\n\n\u0000'
    const tools = [{ type: 'function', function: { name: 'note', parameters: { type: 'object' } } }]
    for (const said of [{ say: evil }, { refuse: evil }, { sayTool: JSON.stringify({ text: evil }) }]) {
      const response = await ask(developer, agent, `Say it. ${fault(said)}`, { stream: true, body: { tools } })
      const text = await response.text()
      const lines = text.split('\n').filter((line) => line !== '')
      expect(
        lines.every((line) => line.startsWith('data: {') || line === 'data: [DONE]'),
        JSON.stringify(said),
      ).toBe(true)
      expect(lines.filter((line) => line === 'data: [DONE]').length).toBe(1)
      expect(spokenIn(eventsIn(text)), JSON.stringify(said)).toBe(Object.values(said)[0])
    }
  })
})

test('a provider that talks for ever in comments is cut off when the time of a stream is up', async () => {
  const cut = async (provider: ProviderName): Promise<void> => {
    const asked = `Say. ${fault({ events: 6, garbageAfterEvents: 3, garbage: 'endless-comments' })}`
    const events = await eventsOf(await ask(developer, await newAgent(provider), asked, { stream: true }))
    expect(contents(events).length).toBe(3)
    expect(expectBroken(events).code).toBe('50401')
  }
  await Promise.all(PROVIDERS.map(cut))
})

test('in long silence a stream says comments, only between events, and the text stays whole', async () => {
  const agent = await newAgent()
  const text = await (
    await ask(developer, agent, `Slowly. ${fault({ events: 4, gapMs: 330 })}`, { stream: true })
  ).text()
  const blocks = text.split('\n\n').filter((block) => block !== '')
  expect(blocks.filter((block) => block.startsWith(':')).length).toBeGreaterThanOrEqual(3)
  expect(blocks.every((block) => /^(: still working|data: \S.*)$/.test(block))).toBe(true)
  expect(contents(eventsIn(text)).length).toBe(4)
})

test('a caller who does not read holds back the provider, not our memory', async () => {
  const agent = await newAgent()
  const taken = new Map<string, number>()
  onUpstream(async (asked, send) => {
    const which = JSON.stringify(asked).includes('Slow.') ? 'slow' : 'fast'
    const response = await send()
    return new Response(
      counted(response, (bytes) => taken.set(which, (taken.get(which) ?? 0) + bytes)),
      response,
    )
  })
  const said = fault({ say: 'Limpets graze at night. '.repeat(2_000) })
  const slow = await ask(developer, agent, `Slow. ${said}`, { stream: true })
  const reader = slow.body?.getReader()
  await reader?.read()
  // The same answer, read as fast as it comes, is over while the first one still waits for its caller.
  const fast = await ask(developer, agent, `Fast. ${said}`, { stream: true })
  expect((await eventsOf(fast)).at(-1)?.data).toBe('[DONE]')
  expect(taken.get('fast')).toBeGreaterThan(16 * STREAM_MEMORY_BYTES)
  expect(taken.get('slow')).toBeLessThan(STREAM_MEMORY_BYTES)
  await reader?.cancel()
})

test('a provider that leaves its connection open, or breaks it, after its terminal marker has answered well', async () => {
  const agent = await newAgent()
  const events =
    'data: {"choices":[{"index":0,"delta":{"content":"Well."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
  const badEnds = [() => {}, (body: ReadableStreamDefaultController) => body.error(new Error('reset'))]
  const contexts = Array.from({ length: 12 }, () => createExecutionContext())
  let calls = 0
  onUpstream(async (asked) => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(events))
        asked.signal?.addEventListener('abort', () => controller.error(new Error('aborted')))
      },
      pull: badEnds[calls++ % badEnds.length] ?? (() => {}),
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  for (const ctx of contexts) {
    const answer = await app.fetch(chatRequest(developer, agent, 'Say.'), bindings, ctx)
    expect((await eventsOf(answer)).at(-1)?.data).toBe('[DONE]')
  }
  await Promise.all(contexts.map((ctx) => waitOnExecutionContext(ctx)))
  expect(calls).toBe(contexts.length)
  vi.restoreAllMocks()
  expect((await ask(developer, agent, 'Still there?')).status).toBe(200)
})

test('a stream nobody reads any more ends, though its caller stays connected', async () => {
  const own = await newDeveloper()
  const agent = await newAgent()
  const ctx = createExecutionContext()
  const asked = `Say. ${fault({ events: 5, hangAfterEvents: 1 })}`
  const response = await app.fetch(chatRequest(own, agent, asked), bindings, ctx)
  const reader = response.body?.getReader()
  await reader?.read()
  const startedAt = Date.now()
  await waitOnExecutionContext(ctx)
  expect(Date.now() - startedAt).toBeLessThan(TEST_STREAM_MS)
  expect(await own.account.quota()).toMatchObject({ used: 0, held: 0 })
})

/** A streamed call for `app.fetch`, which lets a test wait until everything that belongs to the call is over. */
function chatRequest({ key }: Developer, { id }: Agent, text: string): Request {
  return new Request(`https://agentlink.test/proxy/v1/agents/${id}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-agentlink-key': key },
    body: JSON.stringify({ stream: true, messages: [{ role: 'user', content: text }] }),
  })
}

/** Stands between the gateway and OpenAI's stand-in until `vi.restoreAllMocks`; `send` asks the stand-in. */
function onUpstream(take: (asked: RequestInit, send: () => Promise<Response>) => Promise<Response>): void {
  const real = globalThis.fetch
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) =>
    new Request(url).url.endsWith('/chat/completions') ? take(init ?? {}, () => real(url, init)) : real(url, init),
  )
}

/** The body of a response, which tells how many bytes have been taken of it, and takes none before it is asked. */
function counted(response: Response, tell: (bytes: number) => void): ReadableStream<Uint8Array> {
  const reader = response.body?.getReader()
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const read = await reader?.read()
    if (!read || read.done) return controller.close()
    tell(read.value.byteLength)
    controller.enqueue(read.value)
  }
  return new ReadableStream({ pull, cancel: async () => reader?.cancel() }, { highWaterMark: 0 })
}

/** The pieces of text that came, one for each content event. */
function contents(events: StreamEvent[]): string[] {
  return events.map((event) => contentOf([event])).filter((text) => text !== '')
}

/** All that a stream's deltas say, as text, refusal or arguments of a tool. */
function spokenIn(events: StreamEvent[]): string {
  type Delta = { content?: string; refusal?: string; tool_calls?: { function: { arguments: string } }[] }
  return events
    .flatMap(({ data }) => (data === '[DONE]' ? [] : ((data['choices'] as { delta: Delta }[] | undefined) ?? [])))
    .map(
      ({ delta }) => (delta.content ?? '') + (delta.refusal ?? '') + (delta.tool_calls?.[0]?.function.arguments ?? ''),
    )
    .join('')
}

/** Asserts that a stream ended in exactly one error event, and never claimed to be complete. Gives what the error says. */
function expectBroken(events: StreamEvent[]): { code: string; requestId: string } {
  expect(events.filter(({ event }) => event === 'error').length).toBe(1)
  expect(events.at(-1)?.event).toBe('error')
  expect(events.some(({ data }) => data === '[DONE]')).toBe(false)
  expect(JSON.stringify(events)).not.toMatch(/"finish_reason":"/)
  const last = events.at(-1)?.data as { error: { code: string }; request_id: string } | undefined
  return { code: last?.error.code ?? '', requestId: last?.request_id ?? '' }
}
