/**
 * What all adapters promise, tried on each: the same answer, told in three wire formats, as JSON and as a stream, is the
 * same answer to us. The fixtures are written by hand after the providers' documents.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SseParser } from '../sse.ts'
import { type Delta, type FailureKind, type ProviderName, UpstreamFailure, type Usage } from './provider.ts'
import { provider } from './providers.ts'

type Call = { name: string; pieces: string[] }
type Story = { texts?: string[]; refusal?: string; calls?: Call[]; finish: Finish }
type Finish = 'stop' | 'length' | 'tools' | 'filter'

/** How a provider tells a story, as the events of a stream and as a whole answer. */
type Teller = { events(story: Story): unknown[]; answer(story: Story): unknown }

const USAGE: Usage = { inputTokens: 30, outputTokens: 12, cachedTokens: 10, reasoningTokens: 5 }

const openai: Teller = {
  events: ({ texts = [], refusal, calls = [], finish }) => [
    openaiChunk({ role: 'assistant', content: '', refusal: null }),
    openaiChunk({ reasoning_content: 'Let me think.', content: null }),
    ...texts.map((content) => openaiChunk({ content })),
    ...(refusal ? [openaiChunk({ refusal })] : []),
    ...calls.flatMap(({ name, pieces }, index) => [
      openaiChunk({ tool_calls: [{ index, id: `id_${index}`, type: 'function', function: { name, arguments: '' } }] }),
      ...pieces.map((piece) => openaiChunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
    { choices: [{ index: 0, delta: {}, finish_reason: OPENAI_FINISH[finish] }], usage: null },
    { choices: [], usage: openaiUsage },
    '[DONE]',
  ],
  answer: ({ texts = [], refusal = null, calls = [], finish }) => ({
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: texts.join('') || null,
          reasoning: 'Let me think.',
          refusal,
          tool_calls: calls.map(({ name, pieces }, index) => {
            return { id: `id_${index}`, type: 'function', function: { name, arguments: pieces.join('') } }
          }),
        },
        finish_reason: OPENAI_FINISH[finish],
      },
    ],
    usage: openaiUsage,
  }),
}

const OPENAI_FINISH = { stop: 'stop', length: 'length', tools: 'tool_calls', filter: 'content_filter' }

const openaiUsage = {
  prompt_tokens: 30,
  completion_tokens: 12,
  prompt_tokens_details: { cached_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 5 },
}

function openaiChunk(delta: unknown): unknown {
  return { object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: null }], usage: null }
}

const anthropic: Teller = {
  events: ({ texts = [], calls = [], finish }) => [
    { type: 'message_start', message: { content: [], usage: { ...anthropicInput, output_tokens: 1 } } },
    { type: 'ping' },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Let me think.' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'c2ln' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    ...texts.map((text) => ({ type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text } })),
    { type: 'content_block_stop', index: 1 },
    ...calls.flatMap(({ name, pieces }, number) => {
      const index = number + 2
      const block = { type: 'tool_use', id: `id_${number}`, name, input: {} }
      return [
        { type: 'content_block_start', index, content_block: block },
        ...['', ...pieces].map((partial_json) => {
          return { type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } }
        }),
        { type: 'content_block_stop', index },
      ]
    }),
    {
      type: 'message_delta',
      delta: { stop_reason: ANTHROPIC_FINISH[finish] },
      usage: { output_tokens: 12, output_tokens_details: { thinking_tokens: 5 } },
    },
    { type: 'message_stop' },
  ],
  answer: ({ texts = [], calls = [], finish }) => ({
    type: 'message',
    content: [
      { type: 'thinking', thinking: 'Let me think.' },
      { type: 'text', text: texts.join('') },
      ...calls.map(({ name, pieces }, index) => {
        return { type: 'tool_use', id: `id_${index}`, name, input: JSON.parse(pieces.join('') || '{}') as unknown }
      }),
    ],
    stop_reason: ANTHROPIC_FINISH[finish],
    usage: { ...anthropicInput, output_tokens: 12, output_tokens_details: { thinking_tokens: 5 } },
  }),
}

