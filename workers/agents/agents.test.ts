import { Redis } from '@upstash/redis/cloudflare'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest'
import { users } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { settings, type Bindings } from '../env.ts'
import { amount } from '../money/amount.ts'
import {
  createAgent,
  findAgent,
  forgetAgent,
  listPublished,
  openAgent,
  publishAgent,
  unpublishAgent,
  updateAgent,
  type Agent,
} from './agents.ts'
import type * as agentsRoom from './agents.ts'
import type { AgentConfigInput } from './config.ts'
import { agents, agentVersions } from './tables.ts'
import { openConfig, reveal } from './vault.ts'

const CONFIG: AgentConfigInput = {
  system_prompt: 'You are Ledger, a patient bookkeeper.',
  model: 'gpt-5-mini',
  provider: 'openai',
  temperature: 0.2,
  max_tokens: 800,
  top_p: 1,
  price_per_call: '0.012',
}
/** Environments in which a store is away. */
const NO_POSTGRES = {
  ...env,
  DATABASE_URL: 'postgres://nobody:nothing@127.0.0.1:1/nowhere',
  DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
}
const NO_REDIS = { ...env, UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1' }
const DARK = { ...NO_POSTGRES, UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1' }

let creatorId: string
let now = Date.now()
let fetches: MockInstance<typeof fetch>

beforeEach(async () => {
  creatorId = newId()
  await db(env)
    .insert(users)
    .values({ id: creatorId, email: `${creatorId}@test`, passwordHash: '-', userType: 'creator' })
  now += 3_600_000
  vi.spyOn(clock, 'now').mockImplementation(() => now)
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  fetches = vi.spyOn(globalThis, 'fetch')
})

afterEach(() => {
  vi.restoreAllMocks()
})

async function make(overrides: Partial<AgentConfigInput> = {}): Promise<Agent> {
  return createAgent(env, {
    creatorId,
    slug: `ledger-${newId()}`,
    name: 'Ledger',
    description: 'Keeps your books.',
    category: 'data',
    config: { ...CONFIG, ...overrides },
  })
}

/** The agents room as another isolate has it: the same stores, an empty memory. */
async function anotherIsolate(): Promise<typeof agentsRoom> {
  vi.resetModules()
  const { clock: itsClock } = await import('../base/clock.ts')
  vi.spyOn(itsClock, 'now').mockImplementation(() => now)
  return import('./agents.ts')
}

/** Changes the price as another isolate would whose message to Redis is lost. */
async function changeBehindOurBack(id: string): Promise<void> {
  await db(env).update(agents).set({ pricePerCall: '0.5' }).where(eq(agents.id, id))
}

/** How many requests went to which store since the last time this was asked. */
function asked(): { redis: number; postgres: number } {
  const urls = fetches.mock.calls.map(([input]) => (input instanceof Request ? input.url : input.toString()))
  fetches.mockClear()
  const postgres = urls.filter((url) => url.endsWith('/sql')).length
  return { postgres, redis: urls.length - postgres }
}

/**
 * Waits until the look-ups and writes that go on beside a call are done: until a query of our own is the only request
 * that was made meanwhile.
 */
async function settled(): Promise<void> {
  for (let calls = -1; calls !== fetches.mock.calls.length;) {
    calls = fetches.mock.calls.length
    await Promise.allSettled(fetches.mock.results.map((result) => result.value as Promise<Response>))
    await db(env).select({ id: users.id }).from(users).where(eq(users.id, creatorId))
    calls++
  }
}

test('an agent is found by its id and its slug, whatever the case, and opens with its prompt sealed', async () => {
  const made = await make()
  const agent = await findAgent(env, made.id.toUpperCase())
  expect(agent).toEqual(await findAgent(env, made.slug))
  expect(agent).toMatchObject({ status: 'draft', version: 1, creatorId, provider: 'openai', model: 'gpt-5-mini' })
  expect(agent?.pricePerCall).toBe(amount('0.012'))
  expect(agent?.publicTexts).toEqual(['Ledger', 'Keeps your books.', 'data'])
  const { prompt, temperature } = await openAgent(env, made)
  expect([reveal(prompt), temperature]).toEqual([CONFIG.system_prompt, 0.2])
})

test('what can be no agent’s name is refused without asking a store', async () => {
  for (const name of ['', ' ', '../etc', 'a b', '-x', 'x'.repeat(101), 'ñandú', "'; DROP TABLE agents; --"])
    expect(await findAgent(DARK, name)).toBeNull()
  expect(asked()).toEqual({ redis: 0, postgres: 0 })
})

test('a warm isolate asks no store, and a cold one asks once for many calls at once', async () => {
  const { slug } = await make()
  await settled()
  asked()
  await Promise.all(Array.from({ length: 100 }, () => findAgent(env, slug)))
  await settled()
  const { redis, postgres } = asked()
  expect([redis <= 2, postgres <= 2]).toEqual([true, true])
  now += 749
  for (let i = 0; i < 100; i++) await findAgent(env, slug)
  expect(asked()).toEqual({ redis: 0, postgres: 0 })
})

test('in its last quarter of a second a copy is used and renewed beside the call', async () => {
  const { id, slug } = await make()
  await findAgent(env, slug)
  await changeBehindOurBack(id)
  now += 999
  expect((await findAgent(env, slug))?.pricePerCall).toBe(amount('0.012'))
  await vi.waitFor(async () => expect((await findAgent(DARK, slug))?.pricePerCall).toBe(amount('0.5')))
})

test('a change is effective after a second in every isolate, even if Redis still has what was before', async () => {
  const { id, slug } = await make()
  const other = await anotherIsolate()
  await findAgent(env, slug)
  await settled()
  expect((await other.findAgent(env, slug))?.pricePerCall).toBe(amount('0.012'))
  await changeBehindOurBack(id)
  now += 1_000
  expect((await findAgent(env, slug))?.pricePerCall).toBe(amount('0.5'))
  expect((await other.findAgent(env, slug))?.pricePerCall).toBe(amount('0.5'))
  expect((await (await anotherIsolate()).findAgent(env, slug))?.pricePerCall).toBe(amount('0.5'))
})

test('a change made through this room is effective here at once', async () => {
  const { id, slug } = await make()
  expect((await findAgent(env, slug))?.status).toBe('draft')
  await publishAgent(env, id)
  expect((await findAgent(env, slug))?.status).toBe('active')
  expect((await findAgent(env, id))?.status).toBe('active')
  await updateAgent(env, id, 1, { config: { ...CONFIG, system_prompt: 'You are new.' } })
  const agent = await findAgent(env, id)
  expect(agent && reveal((await openAgent(env, agent)).prompt)).toBe('You are new.')
})

test('Redis spares Postgres the reads of other isolates within the second', async () => {
  const { slug } = await make()
  await findAgent(env, slug)
  await vi.waitFor(async () => {
    const other = await anotherIsolate()
    expect((await other.findAgent(NO_POSTGRES, slug))?.slug).toBe(slug)
  })
})

test('Redis holds no word of the prompt', async () => {
  const { id } = await make()
  await findAgent(env, id)
  await settled()
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = settings(env)
  const kept = await new Redis({ url, token, automaticDeserialization: false }).get<string>(`agent:1:${id}`)
  expect(kept).toContain(id)
  expect(kept).not.toContain('bookkeeper')
})

test('an unknown agent is remembered as unknown for less than a second', async () => {
  const slug = `later-${newId()}`
  expect(await findAgent(env, slug)).toBeNull()
  now += 999
  expect(await findAgent(DARK, slug)).toBeNull()
  now += 1
  await expect(findAgent(DARK, slug)).rejects.toMatchObject({ code: '50302' })
})

test('with both stores away a copy serves for ten minutes, and they are asked at most once a second', async () => {
  const { slug } = await make()
  await findAgent(env, slug)
  await settled()
  asked()
  now += 300_000
  for (let i = 0; i < 20; i++) expect((await findAgent(DARK, slug))?.slug).toBe(slug)
  expect(asked().postgres).toBe(1)
  now += 1_000
  for (let i = 0; i < 20; i++) expect((await findAgent(DARK, slug))?.slug).toBe(slug)
  expect(asked().postgres).toBe(1)
  now += 299_000
  await expect(findAgent(DARK, slug)).rejects.toMatchObject({ kind: 'storeUnavailable' })
})

test('with Postgres away another isolate serves what Redis kept', async () => {
  const { slug } = await make()
  await findAgent(env, slug)
  await settled()
  now += 599_000
  const other = await anotherIsolate()
  expect((await other.findAgent(NO_POSTGRES, slug))?.slug).toBe(slug)
})

test('without Redis everything works', async () => {
  const { id, slug } = await make()
  expect((await findAgent(NO_REDIS, slug))?.id).toBe(id)
  await publishAgent(NO_REDIS, id)
  expect((await findAgent(NO_REDIS, slug))?.status).toBe('active')
})

test('after an outage the next call a second later sees what has changed', async () => {
  const { id, slug } = await make()
  await findAgent(env, slug)
  now += 60_000
  await findAgent(DARK, slug)
  await changeBehindOurBack(id)
  now += 1_000
  expect((await findAgent(env, slug))?.pricePerCall).toBe(amount('0.5'))
})

test('property 09: every update keeps the version before, retrievable, and counts one up', async () => {
  const change = fc.record(
    {
      system_prompt: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
      temperature: fc.integer({ min: 0, max: 200 }).map((hundredths) => hundredths / 100),
      price_per_call: fc.integer({ min: 1, max: 100_000 }).map((mills) => (mills / 1_000).toFixed(3)),
    },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const made = await make()
      const history = [CONFIG]
      for (const [index, one] of changes.entries()) {
        const config = { ...CONFIG, ...one }
        history.push(config)
        const updated = await updateAgent(env, made.id, index + 1, { config })
        expect(updated.version).toBe(index + 2)
        expect(updated.pricePerCall).toBe(amount(config.price_per_call))
      }
      const rows = await db(env).select().from(agentVersions).where(eq(agentVersions.agentId, made.id))
      expect(rows.map((row) => row.version).toSorted((a, b) => a - b)).toEqual(history.map((_, index) => index + 1))
      for (const row of rows) {
        const place = {
          table: 'agent_versions',
          column: 'config_encrypted',
          agentId: made.id,
          version: row.version,
        } as const
        const sealed = { ciphertext: row.configEncrypted, iv: row.configIv, keyId: row.keyId }
        const opened = await openConfig(env, place, sealed)
        const expected = history[row.version - 1]
        expect(reveal(opened.prompt)).toBe(expected?.system_prompt)
        expect([opened.temperature, amount(row.pricePerCall)]).toEqual([
          expected?.temperature,
          amount(expected?.price_per_call ?? ''),
        ])
      }
    }),
    { numRuns: 15 },
  )
})

