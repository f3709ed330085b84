import { createExecutionContext } from 'cloudflare:test'
import { and, eq } from 'drizzle-orm'
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { agentLastCalls } from '../analytics/tables.ts'
import { app } from '../app.ts'
import { auditLog, users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { api, ask, bindings, newDeveloper, signIn, type Account, type ApiAnswer } from '../tests/world.ts'
import { findAgent } from './agents.ts'
import { agentVersions, agents } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { PlatformEvent } from '../notifications/events.ts'

const PROMPT = 'You are Rill, who explains rivers to children in three short sentences and never mentions dams.'
const CONFIG = {
  system_prompt: PROMPT,
  model: 'gpt-4.1-mini',
  provider: 'openai',
  temperature: 0.3,
  max_tokens: 400,
  top_p: 1,
  price_per_call: '0.02',
}
const NEW = {
  name: 'Rill',
  description: 'Explains how rivers work to children aged six to ten.',
  category: 'education',
  config: CONFIG,
}

let ada: Account
let eve: Account
beforeAll(async () => {
  ada = await signIn('creator')
  eve = await signIn('creator')
})

async function make(change: Record<string, unknown> = {}, as = ada): Promise<string> {
  const { status, body } = await api('POST /api/v1/agents', { as, body: { ...NEW, ...change } })
  expect(status, JSON.stringify(body)).toBe(201)
  return body.id
}

const update = (id: string, body: unknown, as = ada): Promise<ApiAnswer> =>
  api(`PUT /api/v1/agents/${id}`, { as, body })

const fieldsOf = (answer: ApiAnswer): string[] =>
  (answer.body.error?.details?.fields ?? []).map(({ field }: { field: string }) => field)

test('an agent is made, read, changed, published, taken back and archived by its creator', async () => {
  const created = await api('POST /api/v1/agents', { as: ada, body: NEW })
  expect(created.status).toBe(201)
  expect(created.body).toMatchObject({
    name: 'Rill',
    status: 'draft',
    version: 1,
    category: 'education',
    config: { model: 'gpt-4.1-mini', price_per_call: '0.02', allow: { tools: true } },
    prompt: { chars: PROMPT.length },
    statistics: { total_calls: 0, total_revenue_usd: '0.00', average_rating: 0, review_count: 0 },
    token: null,
    warnings: [],
  })
  const { id, slug } = created.body
  expect(slug).toMatch(/^rill(-[0-9a-f]{8})?$/)

  const read = await api(`GET /api/v1/agents/${id}`, { as: ada })
  expect(read.headers.get('cache-control')).toBe('no-store')
  expect({ ...read.body, warnings: [] }).toEqual(created.body)

  const changed = await update(id, { config: { price_per_call: '0.03', allow: { images: false } }, name: 'Rill II' })
  expect(changed.body).toMatchObject({ name: 'Rill II', version: 2, slug })
  expect(changed.body.config).toEqual({
    ...read.body.config,
    price_per_call: '0.03',
    allow: { ...read.body.config.allow, images: false },
  })
  expect(changed.body.prompt).toEqual(read.body.prompt)

  const published = await api(`POST /api/v1/agents/${id}/publish`, { as: ada })
  expect([published.status, published.body.status]).toEqual([200, 'active'])
  const developer = await newDeveloper()
  const unpublished = await api(`POST /api/v1/agents/${id}/unpublish`, { as: ada })
  expect(unpublished.body.status).toBe('inactive')
  expect((await ask(developer, { id, slug }, 'Hello')).status).toBe(404)

  expect((await api(`DELETE /api/v1/agents/${id}`, { as: ada })).status).toBe(204)
  expect((await api(`DELETE /api/v1/agents/${id}`, { as: ada })).status).toBe(204)
  expect((await findAgent(bindings, id))?.status).toBe('archived')
  expect((await api(`GET /api/v1/agents/${id}`, { as: ada })).body.status).toBe('archived')
  for (const [route, body] of [
    [`PUT /api/v1/agents/${id}`, { name: 'Back' }],
    [`POST /api/v1/agents/${id}/publish`, undefined],
    [`POST /api/v1/agents/${id}/unpublish`, undefined],
    [`POST /api/v1/agents/${id}/versions/1/restore`, undefined],
  ] as const)
    expect((await api(route, { as: ada, body })).body.error?.code, route).toBe('40903')
  expect((await api(`GET /api/v1/agents/${id}/versions`, { as: ada })).body.items).toHaveLength(2)
  expect((await ask(developer, { id, slug }, 'Hello')).status).toBe(404)
})

test('the prompt is shown by one route, to its owner, uncached, and every reading is on record', async () => {
  const id = await make()
  await update(id, { config: { system_prompt: 'You are the second one.' } })
  const now = await api(`GET /api/v1/agents/${id}/prompt`, { as: ada })
  expect(now.body).toEqual({ agent_id: id, version: 2, system_prompt: 'You are the second one.' })
  expect(now.headers.get('cache-control')).toBe('no-store')
  const before = await api(`GET /api/v1/agents/${id}/prompt?version=1`, { as: ada })
  expect(before.body).toEqual({ agent_id: id, version: 1, system_prompt: PROMPT })
  expect((await api(`GET /api/v1/agents/${id}/prompt?version=3`, { as: ada })).status).toBe(404)
  const isReading = and(eq(auditLog.subjectId, id), eq(auditLog.action, 'agent.prompt_read'))
  const readings = await db(bindings).select().from(auditLog).where(isReading).orderBy(auditLog.createdAt)
  expect(readings.map(({ actorId, details }) => [actorId, details])).toEqual([
    [ada.id, { version: 2 }],
    [ada.id, { version: 1 }],
  ])

  const others = ['', '/versions', '/versions/1']
  for (const path of others)
    expect(JSON.stringify((await api(`GET /api/v1/agents/${id}${path}`, { as: ada })).body)).not.toContain(
      'explains rivers',
    )
  const list = await api('GET /api/v1/agents', { as: ada })
  expect(JSON.stringify(list.body)).not.toContain('explains rivers')
})

test('what is somebody else’s is answered as what does not exist, on every route', async () => {
  const id = await make()
  const nowhere = newId()
  const routes: [string, unknown?][] = [
    ['GET /api/v1/agents/:id'],
    ['PUT /api/v1/agents/:id', { name: 'Mine' }],
    ['POST /api/v1/agents/:id/publish'],
    ['POST /api/v1/agents/:id/unpublish'],
    ['DELETE /api/v1/agents/:id'],
    ['GET /api/v1/agents/:id/versions'],
    ['GET /api/v1/agents/:id/versions/1'],
    ['POST /api/v1/agents/:id/versions/1/restore'],
    ['GET /api/v1/agents/:id/prompt'],
  ]
  const developer = await signIn('developer')
  const admin = await signIn('admin')
  for (const [route, body] of routes) {
    const theirs = await api(route.replace(':id', id), { as: eve, body })
    const none = await api(route.replace(':id', nowhere), { as: eve, body })
    expect(theirs.status, route).toBe(404)
    expect(theirs.body.error, route).toEqual(none.body.error)
    for (const as of [developer, admin])
      expect((await api(route.replace(':id', id), { as, body })).status, route).toBe(403)
    expect((await api(route.replace(':id', id), { body })).status, route).toBe(401)
    expect((await api(route.replace(':id', 'not-an-id'), { as: ada, body })).status, route).toBe(400)
  }
  for (const [route, body] of [
    ['POST /api/v1/agents', NEW],
    ['GET /api/v1/agents', undefined],
  ] as const) {
    expect((await api(route, { as: developer, body })).status).toBe(403)
    expect((await api(route, { body })).status).toBe(401)
  }
  expect(await findAgent(bindings, id)).toMatchObject({ name: 'Rill', status: 'draft', version: 1 })
})

test('a creator’s list holds their own, newest first, page by page, and archived ones only when asked for', async () => {
  const creator = await signIn('creator')
  const ids = []
  for (let i = 0; i < 5; i++) ids.push(await make({ name: `Rill ${i}` }, creator))
  await api(`DELETE /api/v1/agents/${ids[0]}`, { as: creator })
  const seen = []
  let path = '/api/v1/agents?limit=3'
  for (;;) {
    const { body } = await api(`GET ${path}`, { as: creator })
    seen.push(...body.items.map((agent: { id: string }) => agent.id))
    if (body.next_cursor === null) break
    path = `/api/v1/agents?limit=3&cursor=${body.next_cursor}`
  }
  expect(seen).toEqual(ids.slice(1).toReversed())
  const archived = await api('GET /api/v1/agents?status=archived', { as: creator })
  expect(archived.body.items.map((agent: { id: string }) => agent.id)).toEqual([ids[0]])
  for (const query of ['limit=101', 'limit=0', 'status=gone', 'cursor=xyz', 'limit=1&limit=2'])
    expect((await api(`GET /api/v1/agents?${query}`, { as: creator })).status, query).toBe(400)
})

test('every wrong field is named at once, and no value is quoted', async () => {
  const answer = await api('POST /api/v1/agents', {
    as: ada,
    body: {
      name: '',
      category: 'weapons',
      config: { ...CONFIG, temperature: 3, price_per_call: '0', provider: 'acme' },
    },
  })
  expect(answer.status).toBe(400)
  expect(fieldsOf(answer).toSorted()).toEqual([
    'category',
    'config.price_per_call',
    'config.provider',
    'config.temperature',
    'name',
  ])
  expect(JSON.stringify(answer.body)).not.toContain('weapons')
  expect(fieldsOf(await api('POST /api/v1/agents', { as: ada, body: {} })).toSorted()).toEqual(['config', 'name'])
  expect(fieldsOf(await update(await make(), {}))).toEqual([''])
})

test('property 11: a price is taken from 0.001 to 100 dollars and nowhere else, also through the door', async () => {
  const id = await make()
  const micros = (value: number): string => `${Math.floor(value / 1e6)}.${String(value % 1e6).padStart(6, '0')}`
  const priceOf = async (text: string): Promise<number> =>
    (await update(id, { config: { price_per_call: text } })).status
  const inside = fc.integer({ min: 1_000, max: 100_000_000 })
  const outside = fc.oneof(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 100_000_001, max: 2 ** 40 }))
  await fc.assert(
    fc.asyncProperty(inside, async (value) => (await priceOf(micros(value))) === 200),
    { numRuns: 20 },
  )
  await fc.assert(
    fc.asyncProperty(outside, async (value) => (await priceOf(micros(value))) === 400),
    { numRuns: 20 },
  )
  for (const end of ['0.001', '100']) expect(await priceOf(end)).toBe(200)
})

