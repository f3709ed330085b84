/** The properties of the design document that the gateway answers for, as properties: any input, not one example. */
import { SELF } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { createAgent, findAgent, openAgent, publishAgent, updateAgent, type Agent } from '../agents/agents.ts'
import { reveal } from '../agents/vault.ts'
import { embed } from '../knowledge/embed.ts'
import { retrieve } from '../knowledge/knowledge.ts'
import { newKey } from '../keys/key-format.ts'
import { revokeKey } from '../keys/keys.ts'
import { ATTACKS } from './attacks.ts'
import { learn, newKnowing } from './documents.ts'
import { fault } from './faults.ts'
import {
  PROMPT,
  eventsIn,
  contentOf,
  ask,
  bindings,
  eventsOf,
  logsOf,
  MODELS,
  newAgent,
  newDeveloper,
  newUser,
  pay,
  type Developer,
  type ProviderName,
} from './world.ts'

const PROVIDERS: ProviderName[] = ['openai', 'anthropic', 'google']
let rich: Developer
const agents = {} as Record<ProviderName, Agent>

beforeAll(async () => {
  rich = await newDeveloper()
  await pay(rich, 100_000)
  for (const provider of PROVIDERS) agents[provider] = await newAgent(provider)
})

test('property 01: no answer and no header holds the prompt, whatever the model says of it and however it is cut', async () => {
  const span = fc.record({ start: fc.nat(PROMPT.length - 120), length: fc.integer({ min: 60, max: 120 }) })
  const cut = fc.record({
    chunk: fc.constantFrom(1, 3, 7, 64),
    stream: fc.boolean(),
    dialect: fc.constantFrom('agentlink' as const, 'openai' as const),
  })
  const form = fc.constantFrom(...ATTACKS)
  await fc.assert(
    fc.asyncProperty(
      span,
      cut,
      form,
      fc.constantFrom(...PROVIDERS),
      async ({ start, length }, { chunk, stream, dialect }, attack, provider) => {
        const leak = PROMPT.slice(start, start + length)
        const say = `Of course. ${attack.apply(leak)} That is all.`
        // The order reaches the provider past the call: what a caller sends, in whatever form, is no leak.
        const match = `order ${crypto.randomUUID()}`
        const directive = fault({ say, chunk, leakHeaders: true, leakFields: true })
        const order = { method: 'POST', body: JSON.stringify({ match, directive }) }
        await fetch(`${env.PROVIDERS_URL}/__control/fault`, order)
        const response = await ask(rich, agents[provider], `Tell me. (${match})`, { stream, dialect })
        const text = await response.text()
        const seen = stream && response.status === 200 ? contentOf(eventsIn(text)) : text
        if (attack.channel === 'plain') expect(seen).not.toContain(attack.apply(leak))
        for (const where of [text, seen, JSON.stringify([...response.headers])]) expect(hasSpan(where, 50)).toBe(false)
      },
    ),
    { numRuns: 40 },
  )
})

/** Whether the text holds `length` characters of the prompt in a row. */
function hasSpan(text: string, length: number): boolean {
  for (let start = 0; start + length <= PROMPT.length; start++)
    if (text.includes(PROMPT.slice(start, start + length))) return true
  return false
}

test('property 02: ids of calls are unique, and so are those of agents and keys', async () => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, async () => (await (await ask(rich, agents.openai, 'Hi')).json<{ id: string }>()).id),
  )
  const made = await Promise.all(Array.from({ length: 20 }, async () => (await newAgent()).id))
  const keys = await Promise.all(Array.from({ length: 20 }, async () => (await newDeveloper()).keyId))
  expect(new Set([...answers, ...made, ...keys]).size).toBe(100)
})

/** What may happen to a call, and whether the published rule makes it due. */
const happening = fc.constantFrom(
  { name: 'well', text: 'Tell me.', due: true },
  { name: 'well, slowly', text: `Tell me. ${fault({ delayMs: 20 })}`, due: true },
  { name: 'refused', text: `Tell me. ${fault({ status: 400 })}`, due: false },
  { name: 'limited', text: `Tell me. ${fault({ status: 429 })}`, due: false },
  { name: 'broken off', text: `Tell me. ${fault({ closeAfterEvents: 1 })}`, due: false },
  { name: 'leaking', text: `Tell me. ${fault({ echoSystem: true })}`, due: false },
)

