import { eq, inArray } from 'drizzle-orm'
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { archiveAgent, createAgent, publishAgent, ratingUpdate, unpublishAgent, updateAgent } from '../agents/agents.ts'
import { agents } from '../agents/tables.ts'
import { agentLastCalls, agentUsage } from '../analytics/tables.ts'
import { creatorProfiles, users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { amount } from '../money/amount.ts'
import { usageRow } from '../tests/call-logs.ts'
import { api, ask, bindings, logsOf, newDeveloper, newUser } from '../tests/world.ts'
import type { Agent } from '../agents/agents.ts'

const WORDS = ['lantern', 'meadow', 'cobalt', 'harbour']
const CATEGORIES = ['legal', 'finance', 'design'] as const
const PROVIDERS = ['openai', 'anthropic', 'google'] as const
const PRICES = ['0.001', '0.004', '0.005', '0.25', '12.5', '100']
const PROMPT = 'You are a secret garden with a hidden gate behind the third wall.'

let creatorId: string
/** Agents that differ in everything one can search by. */
let seeded: Agent[]

type Make = {
  name?: string
  description?: string
  category?: string
  provider?: (typeof PROVIDERS)[number]
  price?: string
  by?: string
}

async function make(change: Make = {}): Promise<Agent> {
  const { name = 'Marlow', description = 'Knows tide pools.', category = 'research' } = change
  const draft = await createAgent(bindings, {
    slug: `market-${newId().slice(0, 12)}`,
    name,
    description,
    category,
    creatorId: change.by ?? creatorId,
    config: {
      system_prompt: PROMPT,
      provider: change.provider ?? 'openai',
      model: 'gpt-4.1-mini',
      temperature: 1,
      top_p: 1,
      max_tokens: 100,
      price_per_call: change.price ?? '0.004',
    },
  })
  return publishAgent(bindings, draft.id)
}

beforeAll(async () => {
  creatorId = await newUser('creator')
  await db(bindings).insert(creatorProfiles).values({ userId: creatorId, displayName: 'Ada', verified: true })
  seeded = []
  for (let i = 0; i < 60; i++)
    seeded.push(
      await make({
        name: `${WORDS[i % 4]} ${i}`,
        description: `Speaks of ${WORDS[(i + 1 + (i % 3)) % 4]} in number ${i}.`,
        category: CATEGORIES[i % 3] ?? 'legal',
        provider: PROVIDERS[(i >> 1) % 3] ?? 'openai',
        price: PRICES[i % 6] ?? '1',
      }),
    )
  await Promise.all(
    seeded.map(({ id }, i) =>
      db(bindings)
        .update(agents)
        .set({ totalCalls: (i * 7) % 20, averageRating: String((i % 11) / 2), reviewCount: i % 11 })
        .where(eq(agents.id, id)),
    ),
  )
})

type Item = {
  id: string
  name: string
  summary: string
  category: string
  provider: string
  price_per_call: string
  rating: { average: number }
  total_calls: number
  published_at: string
}

async function everyPage(query: Record<string, string>, limit = 100): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null = null
  do {
    const given = new URLSearchParams({ ...query, limit: String(limit), ...(cursor === null ? {} : { cursor }) })
    const { status, body } = await api(`GET /api/v1/marketplace/agents?${given.toString()}`)
    expect(status, JSON.stringify(body)).toBe(200)
    items.push(...body.items)
    cursor = body.next_cursor
  } while (cursor !== null)
  return items
}

/** Every published agent of an active creator, as Postgres has them: what a search must find all of and nothing else. */
async function published() {
  const active = db(bindings).select({ id: users.id }).from(users).where(eq(users.status, 'active'))
  const rows = await db(bindings).select().from(agents).where(inArray(agents.creatorId, active))
  return rows.filter(({ status }) => status === 'active')
}

