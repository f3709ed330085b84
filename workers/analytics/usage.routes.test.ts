import { expect, test } from 'vitest'
import { newId } from '../base/ids.ts'
import type { CallLog } from '../quota/call-log.ts'
import { aLog, deliver } from '../tests/call-logs.ts'
import { api, signIn, type Account, type ApiAnswer } from '../tests/world.ts'

const PERIOD = 'from=2026-10-01&to=2026-10-31'

/** An account with 12 calls on 4 days: of 3 agents with 2 keys, some failed. */
async function caller(): Promise<{ me: Account; agents: string[]; keys: string[] }> {
  const me = await signIn()
  const agents = [newId(), newId(), newId()]
  const keys = [newId(), newId()]
  const logs = Array.from({ length: 12 }, (_, i): CallLog => {
    const isFailed = i % 6 === 5
    return aLog({
      userId: me.id,
      agentId: agents[i < 6 ? 0 : i < 10 ? 1 : 2] ?? '',
      apiKeyId: keys[i % 2] ?? '',
      latencyMs: isFailed ? 10 : 1_000,
      settledAt: Date.parse(`2026-10-0${1 + (i % 4)}T12:00:00.000Z`),
      ...(isFailed ? { status: 'error', funding: null, inputTokens: null, outputTokens: null } : {}),
    })
  })
  await deliver(logs)
  return { me, agents, keys }
}

const v1 = (me: Account, query: string): Promise<ApiAnswer> => api(`GET /api/v1/developers/usage?${query}`, { as: me })
const v2 = (me: Account, query: string): Promise<ApiAnswer> => api(`GET /api/v2/developers/usage?${query}`, { as: me })

test('usage is the same by whatever it is grouped', async () => {
  const { me, agents, keys } = await caller()
  const totals = { calls: 12, successful: 10, failed: 2, cost_usd: '2.50', input_tokens: 100, output_tokens: 200 }
  const by = async (group: string): Promise<ApiAnswer['body']> => (await v2(me, `${PERIOD}&group_by=${group}`)).body
  for (const group of ['day', 'agent', 'key', 'status']) expect((await by(group)).totals).toMatchObject(totals)
  expect((await by('agent')).items.map((item: Record<string, unknown>) => [item['agent_id'], item['calls']])).toEqual([
    [agents[0], 6],
    [agents[1], 4],
    [agents[2], 2],
  ])
  expect((await by('key')).items.map((item: Record<string, unknown>) => item['api_key_id'])).toEqual(keys.toSorted())
  const days = (await by('day')).items.map((item: Record<string, unknown>) => [item['day'], item['calls']])
  expect(days).toEqual([4, 3, 2, 1].map((day) => [`2026-10-0${day}`, 3]))
  const [success, error] = (await by('status')).items
  expect(success).toMatchObject({ status: 'success', calls: 10 })
  expect(Math.abs(success.latency_ms.p95 - 1_000)).toBeLessThanOrEqual(100)
  expect(error).toMatchObject({ status: 'error', calls: 2, cost_usd: '0.00', latency_ms: { p50: 10, p95: 10 } })
})

test.each(['day', 'agent', 'key', 'status'])(
  'pages of groups by %s hold each group once, in both versions',
  async (group) => {
    const { me } = await caller()
    const whole = (await v2(me, `${PERIOD}&group_by=${group}`)).body.items
    const byCursor: unknown[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: ApiAnswer = await v2(me, `${PERIOD}&group_by=${group}&limit=1${cursor && `&cursor=${cursor}`}`)
      byCursor.push(...body.items)
      cursor = body.next_cursor
    }
    expect(byCursor).toEqual(whole)
    const byNumber: unknown[] = []
    for (let page = 1; page <= whole.length + 1; page++) {
      const { body } = await v1(me, `${PERIOD}&group_by=${group}&per_page=1&page=${page}`)
      expect(body).toMatchObject({ page, per_page: 1, total: whole.length })
      byNumber.push(...body.items)
    }
    expect(byNumber).toEqual(whole)
  },
)

test('the CSV says what the JSON says', async () => {
  const { me, agents } = await caller()
  const { status, headers, body } = await api(`GET /api/v1/developers/usage.csv?${PERIOD}&group_by=agent`, { as: me })
  expect(status).toBe(200)
  expect(headers.get('content-disposition')).toContain('usage-by-agent-2026-10-01-2026-10-31.csv')
  const [header, first, ...rest] = body.split('\r\n')
  expect(header).toBe(
    'agent_id,calls,successful,failed,cost_usd,input_tokens,output_tokens,latency_p50_ms,latency_p95_ms',
  )
  expect(first).toMatch(new RegExp(`^${agents[0]},6,5,1,1.25,50,100,\\d+,\\d+$`))
  expect(rest).toHaveLength(3)
})

test('a developer sees their busiest agents day by day, and the rest together', async () => {
  const { me, agents } = await caller()
  const { body } = await api('GET /api/v1/developers/analytics?from=2026-10-01&to=2026-10-05&top=2', { as: me })
  expect(body.agents).toEqual(agents.slice(0, 2))
  expect(body.days).toHaveLength(5)
  expect(body.days[4]).toEqual({ day: '2026-10-05', agents: [], others: { calls: 0, cost_usd: '0.00' } })
  type Shown = { agents: { calls: number }[]; others: { calls: number } }
  const sum = body.days.reduce(
    (total: number, day: Shown) => total + day.others.calls + day.agents.reduce((of, { calls }) => of + calls, 0),
    0,
  )
  expect(sum).toBe(12)
  expect(body.days.reduce((total: number, day: Shown) => total + day.others.calls, 0)).toBe(2)
})

test('nobody sees the usage of another account, and creators have none', async () => {
  await caller()
  const other = await signIn()
  const { body } = await v2(other, PERIOD)
  expect(body).toMatchObject({ items: [], next_cursor: null, totals: { calls: 0, latency_ms: { p50: null } } })
  const creator = await signIn('creator')
  for (const path of [
    'v1/developers/usage',
    'v2/developers/usage',
    'v1/developers/usage.csv',
    'v1/developers/analytics',
  ]) {
    expect((await api(`GET /api/${path}`, { as: creator })).status).toBe(403)
    expect((await api(`GET /api/${path}`)).status).toBe(401)
  }
})

test.each([
  ['from=2024-01-01&to=2026-10-01', 'from'],
  ['from=1', 'from'],
  ['group_by=moon', 'group_by'],
  ['limit=101', 'limit'],
  ['cursor=WyJ4IiwxXQ', 'cursor'],
])('a malformed query, %s, is named', async (query, field) => {
  const { status, body } = await v2(await signIn(), query)
  expect([status, body.error.details.fields[0].field]).toEqual([400, field])
})
