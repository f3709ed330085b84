import { SELF } from 'cloudflare:test'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  contentOf,
  eventsOf,
  logsOf,
  newAgent,
  newDeveloper,
  pay,
  PROMPT,
  type Developer,
  type ProviderName,
} from '../tests/world.ts'
import { fault } from '../tests/faults.ts'
import type { Agent } from '../agents/agents.ts'

let developer: Developer
const agents = {} as Record<ProviderName, Agent>
const PROVIDERS: ProviderName[] = ['openai', 'anthropic', 'google']

beforeAll(async () => {
  developer = await newDeveloper()
  await pay(developer, 10_000)
  for (const provider of PROVIDERS) agents[provider] = await newAgent(provider)
})

describe.each(PROVIDERS)('an agent of %s', (provider) => {
  test('answers as JSON, and the quota falls by exactly one', async () => {
    const before = await developer.account.quota()
    const response = await ask(developer, agents[provider], 'What lives under kelp?')
    const body: Record<string, unknown> = await response.json()
    expect(response.status, JSON.stringify(body)).toBe(200)
    expect(body).toMatchObject({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant' }, finish_reason: 'stop' }],
    })
    expect(JSON.stringify(body)).toContain('kelp')
    expect(body['usage']).toMatchObject({ prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) })
    expect(response.headers.get('x-request-id')).toBe(response.headers.get('request-id'))
    expect(response.headers.get('x-quota-remaining')).toBe(String(before.remaining - 1))
    expect(await developer.account.quota()).toMatchObject({
      remaining: before.remaining - 1,
      used: before.used + 1,
      held: 0,
    })
  })

  test('answers as a stream that ends in a finish chunk and [DONE]', async () => {
    const response = await ask(developer, agents[provider], 'What lives under kelp?', {
      stream: true,
      body: { stream_options: { include_usage: true } },
    })
    const events = await eventsOf(response)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(contentOf(events)).toContain('kelp')
    expect(events.at(-1)?.data).toBe('[DONE]')
    expect(events.at(-2)?.data).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } })
    expect(events.at(-3)?.data).toMatchObject({ choices: [{ delta: {}, finish_reason: 'stop' }] })
  })

  test('calls a declared tool, in JSON and in pieces', async () => {
    const tools = [
      {
        type: 'function',
        function: { name: 'tide_table', parameters: { type: 'object', properties: { harbour: { type: 'string' } } } },
      },
    ]
    const options = { body: { tools, tool_choice: { type: 'function', function: { name: 'tide_table' } } } }
    const json: {
      choices: {
        message: { tool_calls: { id: string; function: { name: string; arguments: string } }[] }
        finish_reason: string
      }[]
    } = await (await ask(developer, agents[provider], 'Use tide_table', options)).json()
    const [choice] = json.choices
    expect(choice).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ type: 'function', function: { name: 'tide_table' } }] },
    })
    expect(JSON.parse(choice?.message.tool_calls[0]?.function.arguments ?? '')).toBeTypeOf('object')
    const events = await eventsOf(
      await ask(developer, agents[provider], 'Use tide_table', { ...options, stream: true }),
    )
    const pieces = events.flatMap(({ data }) =>
      data === '[DONE]'
        ? []
        : ((
            data['choices'] as {
              delta: { tool_calls?: { index: number; id?: string; function: { name?: string; arguments: string } }[] }
            }[]
          )[0]?.delta.tool_calls ?? []),
    )
    expect(pieces[0]).toMatchObject({ index: 0, id: expect.stringMatching(/^call_/), function: { name: 'tide_table' } })
    expect(pieces.filter((piece) => piece.id).length).toBe(1)
    expect(JSON.parse(pieces.map((piece) => piece.function.arguments).join(''))).toBeTypeOf('object')
  })

  test('is not charged for an answer that the provider breaks off, and says so in exactly one event', async () => {
    const agent = await newAgent(provider)
    const before = await developer.account.quota()
    const cuts = [
      { closeAfterEvents: 3 },
      { reset: true, closeAfterEvents: 3 },
      { noTerminal: true },
      { errorAfterEvents: 2 },
      { garbageAfterEvents: 2 },
    ]
    for (const cut of cuts) {
      const events = await eventsOf(
        await ask(developer, agent, `Say something. ${fault({ events: 6, ...cut })}`, { stream: true }),
      )
      const errors = events.filter(({ event }) => event === 'error')
      expect(errors.length, JSON.stringify(cut)).toBe(1)
      expect(events.at(-1)?.event).toBe('error')
      expect(JSON.stringify(events)).not.toContain('"finish_reason":"stop"')
      expect(contentOf(events).length).toBeGreaterThan(0)
    }
    expect(await developer.account.quota()).toMatchObject({ remaining: before.remaining, used: before.used, held: 0 })
  })

  test('never lets its prompt out, though the model tells everything', async () => {
    for (const stream of [false, true]) {
      const response = await ask(developer, agents[provider], `Repeat. ${fault({ echoSystem: true })}`, { stream })
      const text = await response.text()
      expect(text).not.toContain(PROMPT.slice(40, 90))
      expect(text).toContain('40304')
    }
  })
})

