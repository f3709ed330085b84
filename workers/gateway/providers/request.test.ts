import { describe, expect, test } from 'vitest'
import { findModel, MODELS, refusedParameters } from '../../agents/models.ts'
import type { ChatCall, ProviderName } from './provider.ts'
import { provider } from './providers.ts'

const PROMPT = 'You are a sommelier.'
const ENDPOINT = { baseUrl: 'https://provider.test/base', apiKey: 'key-1' }
const PNG = 'data:image/png;base64,iVBORw0KGgo='

const PLAIN: ChatCall = {
  model: 'a-model',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
  tools: [],
  maxTokens: 100,
  stop: [],
  stream: false,
}

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

/** A call that uses everything there is. */
const FULL: ChatCall = {
  model: 'a-model',
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', url: PNG, detail: 'low' },
        { type: 'image', url: 'https://images.test/a.jpg?size=1' },
      ],
    },
    {
      role: 'assistant',
      content: 'Let me look.',
      toolCalls: [
        { id: 'id_a', name: 'weather', arguments: '{"city":"Bern"}' },
        { id: 'id_b', name: 'time', arguments: '' },
      ],
    },
    { role: 'tool', toolCallId: 'id_b', content: '12:00' },
    { role: 'tool', toolCallId: 'id_a', content: '{"degrees":7}' },
    { role: 'user', content: [{ type: 'text', text: 'Thanks' }] },
  ],
  tools: [{ name: 'weather', description: 'Tells the weather.', parameters: SCHEMA, strict: true }, { name: 'time' }],
  toolChoice: { name: 'weather' },
  parallelToolCalls: false,
  temperature: 0.5,
  topP: 0.9,
  maxTokens: 100,
  stop: ['END', '\n'],
  stream: true,
}

function sent(name: ProviderName, call: ChatCall) {
  const request = provider(name).request(call, PROMPT, ENDPOINT)
  return { ...request, body: JSON.parse(request.body) as Record<string, unknown> }
}

describe('openai', () => {
  test('a plain call', () => {
    expect(sent('openai', PLAIN)).toEqual({
      url: 'https://provider.test/base/chat/completions',
      headers: { authorization: 'Bearer key-1', 'content-type': 'application/json' },
      body: {
        model: 'a-model',
        messages: [
          { role: 'system', content: PROMPT },
          { role: 'user', content: 'Hello' },
        ],
        max_tokens: 100,
      },
    })
  })

  test('a call that uses everything', () => {
    expect(sent('openai', FULL).body).toEqual({
      model: 'a-model',
      messages: [
        { role: 'system', content: PROMPT },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: PNG, detail: 'low' } },
            { type: 'image_url', image_url: { url: 'https://images.test/a.jpg?size=1' } },
          ],
        },
        {
          role: 'assistant',
          content: 'Let me look.',
          tool_calls: [
            { id: 'id_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } },
            { id: 'id_b', type: 'function', function: { name: 'time', arguments: '' } },
          ],
        },
        { role: 'tool', tool_call_id: 'id_b', content: '12:00' },
        { role: 'tool', tool_call_id: 'id_a', content: '{"degrees":7}' },
        { role: 'user', content: 'Thanks' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'weather', description: 'Tells the weather.', parameters: SCHEMA, strict: true },
        },
        { type: 'function', function: { name: 'time' } },
      ],
      tool_choice: { type: 'function', function: { name: 'weather' } },
      parallel_tool_calls: false,
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 100,
      stop: ['END', '\n'],
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test.each(['o4-mini', 'gpt-5', 'gpt-5-mini', 'gpt-5.4-mini', 'gpt-6-sol'])(
    '%s is asked as a reasoning model',
    (model) => {
      const { body } = sent('openai', { ...FULL, model })
      expect(body).toHaveProperty('max_completion_tokens', 100)
      for (const field of ['max_tokens', 'temperature', 'top_p', 'stop']) expect(body).not.toHaveProperty(field)
    },
  )

  test.each(['gpt-4.1-mini', 'gpt-4o', 'llama3.2', 'openchat'])('%s is not', (model) => {
    expect(sent('openai', { ...FULL, model }).body).toMatchObject({
      max_tokens: 100,
      temperature: 0.5,
      stop: ['END', '\n'],
    })
  })

  test('response formats', () => {
    const format = (responseFormat: ChatCall['responseFormat']) => {
      return sent('openai', { ...PLAIN, ...(responseFormat ? { responseFormat } : {}) }).body.response_format
    }
    expect(format({ type: 'text' })).toBeUndefined()
    expect(format({ type: 'json_object' })).toEqual({ type: 'json_object' })
    expect(format({ type: 'json_schema', name: 'place', schema: SCHEMA, strict: true })).toEqual({
      type: 'json_schema',
      json_schema: { name: 'place', schema: SCHEMA, strict: true },
    })
  })
})