test('property 09: every update through the door keeps the version before, and the number grows by one', async () => {
  const change = fc.record(
    {
      name: fc.constantFrom('Rill', 'Beck', 'Burn'),
      description: fc.constantFrom('One description that is long enough.', 'Another one that is long enough.', null),
      config: fc.record(
        {
          temperature: fc.double({ min: 0, max: 2, noNaN: true }),
          price_per_call: fc.constantFrom('0.02', '0.5', '7'),
          system_prompt: fc.string({ minLength: 1, maxLength: 40 }).filter((text) => text.trim() !== ''),
          max_tokens: fc.integer({ min: 1, max: 32_000 }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
      const id = await make()
      const history = [{ ...CONFIG }]
      for (const given of changes.filter((each) => Object.keys(each).length > 0)) {
        const { status, body } = await update(id, given)
        expect([status, body.version], JSON.stringify(body)).toEqual([200, history.length + 1])
        history.push({ ...history.at(-1)!, ...given.config })
      }
      const { body } = await api(`GET /api/v1/agents/${id}/versions?limit=100`, { as: ada })
      expect(body.items.map(({ version }: { version: number }) => version)).toEqual(
        history.map((_, i) => history.length - i),
      )
      for (const [place, config] of history.entries()) {
        const kept = await api(`GET /api/v1/agents/${id}/prompt?version=${place + 1}`, { as: ada })
        expect(kept.body.system_prompt).toBe(config.system_prompt)
        const row = body.items.at(-1 - place)
        expect([Number(row.price_per_call), row.is_current]).toEqual([
          Number(config.price_per_call),
          place === history.length - 1,
        ])
      }
    }),
    { numRuns: 8 },
  )
})

test('of two changes of the same version the second one is told that it came too late', async () => {
  const id = await make()
  const answers = await Promise.all([1, 2, 3].map((i) => update(id, { version: 1, name: `Rill ${i}` })))
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409])
  expect((await update(id, { version: 1, name: 'Late' })).body.error).toMatchObject({ code: '40903' })
  expect((await db(bindings).select().from(agentVersions).where(eq(agentVersions.agentId, id))).length).toBe(2)
})