const ANTHROPIC_FINISH = { stop: 'end_turn', length: 'max_tokens', tools: 'tool_use', filter: 'refusal' }

const anthropicInput = { input_tokens: 18, cache_read_input_tokens: 10, cache_creation_input_tokens: 2 }

const google: Teller = {
  events: ({ texts = [], calls = [], finish }) => [
    googleChunk([{ text: 'Let me think.', thought: true }]),
    ...texts.map((text) => googleChunk([{ text }])),
    ...calls.map((call, index) => googleChunk([googleCall(call, index)])),
    googleChunk([{ text: '', thoughtSignature: 'c2ln' }], GOOGLE_FINISH[finish]),
    { usageMetadata: googleUsage },
  ],
  answer: ({ texts = [], calls = [], finish }) => {
    const thought = { text: 'Let me think.', thought: true }
    return googleChunk([thought, ...texts.map((text) => ({ text })), ...calls.map(googleCall)], GOOGLE_FINISH[finish])
  },
}

const GOOGLE_FINISH = { stop: 'STOP', length: 'MAX_TOKENS', tools: 'STOP', filter: 'SAFETY' }

const googleUsage = {
  promptTokenCount: 30,
  candidatesTokenCount: 7,
  thoughtsTokenCount: 5,
  cachedContentTokenCount: 10,
}

function googleChunk(parts: unknown[], finishReason?: string): unknown {
  return { candidates: [{ content: { role: 'model', parts }, finishReason, index: 0 }], usageMetadata: googleUsage }
}

function googleCall({ name, pieces }: Call, index: number): unknown {
  const args = pieces.length > 0 ? (JSON.parse(pieces.join('')) as unknown) : undefined
  return { functionCall: { id: `id_${index}`, name, args }, thoughtSignature: 'c2ln' }
}

const TELLERS: [ProviderName, Teller][] = [
  ['openai', openai],
  ['anthropic', anthropic],
  ['google', google],
]

/** An answer put together again from its deltas, with the rules every reader of deltas may rely on. */
function assemble(deltas: Delta[]) {
  const answer = { text: '', refusal: '', calls: [] as { id: string; name: string; arguments: string }[] }
  let finish: string | undefined
  let usage: Usage | undefined
  let isEnded = false
  for (const delta of deltas) {
    if (delta.type === 'usage') usage = delta.usage
    else if (isEnded) throw new Error('Something other than usage came after the end.')
    else if (delta.type === 'end') isEnded = true
    else if (finish) throw new Error('Something came between the finish and the end.')
    else if (delta.type === 'finish') finish = delta.reason
    else if (delta.type === 'tool_call') {
      if (delta.index === answer.calls.length) {
        if (!delta.id || !delta.name) throw new Error('The first piece of a tool call lacks its id or name.')
        answer.calls.push({ id: delta.id, name: delta.name, arguments: '' })
      }
      const call = answer.calls[delta.index]
      if (!call) throw new Error('The tool calls are not numbered from 0.')
      call.arguments += delta.arguments
    } else {
      if (delta.text === '') throw new Error('A text is empty.')
      answer[delta.type] += delta.text
    }
  }
  return { ...answer, finish, usage, isEnded }
}

/** The bytes of a stream of these events, in the provider's own framing. */
function streamOf(name: ProviderName, events: unknown[]): Uint8Array {
  const frames = events.map((event) => {
    const data = typeof event === 'string' ? event : JSON.stringify(event)
    if (name === 'anthropic') return `event: ${(event as { type: string }).type}\ndata: ${data}\n\n`
    return name === 'google' ? `data: ${data}\r\n\r\n` : `data: ${data}\n\n`
  })
  return new TextEncoder().encode(frames.join(''))
}