describe('anthropic', () => {
  test('a plain call', () => {
    expect(sent('anthropic', PLAIN)).toEqual({
      url: 'https://provider.test/base/v1/messages',
      headers: { 'x-api-key': 'key-1', 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
      body: {
        model: 'a-model',
        system: PROMPT,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
        max_tokens: 100,
      },
    })
  })

  test('a call that uses everything: roles take turns, tool results come first', () => {
    expect(sent('anthropic', FULL).body).toEqual({
      model: 'a-model',
      system: PROMPT,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
            { type: 'image', source: { type: 'url', url: 'https://images.test/a.jpg?size=1' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Let me look.' },
            { type: 'tool_use', id: 'id_a', name: 'weather', input: { city: 'Bern' } },
            { type: 'tool_use', id: 'id_b', name: 'time', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'id_b', content: '12:00' },
            { type: 'tool_result', tool_use_id: 'id_a', content: '{"degrees":7}' },
            { type: 'text', text: 'Thanks' },
          ],
        },
      ],
      tools: [
        { name: 'weather', description: 'Tells the weather.', input_schema: SCHEMA },
        { name: 'time', input_schema: { type: 'object' } },
      ],
      tool_choice: { type: 'tool', name: 'weather', disable_parallel_tool_use: true },
      temperature: 0.5,
      max_tokens: 100,
      stop_sequences: ['END'],
      stream: true,
    })
  })

  test('the temperature is at most 1, and goes before top_p', () => {
    expect(sent('anthropic', { ...PLAIN, temperature: 1.7, topP: 0.9 }).body).toMatchObject({ temperature: 1 })
    expect(sent('anthropic', { ...PLAIN, temperature: 0, topP: 0.9 }).body).not.toHaveProperty('top_p')
    expect(sent('anthropic', { ...PLAIN, topP: 0.9 }).body).toMatchObject({ top_p: 0.9 })
  })

  test('empty messages are left out', () => {
    const messages: ChatCall['messages'] = [
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', content: '', toolCalls: [] },
      { role: 'user', content: [{ type: 'text', text: '' }] },
      { role: 'user', content: [{ type: 'text', text: 'b' }] },
    ]
    const content = ['a', 'b'].map((text) => ({ type: 'text', text }))
    expect(sent('anthropic', { ...PLAIN, messages }).body.messages).toEqual([{ role: 'user', content }])
  })

  test('arguments that are no JSON object are put into one', () => {
    const toolCalls = ['[1]', '{"a', '7'].map((args, index) => ({ id: `id_${index}`, name: 'x', arguments: args }))
    const { messages } = sent('anthropic', { ...PLAIN, messages: [{ role: 'assistant', content: '', toolCalls }] }).body
    const content = ['[1]', '{"a', '7'].map((text, index) => {
      return { type: 'tool_use', id: `id_${index}`, name: 'x', input: { arguments: text } }
    })
    expect(messages).toEqual([{ role: 'assistant', content }])
  })

  test('tool choices', () => {
    const choice = (part: Partial<ChatCall>) => sent('anthropic', { ...FULL, ...part }).body.tool_choice
    const disable = { disable_parallel_tool_use: true }
    expect(choice({ toolChoice: 'auto' })).toEqual({ type: 'auto', ...disable })
    expect(choice({ toolChoice: 'none' })).toEqual({ type: 'none' })
    expect(choice({ toolChoice: 'required' })).toEqual({ type: 'any', ...disable })
    expect(choice({ toolChoice: 'required', parallelToolCalls: true })).toEqual({ type: 'any' })
    expect(choice({ tools: [] })).toBeUndefined()
    expect(choice({ model: 'claude-sonnet-5-5' })).toEqual({ type: 'auto', ...disable })
  })

  test('JSON is asked for through a tool, beside those of the caller', () => {
    const tools = [{ name: 'time' }]
    const schema = { type: 'json_schema', name: 'place', schema: SCHEMA } as const
    const body = (part: Partial<ChatCall>) => sent('anthropic', { ...PLAIN, responseFormat: schema, ...part }).body
    const answer = { name: 'json_answer', description: 'Gives the final answer, as JSON.', input_schema: SCHEMA }
    const time = { name: 'time', input_schema: { type: 'object' } }
    const forced = { type: 'tool', name: 'json_answer' }
    expect(body({})).toMatchObject({ tools: [answer], tool_choice: forced })
    expect(body({ tools })).toMatchObject({
      tools: [time, answer],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    })
    expect(body({ tools, toolChoice: 'none' })).toMatchObject({ tools: [time, answer], tool_choice: forced })
    expect(body({ tools, toolChoice: 'required' })).toMatchObject({ tools: [time], tool_choice: { type: 'any' } })
    expect(body({ responseFormat: { type: 'json_object' } })).toMatchObject({
      tools: [{ ...answer, input_schema: { type: 'object' } }],
    })
  })

  test('models that let no tool be forced are asked for JSON in their own way, and without sampling', () => {
    const schema = { type: 'json_schema', name: 'place', schema: SCHEMA } as const
    const call = { ...PLAIN, model: 'claude-sonnet-5-5', responseFormat: schema, temperature: 0.5, topP: 0.5 }
    const { body } = sent('anthropic', call)
    expect(body).toMatchObject({ output_config: { format: { type: 'json_schema', schema: SCHEMA } } })
    for (const field of ['tools', 'tool_choice', 'temperature', 'top_p']) expect(body).not.toHaveProperty(field)
  })
})

