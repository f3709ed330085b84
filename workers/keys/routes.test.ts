import { SELF } from 'cloudflare:test'
import { expect, test } from 'vitest'
import { ask, logsOf, newAgent, newDeveloper, type Developer } from '../tests/world.ts'

async function get<T>(developer: Developer, path: string): Promise<T> {
  const response = await SELF.fetch(`https://agentlink.test${path}`, { headers: { 'x-agentlink-key': developer.key } })
  return response.json<T>()
}

type Page = { calls: { id: string; status: string; cost_usd: string }[]; next: string | null }

test('a key shows what is left on its account, and the log of its calls page by page', async () => {
  const developer = await newDeveloper()
  const agent = await newAgent()
  for (let i = 0; i < 3; i++) await ask(developer, agent, 'Hello')
  expect(await get(developer, '/api/v1/key')).toMatchObject({
    calls: { remaining: 97, used: 3, held: 0 },
    rate: { limit: 10, remaining: 7 },
  })
  await logsOf(developer, 3)
  const first = await get<Page>(developer, '/api/v1/calls?limit=2')
  const second = await get<Page>(developer, `/api/v1/calls?limit=2&before=${first.next}`)
  expect([first.calls.length, second.calls.length, second.next]).toEqual([2, 1, null])
  expect(new Set([...first.calls, ...second.calls].map(({ id }) => id)).size).toBe(3)
  expect(first.calls[0]).toMatchObject({ status: 'success', cost_usd: '0.004' })
})

test('nobody sees the calls of another account, and a malformed query is named', async () => {
  const developer = await newDeveloper()
  expect(await get<Page>(developer, '/api/v1/calls')).toEqual({ calls: [], next: null })
  expect(await get(developer, '/api/v1/calls?before=yesterday')).toMatchObject({
    error: { code: '40002', details: { fields: [{ field: 'before' }] } },
  })
  expect(await get({ ...developer, key: 'ak_no' }, '/api/v1/key')).toMatchObject({ error: { code: '40103' } })
})