function read(name: ProviderName, bytes: Uint8Array, cut = 7): Delta[] {
  const parser = new SseParser()
  const reader = provider(name).streamReader()
  const deltas: Delta[] = []
  for (let at = 0; at < bytes.length; at += cut) {
    for (const event of parser.push(bytes.subarray(at, at + cut))) deltas.push(...reader(event))
  }
  for (const event of parser.end()) deltas.push(...reader(event))
  return deltas
}

function kindOf(act: () => unknown): FailureKind | undefined {
  try {
    act()
  } catch (error) {
    if (error instanceof UpstreamFailure) return error.kind
    throw error
  }
  return undefined
}

const TOOL_STORY: Story = {
  texts: ['One ', 'moment.'],
  calls: [
    { name: 'weather', pieces: ['{"city"', ':"Zür', 'ich"}'] },
    { name: 'time', pieces: [] },
  ],
  finish: 'tools',
}

describe.each(TELLERS)('%s', (name, teller) => {
  /** The story as it comes out, which must be the same from the stream and from the whole answer. */
  function told(story: Story) {
    const streamed = assemble(read(name, streamOf(name, teller.events(story))))
    expect(assemble(provider(name).readAnswer(teller.answer(story)))).toEqual(streamed)
    return streamed
  }

  test('a text arrives whole, without the reasoning before it', () => {
    const answer = told({ texts: ['Grüezi', ' 😀', '', ' mitenand'], finish: 'stop' })
    expect(answer).toMatchObject({ text: 'Grüezi 😀 mitenand', refusal: '', calls: [], finish: 'stop', isEnded: true })
  })

  test('parallel tool calls arrive numbered from 0, with whole arguments, `{}` where there are none', () => {
    expect(told(TOOL_STORY)).toMatchObject({
      text: 'One moment.',
      calls: [
        { id: 'id_0', name: 'weather', arguments: '{"city":"Zürich"}' },
        { id: 'id_1', name: 'time', arguments: '{}' },
      ],
      finish: 'tool_calls',
    })
  })

  test('an answer at its limit, and one that a filter stopped, say so', () => {
    expect(told({ texts: ['a'], finish: 'length' }).finish).toBe('length')
    expect(told({ texts: ['a'], finish: 'filter' }).finish).toBe('content_filter')
  })

  test('usage counts cached and reasoning tokens in', () => {
    expect(told({ texts: ['a'], finish: 'stop' }).usage).toEqual(USAGE)
  })

  test.each([-1, 1.5, 10_000_001, null, '12', Number.MAX_VALUE])('a token count of %s is absent, not zero', (count) => {
    const spoilt = JSON.stringify(teller.answer({ texts: ['a'], finish: 'stop' })).replaceAll(
      /"(\w*tokens|\w+TokenCount)":\d+/g,
      (_, field: string) => `"${field}":${JSON.stringify(count)}`,
    )
    expect(assemble(provider(name).readAnswer(JSON.parse(spoilt))).usage).toBeUndefined()
  })

  test('a stream gives the same deltas wherever its bytes are cut', () => {
    const bytes = streamOf(name, teller.events(TOOL_STORY))
    const whole = read(name, bytes, bytes.length)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (cut) => {
        expect(read(name, bytes, cut)).toEqual(whole)
      }),
    )
  })

  test('a stream that is cut anywhere never comes to its end', () => {
    const bytes = streamOf(name, teller.events(TOOL_STORY))
    const end = read(name, bytes, 1).findIndex((delta) => delta.type === 'end')
    expect(end).toBeGreaterThan(0)
    // Google's marker is the finish reason, and a count may follow it; a blank line at the very end may be missing.
    const last = streamOf(name, teller.events(TOOL_STORY).slice(name === 'google' ? -2 : -1)).length
    for (let length = 0; length < bytes.length - last; length += 1) {
      expect(assemble(read(name, bytes.subarray(0, length), 64)).isEnded).toBe(false)
    }
  })

  test('an answer that is not in the format is malformed', () => {
    const bodies = [undefined, null, 'a', '<html>', 7, [], {}, { error: 'a' }, { choices: 1 }, { content: 1 }]
    const answer = JSON.stringify(teller.answer({ texts: ['Grüezi'], finish: 'length' }))
    const spoilt = ['"Grüezi"', '"length"', '"max_tokens"', '"MAX_TOKENS"'].flatMap((value) => {
      return answer.includes(value) ? [JSON.parse(answer.replace(value, '{"a":1}')) as unknown] : []
    })
    expect(spoilt).toHaveLength(2)
    const accepted = [...bodies, ...spoilt].filter((body) => !kindOf(() => provider(name).readAnswer(body)))
    expect(accepted).toEqual([])
    expect(kindOf(() => provider(name).readAnswer({}))).toBe('malformed')
  })

  test('an event that is not in the format is malformed, and its text is not kept', () => {
    for (const data of ['<html>secret</html>', '{"secret":', '[]', '7', 'null', '{}', '{"secret":1}']) {
      let thrown: unknown
      try {
        provider(name).streamReader()({ event: '', data })
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(UpstreamFailure)
      expect(thrown).toMatchObject({ kind: 'malformed', cause: undefined })
      expect(String((thrown as Error).stack)).not.toContain('secret')
    }
  })

  test.each(['"bored"', '"constructor"', '{}', '7'])('the finish reason %s is malformed, not a stop', (reason) => {
    const text = JSON.stringify(teller.events({ texts: ['a'], finish: 'length' }))
    const events = JSON.parse(text.replace(/"(length|max_tokens|MAX_TOKENS)"/, reason)) as unknown[]
    expect(kindOf(() => read(name, streamOf(name, events)))).toBe('malformed')
  })

  test('more than 128 tool calls are malformed', () => {
    const calls = (count: number) => Array.from({ length: count }, () => ({ name: 'weather', pieces: ['{}'] }))
    expect(told({ calls: calls(128), finish: 'tools' }).calls).toHaveLength(128)
    const events = streamOf(name, teller.events({ calls: calls(129), finish: 'tools' }))
    expect(kindOf(() => read(name, events))).toBe('malformed')
  })

  test('answers may hold any text and arguments', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 })
    const call = fc.record({ name: fc.constantFrom('a', 'b'), value: fc.dictionary(text, fc.jsonValue()) })
    fc.assert(
      fc.property(fc.array(text), fc.array(call, { maxLength: 5 }), (texts, values) => {
        const calls = values.map((value) => ({ name: value.name, pieces: [JSON.stringify(value.value)] }))
        const answer = told({ texts, calls, finish: calls.length > 0 ? 'tools' : 'stop' })
        expect(answer.text).toBe(texts.join(''))
        expect(answer.calls.map((made) => made.arguments)).toEqual(
          calls.map(({ pieces }) => JSON.stringify(JSON.parse(pieces.join('')))),
        )
      }),
      { numRuns: 50 },
    )
  })
})