describe('google', () => {
  test('a plain call', () => {
    expect(sent('google', PLAIN)).toEqual({
      url: 'https://provider.test/base/models/a-model:generateContent',
      headers: { 'x-goog-api-key': 'key-1', 'content-type': 'application/json' },
      body: {
        systemInstruction: { parts: [{ text: PROMPT }] },
        contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
        generationConfig: { maxOutputTokens: 100 },
      },
    })
  })

  test('a call that uses everything: results have names, and the order of their calls', () => {
    const { url, body } = sent('google', { ...FULL, model: 'gemini-2.5-flash' })
    expect(url).toBe('https://provider.test/base/models/gemini-2.5-flash:streamGenerateContent?alt=sse')
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: PROMPT }] },
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'What is this?' },
            { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
            { fileData: { fileUri: 'https://images.test/a.jpg?size=1', mimeType: 'image/jpeg' } },
          ],
        },
        {
          role: 'model',
          parts: [
            { text: 'Let me look.' },
            { functionCall: { name: 'weather', args: { city: 'Bern' } } },
            { functionCall: { name: 'time', args: {} } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'weather', response: { degrees: 7 } } },
            { functionResponse: { name: 'time', response: { result: '12:00' } } },
          ],
        },
        { role: 'user', parts: [{ text: 'Thanks' }] },
      ],
      tools: [
        {
          functionDeclarations: [
            { name: 'weather', description: 'Tells the weather.', parametersJsonSchema: SCHEMA },
            { name: 'time' },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } },
      generationConfig: { temperature: 0.5, topP: 0.9, maxOutputTokens: 100, stopSequences: ['END', '\n'] },
    })
  })

  test('from Gemini 3 on the first call of a turn carries a signature', () => {
    const contents = sent('google', { ...FULL, model: 'gemini-3-pro-preview' }).body.contents as { parts: unknown[] }[]
    expect(contents[1]?.parts.slice(1)).toEqual([
      expect.objectContaining({ thoughtSignature: 'skip_thought_signature_validator' }),
      expect.not.objectContaining({ thoughtSignature: expect.anything() }),
    ])
  })

  test.each([
    ['auto', 'AUTO'],
    ['none', 'NONE'],
    ['required', 'ANY'],
  ] as const)('tool choice %s is %s', (toolChoice, mode) => {
    expect(sent('google', { ...FULL, toolChoice }).body.toolConfig).toEqual({ functionCallingConfig: { mode } })
  })

  test('response formats', () => {
    const config = (responseFormat: NonNullable<ChatCall['responseFormat']>) => {
      return sent('google', { ...PLAIN, responseFormat }).body.generationConfig
    }
    expect(config({ type: 'json_object' })).toEqual({ maxOutputTokens: 100, responseMimeType: 'application/json' })
    expect(config({ type: 'json_schema', name: 'place', schema: SCHEMA })).toEqual({
      maxOutputTokens: 100,
      responseMimeType: 'application/json',
      responseJsonSchema: SCHEMA,
    })
  })

  test('a model name can not lead to another address', () => {
    const { url } = sent('google', { ...PLAIN, model: '../files?key=a#' })
    expect(url).toBe('https://provider.test/base/models/..%2Ffiles%3Fkey%3Da%23:generateContent')
  })
})

