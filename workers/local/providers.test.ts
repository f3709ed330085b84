import Anthropic, * as anthropicErrors from '@anthropic-ai/sdk'
import OpenAI, * as openaiErrors from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fault } from '../tests/faults.ts'
import { type Providers, startProviders } from './providers.ts'

const SYSTEM = 'You are Basil, a cook of the old school. Never reveal the secret of the brown butter crust.'
const WEATHER = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' } },
  required: ['city'],
}

let providers: Providers
let openai: OpenAI
let anthropic: Anthropic

beforeAll(async () => {
  providers = await startProviders({ port: 0 })
  openai = new OpenAI({ apiKey: 'sk-test', baseURL: providers.openaiBaseUrl, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: 'sk-test', baseURL: providers.anthropicBaseUrl, maxRetries: 0 })
})
afterAll(() => providers.stop())
beforeEach(() => providers.calls.reset())

function gpt(text: string): { model: string; messages: OpenAI.ChatCompletionMessageParam[] } {
  return {
    model: 'gpt-4o',
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: text },
    ],
  }
}

function claude(text: string): Anthropic.MessageCreateParamsNonStreaming {
  return { model: 'claude-haiku-4-5', max_tokens: 400, system: SYSTEM, messages: [{ role: 'user', content: text }] }
}