test('a version that is restored becomes a new one with what it was built of', async () => {
  const id = await make()
  await update(id, { config: { system_prompt: 'You are new.', price_per_call: '1' } })
  const restored = await api(`POST /api/v1/agents/${id}/versions/1/restore`, { as: ada })
  expect(restored.body).toMatchObject({ version: 3, config: { price_per_call: '0.02' } })
  const { body } = await api(`GET /api/v1/agents/${id}/prompt`, { as: ada })
  expect(body).toMatchObject({ version: 3, system_prompt: PROMPT })
  expect((await api(`POST /api/v1/agents/${id}/versions/9/restore`, { as: ada })).status).toBe(404)
  const [first] = (await api(`GET /api/v1/agents/${id}/versions?limit=1`, { as: ada })).body.items
  expect(first).toEqual({ ...first, version: 3, is_current: true, price_per_call: '0.02' })
  expect((await api(`GET /api/v1/agents/${id}/versions/2`, { as: ada })).body.price_per_call).toBe('1.00')
  expect((await api(`GET /api/v1/agents/${id}/versions/4`, { as: ada })).status).toBe(404)
})

test('publishing says everything that is missing at once, the unverified e-mail too', async () => {
  const creator = await signIn('creator')
  await db(bindings).update(users).set({ emailVerified: false }).where(eq(users.id, creator.id))
  const id = await make({ description: 'Too short.', category: null }, creator)
  const refused = await api(`POST /api/v1/agents/${id}/publish`, { as: creator })
  expect([refused.status, refused.body.error.code]).toEqual([400, '40002'])
  expect(fieldsOf(refused)).toEqual(['description', 'category', 'email'])
  expect((await findAgent(bindings, id))?.status).toBe('draft')
})