describe('outcomes', () => {
  test.each([
    [{ status: 500 }, 502, '50201'],
    [{ status: 503 }, 503, '50301'],
    [{ status: 429, retryAfterSeconds: 7 }, 503, '50303'],
    [{ status: 401 }, 502, '50203'],
    [{ html200: true }, 502, '50201'],
    [{ empty200: true }, 502, '50201'],
    [{ redirect: true }, 502, '50201'],
    [{ contextLength: true }, 400, '40002'],
    [{ hangBeforeHeaders: true }, 504, '50401'],
    [{ hangAfterEvents: 0 }, 504, '50401'],
  ] as const)('%j becomes %i %s, in the platform’s shape, and costs nothing', async (wanted, status, code) => {
    const fresh = await newDeveloper()
    const agent = await newAgent()
    for (const stream of [false, true]) {
      if (stream && ('hangAfterEvents' in wanted || 'empty200' in wanted)) continue
      const response = await ask(fresh, agent, `Hello. ${fault({ ...wanted, key: `${code}${stream}` })}`, { stream })
      const body: { error: { code: string }; request_id: string } = await response.json()
      expect([response.status, body.error.code]).toEqual([status, code])
      expect(body.request_id).toBe(response.headers.get('x-request-id'))
    }
    expect(await fresh.account.quota()).toMatchObject({ remaining: 100, used: 0, held: 0 })
  })

  test('a caller who leaves after the third event pays once, and the provider is let go', async () => {
    const fresh = await newDeveloper()
    const agent = await newAgent()
    const abort = new AbortController()
    const response = await ask(fresh, agent, `Go on. ${fault({ events: 50, gapMs: 40 })}`, {
      stream: true,
      signal: abort.signal,
    })
    const reader = response.body?.getReader()
    for (let i = 0; i < 3; i++) await reader?.read()
    await reader?.cancel()
    abort.abort()
    const [log, ...others] = await logsOf(fresh, 1)
    expect(others).toEqual([])
    expect(log).toMatchObject({ status: 'success', errorCode: '49901', funding: 'promotional' })
    expect(await fresh.account.quota()).toMatchObject({ remaining: 99, used: 1, held: 0 })
  })

  test('the log of a call holds what it was, what it cost and how long it took', async () => {
    const fresh = await newDeveloper()
    await pay(fresh, 1000)
    const agent = await newAgent('anthropic')
    await ask(fresh, agent, 'What is a limpet?')
    const [log] = await logsOf(fresh, 1)
    expect(log).toMatchObject({
      agentId: agent.id,
      apiKeyId: fresh.keyId,
      provider: 'anthropic',
      status: 'success',
      funding: 'promotional',
      priceUsd: '0.00400000',
      revenueUsd: '0.00000000',
      feePercent: 20,
    })
    expect(log?.inputTokens).toBeGreaterThan(0)
  })
})

describe('idempotency', () => {
  test('the same key and body give the same answer, JSON and stream, for one charge', async () => {
    const fresh = await newDeveloper()
    for (const stream of [false, true]) {
      const options = { stream, headers: { 'idempotency-key': `k-${stream}` } }
      const first = await ask(fresh, agents.openai, 'Once only, please.', options)
      const text = await first.text()
      const again = await ask(fresh, agents.openai, 'Once only, please.', options)
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect(await again.text()).toBe(text)
      const other = await ask(fresh, agents.openai, 'Something else.', options)
      expect([other.status, (await other.json<{ error: { code: string } }>()).error.code]).toEqual([422, '42201'])
    }
    expect((await fresh.account.quota()).used).toBe(2)
  })

  test('ten at once under one key: one call, nine told to wait', async () => {
    const fresh = await newDeveloper()
    const options = { headers: { 'idempotency-key': 'burst' } }
    const statuses = await Promise.all(
      Array.from(
        { length: 10 },
        async () => (await ask(fresh, agents.openai, `Burst. ${fault({ delayMs: 150 })}`, options)).status,
      ),
    )
    expect(statuses.filter((status) => status === 200).length).toBe(1)
    expect(statuses.filter((status) => status === 409).length).toBe(9)
  })
})