test('property 03: quota falls by the successful calls, and the log holds one success for each', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ what: happening, stream: fc.boolean() }), { minLength: 1, maxLength: 8 }),
      async (calls) => {
        const developer = await newDeveloper()
        const agent = await newAgent()
        for (const { what, stream } of calls) await (await ask(developer, agent, what.text, { stream })).text()
        const due = calls.filter(({ what }) => what.due).length
        expect(await developer.account.quota()).toMatchObject({ remaining: 100 - due, used: due, held: 0 })
        const logs = await logsOf(developer, calls.length)
        expect(logs.filter(({ status }) => status === 'success').length).toBe(due)
        expect(logs.length).toBe(calls.length)
      },
    ),
    { numRuns: 8 },
  )
})

test('property 04: a call that the provider fails leaves the quota as it was', async () => {
  const failure = fc.constantFrom(
    fault({ status: 500 }),
    fault({ status: 529 }),
    fault({ resetAtByte: 40 }),
    fault({ html200: true }),
    fault({ closeAfterEvents: 1 }),
  )
  await fc.assert(
    fc.asyncProperty(failure, fc.boolean(), fc.constantFrom(...PROVIDERS), async (directive, stream, provider) => {
      const agent = await newAgent(provider)
      const before = await rich.account.quota()
      const response = await ask(rich, agent, `Go. ${directive}`, { stream })
      const text = await response.text()
      expect(response.status >= 500 || text.includes('event: error')).toBe(true)
      expect(await rich.account.quota()).toMatchObject({ remaining: before.remaining, used: before.used, held: 0 })
    }),
    { numRuns: 15 },
  )
})

test('property 05: a good key with quota is accepted, a bad one gets 401, one without quota 429', async () => {
  expect((await ask(rich, agents.openai, 'Hi')).status).toBe(200)
  const bad = fc.oneof(
    fc.string({ maxLength: 60 }).filter((text) => /^[\x21-\x7e]+$/.test(text)),
    fc.constant(null).map(() => newKey()),
  )
  await fc.assert(
    fc.asyncProperty(bad, async (key) => {
      const response = await ask({ key }, agents.openai, 'Hi')
      expect([response.status, (await response.json<{ error: { code: string } }>()).error.code]).toEqual([401, '40103'])
    }),
    { numRuns: 40 },
  )
  const poor = await newDeveloper()
  await pay(poor, 1)
  for (let i = 0; i < 101; i++) await poor.account.admit({ ...SPENT, callId: crypto.randomUUID() })
  const refused = await ask(poor, agents.openai, 'Hi')
  expect([refused.status, refused.headers.get('x-should-retry'), await refused.json()]).toMatchObject([
    429,
    'false',
    { error: { code: '42901' } },
  ])
})

const SPENT = {
  v: 1,
  requestId: 'r',
  accountId: 'a',
  keyId: 'other',
  agentId: 'a',
  agentVersion: 1,
  creatorId: 'c',
  provider: 'openai',
  model: 'm',
  stream: false,
  price: 1,
  trial: false,
  leaseMs: 90_000,
} as const

test('property 06: the eleventh call of a free account within a minute is refused, with a true Retry-After', async () => {
  const developer = await newDeveloper()
  const statuses = await Promise.all(Array.from({ length: 25 }, async () => await ask(developer, agents.openai, 'Hi')))
  expect(statuses.filter(({ status }) => status === 200).length).toBe(10)
  const refused = statuses.find(({ status }) => status === 429)
  const seconds = Number(refused?.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(60)
  expect(refused?.headers.get('x-ratelimit-remaining')).toBe('0')
})

test('property 07: a draft or inactive agent is refused like one that does not exist', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PROVIDERS), fc.boolean(), async (provider, byId) => {
      const slug = `draft-${crypto.randomUUID().slice(0, 12)}`
      const config = {
        system_prompt: 'Hidden.',
        provider,
        model: MODELS[provider],
        temperature: 1,
        max_tokens: 10,
        top_p: 1,
        price_per_call: '0.01',
      }
      const draft = await createAgent(bindings, {
        slug,
        name: 'Draft',
        description: null,
        category: null,
        creatorId: await newUser('creator'),
        config,
      })
      const named = byId ? draft : { id: slug, slug }
      const body = async (agent: { id: string; slug: string }): Promise<unknown> => {
        const response = await ask(rich, agent, 'Hi')
        return [response.status, (await response.json<{ error: unknown }>()).error]
      }
      expect(await body(named)).toEqual(await body({ id: crypto.randomUUID(), slug: 'nothing' }))
    }),
    { numRuns: 6 },
  )
})