test('a published agent must stay fit to be published', async () => {
  const id = await make()
  await api(`POST /api/v1/agents/${id}/publish`, { as: ada })
  expect(fieldsOf(await update(id, { description: null }))).toEqual(['description'])
  expect((await update(id, { name: 'Rill again' })).status).toBe(200)
})

test('a model must be one that is offered by that provider, and write as much as is asked of it', async () => {
  const refuse = async (config: object): Promise<string[]> =>
    fieldsOf(await api('POST /api/v1/agents', { as: ada, body: { ...NEW, config: { ...CONFIG, ...config } } }))
  expect(await refuse({ model: 'gpt-2' })).toEqual(['config.model'])
  expect(await refuse({ provider: 'google' })).toEqual(['config.model'])
  expect(await refuse({ max_tokens: 32_769 })).toEqual(['config.max_tokens'])
  const id = await make()
  expect(fieldsOf(await update(id, { config: { model: 'gpt-4o', max_tokens: 16_385 } }))).toEqual(['config.max_tokens'])
})

test('a price below what a call may cost, parameters that the model does not take and a repeated prompt are warned of', async () => {
  const warned = async (change: object): Promise<string[]> => {
    const { status, body } = await api('POST /api/v1/agents', { as: ada, body: { ...NEW, ...change } })
    expect(status).toBe(201)
    return body.warnings.map(({ field }: { field: string }) => field)
  }
  expect(await warned({ config: { ...CONFIG, max_tokens: 32_000, price_per_call: '0.001' } })).toEqual([
    'config.price_per_call',
  ])
  expect(await warned({ config: { ...CONFIG, model: 'gpt-5-mini' } })).toEqual(['config.temperature'])
  expect(await warned({ description: `This agent: ${PROMPT.slice(0, 60).toUpperCase()}` })).toEqual(['description'])
  expect(await warned({ description: `This agent: ${PROMPT.slice(0, 49)}` })).toEqual([])
})