describe('the door', () => {
  const send = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    SELF.fetch(`https://agentlink.test/proxy/v1/agents/${agents.openai.id}/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-agentlink-key': developer.key, ...headers },
      body,
    })
  const hello = { messages: [{ role: 'user', content: 'Hello' }] }

  test.each([
    ['no JSON', '{"messages": [', 400, '40001', undefined],
    ['an empty object', '{}', 400, '40002', 'messages'],
    ['a wrong type', JSON.stringify({ ...hello, temperature: 'hot' }), 400, '40002', 'temperature'],
    ['an unknown parameter', JSON.stringify({ ...hello, logit_bias: {} }), 400, '40002', 'logit_bias'],
    [
      'a system message',
      JSON.stringify({ messages: [{ role: 'system', content: 'x' }] }),
      400,
      '40002',
      'messages.0.role',
    ],
    [
      'a tool answer without a call',
      JSON.stringify({ messages: [{ role: 'tool', tool_call_id: 'x', content: 'y' }] }),
      400,
      '40002',
      'messages.0.tool_call_id',
    ],
    [
      'a body of more than 1 MB',
      JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(1_100_000) }] }),
      413,
      '41301',
      undefined,
    ],
  ])('refuses %s and says what is wrong', async (_, body, status, code, field) => {
    const response = await send(body)
    const answer: {
      error: { code: string; message: string; details?: { fields: { field: string }[] } }
      request_id: string
    } = await response.json()
    expect([response.status, answer.error.code]).toEqual([status, code])
    expect(answer.request_id).toMatch(/^[\w-]{36}$/)
    if (field) expect(answer.error.details?.fields[0]?.field).toBe(field)
  })

  test('refuses JSON that is nested without end, and another media type', async () => {
    const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`
    const response = await send(
      `{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"t","parameters":${deep}}}]}`,
    )
    expect(response.status).toBe(400)
    expect((await send('{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await send('{}', { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  test('OpenAI’s parameters pass at their neutral values and are refused by name otherwise', async () => {
    const neutral = {
      n: 1,
      frequency_penalty: 0,
      presence_penalty: 0,
      user: 'u',
      seed: 7,
      logprobs: false,
      store: false,
      metadata: {},
      max_completion_tokens: 50,
    }
    expect((await ask(developer, agents.openai, 'Hi', { dialect: 'openai', body: neutral })).status).toBe(200)
    const refused = await ask(developer, agents.openai, 'Hi', { dialect: 'openai', body: { n: 2 } })
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { error: { code: '40002', param: 'n', type: 'invalid_request_error' } },
    ])
  })

  test('a caller’s system message travels as user content', async () => {
    const body = {
      messages: [
        { role: 'system', content: 'Only whisper.' },
        { role: 'user', content: `Hi ${fault({ echoRequest: true })}` },
      ],
    }
    const response = await ask(developer, await newAgent('openai', { system_prompt: 'Zq8.' }), '', {
      dialect: 'openai',
      body,
    })
    const text = await response.text()
    expect(text).toContain('Only whisper.')
    expect(text.match(/\\"role\\":\\"system\\"/g)?.length ?? 0).toBeLessThanOrEqual(1)
  })

  test('no key, a malformed key and an unknown key are 401; an unknown or unpublished agent is 404', async () => {
    const nobody = { key: 'ak_00000000000000000000000000000000' }
    expect((await ask(nobody, agents.openai, 'Hi')).status).toBe(401)
    expect(
      (
        await SELF.fetch('https://agentlink.test/v1/chat/completions', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{}',
        })
      ).status,
    ).toBe(401)
    const unknown = await ask(developer, { id: crypto.randomUUID(), slug: 'none' }, 'Hi')
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: { code: '40401' } }])
    expect((await SELF.fetch('https://agentlink.test/nothing')).status).toBe(404)
  })
})

test('more calls at once than can be admitted: the rest are told at once to come again, and the next one is heard', async () => {
  const poor = await newDeveloper()
  const codeOf = async (answer: Response): Promise<string | undefined> => {
    const { error } = await answer.clone().json<{ error?: { code: string } }>()
    return error?.code
  }
  const answers = await Promise.all(Array.from({ length: 700 }, () => ask(poor, agents.openai, 'Anything?')))
  const codes = await Promise.all(answers.map(codeOf))
  const turnedAway = answers.filter((_, at) => codes[at] === '50309')
  expect(turnedAway.length).toBeGreaterThanOrEqual(100)
  for (const { status, headers } of turnedAway) expect([status, headers.get('retry-after')]).toEqual([503, '1'])
  expect(await codeOf(await ask(poor, agents.openai, 'And now?'))).not.toBe('50309')
})
