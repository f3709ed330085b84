/**
 * Callers over real sockets: the official OpenAI SDK, unchanged, and clients that hang up. The Worker is the one that would
 * be deployed, in workerd with nothing before it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { request, type ClientRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI, { APIError, APIUserAbortError } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BuiltWorker, startBuiltWorker } from '../../../local/built-worker.ts'
import { migrate } from '../../../local/migrate.ts'
import { startPostgres, type Postgres } from '../../../local/postgres.ts'
import { startProviders, type Providers } from '../../../local/providers.ts'
import { startRedis } from '../../../local/redis.ts'
import { seed, type Seeded } from '../../../local/seed.ts'
import { fault } from '../../faults.ts'

/** An agent on a model that no other test here calls: failures may open a breaker. */
const PATCHY = 'commit-message-writer'
/** How long a provider may be kept at work for a caller who has gone. */
const LET_GO_MS = 1_000
const OPERATOR_TOKEN = 'operator-token-of-the-journeys-000000'
const ENCRYPTION_KEY = `journeys:${Buffer.alloc(32, 7).toString('base64')}`

let postgres: Postgres
let providers: Providers
let worker: BuiltWorker
let market: Seeded
let variables: Record<string, string>
let stateDir: string
const stops: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'callers-'))
  stops.push(() => rm(stateDir, { recursive: true, force: true }))
  postgres = await startPostgres({ port: 0 })
  stops.push(() => postgres.stop())
  await migrate(postgres.url)
  const redis = await startRedis({ port: 0, token: 'journeys' })
  stops.push(() => redis.stop())
  providers = await startProviders({ port: 0 })
  stops.push(() => providers.stop())
  variables = {
    DATABASE_URL: postgres.url,
    DATABASE_HTTP_URL: postgres.httpUrl,
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    ENCRYPTION_KEY,
    JWT_SECRET: 'signs nothing here, and is long enough for it',
    WEBHOOK_KEY: 'none-1:d2ViaG9va3Mgb2YgdGhlIHRlc3QgcnVuLCAzMiBieXQ=',
    OPERATOR_TOKEN,
    OPENAI_BASE_URL: providers.openaiBaseUrl,
    OPENAI_API_KEY: 'key',
    ANTHROPIC_BASE_URL: providers.anthropicBaseUrl,
    ANTHROPIC_API_KEY: 'key',
    GOOGLE_BASE_URL: providers.googleBaseUrl,
    GOOGLE_AI_API_KEY: 'key',
    FIRST_CONTENT_MS: '3000',
    JSON_TOTAL_MS: '3000',
    IDLE_MS: '3000',
    HEARTBEAT_MS: '500',
    OUTBOX_BUSY_MS: '2000',
    OUTBOX_LINGER_MS: '200',
  }
  await startWorker()
  stops.push(() => worker.stop())
  market = await seed({ postgres, apiUrl: worker.url, operatorToken: OPERATOR_TOKEN, encryptionKey: ENCRYPTION_KEY })
})
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop()
})

async function startWorker(change: Record<string, string> = {}): Promise<void> {
  worker = await startBuiltWorker({ bindings: { ...variables, ...change }, storage: { dir: stateDir } })
}

const sdk = (options: Partial<ConstructorParameters<typeof OpenAI>[0]> = {}): OpenAI =>
  new OpenAI({ baseURL: `${worker.url}/v1`, apiKey: market.developer.apiKey, ...options })

/** The cheap agent of this provider: one unit a call, no premium. */
function agentOf(provider: string): string {
  const agent = market.agents.find((one) => one.provider === provider && Number(one.price_per_call) <= 0.005)
  if (!agent) throw new Error(`The market has no cheap agent of ${provider}.`)
  return agent.slug
}

const says = (content: string): { role: 'user'; content: string }[] => [{ role: 'user', content }]

/** The figures of the caller's account, as the caller can ask for them. */
async function calls(): Promise<{ used: number; held: number }> {
  const response = await fetch(`${worker.url}/api/v1/key`, { headers: { 'x-agentlink-key': market.developer.apiKey } })
  return ((await response.json()) as { calls: { used: number; held: number } }).calls
}