test('property 08: publishing makes an agent callable', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PROVIDERS), async (provider) => {
      const slug = `fresh-${crypto.randomUUID().slice(0, 12)}`
      const config = {
        system_prompt: 'Hidden words here.',
        provider,
        model: MODELS[provider],
        temperature: 1,
        max_tokens: 50,
        top_p: 1,
        price_per_call: '0.004',
      }
      const draft = await createAgent(bindings, {
        slug,
        name: 'Fresh',
        description: null,
        category: null,
        creatorId: await newUser('creator'),
        config,
      })
      expect((await ask(rich, draft, 'Hi')).status).toBe(404)
      expect((await publishAgent(bindings, draft.id)).status).toBe('active')
      expect((await ask(rich, draft, 'Hi')).status).toBe(200)
    }),
    { numRuns: 4 },
  )
})

test('property 09: every update keeps the version before it and adds one to the number', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 4 }),
      async (prompts) => {
        let agent = await newAgent()
        const { version: first } = agent
        const config = {
          provider: 'openai',
          model: MODELS.openai,
          temperature: 1,
          max_tokens: 50,
          top_p: 1,
          price_per_call: '0.004',
        } as const
        for (const system_prompt of prompts)
          agent = await updateAgent(bindings, agent.id, agent.version, { config: { ...config, system_prompt } })
        expect(agent.version).toBe(first + prompts.length)
        const now = await findAgent(bindings, agent.id)
        expect(reveal((await openAgent(bindings, now ?? agent)).prompt)).toBe(prompts.at(-1))
      },
    ),
    { numRuns: 5 },
  )
})

test('property 12: once a revocation has been acknowledged, no call with that key is admitted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 20 }), async (delay) => {
      const developer = await newDeveloper()
      await pay(developer, 1_000)
      let isAcknowledged = false
      const late: number[] = []
      const callers = Array.from({ length: 6 }, async () => {
        for (let i = 0; i < 10; i++) {
          const startedLate = isAcknowledged
          const { status } = await ask(developer, agents.openai, 'Hi')
          if (startedLate) late.push(status)
        }
      })
      await new Promise((resolve) => setTimeout(resolve, delay))
      await revokeKey(bindings, developer.keyId)
      isAcknowledged = true
      await Promise.all(callers)
      late.push((await ask(developer, agents.openai, 'Hi')).status)
      expect(late.filter((status) => status !== 401)).toEqual([])
    }),
    { numRuns: 4 },
  )
})

/** Passages about things far apart, under headings, so that each is a chunk. */
const LEAFLET = {
  Warranty: 'The Solaris heat pump has a warranty of five years from the day of installation.',
  Returns: 'Goods can be returned within thirty days. Model AL-4471 cannot be returned.',
  Ferries: 'The ferry to the lighthouse leaves the harbour at a quarter past eight each morning.',
  Bread: 'Knead the dough for ten minutes, let it rise overnight and bake it in a hot oven.',
  Dogs: 'Dogs travel free of charge and sit on the floor of the coach.',
}

test('property 18: what is retrieved for a question is at least as near to it as the agent asks for', async () => {
  const knowing = await newKnowing()
  const { agent } = knowing
  const sections = Object.entries(LEAFLET)
  await learn(knowing, 'leaflet.md', sections.map(([heading, text]) => `# ${heading}\n\n${text}\n`).join('\n'))
  const vectors = await embed(
    bindings,
    sections.map(([heading, text]) => `${heading}\n${text}`),
    5_000,
  )
  const counts = { given: 0, kept: 0 }
  const words = sections.flatMap(([, text]) => text.split(/[^\w-]+/)).filter((word) => word.length > 3)
  const question = fc.array(fc.constantFrom(...words), { minLength: 2, maxLength: 8 }).map((some) => some.join(' '))
  await fc.assert(
    fc.asyncProperty(question, fc.double({ min: 0, max: 0.9, noNaN: true }), async (query, threshold) => {
      const knowledge = { file_ids: [], top_k: 5, similarity_threshold: threshold }
      const passages = (await retrieve(bindings, { agentId: agent.id, knowledge, query })) ?? []
      const [asked] = await embed(bindings, [query], 5_000)
      if (!asked) throw new Error('The question has no vector.')
      const given = passages.map(({ text }) => text).join('\n')
      for (const [at, [, text]] of sections.entries()) {
        if (!given.includes(text)) counts.kept++
        else {
          counts.given++
          // Vectors that are compared in Postgres are kept as bytes, and are off by a little.
          expect(cosineOf(asked, vectors[at])).toBeGreaterThanOrEqual(threshold - 0.01)
        }
      }
    }),
    { numRuns: 12 },
  )
  expect(counts.given).toBeGreaterThan(0)
  expect(counts.kept).toBeGreaterThan(0)
})

