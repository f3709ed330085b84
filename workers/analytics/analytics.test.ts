import * as fc from 'fast-check'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import type { CallLog } from '../quota/call-log.ts'
import { aLog, deliver } from '../tests/call-logs.ts'
import { api, bindings, newAgent, signIn } from '../tests/world.ts'
import { agentStatistics, callersOf } from './analytics.ts'
import { creatorSeries } from './series.ts'
import { ALL_AGENTS } from './tables.ts'
import { usageOf } from './usage.ts'

const DAY_MS = 86_400_000
const NOON = Date.parse('2026-10-15T12:00:00.000Z')

test('property 31: for any period the displayed volume is the count of the call log, per agent and per account', async () => {
  const call = fc.record({
    agent: fc.nat(2),
    account: fc.nat(2),
    key: fc.nat(1),
    status: fc.constantFrom('success' as const, 'error' as const, 'timeout' as const),
    funding: fc.constantFrom('paid' as const, 'promotional' as const, 'trial' as const, null),
    latencyMs: fc.nat(40_000),
    // Around midnight in UTC most of all.
    at: fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: -4 * DAY_MS, max: 4 * DAY_MS }),
      fc.integer({ min: -80 * DAY_MS, max: 80 * DAY_MS }),
    ),
  })
  const delivery = fc.record({ from: fc.nat(29), count: fc.integer({ min: 1, max: 8 }), isReversed: fc.boolean() })
  // Some days, or so many that months are among them.
  const period = fc.oneof(
    fc.tuple(fc.integer({ min: -5, max: 5 }), fc.nat(6)),
    fc.tuple(fc.integer({ min: -90, max: 30 }), fc.integer({ min: 28, max: 150 })),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 30 }),
      fc.array(delivery, { maxLength: 6 }),
      period,
      async (calls, redelivered, [first, days]) => {
        const [agents, accounts, keys] = [ids(3), ids(3), ids(2)]
        const creatorId = newId()
        const logs = calls.map(({ agent, account, key, at, ...rest }) =>
          aLog({
            ...rest,
            creatorId,
            agentId: agents[agent] ?? '',
            userId: accounts[account] ?? '',
            apiKeyId: keys[key] ?? '',
            settledAt: NOON + DAY_MS / 2 + at,
          }),
        )
        // Some come before the others, twice, or backwards; in the end each has come at least once.
        for (const { from, count, isReversed } of redelivered) {
          const some = logs.slice(from, from + count)
          await deliver(isReversed ? some.toReversed() : some, some.slice(0, 1))
        }
        await deliver(logs.slice(1).toReversed(), logs)

        const asked = { from: dayOf(NOON + first * DAY_MS), to: dayOf(NOON + (first + days) * DAY_MS) }
        for (const agentId of agents) {
          const { totals, days: shown } = await creatorSeries(bindings, creatorId, { ...asked, agentId })
          const counted = await count('agent_id', agentId, asked)
          expect(totals).toMatchObject(counted)
          expect(shown.reduce((sum, day) => sum + day.calls, 0)).toBe(counted.calls)
          const used = shown.filter((day) => day.calls > 0)
          for (const { day, calls: ofDay, users } of used)
            expect({ calls: ofDay, users }).toMatchObject(await countDay(agentId, day))
        }
        const { totals: ofAll } = await creatorSeries(bindings, creatorId, asked)
        expect(ofAll).toMatchObject(await count('creator_id', creatorId, asked))
        for (const userId of accounts)
          for (const groupBy of ['day', 'agent', 'key', 'status'] as const) {
            const wish = { period: asked, groupBy, place: { skip: 0 }, limit: 100 }
            const { groups, total, totals } = await usageOf(bindings, userId, wish)
            const counted = await count('user_id', userId, asked)
            expect(totals).toMatchObject({ calls: counted.calls, successful: counted.successful })
            expect(groups).toHaveLength(total)
            expect(groups.reduce((sum, { figures }) => sum + figures.calls, 0)).toBe(counted.calls)
            if (groupBy === 'agent')
              for (const { name, figures } of groups)
                expect(figures.calls).toBe((await count('user_id', userId, asked, sql`agent_id = ${name}`)).calls)
          }
      },
    ),
    { numRuns: 12 },
  )
}, 300_000)

const ids = (count: number): string[] => Array.from({ length: count }, newId)
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** What the log itself says. */
async function count(
  column: 'agent_id' | 'creator_id' | 'user_id',
  id: string,
  { from, to }: { from: string; to: string },
  condition = sql`TRUE`,
): Promise<{ calls: number; successful: number; users: number }> {
  const { rows } = await db(bindings).execute(sql`
    SELECT count(*)::int AS calls, count(*) FILTER (WHERE status = 'success')::int AS successful,
      count(DISTINCT user_id)::int AS users
    FROM call_logs WHERE ${sql.identifier(column)} = ${id} AND ${condition}
      AND created_at >= ${`${from}T00:00:00Z`}::timestamptz AND created_at < ${`${to}T00:00:00Z`}::timestamptz + INTERVAL '1 day'`)
  const [row] = rows
  return { calls: Number(row?.['calls']), successful: Number(row?.['successful']), users: Number(row?.['users']) }
}