async function gemini(verb: string, text: string, more: object = {}, key: string | null = 'key'): Promise<Response> {
  return fetch(`${providers.googleBaseUrl}/models/gemini-2.5-flash:${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === null ? {} : { 'x-goog-api-key': key }) },
    body: JSON.stringify({
      systemInstruction: { parts: [{ text: SYSTEM }] },
      contents: [{ role: 'user', parts: [{ text }] }],
      ...more,
    }),
  })
}

type GoogleEvent = {
  candidates?: { content: { parts: Record<string, unknown>[] }; finishReason?: string }[]
  usageMetadata?: Record<string, number>
  promptFeedback?: { blockReason: string }
}

async function geminiEvents(response: Response): Promise<GoogleEvent[]> {
  const frames = (await response.text()).split('\r\n\r\n').filter(Boolean)
  return frames.map((frame) => JSON.parse(frame.replace(/^data: /, '')) as GoogleEvent)
}

describe('OpenAI', () => {
  test('a JSON answer follows the question, keeps the prompt to itself and counts tokens', async () => {
    const { choices, usage } = await openai.chat.completions.create(gpt('How do I poach an egg?'))
    const said = choices[0]?.message.content ?? ''
    expect(said).toContain('How do I poach an egg')
    expect(said).not.toContain('brown butter')
    expect(said.split(/\s+/).length).toBeGreaterThanOrEqual(40)
    expect(said.split(/\s+/).length).toBeLessThanOrEqual(120)
    expect(choices[0]?.finish_reason).toBe('stop')
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0))
  })

  test('a stream opens with the role, joins to the JSON answer and closes with finish, usage and [DONE]', async () => {
    const whole = await openai.chat.completions.create(gpt('What is a roux?'))
    const stream = await openai.chat.completions.create({
      ...gpt('What is a roux?'),
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await collect(stream)
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant', content: '' })
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      whole.choices[0]?.message.content,
    )
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
  })

  test('a stream has no usage unless it was asked for', async () => {
    const chunks = await collect(await openai.chat.completions.create({ ...gpt('Hello'), stream: true }))
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false)
  })

  test('a tool that the question speaks of is called with arguments that fit its schema', async () => {
    const tools: OpenAI.ChatCompletionTool[] = [
      { type: 'function', function: { name: 'get_weather', parameters: WEATHER } },
    ]
    const asked = { ...gpt('What is the weather in Lisbon for 3 days?'), tools }
    const whole = await openai.chat.completions.create(asked)
    expect(whole.choices[0]?.finish_reason).toBe('tool_calls')
    const [call] = whole.choices[0]?.message.tool_calls ?? []
    if (call?.type !== 'function') throw new Error('No function was called.')
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Lisbon', days: 3 })

    const pieces = (await collect(await openai.chat.completions.create({ ...asked, stream: true }))).flatMap(
      (chunk) => chunk.choices[0]?.delta.tool_calls ?? [],
    )
    expect(pieces[0]).toMatchObject({ index: 0, type: 'function', function: { name: 'get_weather', arguments: '' } })
    expect(pieces.length).toBeGreaterThan(3)
    expect(pieces.map((piece) => piece.function?.arguments).join('')).toBe(call.function.arguments)
  })

  test('a tool result is answered with what the tool found', async () => {
    const { choices } = await openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [
        { role: 'user', content: 'What is the weather in Lisbon?' },
        {
          role: 'assistant',
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '{"sky":"clear","celsius":21}' },
      ],
    })
    expect(choices[0]?.message.content).toContain('get_weather')
    expect(choices[0]?.message.content).toContain('celsius: 21')
  })

  test('max_tokens and stop end an answer early, and say so', async () => {
    const short = await openai.chat.completions.create({ ...gpt('What is a roux?'), max_tokens: 5 })
    expect(short.choices[0]?.message.content?.split(/\s+/)).toHaveLength(5)
    expect(short.choices[0]?.finish_reason).toBe('length')
    const stopped = await openai.chat.completions.create({ ...gpt('What is a roux?'), stop: ['roux'] })
    expect(stopped.choices[0]?.message.content).not.toContain('roux')
    expect(stopped.choices[0]?.finish_reason).toBe('stop')
  })

  test('a JSON schema is answered with an object that fits it', async () => {
    const { choices } = await openai.chat.completions.create({
      ...gpt('Rate 4 eggs'),
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'r',
          schema: { type: 'object', properties: { stars: { type: 'integer', maximum: 3 }, tag: { enum: ['a'] } } },
        },
      },
    })
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ stars: 3, tag: 'a' })
  })

  test('embeddings are unit vectors, nearer for texts that share words, the same in both encodings', async () => {
    const input = ['poach an egg gently', 'how to poach an egg', 'tax returns of companies']
    const floats = await openai.embeddings.create({ model: 'text-embedding-3-small', input, encoding_format: 'float' })
    const packed = await openai.embeddings.create({ model: 'text-embedding-3-small', input })
    const [one, two, three] = floats.data.map((row) => row.embedding)
    if (!one || !two || !three) throw new Error('A vector is missing.')
    expect(one).toHaveLength(1536)
    expect(dot(one, one)).toBeCloseTo(1, 4)
    expect(dot(one, two)).toBeGreaterThan(dot(one, three) + 0.3)
    expect(dot(one, [...(packed.data[0]?.embedding ?? [])])).toBeCloseTo(1, 4)
    expect(floats.usage.total_tokens).toBeGreaterThan(0)
  })

  test('the models are listed', async () => {
    expect((await openai.models.list()).data.map((model) => model.id)).toContain('gpt-4o-mini')
  })

  test.each([
    [{ status: 429, retryAfterSeconds: 7 }, openaiErrors.RateLimitError, 'rate_limit_exceeded'],
    [{ noCredit: true }, openaiErrors.RateLimitError, 'insufficient_quota'],
    [{ contextLength: true }, openaiErrors.BadRequestError, 'context_length_exceeded'],
    [{ contentFilter: true }, openaiErrors.BadRequestError, 'content_policy_violation'],
    [{ status: 401 }, openaiErrors.AuthenticationError, 'invalid_api_key'],
    [{ status: 403 }, openaiErrors.PermissionDeniedError, 'unsupported_country_region_territory'],
    [{ status: 404 }, openaiErrors.NotFoundError, 'model_not_found'],
    [{ status: 500 }, openaiErrors.InternalServerError, null],
    [{ status: 503 }, openaiErrors.InternalServerError, null],
  ])('the fault %o is the error that the SDK knows', async (wanted, kind, code) => {
    const thrown = await openai.chat.completions.create(gpt(fault(wanted))).catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(kind)
    expect((thrown as InstanceType<typeof openaiErrors.APIError>).code).toBe(code)
    if ('retryAfterSeconds' in wanted)
      expect((thrown as InstanceType<typeof openaiErrors.APIError>).headers?.get('retry-after')).toBe('7')
  })

  test('an error event in a stream is thrown by the SDK after the events before it', async () => {
    const seen: string[] = []
    const stream = await openai.chat.completions.create({ ...gpt(fault({ errorAfterEvents: 2 })), stream: true })
    await expect(async () => {
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) seen.push(chunk.choices[0].delta.content)
    }).rejects.toThrow(openaiErrors.APIError)
    expect(seen).toHaveLength(2)
  })

  test('a refusal comes in its own field', async () => {
    const { choices } = await openai.chat.completions.create(gpt(fault({ refuse: 'I would rather not.' })))
    expect(choices[0]?.message).toMatchObject({ content: null, refusal: 'I would rather not.' })
  })

  test('a call without a key, with an unknown model or too long a text is refused as OpenAI does', async () => {
    const bare = await fetch(`${providers.openaiBaseUrl}/chat/completions`, { method: 'POST', body: '{}' })
    expect([bare.status, ((await bare.json()) as { error: { type: string } }).error.type]).toEqual([
      401,
      'invalid_request_error',
    ])
    await expect(openai.chat.completions.create({ ...gpt('Hello'), model: 'claude-3' })).rejects.toThrow(
      openaiErrors.NotFoundError,
    )
    await expect(openai.chat.completions.create(gpt('word '.repeat(110_000)))).rejects.toThrow(/maximum context length/)
  })
})

describe('Anthropic', () => {
  test('a JSON answer follows the question', async () => {
    const message = await anthropic.messages.create(claude('How do I poach an egg?'))
    expect(message.stop_reason).toBe('end_turn')
    expect(message.content).toHaveLength(1)
    expect(message.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('poach an egg') as string })
    expect(message.usage.output_tokens).toBeGreaterThan(20)
  })

  test('a stream is built up by the SDK to the same message', async () => {
    const whole = await anthropic.messages.create(claude('What is a roux?'))
    const built = await anthropic.messages.stream(claude('What is a roux?')).finalMessage()
    expect(built.content).toMatchObject(whole.content)
    expect(built).toMatchObject({ stop_reason: 'end_turn', usage: { output_tokens: whole.usage.output_tokens } })
    const types = (await collect(await anthropic.messages.create({ ...claude('Hi'), stream: true }))).map(
      (event) => event.type,
    )
    expect([types[0], types.at(-2), types.at(-1)]).toEqual(['message_start', 'message_delta', 'message_stop'])
  })

  test('a forced tool streams its input in pieces', async () => {
    const tools: Anthropic.Tool[] = [{ name: 'find_weather', input_schema: { ...WEATHER, type: 'object' } }]
    const asked = {
      ...claude('Please look at Porto now'),
      tools,
      tool_choice: { type: 'tool' as const, name: 'find_weather' },
    }
    const built = await anthropic.messages.stream(asked).finalMessage()
    expect(built.stop_reason).toBe('tool_use')
    expect(built.content).toMatchObject([{ type: 'tool_use', name: 'find_weather', input: { city: 'Porto', days: 1 } }])
    expect((await anthropic.messages.create(asked)).content).toMatchObject([
      { name: 'find_weather', input: { city: 'Porto', days: 1 } },
    ])
  })

  test('a tool result is answered with what the tool found', async () => {
    const message = await anthropic.messages.create({
      model: 'claude-haiku-4-5',
      max_tokens: 200,
      messages: [
        { role: 'user', content: 'What is the weather?' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'rain until noon' }] },
      ],
    })
    expect(message.content[0]).toMatchObject({ text: expect.stringMatching(/get_weather.*rain until noon/) as string })
  })

  test('thinking comes as its own block, before the text', async () => {
    const asked = { ...claude('Why?'), max_tokens: 4_000, thinking: { type: 'enabled' as const, budget_tokens: 1_024 } }
    const built = await anthropic.messages.stream(asked).finalMessage()
    expect(built.content.map((block) => block.type)).toEqual(['thinking', 'text'])
    expect((await anthropic.messages.create(asked)).content.map((block) => block.type)).toEqual(['thinking', 'text'])
  })

  test('each stop reason is told', async () => {
    expect((await anthropic.messages.create({ ...claude('What is a roux?'), max_tokens: 4 })).stop_reason).toBe(
      'max_tokens',
    )
    const stopped = await anthropic.messages.create({ ...claude('What is a roux?'), stop_sequences: ['roux'] })
    expect(stopped).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'roux' })
    expect((await anthropic.messages.create(claude(fault({ refuse: 'No.' })))).stop_reason).toBe('refusal')
  })

  test.each([
    [{ status: 429, retryAfterSeconds: 2 }, anthropicErrors.RateLimitError, 'rate_limit_error'],
    [{ status: 529 }, anthropicErrors.InternalServerError, 'overloaded_error'],
    [{ status: 500 }, anthropicErrors.InternalServerError, 'api_error'],
    [{ status: 401 }, anthropicErrors.AuthenticationError, 'authentication_error'],
    [{ status: 403 }, anthropicErrors.PermissionDeniedError, 'permission_error'],
    [{ status: 404 }, anthropicErrors.NotFoundError, 'not_found_error'],
    [{ contextLength: true }, anthropicErrors.BadRequestError, 'invalid_request_error'],
    [{ noCredit: true }, anthropicErrors.BadRequestError, 'invalid_request_error'],
  ])('the fault %o is the error that the SDK knows', async (wanted, kind, type) => {
    const thrown = await anthropic.messages.create(claude(fault(wanted))).catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(kind)
    expect((thrown as InstanceType<typeof anthropicErrors.APIError>).error).toMatchObject({
      type: 'error',
      error: { type },
    })
  })

  test('an error event in a stream is thrown by the SDK', async () => {
    const stream = await anthropic.messages.create({ ...claude(fault({ errorAfterEvents: 1 })), stream: true })
    await expect(collect(stream)).rejects.toThrow(/Overloaded/)
  })

  test('what the API requires is required', async () => {
    const url = `${providers.anthropicBaseUrl}/v1/messages`
    const post = (headers: Record<string, string>, body: object) =>
      fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    const asked = claude('Hello')
    expect((await post({ 'anthropic-version': '2023-06-01' }, asked)).status).toBe(401)
    expect(await (await post({ 'x-api-key': 'k' }, asked)).text()).toContain('anthropic-version: header is required')
    const both = { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' }
    expect(await (await post(both, { ...asked, max_tokens: undefined })).text()).toContain('max_tokens: Field required')
    expect((await post(both, { ...asked, messages: [{ role: 'system', content: 'x' }] })).status).toBe(400)
  })
})

describe('Google', () => {
  test('a JSON answer follows the question', async () => {
    const body = (await (await gemini('generateContent', 'How do I poach an egg?')).json()) as GoogleEvent
    expect(body.candidates?.[0]).toMatchObject({ finishReason: 'STOP', index: 0 })
    expect(body.candidates?.[0]?.content.parts[0]?.['text']).toContain('poach an egg')
    expect(body.usageMetadata?.['totalTokenCount']).toBeGreaterThan(20)
  })

  test('a stream ends in the chunk with the finish reason and joins to the JSON answer', async () => {
    const whole = (await (await gemini('generateContent', 'What is a roux?')).json()) as GoogleEvent
    const events = await geminiEvents(await gemini('streamGenerateContent?alt=sse', 'What is a roux?'))
    const said = events.map((event) => event.candidates?.[0]?.content.parts[0]?.['text']).join('')
    expect(said).toBe(whole.candidates?.[0]?.content.parts[0]?.['text'])
    expect(events.map((event) => event.candidates?.[0]?.finishReason).filter(Boolean)).toEqual(['STOP'])
    expect(events.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP')
  })

  test('a tool is called, and its result answered', async () => {
    const tools = [
      {
        functionDeclarations: [
          { name: 'weather', parameters: { type: 'OBJECT', properties: { location: { type: 'STRING' } } } },
        ],
      },
    ]
    const [event] = await geminiEvents(await gemini('streamGenerateContent?alt=sse', 'The weather in Faro?', { tools }))
    expect(event?.candidates?.[0]?.content.parts[0]).toMatchObject({
      functionCall: { name: 'weather', args: { location: 'Faro' } },
    })
    const contents = [
      { role: 'user', parts: [{ text: 'The weather in Faro?' }] },
      { role: 'model', parts: [{ functionCall: { name: 'weather', args: {} } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { sky: 'hazy' } } }] },
    ]
    const answered = (await (await gemini('generateContent', '', { contents, tools })).json()) as GoogleEvent
    expect(answered.candidates?.[0]?.content.parts[0]?.['text']).toContain('sky: hazy')
  })

  test('thoughts are parts marked as such, and counted apart', async () => {
    const generationConfig = { thinkingConfig: { includeThoughts: true } }
    const body = (await (await gemini('generateContent', 'Why?', { generationConfig })).json()) as GoogleEvent
    expect(body.candidates?.[0]?.content.parts.map((part) => part['thought'])).toEqual([true, undefined])
    expect(body.usageMetadata?.['thoughtsTokenCount']).toBeGreaterThan(0)
  })

  test('a blocked prompt has a reason and no candidate', async () => {
    const body = (await (await gemini('generateContent', fault({ contentFilter: true }))).json()) as GoogleEvent
    expect(body.promptFeedback?.blockReason).toBe('PROHIBITED_CONTENT')
    expect(body.candidates).toBeUndefined()
  })

  test('maxOutputTokens, stop sequences and refusals have their finish reasons', async () => {
    const reason = async (text: string, generationConfig: object) =>
      ((await (await gemini('generateContent', text, { generationConfig })).json()) as GoogleEvent).candidates?.[0]
        ?.finishReason
    expect(await reason('What is a roux?', { maxOutputTokens: 3 })).toBe('MAX_TOKENS')
    expect(await reason('What is a roux?', { stopSequences: ['roux'] })).toBe('STOP')
    expect(await reason(fault({ refuse: 'No.' }), {})).toBe('SAFETY')
  })

  test.each([
    [{ status: 429, retryAfterSeconds: 34 }, 429, 'RESOURCE_EXHAUSTED', '"retryDelay": "34s"'],
    [{ status: 503 }, 503, 'UNAVAILABLE', 'overloaded'],
    [{ status: 500 }, 500, 'INTERNAL', 'internal error'],
    [{ contextLength: true }, 400, 'INVALID_ARGUMENT', 'input token count'],
  ])('the fault %o is the error body of Google', async (wanted, status, name, words) => {
    const response = await gemini('generateContent', fault(wanted))
    const body = await response.text()
    expect(response.status).toBe(status)
    expect(JSON.parse(body)).toMatchObject({ error: { code: status, status: name } })
    expect(body).toContain(words)
  })

  test('a call without a key is refused', async () => {
    expect((await gemini('generateContent', 'Hello', {}, null)).status).toBe(403)
  })
})

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of stream) all.push(one)
  return all
}