describe('openai alone', () => {
  const reader = () => {
    const read = provider('openai').streamReader()
    return (...chunks: unknown[]) => chunks.flatMap((chunk) => read({ event: '', data: JSON.stringify(chunk) }))
  }
  const callsOf = (deltas: Delta[]) => assemble(deltas).calls.map((call) => [call.id, call.name, call.arguments])

  test('a refusal is a refusal, not a text', () => {
    const story: Story = { refusal: 'I can not help with that.', finish: 'stop' }
    const answer = assemble(read('openai', streamOf('openai', openai.events(story))))
    expect(answer).toMatchObject({ text: '', refusal: 'I can not help with that.', finish: 'stop' })
    expect(assemble(provider('openai').readAnswer(openai.answer(story)))).toEqual(answer)
  })

  test('tool calls without an index are told apart by id and place', () => {
    const first = { id: 'a', function: { name: 'x', arguments: '{"n":' } }
    const second = { id: 'b', function: { name: 'y', arguments: '{}' } }
    const deltas = reader()(
      openaiChunk({ tool_calls: [first] }),
      openaiChunk({ tool_calls: [{ function: { arguments: '1}' } }, second] }),
    )
    expect(callsOf(deltas)).toEqual([
      ['a', 'x', '{"n":1}'],
      ['b', 'y', '{}'],
    ])
  })

  test('tool calls of one index and several ids are several calls', () => {
    const call = (id: string) => ({ index: 0, id, function: { name: 'x', arguments: `{"id":"${id}"}` } })
    const deltas = reader()(openaiChunk({ tool_calls: [call('a')] }), openaiChunk({ tool_calls: [call('b')] }))
    expect(callsOf(deltas)).toEqual([
      ['a', 'x', '{"id":"a"}'],
      ['b', 'x', '{"id":"b"}'],
    ])
  })

  test('a tool call without an id is given one', () => {
    const [id] = callsOf(reader()(openaiChunk({ tool_calls: [{ index: 0, function: { name: 'x' } }] })))[0] ?? []
    expect(id).toMatch(/^call_[0-9a-f]{32}$/)
  })

  test('another choice than the first is not read', () => {
    const chunk = { choices: [{ index: 1, delta: { content: 'hidden' }, finish_reason: null }] }
    expect(reader()(chunk)).toEqual([])
    expect(
      kindOf(() => provider('openai').readAnswer({ choices: [{ index: 1, message: { content: 'hidden' } }] })),
    ).toBe('malformed')
  })

  test('calls end with `tool_calls`, whatever word the server ends them with', () => {
    for (const finish_reason of ['stop', 'function_call', 'tool_calls']) {
      const tool_calls = [{ index: 0, id: 'a', function: { name: 'x', arguments: '{}' } }]
      const deltas = reader()({ choices: [{ index: 0, delta: { tool_calls }, finish_reason }] })
      expect(assemble(deltas).finish).toBe('tool_calls')
    }
  })

  test('the end without a finish reason is malformed', () => {
    expect(kindOf(() => read('openai', streamOf('openai', [openaiChunk({ content: 'a' }), '[DONE]'])))).toBe(
      'malformed',
    )
  })

  test.each<[unknown, FailureKind]>([
    [{ type: 'server_error', message: 'secret' }, 'server'],
    [{ code: 'rate_limit_exceeded' }, 'rate_limited'],
    [{ code: 'context_length_exceeded' }, 'context_length'],
    [{ code: 'content_filter' }, 'content_filter'],
    [{ type: 'invalid_request_error' }, 'refused'],
    ['secret', 'server'],
  ])('the error event %j is `%s`', (error, kind) => {
    expect(kindOf(() => reader()({ error }))).toBe(kind)
  })
})