/** How often the work was charged, once nothing is held any more. */
async function charged(work: () => Promise<unknown>): Promise<number> {
  const { used } = await calls()
  await work()
  await expect.poll(async () => (await calls()).held).toBe(0)
  return (await calls()).used - used
}

/** What the log says of the calls whose request ids begin like this, once there are `count` of them. */
async function logged(requestId: string, count: number): Promise<string[]> {
  type Row = { status: string; error_code: string | null; funding: string | null }
  const query = 'SELECT status, error_code, funding FROM call_logs WHERE request_id LIKE $1'
  const rows = (): Promise<Row[]> => postgres.query<Row>(query, [`${requestId}%`])
  await expect.poll(async () => (await rows()).length, { timeout: 10_000 }).toBe(count)
  return (await rows()).map((row) => `${row.status} ${row.error_code} ${row.funding === null ? 'free' : 'charged'}`)
}

describe('the openai SDK', () => {
  test.each(['openai', 'anthropic', 'google'])('asks an agent of %s, as JSON and as a stream', async (provider) => {
    const model = agentOf(provider)
    const question = { model, messages: says('What should I know about salt?') }
    const count = await charged(async () => {
      const answer = await sdk().chat.completions.create(question)
      expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant', refusal: null } })
      expect(answer.choices[0]?.message.content).toContain('salt')
      expect(answer.usage?.total_tokens).toBeGreaterThan(0)
      expect(answer._request_id).toMatch(/^[\w-]{36}$/)
      const stream = sdk().chat.completions.stream({ ...question, stream_options: { include_usage: true } })
      const final = await stream.finalChatCompletion()
      expect(final.choices[0]?.message.content).toBe(answer.choices[0]?.message.content)
      expect(final.usage).toEqual(answer.usage)
    })
    expect(count).toBe(2)
  })

  test.each(['openai', 'anthropic', 'google'])(
    'has tools called by an agent of %s, and brings back what they found',
    async (provider) => {
      const asked: string[] = []
      const runner = sdk().chat.completions.runTools({
        model: agentOf(provider),
        messages: says('Please use the tide table.'),
        stream: true,
        tools: [
          {
            type: 'function',
            function: {
              name: 'tide_table',
              description: 'The tides of a harbour.',
              parameters: { type: 'object', properties: { harbour: { type: 'string' } }, required: ['harbour'] },
              parse: JSON.parse,
              function: (found: { harbour: string }) => {
                asked.push(found.harbour)
                return 'High water at 04:12'
              },
            },
          },
        ],
      })
      expect(await runner.finalContent()).toContain('High water at 04')
      expect(asked.length).toBe(1)
    },
  )

  test('lists the agents as models', async () => {
    const ids: string[] = []
    for await (const model of sdk().models.list()) ids.push(model.id)
    expect(ids.toSorted()).toEqual(market.agents.map(({ slug }) => slug).toSorted())
  })

  test.each(['openai', 'anthropic', 'google'])(
    'throws where an agent of %s is cut off, with code and request id',
    async (provider) => {
      for (const cut of [{ closeAfterEvents: 3 }, { errorAfterEvents: 3 }, { reset: true, closeAfterEvents: 3 }]) {
        const pieces: string[] = []
        let thrown: unknown
        const count = await charged(async () => {
          const messages = says(`Go on. ${fault({ events: 6, ...cut })}`)
          const { data: stream, response } = await sdk()
            .chat.completions.create({ model: agentOf(provider), messages, stream: true })
            .withResponse()
          try {
            for await (const chunk of stream) {
              expect(chunk.choices[0]?.finish_reason ?? null).toBeNull()
              if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content)
            }
          } catch (error) {
            thrown = error
          }
          expect((thrown as APIError).requestID).toBe(response.headers.get('x-request-id'))
        })
        expect(pieces.length).toBe(3)
        expect(thrown).toBeInstanceOf(APIError)
        expect((thrown as APIError).code).toMatch(/^50[23]0\d$/)
        expect(count).toBe(0)
      }
    },
  )

  test('throws errors with their status, code and request id', async () => {
    const quiet = sdk({ maxRetries: 0 })
    const wrong = [
      {
        ask: () => quiet.chat.completions.create({ model: 'nobody', messages: says('Hi') }),
        status: 404,
        code: '40401',
      },
      {
        ask: () =>
          sdk({ apiKey: 'ak_wrong', maxRetries: 0 }).chat.completions.create({
            model: agentOf('openai'),
            messages: says('Hi'),
          }),
        status: 401,
        code: '40103',
      },
      {
        ask: () => quiet.chat.completions.create({ model: agentOf('openai'), messages: says('Hi'), n: 2 }),
        status: 400,
        code: '40002',
      },
      {
        ask: () =>
          quiet.chat.completions.create({
            model: agentOf('openai'),
            messages: says(`Hi ${fault({ status: 500, key: 'sdk' })}`),
          }),
        status: 502,
        code: '50201',
      },
    ]
    for (const { ask, status, code } of wrong) {
      const thrown = await ask().then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(thrown).toBeInstanceOf(APIError)
      expect(thrown).toMatchObject({ status, code, requestID: expect.stringMatching(/^[\w-]{36}$/) })
    }
  })

  test('retries what failed, by its defaults, and pays once', async () => {
    const trouble = [
      { status: 500, healAfter: 2, key: 'a' },
      { hangBeforeHeaders: true, healAfter: 1, key: 'b' },
      { closeAfterEvents: 0, healAfter: 1, key: 'c' },
      { status: 429, retryAfterSeconds: 1, healAfter: 1, key: 'd' },
    ]
    const count = await charged(async () => {
      const ends = trouble.map(async (wanted) => {
        const messages = says(`Hi. ${fault(wanted)}`)
        return (await sdk().chat.completions.create({ model: PATCHY, messages })).choices[0]?.finish_reason
      })
      expect(await Promise.all(ends)).toEqual(trouble.map(() => 'stop'))
    })
    expect(count).toBe(trouble.length)
  })

  test('that loses patience and asks again under one Idempotency-Key pays once', async () => {
    const count = await charged(async () => {
      const question = { model: agentOf('anthropic'), messages: says(`Hi. ${fault({ delayMs: 1_500 })}`) }
      const headers = { 'Idempotency-Key': 'impatience' }
      const { response } = await sdk({ timeout: 500 }).chat.completions.create(question, { headers }).withResponse()
      expect(response.headers.get('idempotent-replayed')).toBe('true')
    })
    expect(count).toBe(1)
  })

  test('that is aborted lets the provider go at once; what had come is paid for once', async () => {
    const messages = says(`Go on. ${fault({ events: 500, gapMs: 20 })}`)
    const headers = { 'x-request-id': 'aborted' }
    const stream = sdk().chat.completions.stream({ model: agentOf('openai'), messages }, { headers })
    let seen = 0
    stream.on('content', () => {
      if (++seen === 3) stream.abort()
    })
    await expect(stream.done()).rejects.toThrow(APIUserAbortError)
    await expectLetGo(performance.now())
    expect(await logged('aborted', 1)).toEqual(['success 49901 charged'])
  })
})