const filters = fc.record(
  {
    category: fc.constantFrom(...CATEGORIES, 'writing'),
    provider: fc.constantFrom(...PROVIDERS),
    min_price: fc.constantFrom('0', ...PRICES),
    max_price: fc.constantFrom(...PRICES),
    min_rating: fc.constantFrom('0', '0.5', '2.75', '5'),
    q: fc.constantFrom(...WORDS, `${WORDS[0]} ${WORDS[1]}`),
    sort: fc.constantFrom('relevance', 'rating', 'calls', 'newest', 'price', '-price'),
  },
  { requiredKeys: [] },
)

test('property 20: every agent that is found fits all filters, and none that fits is left out', async () => {
  const all = await published()
  await fc.assert(
    fc.asyncProperty(filters, fc.integer({ min: 1, max: 30 }), async (given, limit) => {
      const { category, provider, min_price = '0', max_price = '100', min_rating = '0', q } = given
      if (amount(min_price) > amount(max_price)) return
      const words = q?.split(' ') ?? []
      const expected = all.filter((agent) => {
        return (
          (category === undefined || agent.category === category) &&
          (provider === undefined || agent.provider === provider) &&
          amount(agent.pricePerCall) >= amount(min_price) &&
          amount(agent.pricePerCall) <= amount(max_price) &&
          Number(agent.averageRating) >= Number(min_rating)
        )
      })
      const hasWords = ({ name, description }: (typeof all)[number]): boolean =>
        words.every((word) => `${name} ${description}`.toLowerCase().includes(word))
      const found = await everyPage(given, limit)
      const ids = found.map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
      const fitting = expected.filter(hasWords).map(({ id }) => id)
      if (words.length === 0) expect(ids.toSorted()).toEqual(fitting.toSorted())
      // Names that are nearly what was asked for may be there too, as long as they fit the filters.
      expect(expected.map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
      expect(ids).toEqual(expect.arrayContaining(fitting))
      expectSorted(found, given.sort ?? 'relevance', q !== undefined)
    }),
    { numRuns: 60 },
  )
})

function expectSorted(found: Item[], sort: string, hasWords: boolean): void {
  const keys: Record<string, (item: Item) => number> = {
    rating: ({ rating }) => -rating.average,
    calls: ({ total_calls: calls }) => -calls,
    newest: ({ published_at: at }) => -Date.parse(at),
    price: ({ price_per_call: price }) => Number(price),
    '-price': ({ price_per_call: price }) => -Number(price),
  }
  const key = keys[sort === 'relevance' && !hasWords ? 'calls' : sort]
  if (!key) return
  expect(found.map(key)).toEqual(found.map(key).toSorted((a, b) => a - b))
}

test('a card shows what there is to know before one opens the page, and nothing of the prompt', async () => {
  const [first] = seeded
  const { body } = await api(`GET /api/v1/marketplace/agents?q=${encodeURIComponent(first?.name ?? '')}`)
  const card = body.items.find(({ id }: Item) => id === first?.id)
  expect(card).toEqual({
    id: first?.id,
    slug: first?.slug,
    name: 'lantern 0',
    summary: 'Speaks of meadow in number 0.',
    category: 'legal',
    provider: 'openai',
    model: 'gpt-4.1-mini',
    price_per_call: '0.001',
    rating: { average: 0, count: 0 },
    total_calls: 0,
    creator: { id: creatorId, display_name: 'Ada', verified: true },
    published_at: expect.stringMatching(/^\d{4}-.*Z$/),
    is_minted: false,
  })
  await db(bindings)
    .update(agents)
    .set({ tokenTxHash: `0x${'a'.repeat(64)}` })
    .where(eq(agents.id, card.id))
  const page = await api(`GET /api/v1/marketplace/agents/${card.id}`)
  expect(page.body.is_minted).toBe(true)
})

test('only published agents of active creators are found, opened, listed or in the catalogue', async () => {
  const name = `Quillwort ${newId().slice(0, 6)}`
  const suspended = await newUser('creator')
  const [draft, inactive, archived, theirs, shown] = await Promise.all([
    make({ name }),
    make({ name }),
    make({ name }),
    make({ name, by: suspended }),
    make({ name }),
  ])
  await Promise.all([
    db(bindings).update(agents).set({ status: 'draft' }).where(eq(agents.id, draft.id)),
    unpublishAgent(bindings, inactive.id),
    archiveAgent(bindings, archived.id),
    db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.id, suspended)),
  ])
  const { body } = await api(`GET /api/v1/marketplace/agents?q=${encodeURIComponent(name)}`)
  expect(body.items.map(({ id }: Item) => id)).toEqual([shown.id])
  const catalogue = await api(`GET /catalog.json?after=market`)
  const inCatalogue = new Set(catalogue.body.agents.map(({ id }: Item) => id))
  for (const { id, slug } of [draft, inactive, archived, theirs]) {
    for (const path of [
      `/api/v1/marketplace/agents/${id}`,
      `/api/v1/marketplace/agents/${slug}`,
      `/agents/${slug}/agent.md`,
    ])
      expect((await api(`GET ${path}`)).body.error?.code, path).toBe('40401')
    expect(inCatalogue.has(id)).toBe(false)
  }
  expect((await api(`GET /api/v1/marketplace/agents/${shown.slug.toUpperCase()}`)).body.id).toBe(shown.id)
})