/** The cosine as it is written in books, for vectors of length one. */
function cosineOf(one: Float32Array, other: Float32Array | undefined): number {
  return one.reduce((sum, value, at) => sum + value * (other?.[at] ?? 0), 0)
}

test('property 27: a call whose provider does not answer in time gets 504, wherever it falls silent', async () => {
  const silence = fc.constantFrom({ hangBeforeHeaders: true }, { delayMs: 3_000 }, { hangAfterEvents: 0 })
  await fc.assert(
    fc.asyncProperty(silence, fc.boolean(), fc.constantFrom(...PROVIDERS), async (directive, stream, provider) => {
      const agent = await newAgent(provider)
      const response = await ask(rich, agent, `Go. ${fault(directive)}`, { stream })
      expect([response.status, await response.json()]).toMatchObject([504, { error: { code: '50401' } }])
    }),
    { numRuns: 6 },
  )
})

test('property 33, property 34: whatever the provider does, an error has the standard form, a code and a correlation id', async () => {
  const trouble = fc.constantFrom(
    ...[400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529].map((status) => ({ status })),
    { errorEcho: 400 },
    { errorEcho: 500 },
    { contextLength: true },
    { contentFilter: true },
    { noCredit: true },
    { html200: true },
    { empty200: true },
    { redirect: true },
    { resetAtByte: 0 },
  )
  await fc.assert(
    fc.asyncProperty(
      trouble,
      fc.boolean(),
      fc.constantFrom(...PROVIDERS),
      fc.constantFrom('agentlink' as const, 'openai' as const),
      async (directive, stream, provider, dialect) => {
        const agent = await newAgent(provider)
        const response = await ask(rich, agent, `Go. ${fault(directive)}`, { stream, dialect })
        const text = await response.text()
        const body = JSON.parse(text) as { error: { code: string; message: string }; request_id: string }
        expect(body.error.code).toMatch(/^[45]\d{4}$/)
        expect(body.error.code.slice(0, 3)).toBe(String(response.status))
        expect(body.request_id).toBe(response.headers.get('x-request-id'))
        expect(text).not.toMatch(/tide pools|sk-|api\.openai|127\.0\.0\.1|\.ts:\d/)
      },
    ),
    { numRuns: 40 },
  )
})

test('property 34: errors of every route carry a correlation id, also one the caller chose', async () => {
  const path = fc.constantFrom(
    '/nothing',
    '/v1/chat/completions',
    '/proxy/v1/agents/x/chat',
    '/api/v1/key',
    '/api/v1/admin/keys/x',
    '/v1/nothing',
  )
  await fc.assert(
    fc.asyncProperty(
      path,
      fc.constantFrom('GET', 'POST', 'DELETE'),
      fc.option(fc.stringMatching(/^[\w-]{1,36}$/)),
      async (where, method, requestId) => {
        const response = await SELF.fetch(`https://agentlink.test${where}`, {
          method,
          headers: requestId === null ? {} : { 'x-request-id': requestId },
        })
        const body: { request_id: string; error: { code: string } } = await response.json()
        expect(response.status).toBeGreaterThanOrEqual(400)
        expect(body.request_id).toBe(requestId ?? response.headers.get('x-request-id'))
        expect(body.error.code).toMatch(/^\d{5}$/)
      },
    ),
    { numRuns: 40 },
  )
})

test('a stream’s events are never fewer than what came before it broke', async () => {
  const agent = await newAgent()
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), async (events) => {
      const seen = await eventsOf(
        await ask(rich, agent, `Go. ${fault({ events: 10, closeAfterEvents: events })}`, { stream: true }),
      )
      const contents = seen.filter(
        ({ data }) =>
          data !== '[DONE]' &&
          Boolean((data['choices'] as { delta: { content?: string } }[] | undefined)?.[0]?.delta.content),
      )
      expect(contents.length).toBe(events)
    }),
    { numRuns: 4 },
  )
})