test.each([
  'sk-proj-A1b2C3d4E5f6G7h8I9j0',
  'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
  'AKIAIOSFODNN7EXAMPLE',
  '-----BEGIN RSA PRIVATE KEY-----\nMIIE',
  'ak_DemoDeveloperLocalOnly00001uVitz',
])('a prompt with a credential is refused without quoting it: %s', async (secret) => {
  const config = { ...CONFIG, system_prompt: `Ask the shop with the key ${secret} and answer.` }
  const answer = await api('POST /api/v1/agents', { as: ada, body: { ...NEW, config } })
  expect(fieldsOf(answer)).toEqual(['config.system_prompt'])
  expect(JSON.stringify(answer.body)).not.toContain(secret.slice(0, 12))
})

test('ordinary words that look a little like credentials are none', async () => {
  const system_prompt = 'Ask-me-anything about risk-management-for-small-companies, task-lists-of-2026 and sk-learn.'
  await make({ config: { ...CONFIG, system_prompt } })
})

test('fields that are nobody’s to set are ignored', async () => {
  const grab = {
    creator_id: eve.id,
    creatorId: eve.id,
    status: 'active',
    total_calls: 9_999,
    featured_rank: 1,
    average_rating: 5,
    id: newId(),
    version: 1,
  }
  const id = await make(grab)
  const { body } = await update(id, { ...grab, name: 'Still mine' })
  expect(body).toMatchObject({ id, status: 'draft', statistics: { total_calls: 0, average_rating: 0 } })
  const [row] = await db(bindings)
    .select({ creatorId: agents.creatorId, rank: agents.featuredRank })
    .from(agents)
    .where(eq(agents.id, id))
  expect(row).toEqual({ creatorId: ada.id, rank: null })
})

test('markup is text: it is kept and given back as it was written', async () => {
  const description = '<script>alert(1)</script> [x](javascript:alert(1)) & "quotes" \n | table | '
  const id = await make({ name: '<img src=x onerror=alert(1)>', description })
  const answer = await api(`GET /api/v1/agents/${id}`, { as: ada })
  expect(answer.body).toMatchObject({ name: '<img src=x onerror=alert(1)>', description })
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
})

test('names that cannot be seen or mean to be taken for others are refused, full-width ones made plain', async () => {
  const named = async (name: string) => api('POST /api/v1/agents', { as: ada, body: { ...NEW, name } })
  for (const name of [
    'Ri\u200bll',
    'Rill\u202egnp',
    'Ri\u0000ll',
    'Rill\u2028',
    'R\u0456ll',
    '\ud800',
    ' ',
    '—',
    'Rill\n',
    'x'.repeat(101),
  ])
    expect(fieldsOf(await named(name)), JSON.stringify(name)).toEqual(['name'])
  expect((await named('Ｒｉｌｌ   ２')).body).toMatchObject({ name: 'Rill 2', slug: expect.stringMatching(/^rill-2/) })
  expect((await named('Ручей')).body.slug).toMatch(/^agent/)
  expect((await named('数学老师')).body.name).toBe('数学老师')
  for (const slug of ['rіll', 'Rill', 'ri ll', '-rill', newId(), 'ri\u200bll', ''])
    expect(fieldsOf(await api('POST /api/v1/agents', { as: ada, body: { ...NEW, slug } })), slug).toEqual(['slug'])
  expect(fieldsOf(await api('POST /api/v1/agents', { as: ada, body: { ...NEW, description: 'a\u202eb' } }))).toEqual([
    'description',
  ])
})

