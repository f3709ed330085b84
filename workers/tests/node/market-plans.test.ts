/** What a look through the market reads, in a real PostgreSQL with many agents: by index, and so many rows at most. */
import { sql, type SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '../../local/migrate.ts'
import { startRealPostgres, type RealPostgres } from '../../local/real-postgres.ts'
import { SORTS, type Place } from '../../marketplace/orders.ts'
import {
  rankSql,
  readRanking,
  readWalk,
  walkSql,
  type Found,
  type Ranked,
  type Search,
  type Walked,
} from '../../marketplace/statements.ts'

const AGENTS = 12_000
/**
 * The most agents that a statement may look at: those that are walked, or those that are ranked. Where there is little more
 * than that, PostgreSQL rather reads and sorts all of it.
 */
const ROWS_MAX = 3 * 1_000

let server: RealPostgres
let client: Client

beforeAll(async () => {
  server = await startRealPostgres()
  await migrate(server.url)
  // As Neon gives values: what is larger than 32 bits, or not whole, as text.
  client = new Client({ connectionString: server.url })
  await client.connect()
  await client.query(
    `INSERT INTO users (email, password_hash, user_type) SELECT 'u' || i || '@x', '-', 'creator' FROM generate_series(1, 5000) i`,
  )
  await client.query(
    `INSERT INTO creator_profiles (user_id, display_name) SELECT id, 'Studio ' || substr(email, 2, length(email) - 3) FROM users WHERE user_type = 'creator'`,
  )
  // Skewed as a market is: one category holds most, one word stands in half of all, two words never meet, few are dear.
  await client.query(
    `INSERT INTO agents (creator_id, slug, name, description, category, status, provider, model, config_encrypted, config_iv, key_id,
       price_per_call, total_calls, average_rating, published_at)
     SELECT creators.ids[1 + i % 5000], 'a' || i, CASE WHEN i % 2 = 0 THEN 'Assistant ' ELSE 'Companion ' END || i,
       CASE WHEN i % 2 = 0 THEN 'An assistant for days.' ELSE 'A companion for nights.' END || CASE WHEN i % 4000 = 7 THEN ' Walrus.' ELSE '' END,
       CASE WHEN i % 10 < 8 THEN 'writing' ELSE 'legal' END, CASE WHEN i % 20 = 0 THEN 'draft' ELSE 'active' END,
       (ARRAY['openai', 'anthropic', 'google'])[1 + i % 3], 'm', '', '', 'k', CASE WHEN i % 3999 = 1 THEN 99 ELSE 0.01 END,
       i % 500, 0, now() - i * INTERVAL '1 second'
     FROM generate_series(1, $1::int) i, (SELECT array_agg(id) AS ids FROM users WHERE user_type = 'creator') creators`,
    [AGENTS],
  )
  await client.query('VACUUM ANALYZE')
}, 120_000)

afterAll(async () => {
  await client.end()
  await server.stop()
})

type Plan = {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

async function run<Row extends object>(statement: SQL): Promise<Row[]> {
  const { sql: text, params } = new PgDialect().sqlToQuery(statement)
  return (await client.query<Row>(text, params)).rows
}

const statementOf = (asked: Search): SQL => (asked.q === undefined ? walkSql(asked) : rankSql({ ...asked, q: asked.q }))

async function planOf(asked: Search): Promise<Plan[]> {
  const rows = await run<{ 'QUERY PLAN': { Plan: Plan }[] }>(sql`EXPLAIN (ANALYZE, FORMAT JSON) ${statementOf(asked)}`)
  const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]
  return (rows[0]?.['QUERY PLAN'] ?? []).flatMap(({ Plan }) => nodes(Plan))
}

const searches: Omit<Search, 'limit'>[] = [
  ...SORTS.flatMap((sort) => [
    { sort },
    { sort, category: 'legal' as const },
    { sort, provider: 'google' as const, category: 'writing' as const },
    // Hardly any agent fits, so that a walk goes as far as it may.
    { sort, min_price: '50' },
    { sort, min_rating: 4 },
    { sort, max_price: '0.001', category: 'writing' as const },
    { sort, q: 'assistant' },
    { sort, q: 'assistant', category: 'legal' as const, provider: 'google' as const, min_price: '50' },
  ]),
  { sort: 'relevance', q: 'walrus' },
  { sort: 'relevance', q: 'assistant companion nights days' },
  { sort: 'relevance', q: 'asistant' },
  // The names of creators: of one, and a word that stands in all of them.
  { sort: 'relevance', q: 'studio 123' },
  { sort: 'relevance', q: 'studio' },
  { sort: 'relevance', q: 'the a an' },
]

test.each(searches)('%o reads by index, and only so many rows', async (asked) => {
  const nodes = await planOf({ ...asked, limit: 20 })
  expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'])).toEqual([])
  const read = nodes
    .filter((node) => node['Relation Name'] === 'agents')
    .map((node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'])
  expect(Math.max(0, ...read)).toBeLessThanOrEqual(ROWS_MAX)
})

test('a page deep in an order reads as little as the first', async () => {
  const nodes = await planOf({ sort: 'calls', limit: 20, after: [250, '00000000-0000-4000-8000-000000000000'] })
  const read = nodes.filter((node) => node['Relation Name'] === 'agents').map((node) => node['Actual Rows'])
  expect(Math.max(...read)).toBeLessThanOrEqual(21)
})

test.each([
  ['idx_agents_search', `search @@ search_question('assistant')`],
  ['idx_agents_name', `status = 'active' AND search_fold(name) %> 'asistant'`],
])('the functions of a search, which never read the whole table, read %s', async (index, condition) => {
  const [, { rows }] = (await client.query(
    `SET enable_seqscan = off; EXPLAIN SELECT id FROM agents WHERE ${condition} LIMIT 300; RESET enable_seqscan`,
  )) as unknown as [unknown, { rows: { 'QUERY PLAN': string }[] }]
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(`Bitmap Index Scan on ${index}`)
})

test('where hardly anything fits, pages may be empty, and going on finds all of it', async () => {
  const found: string[] = []
  let after: Place | null | undefined
  let pages = 0
  while (after !== null) {
    const asked: Search = { sort: 'calls', min_price: '50', limit: 20, after }
    const page = readWalk(await run<Walked>(walkSql(asked)), asked)
    pages++
    found.push(...page.rows.map((row) => row.id))
    after = page.next
  }
  const { rows: dear } = await client.query<{ id: string }>(
    `SELECT id FROM agents WHERE price_per_call > 50 AND status = 'active'`,
  )
  expect(dear.length).toBeGreaterThan(0)
  expect(found.toSorted()).toEqual(dear.map(({ id }) => id).toSorted())
  expect(pages).toBe(12)
})

test('a search that more agents answer than are ranked says so', async () => {
  const find = async (q: string): Promise<Found> => {
    const asked = { sort: 'relevance', q, limit: 20 } as const
    return readRanking(await run<Ranked>(rankSql(asked)), asked)
  }
  const many = await find('assistant')
  expect([many.is_complete, many.rows.length]).toEqual([false, 20])
  const few = await find('walrus')
  expect([few.is_complete, few.rows.length]).toEqual([true, 3])
  const ofOne = await find('studio 123')
  expect([ofOne.is_complete, ofOne.rows.length < 10]).toEqual([true, true])
  expect(ofOne.rows.map(({ display_name: name }) => name)).toContain('Studio 123')
})
