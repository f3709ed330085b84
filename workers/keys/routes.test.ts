import { SELF } from 'cloudflare:test'
import { describe, expect, test } from 'vitest'
import { setAccount, setKey } from '../quota/quota.ts'
import { ask, bindings, logsOf, newAgent, newDeveloper, signIn, type Developer } from '../tests/world.ts'
import { createKey } from './keys.ts'
import type { Agent } from '../agents/agents.ts'

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

describe('what a call would be refused with, asking is refused with too', () => {
  const PATHS = ['/api/v1/key', '/api/v1/calls']

  /** The codes of both questions, and of a call; undefined where there is an answer. */
  async function codes(developer: Developer, agent: Agent): Promise<(string | undefined)[]> {
    const answers = await Promise.all(PATHS.map((path) => get<{ error?: { code: string } }>(developer, path)))
    const call = await ask(developer, agent, 'Hello').then((response) => response.json<{ error?: { code: string } }>())
    return [...answers, call].map(({ error }) => error?.code)
  }

  test('while the account is suspended', async () => {
    const [developer, agent] = await Promise.all([newDeveloper(), newAgent()])
    expect(await codes(developer, agent)).toEqual([undefined, undefined, undefined])
    await setAccount(bindings, developer.id, { v: 1, state: 'suspended' })
    expect(await codes(developer, agent)).toEqual(['40306', '40306', '40306'])
    await setAccount(bindings, developer.id, { v: 1, state: 'active' })
    expect(await codes(developer, agent)).toEqual([undefined, undefined, undefined])
  })

  test('with a key that was revoked, however well it is known', async () => {
    const [developer, agent] = await Promise.all([newDeveloper(), newAgent()])
    expect(await codes(developer, agent)).toEqual([undefined, undefined, undefined])
    await setKey(bindings, developer.id, { v: 1, keyId: developer.keyId, state: 'revoked' })
    expect(await codes(developer, agent)).toEqual(['40103', '40103', '40103'])
  })

  test('with a key that has expired', async () => {
    const [{ id }, agent] = await Promise.all([signIn(), newAgent()])
    const { key, id: keyId } = await createKey(bindings, id, { name: 'brief', expiresAt: Date.now() - 1 })
    expect(await codes({ key, keyId } as Developer, agent)).toEqual(['40103', '40103', '40103'])
  })

  test('but not with a key that may call another agent only', async () => {
    const [{ id }, agent, other] = await Promise.all([signIn(), newAgent(), newAgent()])
    const { key, id: keyId } = await createKey(bindings, id, { name: 'narrow', agentIds: [other.id] })
    expect(await codes({ key, keyId } as Developer, agent)).toEqual([undefined, undefined, '40303'])
  })
})