describe('anthropic alone', () => {
  const block = { type: 'tool_use', id: 'id_0', name: 'json_answer', input: {} }

  test('the answer in JSON is a text, and its end a stop', () => {
    const story: Story = { calls: [{ name: 'json_answer', pieces: ['{"a"', ':1}'] }], finish: 'tools' }
    const answer = assemble(read('anthropic', streamOf('anthropic', anthropic.events(story))))
    expect(answer).toMatchObject({ text: '{"a":1}', calls: [], finish: 'stop' })
    expect(assemble(provider('anthropic').readAnswer(anthropic.answer(story)))).toEqual(answer)
  })

  test('beside an answer in JSON a tool call keeps its number', () => {
    const content = [block, { type: 'tool_use', id: 'id_1', name: 'weather', input: { city: 'Bern' } }]
    const answer = assemble(
      provider('anthropic').readAnswer({ type: 'message', content, stop_reason: 'tool_use', usage: {} }),
    )
    expect(answer).toMatchObject({ text: '{}', finish: 'tool_calls', calls: [{ id: 'id_1', name: 'weather' }] })
  })

  test('the input is counted as soon as the stream starts, the output only at its end', () => {
    const [first] = read('anthropic', streamOf('anthropic', anthropic.events({ finish: 'stop' })))
    expect(first).toEqual({ type: 'usage', usage: { inputTokens: 30, cachedTokens: 10 } })
  })

  test.each([
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['model_context_window_exceeded', 'length'],
  ])('the stop reason %s is `%s`', (stop_reason, finish) => {
    const answer = { type: 'message', content: [{ type: 'text', text: 'a' }], stop_reason }
    expect(assemble(provider('anthropic').readAnswer(answer)).finish).toBe(finish)
  })

  test.each<[string, FailureKind]>([
    ['overloaded_error', 'overloaded'],
    ['rate_limit_error', 'rate_limited'],
    ['api_error', 'server'],
    ['timeout_error', 'timeout'],
    ['invalid_request_error', 'refused'],
    ['something_new', 'server'],
  ])('the error event %s is `%s`', (type, kind) => {
    const data = JSON.stringify({ type: 'error', error: { type, message: 'secret' } })
    expect(kindOf(() => provider('anthropic').streamReader()({ event: 'error', data }))).toBe(kind)
  })

  test('the end without a stop reason is malformed', () => {
    const data = '{"type":"message_stop"}'
    expect(kindOf(() => provider('anthropic').streamReader()({ event: 'message_stop', data }))).toBe('malformed')
  })

  test('a kind of event that is not known yet is passed over', () => {
    expect(provider('anthropic').streamReader()({ event: 'news', data: '{"type":"news"}' })).toEqual([])
  })
})