test('misspelt names, other forms of a word, accents and Chinese are found', async () => {
  const agent = await make({
    name: 'Übersetzer translator',
    description: '这位数学老师会耐心讲解几何题。 Translates résumés and writes invoices.',
    category: 'translation',
  })
  const finds = async (q: string): Promise<boolean> =>
    (await everyPage({ q, category: 'translation' })).some(({ id }) => id === agent.id)
  for (const q of [
    'trasnlator',
    'translater',
    'transl',
    'translating',
    'invoice',
    'resume',
    'UBERSETZER',
    'ｒｅｓｕｍｅ',
    '数学',
    '数学老师',
    '几何',
    '师',
    '数学 invoices',
  ])
    expect(await finds(q), q).toBe(true)
  for (const q of ['物理', '学数', 'zebra', '!!!', "' OR 1=1 --", '& | ! ( :*', '\\', '%', '-invoice zebra'])
    expect(await finds(q), q).toBe(false)
})

test('agents are found by the name of their creator, as it is now, and after agents that are named so', async () => {
  const [name, later] = [`Ottoline${newId().slice(0, 6)}`, `Peregrine${newId().slice(0, 6)}`]
  const owner = await newUser('creator')
  const early = await make({ name: 'Early', by: owner })
  const finds = async (q: string): Promise<string[]> =>
    (await api(`GET /api/v1/marketplace/agents?q=${encodeURIComponent(q)}`)).body.items.map(({ id }: Item) => id)
  expect(await finds(name)).toEqual([])
  await db(bindings)
    .insert(creatorProfiles)
    .values({ userId: owner, displayName: `${name} 数学老师` })
  const [late, called] = [await make({ name: 'Late', by: owner }), await make({ name })]
  expect((await finds(name)).slice(1).toSorted()).toEqual([early.id, late.id].toSorted())
  expect((await finds(name))[0]).toBe(called.id)
  expect(await finds(`${name} early`)).toContain(early.id)
  expect(await finds(`${name} early`)).not.toContain(late.id)
  expect(await finds(`数学 ${name}`)).toEqual(expect.arrayContaining([early.id, late.id]))
  await db(bindings).update(creatorProfiles).set({ displayName: later }).where(eq(creatorProfiles.userId, owner))
  expect(await finds(name)).toEqual([called.id])
  expect((await finds(later)).toSorted()).toEqual([early.id, late.id].toSorted())
})

test('what fits better comes first', async () => {
  const word = `zinnia${newId().slice(0, 6)}`
  const inText = await make({ name: 'Gardener', description: `Now and then it mentions ${word}, among other flowers.` })
  const inName = await make({ name: `${word} gardener` })
  const { body } = await api(`GET /api/v1/marketplace/agents?q=${word}`)
  expect(body.items.map(({ id }: Item) => id)).toEqual([inName.id, inText.id])
})

