/** Traces: joined as W3C says, with OpenTelemetry's names, told to a collector in its protocol, and without a word of a conversation. */
import { createExecutionContext, env } from 'cloudflare:test'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { app } from '../app.ts'
import { clock } from '../base/clock.ts'
import { newId } from '../base/ids.ts'
import { fault } from '../tests/faults.ts'
import { bindings, newAgent, newDeveloper, pay, PROMPT, type Developer, type ProviderName } from '../tests/world.ts'
import type { Agent } from '../agents/agents.ts'

const COLLECTOR = String(bindings['COLLECTOR_URL'])
/** Clocks so long that a busy machine cannot make a call run out of time. */
const OFF = { ...bindings, JSON_TOTAL_MS: '20000', FIRST_CONTENT_MS: '20000', IDLE_MS: '20000' }
const ON = {
  ...OFF,
  OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR,
  OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=agentlink,authorization=Basic YTpi',
  OTEL_TRACES_SAMPLER_ARG: '1',
}
const QUESTION = 'What lives under kelp, mandarin?'

let developer: Developer
const agents = {} as Record<ProviderName, Agent>
beforeAll(async () => {
  developer = await newDeveloper()
  await pay(developer, 1_000)
  for (const provider of ['openai', 'anthropic', 'google'] as const) agents[provider] = await newAgent(provider)
})

afterEach(() => vi.restoreAllMocks())

const newTraceId = (): string => newId().replaceAll('-', '')
const CALLER = 'b7ad6b7169203331'
const parentOf = (traceId: string, flags = '01'): string => `00-${traceId}-${CALLER}-${flags}`

type Sent = { env?: object; stream?: boolean; traceparent?: string; question?: string; agent?: Agent }

async function send({
  env: own = ON,
  stream = false,
  traceparent,
  question = QUESTION,
  agent,
}: Sent): Promise<Response> {
  const request = new Request(`https://agentlink.test/proxy/v1/agents/${(agent ?? agents.openai).id}/chat`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-agentlink-key': developer.key,
      ...(traceparent === undefined ? {} : { traceparent }),
    },
    body: JSON.stringify({ messages: [{ role: 'user', content: question }], stream }),
  })
  return app.fetch(request, own, createExecutionContext())
}

type Attribute = { key: string; value: Record<string, unknown> }
type OtlpSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Attribute[]
  status: { code?: number }
}
type Taken = { headers: Record<string, string>; body: string }

async function taken(): Promise<Taken[]> {
  return (await fetch(COLLECTOR)).json()
}

/** The spans of a trace, once the collector has them. */
async function spansOf(traceId: string): Promise<OtlpSpan[]> {
  const found = async () => (await taken()).find(({ body }) => body.includes(traceId))
  await expect.poll(found, { timeout: 5_000 }).toBeDefined()
  const message = JSON.parse((await found())?.body ?? '') as {
    resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[]
  }
  expect(message.resourceSpans[0]?.resource.attributes).toEqual([
    { key: 'service.name', value: { stringValue: 'agentlink-api' } },
  ])
  return message.resourceSpans[0]?.scopeSpans[0]?.spans ?? []
}

const valuesOf = ({ attributes }: OtlpSpan): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** The `traceparent` that a provider was sent last. */
async function providersParent(party: ProviderName): Promise<unknown> {
  const response = await fetch(`${env.PROVIDERS_URL}/__control/calls`)
  const { last }: { last: { party: string; headers: Record<string, unknown> }[] } = await response.json()
  return last.findLast((call) => call.party === party)?.headers['traceparent']
}