test('a slug is taken once, and stays taken when its agent is archived', async () => {
  const slug = `rill-${newId().slice(0, 8)}`
  const id = await make({ slug })
  await api(`DELETE /api/v1/agents/${id}`, { as: ada })
  expect(fieldsOf(await api('POST /api/v1/agents', { as: eve, body: { ...NEW, slug } }))).toEqual(['slug'])
})

test('bodies that are too large, malformed or of another type are refused', async () => {
  const large = { ...NEW, description: 'x'.repeat(1_048_576) }
  expect((await api('POST /api/v1/agents', { as: ada, body: large })).status).toBe(413)
  expect((await api('POST /api/v1/agents', { as: ada, body: [] })).status).toBe(400)
  expect(
    (await api('POST /api/v1/agents', { as: ada, body: NEW, headers: { 'content-type': 'text/plain' } })).status,
  ).toBe(415)
})

test('the models are listed for everybody, with limits, costs and what they refuse', async () => {
  const { status, headers, body } = await api('GET /api/v1/models?max_tokens=1000&prompt_chars=3000')
  expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300'])
  const mini = body.models.find(({ model }: { model: string }) => model === 'gpt-5-mini')
  expect(mini).toMatchObject({ provider: 'openai', refused_parameters: ['temperature', 'top_p', 'stop'] })
  // 5,000 tokens in at $0.25 a million, 1,000 out at $2.
  expect(mini.worst_case_usd).toBe('0.00325')
  expect((await api('GET /api/v1/models?max_tokens=0')).status).toBe(400)
})

/** The Worker with a queue of events that keeps what it is given, or that is away. */
function withEvents(send: (events: PlatformEvent[]) => Promise<void>) {
  const sendBatch = async (messages: Iterable<MessageSendRequest<PlatformEvent>>) =>
    send([...messages].map(({ body }) => body))
  const env = { ...bindings, EVENTS: { sendBatch } } as unknown as Bindings
  return async (method: string, path: string, body?: unknown): Promise<Response> => {
    const headers = { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' }
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    return app.fetch(new Request(`https://agentlink.test${path}`, init), env, createExecutionContext())
  }
}

test('publishing is told to the creator once, and a new price of a published agent to those who called it lately', async () => {
  const events: PlatformEvent[] = []
  const send = withEvents(async (sent) => void events.push(...sent))
  const id = await make()
  const [lately, longAgo] = [newId(), newId()]
  const day = (ago: number): string => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)
  await db(bindings)
    .insert(agentLastCalls)
    .values([
      { creatorId: ada.id, agentId: id, userId: lately, day: day(3) },
      { creatorId: ada.id, agentId: id, userId: longAgo, day: day(40) },
    ])
  await send('PUT', `/api/v1/agents/${id}`, { config: { price_per_call: '0.04' } })
  expect(events).toEqual([])
  await send('POST', `/api/v1/agents/${id}/publish`)
  await send('POST', `/api/v1/agents/${id}/publish`)
  expect(events).toMatchObject([
    { type: 'agent.published', userId: ada.id, data: { agent_id: id, version: 2, price_per_call: '0.04' } },
  ])
  await send('PUT', `/api/v1/agents/${id}`, { name: 'Rill', config: { price_per_call: '0.04' } })
  await send('PUT', `/api/v1/agents/${id}`, { config: { price_per_call: '0.05' } })
  expect(events.slice(1)).toMatchObject([
    { type: 'agent.price_changed', userId: lately, data: { old_price_per_call: '0.04', new_price_per_call: '0.05' } },
  ])
})

test('a change stands although nobody can be told of it', async () => {
  const send = withEvents(async () => Promise.reject(new Error('away')))
  const id = await make()
  expect((await send('POST', `/api/v1/agents/${id}/publish`)).status).toBe(200)
  expect((await findAgent(bindings, id))?.status).toBe('active')
})
