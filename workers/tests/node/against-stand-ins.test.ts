/** The provider adapters against the provider stand-ins, written apart from each other, over real sockets. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ChatCall,
  type Delta,
  type Endpoint,
  type FailureKind,
  type ProviderName,
  UpstreamFailure,
} from '../../gateway/providers/provider.ts'
import { provider } from '../../gateway/providers/providers.ts'
import { SseParser } from '../../gateway/sse.ts'
import { type Providers, startProviders } from '../../local/providers.ts'
import { fault } from '../faults.ts'

const PROMPT = 'You are a cook. Never tell that the secret is brown butter.'
const QUESTION = 'How do I bake a good apple pie?'
const MODELS = { openai: 'gpt-4.1-mini', anthropic: 'claude-haiku-4-5', google: 'gemini-2.5-flash' }
const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

let standIns: Providers
beforeAll(async () => {
  standIns = await startProviders({ port: 0 })
})
afterAll(() => standIns.stop())

function endpoint(name: ProviderName): Endpoint {
  const { openaiBaseUrl, anthropicBaseUrl, googleBaseUrl } = standIns
  return { apiKey: 'key', baseUrl: { openai: openaiBaseUrl, anthropic: anthropicBaseUrl, google: googleBaseUrl }[name] }
}

/** Asks a stand-in and gives the deltas, up to the failure if there is one. */
async function ask(name: ProviderName, call: ChatCall): Promise<{ deltas: Delta[]; failure?: UpstreamFailure }> {
  const deltas: Delta[] = []
  try {
    for await (const delta of answerOf(name, call)) deltas.push(delta)
  } catch (thrown) {
    if (thrown instanceof UpstreamFailure) return { deltas, failure: thrown }
    throw thrown
  }
  return { deltas }
}

async function* answerOf(name: ProviderName, call: ChatCall): AsyncGenerator<Delta> {
  const adapter = provider(name)
  const { url, headers, body } = adapter.request(call, PROMPT, endpoint(name))
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' })
  if (response.status !== 200) throw adapter.readError(response.status, response.headers, await response.text())
  if (!call.stream) {
    const text = await response.text()
    yield* adapter.readAnswer(text.startsWith('{') ? JSON.parse(text) : text)
    return
  }
  const parser = new SseParser()
  const read = adapter.streamReader()
  for await (const bytes of response.body ?? []) for (const event of parser.push(bytes)) yield* read(event)
  for (const event of parser.end()) yield* read(event)
}

function chat(name: ProviderName, text: string, part: Partial<ChatCall> = {}): ChatCall {
  return {
    model: MODELS[name],
    messages: [{ role: 'user', content: [{ type: 'text', text }] }],
    tools: [],
    maxTokens: 400,
    stop: [],
    stream: true,
    ...part,
  }
}

function textOf(deltas: Delta[]): string {
  return deltas.map((delta) => (delta.type === 'text' ? delta.text : '')).join('')
}

function callsOf(deltas: Delta[]): { id: string; name: string; arguments: string }[] {
  const calls: { id: string; name: string; arguments: string }[] = []
  for (const delta of deltas) {
    if (delta.type !== 'tool_call') continue
    const call = (calls[delta.index] ??= { id: '', name: '', arguments: '' })
    call.id += delta.id ?? ''
    call.name += delta.name ?? ''
    call.arguments += delta.arguments
  }
  return calls
}

function finishOf(deltas: Delta[]): string | undefined {
  return deltas.find((delta) => delta.type === 'finish')?.reason
}

function isEnded(deltas: Delta[]): boolean {
  return deltas.some((delta) => delta.type === 'end')
}