describe('a call that is traced', () => {
  test.each(['openai', 'anthropic', 'google'] as const)(
    'of %s has its steps, as JSON and as a stream',
    async (provider) => {
      for (const stream of [false, true]) {
        const traceId = newTraceId()
        const response = await send({ agent: agents[provider], stream, traceparent: parentOf(traceId) })
        expect(response.status).toBe(200)
        const text = await response.text()
        expect(response.headers.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
        const spans = await spansOf(traceId)
        expect(spans.map(({ name }) => name)).toEqual([
          'POST /proxy/v1/agents/:agentId/chat',
          'door',
          'admit',
          'upstream',
          'settle',
        ])
        const [root, , , upstream] = spans
        if (!root || !upstream) throw new Error('unreachable')
        expect(spans.every((span) => span.traceId === traceId && /^[0-9a-f]{16}$/.test(span.spanId))).toBe(true)
        expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length)
        expect(root).toMatchObject({ parentSpanId: CALLER, kind: 2, status: {} })
        expect(spans.slice(1).every(({ parentSpanId }) => parentSpanId === root.spanId)).toBe(true)
        for (const span of spans)
          expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano))
        expect(valuesOf(root)).toMatchObject({
          'http.request.method': 'POST',
          'http.route': '/proxy/v1/agents/:agentId/chat',
          'http.response.status_code': '200',
          'user.id': developer.id,
        })
        expect(upstream.kind).toBe(3)
        expect(valuesOf(upstream)).toMatchObject({
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': provider === 'google' ? 'gcp.gemini' : provider,
          'gen_ai.request.model': agents[provider].model,
          'gen_ai.request.stream': stream,
          'gen_ai.usage.input_tokens': expect.stringMatching(/^\d+$/),
          'gen_ai.usage.output_tokens': expect.stringMatching(/^\d+$/),
        })
        expect(await providersParent(provider)).toBe(`00-${traceId}-${upstream.spanId}-01`)
        // Nothing of what was said, nor of who may say it.
        const { body, headers } = (await taken()).find((one) => one.body.includes(traceId)) ?? { body: '', headers: {} }
        expect(headers).toMatchObject({ 'x-tenant': 'agentlink', authorization: 'Basic YTpi' })
        for (const secret of ['mandarin', PROMPT.slice(0, 40), developer.key, text.slice(200, 230)])
          expect(body).not.toContain(secret)
      }
    },
  )

  test('has a step for what its documents say', async () => {
    const knowing = await newAgent('openai', { knowledge_base: { enabled: true } })
    const traceId = newTraceId()
    const patient = { ...ON, KNOWLEDGE_MS: '10000' }
    expect((await send({ env: patient, agent: knowing, traceparent: parentOf(traceId) })).status).toBe(200)
    expect((await spansOf(traceId)).map(({ name }) => name).slice(1)).toEqual([
      'door',
      'admit',
      'retrieve',
      'upstream',
      'settle',
    ])
  })

  test('that fails says at which step, by a code', async () => {
    const traceId = newTraceId()
    const response = await send({ traceparent: parentOf(traceId), question: `Go. ${fault({ errorEcho: 400 })}` })
    expect(response.status).toBe(502)
    const spans = await spansOf(traceId)
    expect(spans[0]?.status).toEqual({ code: 2 })
    const upstream = spans.find(({ name }) => name === 'upstream')
    expect(upstream?.status).toEqual({ code: 2 })
    expect(upstream && valuesOf(upstream)['error.type']).toBe('refused')
  })

  test('that is tried twice has a step for each try', async () => {
    const traceId = newTraceId()
    expect((await send({ traceparent: parentOf(traceId), question: `Go. ${fault({ status: 500 })}` })).status).toBe(502)
    const tries = (await spansOf(traceId)).filter(({ name }) => name === 'upstream')
    expect(tries.map((one) => valuesOf(one)['agentlink.try'])).toEqual(['1', '2'])
  })

  test('that breaks off within its stream is told once it is over', async () => {
    const traceId = newTraceId()
    const question = `Go. ${fault({ events: 10, closeAfterEvents: 3 })}`
    await (await send({ traceparent: parentOf(traceId), stream: true, question })).text()
    const upstream = (await spansOf(traceId)).find(({ name }) => name === 'upstream')
    expect(upstream && valuesOf(upstream)['error.type']).toBe('truncated')
  })

  test('of a caller without a trace, or with nonsense for one, begins its own', async () => {
    const nonsense = [
      '00-0-0-01',
      `00-${'0'.repeat(32)}-${CALLER}-01`,
      `ff-${newTraceId()}-${CALLER}-01`,
      'x'.repeat(5_000),
    ]
    for (const traceparent of [undefined, ...nonsense]) {
      const response = await send(traceparent === undefined ? {} : { traceparent })
      await response.text()
      const [, traceId = ''] =
        /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(response.headers.get('traceparent') ?? '') ?? []
      const [root] = await spansOf(traceId)
      expect(root?.parentSpanId).toBeUndefined()
    }
  })
})

describe('a call that is not recorded', () => {
  test('because its caller’s is not, or by the ratio, goes on with the trace and says so', async () => {
    for (const own of [ON, { ...ON, OTEL_TRACES_SAMPLER_ARG: '0' }]) {
      const traceId = newTraceId()
      const response = await send({ env: own, traceparent: parentOf(traceId, own === ON ? '00' : '01') })
      await response.text()
      expect(response.headers.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
      expect(await providersParent('openai')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
      expect((await taken()).some(({ body }) => body.includes(traceId))).toBe(false)
    }
  })

  test('because nobody collects: neither provider nor caller hears of a trace', async () => {
    const response = await send({ env: OFF, traceparent: parentOf(newTraceId()) })
    await response.text()
    expect(response.status).toBe(200)
    expect(response.headers.get('traceparent')).toBeNull()
    expect(await providersParent('openai')).toBeUndefined()
  })
})

test('without a collector nobody is told of a trace, and what is counted is added once in ten seconds', async () => {
  const now = Date.now()
  const time = vi.spyOn(clock, 'now').mockImplementation(() => now)
  const added: unknown[] = []
  const object = { add: async (series: unknown) => void added.push(series) }
  const counting = { ...OFF, METRICS: { idFromName: (name: string) => name, get: () => object } }
  const call = async () => {
    const response = await send({ env: counting })
    expect([response.status, (await response.text()).length > 0]).toEqual([200, true])
  }
  await call()
  const before = added.length
  const fetched = vi.spyOn(globalThis, 'fetch')
  for (let calls = 0; calls < 5; calls++) await call()
  // What is told to the log meanwhile goes to Postgres.
  const asked = (url: string) =>
    fetched.mock.calls.filter(([to]) => typeof to === 'string' && to.startsWith(url)).length
  expect([asked(String(bindings['OPENAI_BASE_URL'])), asked(COLLECTOR)]).toEqual([5, 0])
  expect(added.length).toBe(before)
  // Whoever comes first adds for all, which may be a queue's consumer with objects of its own: then the next ten seconds are ours.
  let later = now
  await expect
    .poll(
      async () => {
        later += 10_000
        time.mockImplementation(() => later)
        await call()
        return added.length
      },
      { timeout: 10_000 },
    )
    .toBe(before + 1)
})

test('a collector that refuses, or is away, is no caller’s concern', async () => {
  await fetch(`${COLLECTOR}/deaf`, { method: 'POST' })
  try {
    const refused = await send({})
    expect([refused.status, (await refused.text()).length > 0]).toEqual([200, true])
  } finally {
    await fetch(`${COLLECTOR}/hearing`, { method: 'POST' })
  }
  const away = await send({ env: { ...ON, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' } })
  expect([away.status, (await away.text()).length > 0]).toEqual([200, true])
})