test('an update of the details alone keeps prompt and price, and opens under its new version', async () => {
  const { id } = await make()
  const updated = await updateAgent(env, id, 1, { description: null, name: 'Ledger II' })
  expect(updated).toMatchObject({ version: 2, name: 'Ledger II', description: null, category: 'data' })
  expect(reveal((await openAgent(env, updated)).prompt)).toBe(CONFIG.system_prompt)
  expect(updated.pricePerCall).toBe(amount('0.012'))
})

test('of two updates of the same version one wins, and the other changes nothing', async () => {
  const { id } = await make()
  const names = ['One', 'Two', 'Three', 'Four']
  const outcomes = await Promise.allSettled(names.map((name) => updateAgent(env, id, 1, { name })))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: '40903' })
  expect((await findAgent(env, id))?.version).toBe(2)
  for (const version of [1, 3])
    await expect(updateAgent(env, id, version, { name: 'Late' })).rejects.toMatchObject({ code: '40903' })
})

test('publishing makes a draft active, unpublishing an active one inactive and leaves a draft alone', async () => {
  const { id } = await make()
  expect((await unpublishAgent(env, id)).status).toBe('draft')
  expect((await publishAgent(env, id)).status).toBe('active')
  expect((await unpublishAgent(env, id)).status).toBe('inactive')
  await expect(publishAgent(env, newId())).rejects.toMatchObject({ kind: 'agentNotFound' })
})