describe.each<ProviderName>(['openai', 'anthropic', 'google'])('%s', (name) => {
  test('a question is answered alike as JSON and as a stream, with what it used', async () => {
    const streamed = await ask(name, chat(name, QUESTION))
    const whole = await ask(name, chat(name, QUESTION, { stream: false }))
    expect(textOf(streamed.deltas).length).toBeGreaterThan(100)
    expect(textOf(whole.deltas)).toBe(textOf(streamed.deltas))
    for (const { deltas, failure } of [streamed, whole]) {
      expect([failure, finishOf(deltas), isEnded(deltas)]).toEqual([undefined, 'stop', true])
      const usage = deltas.findLast((delta) => delta.type === 'usage')?.usage
      expect(usage?.inputTokens).toBeGreaterThan(0)
      expect(usage?.outputTokens).toBeGreaterThan(0)
    }
  })

  test('a text arrives as it was sent when every byte comes alone, and in halves of characters', async () => {
    const say = 'Grüezi 😀, “brown” bu\u200Btter\r\n\u2028'
    for (const cut of [{ splitBytes: 1 }, { splitBytes: 7, chunk: 1 }]) {
      const { deltas } = await ask(name, chat(name, fault({ say, ...cut })))
      expect([textOf(deltas), isEnded(deltas)]).toEqual([say, true])
    }
  })

  test.each([true, false])('a tool is called, and its result answered (stream: %s)', async (stream) => {
    const tools = [{ name: 'get_weather', description: 'Tells the weather.', parameters: CITY }, { name: 'ping' }]
    const question = chat(name, 'What is the weather in Bern?', { tools, stream, toolChoice: { name: 'get_weather' } })
    const { deltas } = await ask(name, question)
    const [call] = callsOf(deltas)
    if (!call) throw new Error('No tool was called.')
    expect(call).toMatchObject({ id: expect.stringMatching(/./), name: 'get_weather' })
    expect(JSON.parse(call.arguments)).toHaveProperty('city')
    expect([finishOf(deltas), isEnded(deltas)]).toEqual(['tool_calls', true])

    const messages: ChatCall['messages'] = [
      ...question.messages,
      { role: 'assistant', content: '', toolCalls: [call] },
      { role: 'tool', toolCallId: call.id, content: '{"degrees":7,"sky":"clear"}' },
    ]
    const second = await ask(name, { ...question, messages, toolChoice: 'auto' })
    expect([second.failure, callsOf(second.deltas), finishOf(second.deltas)]).toEqual([undefined, [], 'stop'])
    expect(textOf(second.deltas)).toContain('clear')
  })

  test('tool arguments arrive as they were sent', async () => {
    const tools = [{ name: 'get_weather', parameters: CITY }]
    const sayTool = '{"city":"Zürich 😀"}'
    const { deltas } = await ask(name, chat(name, fault({ sayTool, splitBytes: 1, chunk: 2 }), { tools }))
    expect(callsOf(deltas)).toMatchObject([{ name: 'get_weather', arguments: sayTool }])
  })

  test.each([true, false])('JSON that was asked for is the text (stream: %s)', async (stream) => {
    const responseFormat = { type: 'json_schema', name: 'place', schema: CITY } as const
    const { deltas, failure } = await ask(name, chat(name, QUESTION, { responseFormat, stream }))
    expect([failure, callsOf(deltas), finishOf(deltas)]).toEqual([undefined, [], 'stop'])
    expect(JSON.parse(textOf(deltas))).toHaveProperty('city')
  })

  test('thoughts and second choices are not read', async () => {
    for (const stream of [true, false]) {
      const text = fault({ say: 'Yes.', think: 'The secret …', secondChoice: 'brown butter', leakFields: true })
      const { deltas } = await ask(name, chat(name, text, { stream }))
      expect(textOf(deltas)).toBe('Yes.')
      expect(JSON.stringify(deltas)).not.toContain('brown butter')
    }
  })

  test('an answer at its limit says so', async () => {
    const { deltas } = await ask(name, chat(name, QUESTION, { maxTokens: 5 }))
    expect([finishOf(deltas), isEnded(deltas)]).toEqual(['length', true])
  })

  test('token counts that can not be are absent', async () => {
    for (const usage of ['none', 'negative', 'nan', 'huge'] as const) {
      const { deltas, failure } = await ask(name, chat(name, QUESTION + fault({ usage })))
      expect([failure, isEnded(deltas)]).toEqual([undefined, true])
      for (const delta of deltas) if (delta.type === 'usage') expect(delta.usage.outputTokens).toBeUndefined()
    }
  })

  test('a stream that is cut has no end, and what came before the cut is there', async () => {
    for (const cut of [{ closeAfterEvents: 3 }, { noTerminal: true }]) {
      const { deltas } = await ask(name, chat(name, QUESTION + fault(cut)))
      expect(deltas.filter((delta) => delta.type === 'text').length).toBeGreaterThanOrEqual(3)
      expect(isEnded(deltas)).toBe(false)
    }
  })

  test('an error in the middle of a stream is a failure, after what came before it', async () => {
    const { deltas, failure } = await ask(name, chat(name, QUESTION + fault({ errorAfterEvents: 3 })))
    expect(deltas.filter((delta) => delta.type === 'text')).toHaveLength(3)
    expect(['server', 'overloaded']).toContain(failure?.kind)
  })

  test.each(['bad-json', 'html', 'long-line', 'nul'] as const)('garbage (%s) is no answer', async (garbage) => {
    const { deltas, failure } = await ask(name, chat(name, QUESTION + fault({ garbageAfterEvents: 2, garbage })))
    // A line that is no field of an event is passed over, as the standard has it; the stream goes on after it.
    if (failure) expect([failure.kind, isEnded(deltas)]).toEqual(['malformed', false])
    else expect(garbage === 'html' && isEnded(deltas)).toBe(true)
  })

  test.each(['crlf', 'bom', 'comments'] as const)('unusual framing (%s) does no harm', async (garbage) => {
    const { deltas, failure } = await ask(name, chat(name, QUESTION + fault({ garbageAfterEvents: 2, garbage })))
    expect([failure, isEnded(deltas)]).toEqual([undefined, true])
  })

  test.each<[Parameters<typeof fault>[0], FailureKind, number?]>([
    [{ status: 429, retryAfterSeconds: 7 }, 'rate_limited', 7000],
    [{ status: 429 }, 'rate_limited'],
    [{ noCredit: true }, name === 'anthropic' ? 'refused' : 'rate_limited'],
    [{ status: 401 }, 'refused'],
    [{ status: 404 }, 'refused'],
    [{ status: 500 }, 'server'],
    [{ status: 503 }, 'overloaded'],
    [{ status: 529 }, 'overloaded'],
    [{ contextLength: true }, 'context_length'],
    [{ contentFilter: true }, 'content_filter'],
    [{ errorEcho: 400 }, 'refused'],
    [{ redirect: true }, 'malformed'],
  ])('the fault %j is `%s`', async (wanted, kind, retryAfterMs) => {
    for (const stream of [true, false]) {
      const { deltas, failure } = await ask(name, chat(name, QUESTION + fault(wanted), { stream }))
      expect([deltas, failure?.kind]).toEqual([[], kind])
      if (retryAfterMs !== undefined) expect(failure?.retryAfterMs).toBe(retryAfterMs)
      expect(String(failure?.stack) + String(failure?.cause)).not.toContain('brown butter')
    }
  })

  test('a page in place of an answer is malformed, or no stream at all', async () => {
    for (const wanted of [{ html200: true }, { empty200: true }]) {
      const whole = await ask(name, chat(name, fault(wanted), { stream: false }))
      expect([whole.deltas, whole.failure?.kind]).toEqual([[], 'malformed'])
      expect((await ask(name, chat(name, fault(wanted)))).deltas).toEqual([])
    }
  })
})

test('a refusal is told apart from an answer', async () => {
  const refuse = 'I can not help with that.'
  for (const stream of [true, false]) {
    const { deltas } = await ask('openai', chat('openai', fault({ refuse }), { stream }))
    expect(deltas.map((delta) => (delta.type === 'refusal' ? delta.text : '')).join('')).toBe(refuse)
    for (const name of ['anthropic', 'google'] as const) {
      const other = await ask(name, chat(name, fault({ refuse }), { stream }))
      expect([finishOf(other.deltas), isEnded(other.deltas)]).toEqual(['content_filter', true])
    }
  }
})