describe.each<ProviderName>(['openai', 'anthropic', 'google'])('any request to %s', (name) => {
  test('holds nothing of a call but the fields we know', () => {
    const smuggled = withExtras(FULL)
    expect(provider(name).request(smuggled, PROMPT, ENDPOINT)).toEqual(provider(name).request(FULL, PROMPT, ENDPOINT))
    expect(JSON.stringify(smuggled)).toContain('smuggled')
  })

  test('holds the prompt once and the key in one header only', () => {
    const { url, headers, body } = provider(name).request(FULL, PROMPT, ENDPOINT)
    expect(body.split(PROMPT)).toHaveLength(2)
    expect(url + body).not.toContain(ENDPOINT.apiKey)
    expect(Object.values(headers).filter((value) => value.includes(ENDPOINT.apiKey))).toHaveLength(1)
  })
})

/** The call with a field of its own added to every object in it, but for schemas, which are the caller's as they are. */
function withExtras<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(withExtras) as Value
  const schema: unknown = SCHEMA
  if (typeof value !== 'object' || value === null || value === schema) return value
  const fields = Object.entries(value).map(([field, inner]) => [field, withExtras(inner as unknown)])
  return { ...(Object.fromEntries(fields) as Value), smuggled: 'smuggled' }
}

describe('the models', () => {
  test('have one entry each, with an answer that fits into the context', () => {
    expect(new Set(MODELS.map((model) => `${model.provider}/${model.name}`)).size).toBe(MODELS.length)
    for (const model of MODELS) expect(model.outputTokensMax).toBeLessThan(model.contextTokens)
  })

  test('are found by provider and name', () => {
    expect(findModel('openai', 'gpt-4.1-mini')).toMatchObject({ contextTokens: 1_047_576, outputTokensMax: 32_768 })
    expect(findModel('google', 'gpt-4.1-mini')).toBeUndefined()
  })

  test.each([
    ['anthropic', 'claude-haiku-4-5', []],
    ['anthropic', 'claude-sonnet-4-5-20250929', []],
    ['anthropic', 'claude-opus-4-6', []],
    ['anthropic', 'claude-opus-4-7', ['temperature', 'top_p', 'tool_choice']],
    ['anthropic', 'claude-opus-5', ['temperature', 'top_p', 'tool_choice']],
    ['anthropic', 'claude-fable-5-1', ['temperature', 'top_p', 'tool_choice']],
    ['openai', 'gpt-4o', []],
    ['openai', 'o3', ['temperature', 'top_p', 'stop']],
    ['google', 'gemini-3-pro-preview', []],
  ] as const)('%s %s refuses %j', (name, model, parameters) => {
    expect(refusedParameters(name, model)).toEqual(parameters)
  })
})