describe('google alone', () => {
  const readChunks = (...chunks: unknown[]) => read('google', streamOf('google', chunks))

  test('a function call without an id is given one', () => {
    const [delta] = readChunks(googleChunk([{ functionCall: { name: 'x', args: { a: 1 } } }]))
    expect(delta).toMatchObject({ type: 'tool_call', index: 0, name: 'x', arguments: '{"a":1}' })
    expect(delta).toHaveProperty('id', expect.stringMatching(/^call_[0-9a-f]{32}$/))
  })

  test.each(['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII'])('%s is a content filter', (reason) => {
    expect(assemble(readChunks(googleChunk([], reason))).finish).toBe('content_filter')
  })

  test('a blocked prompt is a failure', () => {
    const blocked = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: googleUsage }
    expect(kindOf(() => readChunks(blocked))).toBe('content_filter')
    expect(kindOf(() => provider('google').readAnswer(blocked))).toBe('content_filter')
  })

  test('text after the finish reason is malformed, for it would be lost', () => {
    expect(kindOf(() => readChunks(googleChunk([], 'STOP'), googleChunk([{ text: 'a' }])))).toBe('malformed')
  })

  test('an answer without a finish reason is malformed', () => {
    expect(kindOf(() => provider('google').readAnswer(googleChunk([{ text: 'a' }])))).toBe('malformed')
  })

  test('another candidate than the first is not read', () => {
    const chunk = { candidates: [{ index: 1, content: { parts: [{ text: 'hidden' }] } }], usageMetadata: {} }
    expect(readChunks(chunk)).toEqual([])
  })

  test.each<[unknown, FailureKind]>([
    [{ code: 503, status: 'UNAVAILABLE' }, 'overloaded'],
    [{ code: 429, status: 'RESOURCE_EXHAUSTED' }, 'rate_limited'],
    [{ code: 500 }, 'server'],
    ['secret', 'server'],
  ])('the error event %j is `%s`', (error, kind) => {
    expect(kindOf(() => readChunks({ error }))).toBe(kind)
  })
})