async function countDay(agentId: string, day: string): Promise<{ calls: number; users: number }> {
  const { calls, users } = await count('agent_id', agentId, { from: day, to: day })
  return { calls, users }
}

/** As text: JavaScript has no numbers as long as those in which latencies are counted. */
async function rollups(creatorId: string): Promise<unknown> {
  const { rows } = await db(bindings).execute(sql`
    WITH c AS (SELECT * FROM agent_callers WHERE creator_id = ${creatorId})
    SELECT (SELECT json_agg(a ORDER BY a.user_id, a.day, a.status)::text FROM account_usage a WHERE user_id IN (SELECT user_id FROM c)) AS accounts,
      (SELECT json_agg(a ORDER BY a.part, a.span, a.starts)::text FROM account_part_usage a WHERE user_id IN (SELECT user_id FROM c)) AS parts,
      (SELECT json_agg(a ORDER BY a.agent_id <> ${ALL_AGENTS}, a.day)::text FROM agent_usage a WHERE creator_id = ${creatorId}) AS agents,
      (SELECT json_agg(c ORDER BY c.agent_id <> ${ALL_AGENTS}, c.day)::text FROM c) AS callers,
      (SELECT json_agg(l ORDER BY l.agent_id <> ${ALL_AGENTS})::text FROM agent_last_calls l WHERE creator_id = ${creatorId}) AS last_calls`)
  return rows
}

test('messages that come twice, late or in another order give the same rollups', async () => {
  const make = (creatorId: string, agentId: string, userId: string, apiKeyId: string): CallLog[] =>
    [0, 1, 2, 3, 4, 5].map((n) =>
      aLog({
        creatorId,
        agentId,
        userId,
        apiKeyId,
        latencyMs: 10 ** (n % 5),
        status: n % 3 === 0 ? 'error' : 'success',
        funding: n % 3 === 0 ? null : 'paid',
        settledAt: NOON + n * 6 * 3_600_000,
      }),
    )
  const [creator, agent, user, key] = ids(4) as [string, string, string, string]
  const logs = make(creator, agent, user, key)
  await deliver(logs)
  const once = await rollups(creator)
  await deliver(logs, logs.toReversed())
  expect(await rollups(creator)).toEqual(once)

  const [creator2, agent2, user2, key2] = ids(4) as [string, string, string, string]
  const others = make(creator2, agent2, user2, key2)
  for (const log of others.toReversed()) await deliver([log], [log])
  const text = JSON.stringify(await rollups(creator2))
  const renamed = [
    [creator2, creator],
    [agent2, agent],
    [user2, user],
    [key2, key],
  ].reduce((sofar, [from = '', to = '']) => sofar.replaceAll(from, to), text)
  expect(JSON.parse(renamed)).toEqual(once)
})

test('two thousand logs of as many accounts are taken at once', async () => {
  const agentId = newId()
  const creatorId = newId()
  const logs = Array.from({ length: 2_000 }, () => aLog({ agentId, creatorId }))
  await deliver(...Array.from({ length: 20 }, (_, i) => logs.slice(i * 100, (i + 1) * 100)))
  expect(await agentStatistics(bindings, { id: agentId, creatorId }, 2)).toMatchObject({ calls: 2_000, users: 2_000 })
})

test('statistics of an agent: calls, successes, callers and latency of the successful ones', async () => {
  const [agentId, creatorId] = ids(2) as [string, string]
  const [one, two] = ids(2)
  const of = (change: Partial<CallLog>): CallLog => aLog({ agentId, creatorId, userId: one ?? '', ...change })
  await deliver([
    of({ latencyMs: 100 }),
    of({ latencyMs: 100, userId: two ?? '' }),
    of({ latencyMs: 10_000, status: 'timeout', funding: null }),
    of({ latencyMs: 5_000, settledAt: Date.now() - 40 * DAY_MS }),
  ])
  const { p50, ...figures } = await agentStatistics(bindings, { id: agentId, creatorId }, 30)
  expect(figures).toMatchObject({ calls: 3, successful: 2, users: 2 })
  expect(Math.abs((p50 ?? 0) - 100)).toBeLessThanOrEqual(10)
  expect(await agentStatistics(bindings, { id: newId(), creatorId }, 30)).toEqual({
    calls: 0,
    successful: 0,
    users: 0,
    p50: null,
    p95: null,
  })
})