/**
 * Before the first byte of an answer workerd learns only from a reset that its caller has gone: a mere end of the caller's
 * side is, for TCP, no more than that. On the platform Cloudflare's edge stands in between and tells in both cases.
 */
describe('a caller whose connection breaks', () => {
  const breaks = {
    closed: (client: ClientRequest) => client.destroy(),
    reset: (client: ClientRequest) => client.socket?.resetAndDestroy(),
  }
  test.each(Object.entries(breaks))(
    '(%s) after the third event pays once, and the provider is let go',
    async (how, hangUp) => {
      for (const provider of ['openai', 'anthropic', 'google']) {
        const id = `third-${how}-${provider}`
        const client = post(id, provider, {
          stream: true,
          messages: says(`Go on. ${fault({ events: 500, gapMs: 20 })}`),
        })
        await eventsSeen(client, 3)
        hangUp(client)
        await expectLetGo(performance.now())
      }
      expect(await logged(`third-${how}-`, 3)).toEqual(Array(3).fill('success 49901 charged'))
      expect((await calls()).held).toBe(0)
    },
  )

  test.each([true, false])('before anything has come pays nothing (stream: %s)', async (stream) => {
    for (const [name, wanted] of Object.entries({ late: { delayMs: 2_500 }, silent: { hangAfterEvents: 0 } })) {
      const id = `before-${stream}-${name}`
      const client = post(id, 'openai', { stream, messages: says(`Go on. ${fault(wanted)}`) })
      await expect.poll(() => providers.calls.open, { interval: 5 }).toBe(1)
      client.socket?.resetAndDestroy()
      await expectLetGo(performance.now())
    }
    expect(await logged(`before-${stream}-`, 2)).toEqual(Array(2).fill('error 49901 free'))
    expect((await calls()).held).toBe(0)
  })

  test('fifty times at once leaves nothing open and nothing held, and each call is logged once', async () => {
    const count = await charged(async () => {
      const clients = Array.from({ length: 50 }, (_, place) => {
        const wanted = place % 2 === 0 ? { events: 500, gapMs: 20 } : { delayMs: 2_900 }
        return post(`fifty-${place}`, 'anthropic', { stream: true, messages: says(`Go on. ${fault(wanted)}`) })
      })
      await Promise.all(clients.filter((_, place) => place % 2 === 0).map((client) => eventsSeen(client, 2)))
      await expect.poll(() => providers.calls.open, { interval: 5 }).toBe(50)
      for (const client of clients) client.socket?.resetAndDestroy()
      await expectLetGo(performance.now())
      const rows = await logged('fifty-', 50)
      expect(rows.filter((row) => row === 'success 49901 charged').length).toBe(25)
      expect(rows.filter((row) => row === 'error 49901 free').length).toBe(25)
    })
    expect(count).toBe(25)
  })
})