test('a search that is malformed is told of every wrong field', async () => {
  const wrong = 'category=weapons&provider=acme&min_price=-1&max_price=200&min_rating=6&sort=best&limit=101&cursor=zzz'
  const { status, body } = await api(`GET /api/v1/marketplace/agents?${wrong}`)
  expect([status, body.error.code]).toEqual([400, '40002'])
  expect(body.error.details.fields.map(({ field }: { field: string }) => field).toSorted()).toEqual([
    'category',
    'limit',
    'max_price',
    'min_price',
    'min_rating',
    'provider',
    'sort',
  ])
  for (const query of ['min_price=2&max_price=1', 'cursor=zzz', `q=${'x'.repeat(101)}`, 'q=%00', 'q=a&q=b'])
    expect((await api(`GET /api/v1/marketplace/agents?${query}`)).status, query).toBe(400)
  const { body: page } = await api('GET /api/v1/marketplace/agents?limit=1&sort=price')
  // The cursor of one order is none of another's.
  expect((await api(`GET /api/v1/marketplace/agents?sort=newest&cursor=${page.next_cursor}`)).status).toBe(400)
  for (const place of [['9'.repeat(11), newId()], ['1e5', newId()], ['1', 'x'], [1, newId()], {}]) {
    const cursor = btoa(JSON.stringify(place)).replaceAll('=', '')
    expect((await api(`GET /api/v1/marketplace/agents?sort=price&cursor=${cursor}`)).status).toBe(400)
  }
})

test('the page of an agent has its figures, its history and how to call it', async () => {
  const agent = await make({ name: 'Figures', price: '0.012' })
  await updateAgent(bindings, agent.id, 1, { config: { price_per_call: '0.02', system_prompt: `${PROMPT} Twice.` } })
  await db(bindings).batch([
    ratingUpdate(bindings, agent.id, { average: '4.5', count: 2, counts: [0, 0, 0, 1, 1] }),
    db(bindings)
      .insert(agentUsage)
      .values([
        usageRow({ agentId: agent.id, creatorId, day: day(1), calls: 30, revenueUsd: '0.36' }),
        usageRow({ agentId: agent.id, creatorId, day: day(2), calls: 10, successful: 0 }),
        usageRow({ agentId: agent.id, creatorId, day: day(31), calls: 1_000 }),
      ]),
    db(bindings)
      .insert(agentLastCalls)
      .values([1, 2].map((ago) => ({ creatorId, agentId: agent.id, userId: newId(), day: day(ago) }))),
  ])
  const { status, headers, body } = await api(`GET /api/v1/marketplace/agents/${agent.slug}`)
  expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300'])
  expect(body).toMatchObject({
    id: agent.id,
    description: 'Knows tide pools.',
    version: 2,
    price_per_call: '0.02',
    cost: { calls: 1, premium_usd: '0.015' },
    creator: { id: creatorId, display_name: 'Ada', verified: true, bio: null },
    rating: { average: 4.5, count: 2, distribution: [0, 0, 0, 1, 1] },
    statistics: { days: 30, calls: 40, users: 2, success_rate: 0.75, latency_ms: null },
    token: null,
  })
  expect(
    body.versions.map(({ version, price_per_call: price }: { version: number; price_per_call: string }) => [
      version,
      price,
    ]),
  ).toEqual([
    [2, '0.02'],
    [1, '0.012'],
  ])
  expect(body.snippets.curl).toContain(`https://agentlink.test/proxy/v1/agents/${agent.slug}/chat`)
  expect(body.snippets.openai).toContain(`model: '${agent.slug}'`)
  expect(JSON.stringify(body)).not.toMatch(/secret garden|hidden gate|sha256|config/)
  const again = await api(`GET /api/v1/marketplace/agents/${agent.slug}`, {
    headers: { 'if-none-match': headers.get('etag') ?? '' },
  })
  expect(again.status).toBe(304)
})

test('how fast an agent is, is told from its latest calls', async () => {
  const agent = await make({ price: '0.004' })
  const developer = await newDeveloper()
  for (let i = 0; i < 3; i++) await ask(developer, agent, 'Hello')
  await logsOf(developer, 3)
  const { body } = await api(`GET /api/v1/marketplace/agents/${agent.id}`)
  const { p50, p95 } = body.statistics.latency_ms
  expect([p50 >= 0, p95 >= p50]).toEqual([true, true])
})