test('only published agents are listed, in the order of their slugs, from where one left off', async () => {
  const [one, two, draft] = await Promise.all([make(), make(), make()])
  await Promise.all([publishAgent(env, one.id), publishAgent(env, two.id)])
  const ids = new Set([one.id, two.id, draft.id])
  const listed = (await listPublished(env, 'ledger-')).filter(({ id }) => ids.has(id))
  expect(listed.map(({ slug }) => slug)).toEqual([one.slug, two.slug].toSorted())
  const rest = await listPublished(env, listed[0]?.slug)
  expect(rest.filter(({ id }) => ids.has(id)).map(({ slug }) => slug)).toEqual([listed[1]?.slug])
})

test('a slug is taken once and looks like no id; wrong prices are refused', async () => {
  const { slug } = await make()
  const input = { creatorId, slug, name: 'Twin', description: null, category: null, config: CONFIG }
  await expect(createAgent(env, input)).rejects.toMatchObject({
    code: '40002',
    details: { fields: [{ field: 'slug' }] },
  })
  await expect(createAgent(env, { ...input, slug: newId() })).rejects.toThrow('slug')
  await expect(make({ price_per_call: '100.01' })).rejects.toThrow('price_per_call')
})

test('an agent that was written past this room shows after it is forgotten', async () => {
  const agent = await make()
  await findAgent(env, agent.id)
  await changeBehindOurBack(agent.id)
  await forgetAgent(env, agent)
  expect((await findAgent(env, agent.id))?.pricePerCall).toBe(amount('0.5'))
})

test('a malformed encryption key keeps an agent from being written at all', async () => {
  const broken: Bindings = { ...env, ENCRYPTION_KEY: 'not a key' }
  const slug = `never-${newId()}`
  const input = { creatorId, slug, name: 'Never', description: null, category: null, config: CONFIG }
  await expect(createAgent(broken, input)).rejects.toThrow('ENCRYPTION_KEY must be written')
  expect(await db(env).select({ id: agents.id }).from(agents).where(eq(agents.slug, slug))).toEqual([])
})