test('what was answered is charged and logged, though the process is killed the next moment', async () => {
  const before = (await calls()).used
  // What has left the outbox lies in a queue, and the local one does not outlive its process.
  await worker.stop()
  await startWorker({ OUTBOX_LINGER_MS: '4000' })
  const question = { model: agentOf('google'), messages: says('Hi.') }
  const client = sdk({ maxRetries: 0 })
  const answers = Array.from({ length: 20 }, (_, place) =>
    client.chat.completions.create(question, { headers: { 'x-request-id': `killed-${place}` } }),
  )
  await Promise.all(answers)
  // It ends with SIGKILL.
  await worker.stop()
  await startWorker()
  expect(await calls()).toMatchObject({ used: before + 20, held: 0 })
  expect(await logged('killed-', 20)).toEqual(Array(20).fill('success null charged'))
})

/** Asks an agent of this provider on a connection of its own. */
function post(requestId: string, provider: string, body: object): ClientRequest {
  const caller = { 'x-agentlink-key': market.developer.apiKey, 'x-request-id': requestId }
  const headers = { 'content-type': 'application/json', ...caller }
  const url = `${worker.url}/proxy/v1/agents/${agentOf(provider)}/chat`
  const client = request(url, { method: 'POST', headers, agent: false })
  client.on('error', () => {})
  client.end(JSON.stringify(body))
  return client
}

/** Resolves when so many events with text have arrived. */
function eventsSeen(client: ClientRequest, count: number): Promise<void> {
  return new Promise((resolve) => {
    let text = ''
    client.on('response', (response) => {
      response.on('error', () => {})
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if ((text.match(/"content":"[^"]/g)?.length ?? 0) >= count) resolve()
      })
    })
  })
}

/** Waits until no provider works any more, and says that this took no longer than it may. */
async function expectLetGo(since: number): Promise<void> {
  await expect.poll(() => providers.calls.open, { interval: 5, timeout: 5_000 }).toBe(0)
  expect(performance.now() - since).toBeLessThan(LET_GO_MS)
}