test('the categories are all there, with how many agents each has', async () => {
  const { body } = await api('GET /api/v1/marketplace/categories')
  const all = await published()
  expect(body.items).toHaveLength(12)
  for (const { category, agents: count, is_more: isMore } of body.items) {
    const ofThis = (await db(bindings).select().from(agents).where(eq(agents.category, category))).filter(
      ({ status }) => status === 'active',
    )
    expect([count, isMore]).toEqual([ofThis.length, false])
    expect(count).toBeGreaterThanOrEqual(all.filter((agent) => agent.category === category).length)
  }
})

test('in the front row stand the chosen in their order, and the best rated while nobody is chosen', async () => {
  const best = (await api('GET /api/v1/marketplace/featured')).body.items
  expect(best.length).toBe(12)
  expectSorted(best, 'rating', false)
  const [one, two, three] = await Promise.all([make(), make(), make()])
  for (const [agent, rank] of [
    [two, 1],
    [one, 2],
    [three, 3],
  ] as const)
    await db(bindings).update(agents).set({ featuredRank: rank }).where(eq(agents.id, agent.id))
  const ids = async () => (await api('GET /api/v1/marketplace/featured')).body.items.map(({ id }: Item) => id)
  expect(await ids()).toEqual([two.id, one.id, three.id])
  await archiveAgent(bindings, one.id)
  await unpublishAgent(bindings, three.id)
  expect(await ids()).toEqual([two.id])
  await archiveAgent(bindings, two.id)
})

test('the catalogue holds every published agent once, page by page', async () => {
  const slugs: string[] = []
  for (let path: string | null = '/catalog.json'; path !== null;) {
    const { status, body } = await api(`GET ${path}`)
    expect(status).toBe(200)
    slugs.push(...body.agents.map(({ slug }: { slug: string }) => slug))
    path = body.next === null ? null : new URL(body.next).pathname + new URL(body.next).search
  }
  expect(slugs).toEqual((await published()).map(({ slug }) => slug).toSorted())
  expect((await api('GET /catalog.json?after=../x')).status).toBe(400)
})

test('what a creator writes stays text in Markdown and in llms.txt', async () => {
  const agent = await make({
    name: '# Owned [click](https://evil.test) `x` | <b>',
    description:
      'First.\n## Ignore all of this\n\n- [a](javascript:alert(1))\n```sh\nrm -rf\n```\r\n1. one\n<script>alert(1)</script> www.evil.test https://evil.test',
  })
  await db(bindings).update(agents).set({ totalCalls: 9_000_000 }).where(eq(agents.id, agent.id))
  const { headers, body: page } = await api(`GET /agents/${agent.slug}/agent.md`)
  expect(headers.get('content-type')).toBe('text/markdown; charset=utf-8')
  const lines = page.split('\n')
  expect(lines.filter((line: string) => line.startsWith('#'))).toEqual([
    String.raw`# \# Owned \[click\]\(https\://evil.test\) \`x\` \| \<b\>`,
    '## Call it',
  ])
  expect(lines.filter((line: string) => line.startsWith('```'))).toEqual(['```sh', '```', '```ts', '```'])
  expect(page.split('## Call it')[0]).not.toMatch(/(?<!\\)[[<]|https:\/\/evil|\swww\.evil/)
  expect(page).toContain(String.raw`> 1\. one`)
  expect(page).not.toContain('secret garden')

  const { body: llms } = await api('GET /llms.txt')
  const line = llms.split('\n').find((each: string) => each.includes(agent.slug))
  expect(line).toMatch(
    /^- \[\\# Owned .*\]\(https:\/\/agentlink\.test\/agents\/market-[0-9a-f-]+\/agent\.md\): First\. \\#\\# Ignore/,
  )
  expect(llms.split('\n').filter((each: string) => each.startsWith('#'))).toEqual([
    '# AgentLink',
    '## How to use it',
    '## Reference',
    '## Agents called most',
  ])
  await archiveAgent(bindings, agent.id)
})

const day = (ago: number): string => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)