test('callers of an agent come once each, those of the latest days first', async () => {
  const [agentId, creatorId] = ids(2) as [string, string]
  const [early, late, gone] = ids(3) as [string, string, string]
  const called = (userId: string, daysAgo: number): CallLog =>
    aLog({ agentId, creatorId, userId, settledAt: Date.now() - daysAgo * DAY_MS })
  await deliver([called(early, 5), called(early, 6), called(late, 1), called(gone, 20), called(late, 3)])
  expect(await callersOf(bindings, { id: agentId, creatorId }, 10, 10)).toEqual([late, early])
  expect(await callersOf(bindings, { id: agentId, creatorId }, 30, 2)).toEqual([late, early])
})

test('a creator sees what their agents earned, day by day, with days without calls', async () => {
  const creator = await signIn('creator')
  const [agentId, user] = ids(2) as [string, string]
  const of = (change: Partial<CallLog>): CallLog => aLog({ creatorId: creator.id, agentId, userId: user, ...change })
  await deliver([
    of({ settledAt: Date.parse('2026-10-01T23:59:59.999Z') }),
    of({ settledAt: Date.parse('2026-10-02T00:00:00.000Z'), funding: 'promotional', revenueUsd: '0.245' }),
    of({ settledAt: Date.parse('2026-10-02T10:00:00.000Z'), funding: 'trial', revenueUsd: '0', premiumUsd: '0' }),
    of({ settledAt: Date.parse('2026-10-02T11:00:00.000Z'), funding: null, status: 'error', revenueUsd: '0' }),
  ])
  const { status, body } = await api('GET /api/v1/creators/me/analytics?from=2026-10-01&to=2026-10-03', { as: creator })
  expect(status).toBe(200)
  expect(body.period).toEqual({ from: '2026-10-01', to: '2026-10-03' })
  expect(body.totals).toMatchObject({
    calls: 4,
    successful: 3,
    errors: 1,
    users: 1,
    revenue_usd: '0.495',
    fee_usd: '0.099',
    net_usd: '0.396',
    input_tokens: 40,
    output_tokens: 80,
    funding: { paid: 1, promotional: 1, trial: 1 },
  })
  expect(
    body.days.map((day: { day: string; calls: number; users: number }) => [day.day, day.calls, day.users]),
  ).toEqual([
    ['2026-10-01', 1, 1],
    ['2026-10-02', 3, 1],
    ['2026-10-03', 0, 0],
  ])
  const csv = await api('GET /api/v1/creators/me/analytics.csv?from=2026-10-01&to=2026-10-03', { as: creator })
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(csv.body.split('\r\n')).toMatchObject([
    'day,calls,successful,errors,users,revenue_usd,fee_usd,net_usd,input_tokens,output_tokens,latency_p50_ms,latency_p95_ms,paid,promotional,trial',
    expect.stringMatching(/^2026-10-01,1,1,0,1,0\.25,0\.05,0\.20,10,20,\d+,\d+,1,0,0$/),
    expect.stringMatching(/^2026-10-02,3,2,1,1,0\.245,0\.049,0\.196,30,60,/),
    '2026-10-03,0,0,0,0,0.00,0.00,0.00,0,0,,,0,0,0',
    '',
  ])
})

test('nobody sees another creator’s figures: their agent is one without calls, and its own page is not there', async () => {
  const [mine, other] = [await signIn('creator'), await signIn('creator')]
  const agent = await newAgent()
  await db(bindings).execute(sql`UPDATE agents SET creator_id = ${mine.id} WHERE id = ${agent.id}`)
  await deliver([aLog({ agentId: agent.id, creatorId: mine.id })])
  const asked = (as: typeof mine, path: string) => api(`GET ${path}`, { as })
  const own = await asked(mine, `/api/v1/agents/${agent.id}/analytics`)
  expect([own.status, own.body.totals.calls]).toEqual([200, 1])
  const theirs = await asked(other, `/api/v1/agents/${agent.id}/analytics`)
  const nothing = await asked(other, `/api/v1/agents/${newId()}/analytics`)
  expect([theirs.status, theirs.body.error]).toEqual([404, nothing.body.error])
  const filtered = await asked(other, `/api/v1/creators/me/analytics?agent_id=${agent.id}`)
  expect(filtered.body.totals.calls).toBe(0)
  const developer = await signIn('developer')
  for (const path of ['/api/v1/creators/me/analytics', `/api/v1/agents/${agent.id}/analytics`]) {
    expect((await asked(developer, path)).status).toBe(403)
    expect((await api(`GET ${path}`)).status).toBe(401)
  }
})

test.each([
  ['from=2026-10-02&to=2026-10-01', 'from'],
  ['from=2025-01-01&to=2026-10-01', 'from'],
  ['from=0001-01-01&to=0001-01-02', 'from'],
  ['from=yesterday', 'from'],
  ['to=2026-02-30', 'to'],
  ['agent_id=x', 'agent_id'],
])('a malformed period, %s, is named', async (query, field) => {
  const { status, body } = await api(`GET /api/v1/creators/me/analytics?${query}`, { as: await signIn('creator') })
  expect([status, body.error.code, body.error.details.fields[0].field]).toEqual([400, '40002', field])
})
