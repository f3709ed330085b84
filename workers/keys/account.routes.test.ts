import { expect, test } from 'vitest'
import { newId } from '../base/ids.ts'
import type { CallLog } from '../quota/call-log.ts'
import { aLog, deliver } from '../tests/call-logs.ts'
import { api, ask, bindings, logsOf, newAgent, newDeveloper, signIn, type Account } from '../tests/world.ts'

const CALLS = '/api/v1/developers/calls'
const START = Date.parse('2026-11-01T00:00:00.000Z')
const MINUTE_MS = 60_000

type Listed = { id: string }

async function all(as: Account, query = ''): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = []
  let pages = 0
  for (let cursor: string | null = ''; cursor !== null; pages++) {
    const { status, body } = await api(`GET ${CALLS}?${query}${cursor && `&cursor=${cursor}`}`, { as })
    expect(status).toBe(200)
    ids.push(...body.items.map(({ id }: Listed) => id))
    cursor = body.next_cursor
  }
  return { ids, pages }
}

test('the log of calls comes newest first, page by page, each call once, also where several end in one millisecond', async () => {
  const me = await signIn()
  const logs = Array.from({ length: 25 }, (_, i) =>
    aLog({ userId: me.id, settledAt: START + Math.floor(i / 5) * MINUTE_MS }),
  )
  await deliver(logs)
  const { ids, pages } = await all(me, 'limit=7')
  expect(pages).toBe(4)
  const newest = logs.toSorted((a, b) => b.settledAt - a.settledAt || (a.id < b.id ? 1 : -1))
  expect(ids).toEqual(newest.map(({ id }) => id))
})

test('filters narrow the log, alone and together', async () => {
  const me = await signIn()
  const [agentId, apiKeyId] = [newId(), newId()]
  const make = (change: Partial<CallLog>): CallLog => aLog({ userId: me.id, settledAt: START, ...change })
  const [a, b, c, d] = [
    make({ agentId, latencyMs: 10 }),
    make({ agentId, apiKeyId, settledAt: START + 1, status: 'error', funding: null }),
    make({ apiKeyId, settledAt: START + 2, latencyMs: 5_000 }),
    make({ settledAt: START + 3, status: 'timeout', funding: null, latencyMs: 30_000 }),
  ]
  await deliver([a, b, c, d])
  const found = async (query: string): Promise<string[]> => (await all(me, query)).ids
  expect(await found(`agent_id=${agentId}`)).toEqual([b.id, a.id])
  expect(await found(`api_key_id=${apiKeyId}`)).toEqual([c.id, b.id])
  expect(await found('status=timeout')).toEqual([d.id])
  expect(await found('min_latency=5000')).toEqual([d.id, c.id])
  expect(await found('from=2026-11-01T00:00:00.001Z&to=2026-11-01T00:00:00.003Z')).toEqual([c.id, b.id])
  expect(await found(`agent_id=${agentId}&api_key_id=${apiKeyId}&status=error`)).toEqual([b.id])
  expect(await found(`agent_id=${newId()}`)).toEqual([])
})

test('a rare call is found among thousands, a bounded number of rows at a time', async () => {
  const me = await signIn()
  const [rare, ...others] = Array.from({ length: 2_100 }, (_, i) => aLog({ userId: me.id, settledAt: START + i }))
  for (let from = 0; from < others.length; from += 1_000) await deliver(others.slice(from, from + 1_000))
  await deliver([{ ...(rare as CallLog), latencyMs: 99_000 }])
  expect(await all(me, 'min_latency=90000')).toEqual({ ids: [rare?.id], pages: 3 })
})

test('one call is shown in full, and somebody else’s like one that does not exist', async () => {
  const [me, other] = [await signIn(), await signIn()]
  const log = aLog({ userId: me.id, inputTokens: null, settledAt: START })
  await deliver([log])
  const { status, body } = await api(`GET ${CALLS}/${log.id}`, { as: me })
  expect(status).toBe(200)
  expect(body).toEqual({
    id: log.id,
    request_id: 'request',
    agent_id: log.agentId,
    agent_version: 1,
    api_key_id: log.apiKeyId,
    stream: false,
    status: 'success',
    error_code: null,
    funding: 'paid',
    price_usd: '0.25',
    cost_usd: '0.25',
    premium_usd: '0.245',
    input_tokens: null,
    output_tokens: 20,
    latency_ms: 1_000,
    first_content_ms: 300,
    created_at: '2026-11-01T00:00:00.000Z',
  })
  const [theirs, nothing] = [
    await api(`GET ${CALLS}/${log.id}`, { as: other }),
    await api(`GET ${CALLS}/${newId()}`, { as: other }),
  ]
  expect([theirs.status, theirs.body.error]).toEqual([404, nothing.body.error])
  expect((await all(other)).ids).toEqual([])
})

test.each([
  'agent_id=x',
  'api_key_id=1',
  'status=maybe',
  'from=yesterday',
  'to=2026-13-01T00:00:00Z',
  'min_latency=-1',
  'min_latency=1e99',
  'limit=101',
  'cursor=eyJ9',
  'cursor=WzEsMl0',
])('a malformed query, %s, is named', async (query) => {
  const { status, body } = await api(`GET ${CALLS}?${query}`, { as: await signIn() })
  expect([status, body.error.code, body.error.details.fields[0].field]).toEqual([400, '40002', query.split('=')[0]])
})

test('a real call is in the quota at once, and in the log and the usage soon after', async () => {
  const developer = await newDeveloper()
  const agent = await newAgent()
  await ask(developer, agent, 'Hello')
  const account = bindings.ACCOUNT.get(bindings.ACCOUNT.idFromName(developer.id))
  expect(await account.quota()).toMatchObject({ used: 1, remaining: 99, keys: [] })
  const [log] = await logsOf(developer, 1)
  expect(log).toMatchObject({ userId: developer.id, agentId: agent.id })
})
