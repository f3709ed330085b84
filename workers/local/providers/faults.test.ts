import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { fault } from '../../tests/faults.ts'
import { type Providers, startProviders } from '../providers.ts'
import { type Fault, readFault, withoutDirectives } from './faults.ts'

const SECRET = 'The secret ingredient is a spoon of white miso.'

let providers: Providers
beforeAll(async () => {
  providers = await startProviders({ port: 0 })
})
afterAll(() => providers.stop())
beforeEach(() => {
  providers.calls.reset()
  providers.faults.clear()
})

type Asked = { stream?: boolean; text?: string; signal?: AbortSignal; redirect?: 'manual' | 'follow' }

function ask(wanted: Fault, { stream = true, text = '', signal, redirect }: Asked = {}): Promise<Response> {
  return fetch(`${providers.openaiBaseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-4o',
      stream,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: SECRET },
        { role: 'user', content: `${text} ${fault(wanted)}` },
      ],
    }),
    ...(signal ? { signal } : {}),
    ...(redirect ? { redirect } : {}),
  })
}

/** What a client got: the bytes until the end, and whether the end was an error. */
async function read(response: Response): Promise<{ text: string; pieces: number; broke: boolean }> {
  const chunks: Uint8Array[] = []
  let broke = false
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
  } catch {
    broke = true
  }
  return { text: Buffer.concat(chunks).toString(), pieces: chunks.length, broke }
}

type Chunk = {
  choices: { index: number; delta: { content?: string; tool_calls?: { function: { arguments: string } }[] } }[]
  usage?: unknown
}

function chunks(text: string): Chunk[] {
  return text
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: {"id"'))
    .map((frame) => JSON.parse(frame.slice(6)) as Chunk)
}

function contents(text: string): string[] {
  return chunks(text).flatMap((chunk) =>
    chunk.choices.filter((one) => one.index === 0 && one.delta.content).map((one) => one.delta.content ?? ''),
  )
}

async function said(wanted: Fault, text?: string): Promise<string> {
  const response = await ask(wanted, { stream: false, ...(text === undefined ? {} : { text }) })
  return ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? ''
}

test('what the builder writes, the stand-in reads', () => {
  const wanted: Fault = {
    status: 503,
    retryAfterSeconds: 2,
    halfClose: true,
    garbage: 'nul',
    say: 'x=1; “ü” ]] y',
    gapMs: 5,
  }
  expect(readFault(`Hello ${fault(wanted)} there ${fault({ chunk: 3 })}`)).toEqual({ ...wanted, chunk: 3 })
  expect(withoutDirectives(`Hello ${fault(wanted)}`)).toBe('Hello')
  expect(readFault('Hello [fault:status=500]')).toBeUndefined()
})

test('a directive that nobody knows is an error one sees', async () => {
  expect(() => readFault('[[fault:sttaus=500]]')).toThrow('sttaus')
  expect(() => readFault('[[fault:status=abc]]')).toThrow('whole number')
  expect((await ask({ status: Number.NaN })).status).toBe(418)
})

test('a directive never shows in an answer', async () => {
  const answer = await said({ chunk: 3 }, 'How do I poach an egg?')
  expect(answer).toContain('poach an egg')
  expect(answer).not.toContain('fault')
})

test('delay holds the headers back', async () => {
  const started = performance.now()
  await (await ask({ delayMs: 60 })).text()
  expect(performance.now() - started).toBeGreaterThanOrEqual(58)
})

test.each([true, false])(
  'hang-before-headers answers nothing and notices when the caller leaves (stream: %s)',
  async (stream) => {
    const leaving = new AbortController()
    const asked = ask({ hangBeforeHeaders: true }, { stream, signal: leaving.signal })
    await vi.waitFor(() => expect(providers.calls.open).toBe(1))
    leaving.abort()
    await expect(asked).rejects.toThrow('abort')
    await vi.waitFor(() => expect(providers.calls.counts.openai).toMatchObject({ open: 0, aborted: 1 }))
  },
)

test('hang-after-events sends so many events and falls silent', async () => {
  const leaving = new AbortController()
  const response = await ask({ hangAfterEvents: 3 }, { signal: leaving.signal })
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (contents(text).length === 3) break
  }
  expect(contents(text)).toHaveLength(3)
  await vi.waitFor(() => expect(providers.calls.counts.openai).toMatchObject({ open: 0, aborted: 1 }))
})

test('close-after-events ends cleanly without a terminal event', async () => {
  const { text, broke } = await read(await ask({ closeAfterEvents: 2 }))
  expect(broke).toBe(false)
  expect(contents(text)).toHaveLength(2)
  expect(text).not.toMatch(/\[DONE\]|finish_reason":"/)
  expect(providers.calls.counts.openai.cut).toBe(1)
})

test.each([{ halfClose: true }, { reset: true }])('%o breaks the connection after the events', async (manner) => {
  const { text, broke } = await read(await ask({ closeAfterEvents: 2, ...manner }))
  expect(broke).toBe(true)
  expect(contents(text)).toHaveLength(2)
  await vi.waitFor(() => expect(providers.calls.counts.openai).toMatchObject({ open: 0, cut: 1 }))
})

test.each([
  { closeAfterEvents: 1 },
  { halfClose: true },
  { reset: true },
  { resetAtByte: 40 },
  { garbage: 'bad-json' as const },
  { garbage: 'nul' as const },
])('%o leaves a JSON answer that cannot be parsed', async (wanted) => {
  const { text } = await read(await ask(wanted, { stream: false }))
  expect(() => JSON.parse(text) as unknown).toThrow()
})

test('reset-at-byte cuts after exactly that many bytes', async () => {
  const { text, broke } = await read(await ask({ resetAtByte: 333 }))
  expect(broke).toBe(true)
  expect(Buffer.byteLength(text)).toBe(333)
})

test('no-terminal leaves out the terminal marker only', async () => {
  const { text, broke } = await read(await ask({ noTerminal: true }))
  expect(broke).toBe(false)
  expect(text).toContain('"finish_reason":"stop"')
  expect(text).not.toContain('[DONE]')
})

test.each([
  ['bad-json', 'delta":{"content":\n\n'],
  ['html', '<!doctype html>'],
  ['nul', 'data: \0\0\0'],
  ['comments', ': nothing to see\n'],
] as const)('garbage %s stands after the events, and the stream goes on', async (garbage, sign) => {
  const { text } = await read(await ask({ garbageAfterEvents: 2, garbage }))
  expect(contents(text.slice(0, text.indexOf(sign)))).toHaveLength(2)
  expect(text).toContain('[DONE]')
})

test('a long line is ten megabytes', async () => {
  const { text } = await read(await ask({ garbageAfterEvents: 1, garbage: 'long-line' }))
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeGreaterThan(10_000_000)
})

test('endless comments go on until the caller leaves', async () => {
  let text = ''
  for await (const chunk of (await ask({ garbageAfterEvents: 1, garbage: 'endless-comments' })).body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.split(': still here').length > 5) break
  }
  expect(contents(text)).toHaveLength(1)
  await vi.waitFor(() => expect(providers.calls.counts.openai).toMatchObject({ open: 0, aborted: 1 }))
})

test('CRLF and a byte order mark change the bytes and not the answer', async () => {
  const plain = await read(await ask({ say: 'one two three' }))
  const crlf = await read(await ask({ say: 'one two three', garbage: 'crlf' }))
  expect(crlf.text).toContain('\r\n\r\n')
  expect(contents(crlf.text.replaceAll('\r', ''))).toEqual(contents(plain.text))
  const bom = Buffer.from(await (await ask({ say: 'one two three', garbage: 'bom' })).arrayBuffer())
  expect([...bom.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
})

test('error-after-events sends the error event of the provider and ends', async () => {
  const { text } = await read(await ask({ errorAfterEvents: 2 }))
  expect(contents(text)).toHaveLength(2)
  expect(text.trimEnd().split('\n\n').at(-1)).toMatch(/^data: {"error":/)
})

test('echo-request and echo-system say what they must not', async () => {
  expect(JSON.parse(await said({ echoRequest: true }))).toMatchObject({
    messages: [{ content: SECRET }, { role: 'user' }],
  })
  expect(await said({ echoSystem: true })).toBe(SECRET)
})

test.each([400, 500])('error-echo quotes the request in an error of status %i', async (status) => {
  const response = await ask({ errorEcho: status })
  expect(response.status).toBe(status)
  expect(await response.text()).toContain('white miso')
})

test('leak-headers and leak-fields put the prompt beside the content', async () => {
  expect((await ask({ leakHeaders: true })).headers.get('x-debug-prompt')).toBe(SECRET)
  expect((await ask({ leakHeaders: true, status: 500 })).headers.get('x-debug-prompt')).toBe(SECRET)
  const body = (await (await ask({ leakFields: true, say: 'x' }, { stream: false })).json()) as Record<string, unknown>
  expect(body).toMatchObject({ id: SECRET, model: SECRET, system_fingerprint: SECRET })
  expect(chunks((await read(await ask({ leakFields: true, say: 'x' }))).text)[0]).toMatchObject({
    id: SECRET,
    obfuscation: SECRET,
  })
})

test('say is said exactly, repeated on request', async () => {
  expect(await said({ say: 'Grüße, ]] 🥚\n' })).toBe('Grüße, ]] 🥚\n')
  expect(await said({ say: 'ab', repeat: 3 })).toBe('ababab')
})

test('say-tool calls a tool with exactly these arguments', async () => {
  const { text } = await read(await ask({ sayTool: '{"a":"🥚' }))
  const pieces = chunks(text).flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])
  expect(pieces.map((piece) => piece.function.arguments).join('')).toBe('{"a":"🥚')
})

test('chunk, split-surrogates and events decide how a text is cut', async () => {
  expect(contents((await read(await ask({ say: 'añb🥚c', chunk: 3 }))).text)).toEqual(['añ', 'b', '🥚', 'c'])
  expect(contents((await read(await ask({ say: 'a🥚', splitSurrogates: true }))).text)).toEqual([
    'a',
    '\ud83e',
    '\udd5a',
  ])
  expect(contents((await read(await ask({ events: 64 }))).text)).toHaveLength(64)
})

test('a second choice comes between the events of the first', async () => {
  const { text } = await read(await ask({ say: 'a b', secondChoice: 'x y' }))
  expect(
    chunks(text).flatMap((chunk) => chunk.choices.filter((one) => one.delta.content).map((one) => one.delta.content)),
  ).toEqual(['a', 'x', ' b', ' y'])
})

test('gap paces the events', async () => {
  const started = performance.now()
  const { text, pieces } = await read(await ask({ events: 5, gapMs: 10 }))
  expect(performance.now() - started).toBeGreaterThanOrEqual(38)
  expect(contents(text)).toHaveLength(5)
  expect(pieces).toBeGreaterThan(3)
})

test('split-bytes cuts characters in two and changes no byte', async () => {
  const { text, pieces } = await read(await ask({ say: 'añ🥚', splitBytes: 3 }))
  expect(contents(text).join('')).toBe('añ🥚')
  expect(text).toContain('[DONE]')
  expect(pieces).toBeGreaterThan(20)
})

test('slow-bytes sends them one by one', async () => {
  const { text, pieces } = await read(await ask({ slowBytes: true, resetAtByte: 120 }))
  expect(text).toMatch(/^data: {"id"/)
  expect(pieces).toBeGreaterThan(60)
})

test('a redirect leads to a path that counts who follows', async () => {
  const stopped = await ask({ redirect: true }, { redirect: 'manual' })
  expect([stopped.status, stopped.headers.get('location')]).toEqual([302, '/elsewhere'])
  expect(providers.calls.counts.elsewhere.received).toBe(0)
  await ask({ redirect: true }, { redirect: 'follow' })
  expect(providers.calls.counts.elsewhere.received).toBe(1)
})

test('html-200 and empty-200 are answers of status 200 that are none', async () => {
  const html = await ask({ html200: true })
  expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html'])
  const empty = await ask({ empty200: true })
  expect([empty.status, await empty.text()]).toEqual([200, ''])
})

test.each([
  ['none', []],
  ['negative', [-7]],
  ['nan', ['NaN']],
  ['huge', [1e12]],
  ['twice', [1, 3]],
] as const)('usage %s is what the stream ends with', async (usage, counts) => {
  const { text } = await read(await ask({ usage, say: 'some words' }))
  const seen = chunks(text).flatMap((chunk) =>
    chunk.usage ? [(chunk.usage as { completion_tokens: unknown }).completion_tokens] : [],
  )
  expect(seen).toEqual(counts)
})

test('heal-after fails so often and then succeeds', async () => {
  const statuses: number[] = []
  for (let call = 0; call < 4; call++) statuses.push((await ask({ status: 503, healAfter: 2, key: 'heals' })).status)
  expect(statuses).toEqual([503, 503, 200, 200])
})

test('a standing fault meets the requests it matches until it is cleared', async () => {
  const control = (method: string, body?: object) =>
    fetch(`${providers.url}/__control/fault`, { method, ...(body ? { body: JSON.stringify(body) } : {}) })
  await control('POST', { match: 'apples', provider: 'openai', directive: 'status=503' })
  expect((await ask({}, { text: 'about apples' })).status).toBe(503)
  expect((await ask({}, { text: 'about pears' })).status).toBe(200)
  await control('DELETE')
  expect((await ask({}, { text: 'about apples' })).status).toBe(200)
  expect((await control('POST', { directive: 'nonsense' })).status).toBe(400)
})

test('the calls can be read in another process', async () => {
  await (await ask({}, { text: 'count me' })).text()
  const told = await vi.waitFor(async () => {
    const told = (await (await fetch(`${providers.url}/__control/calls`)).json()) as {
      providers: { openai: object }
      last: { body: string; outcome: string }[]
    }
    expect(told.providers.openai).toEqual({ received: 1, open: 0, completed: 1, aborted: 0, cut: 0 })
    return told
  })
  expect(told.last[0]?.body).toContain('count me')
  expect(told.last[0]?.outcome).toBe('completed')
})
