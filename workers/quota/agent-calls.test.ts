/** What creators see of the calls of their agents: that they came and what they earned, and nothing of whose they were. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { beforeAll, expect, test } from 'vitest'
import { signAccessToken } from '../auth/access-token.ts'
import { sessions } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { liveWatches } from '../notifications/tables.ts'
import { liveOf, openWindow, type Window } from '../tests/window.ts'
import { api, ask, bindings, logsOf, newAgent, newDeveloper, pay, signIn, type Account } from '../tests/world.ts'
import type { Agent } from '../agents/agents.ts'

const LIST = '/api/v1/creators/me/calls'

let agent: Agent
let maker: Account
beforeAll(async () => {
  agent = await newAgent()
  maker = await signedIn(agent.creatorId)
})

/** The creator of an agent, signed in. */
async function signedIn(id: string): Promise<Account> {
  const [sessionId, email] = [newId(), `${id}@example.com`]
  await db(bindings)
    .insert(sessions)
    .values({ id: sessionId, userId: id, expiresAt: new Date(clock.now() + 3_600_000) })
  const token = await signAccessToken(bindings, { user_id: id, user_type: 'creator', email, sid: sessionId })
  return { id, email, sessionId, token }
}

const called = (window: Window) => window.events().filter(({ type }) => type === 'agent.called')

test('a creator who looks sees each call once, without who called and what was said', async () => {
  const developer = await newDeveloper()
  await pay(developer, 10)
  const [window, elsewhere] = [await openWindow(maker), await openWindow(await signIn('creator'))]
  await (await ask(developer, agent, 'A secret question.')).text()
  await (await ask(developer, agent, 'Another. [[fault:status=400]]')).text()
  await logsOf(developer, 2)
  await expect.poll(() => called(window).length, { timeout: 5_000 }).toBe(2)
  const first = called(window).find(({ data }) => data['status'] === 'success')
  expect(first?.data).toEqual({
    agent_id: agent.id,
    agent_version: 1,
    stream: false,
    status: 'success',
    error_code: null,
    funding: expect.stringMatching(/^(paid|promotional)$/),
    price_usd: '0.004',
    revenue_usd: expect.stringMatching(/^0\.00/),
    latency_ms: expect.any(Number),
  })
  const told = JSON.stringify(window.frames)
  const calls = await logsOf(developer, 2)
  const identities = [developer.id, developer.keyId, ...calls.flatMap(({ id, requestId }) => [id, requestId])]
  for (const identity of [...identities, 'secret question']) expect(told).not.toContain(identity)
  expect(called(elsewhere)).toEqual([])
})

test('where nobody looks nothing is told, and who has gone is not told for long', async () => {
  const [unseen, developer] = [await newAgent(), await newDeveloper()]
  await (await ask(developer, unseen, 'Hello.')).text()
  await logsOf(developer, 1)
  expect(await eventsOf(unseen.creatorId)).toBe(0)
  const window = await openWindow(await signedIn(unseen.creatorId))
  const [watch] = await db(bindings).select().from(liveWatches).where(eq(liveWatches.userId, unseen.creatorId))
  expect((watch?.until.getTime() ?? 0) - clock.now()).toBeLessThanOrEqual(150_000)
  window.socket.close(1000)
  await db(bindings).update(liveWatches).set({ until: new Date() }).where(eq(liveWatches.userId, unseen.creatorId))
  await (await ask(developer, unseen, 'Hello.')).text()
  await logsOf(developer, 2)
  expect(await eventsOf(unseen.creatorId)).toBe(0)
})

const eventsOf = (userId: string): Promise<number> =>
  runInDurableObject(
    liveOf(userId),
    (_, { storage }) => storage.sql.exec<{ count: number }>('SELECT COUNT(*) AS count FROM event').one().count,
  )

test('an open window says so again before it would be forgotten', async () => {
  const me = await signIn('creator')
  const until = async () =>
    (await db(bindings).select().from(liveWatches).where(eq(liveWatches.userId, me.id)))[0]?.until.getTime() ?? 0
  await openWindow(me)
  const first = await until()
  const now = clock.now
  clock.now = () => now() + 61_000
  try {
    await runDurableObjectAlarm(liveOf(me.id))
  } finally {
    clock.now = now
  }
  expect(await until()).toBeGreaterThan(first)
})

test('the list has the calls of one’s agents page by page, by agent, status and time, and of nobody else’s', async () => {
  const mine = await newAgent()
  const [me, developer] = [await signedIn(mine.creatorId), await newDeveloper()]
  for (const text of ['One.', 'Two.', 'Three. [[fault:status=400]]']) await (await ask(developer, mine, text)).text()
  await (await ask(developer, agent, 'Somebody else’s.')).text()
  await logsOf(developer, 4)
  const first = await api(`GET ${LIST}?limit=2`, { as: me })
  const second = await api(`GET ${LIST}?limit=2&cursor=${first.body.next_cursor}`, { as: me })
  const all = [...first.body.items, ...second.body.items]
  expect([all.length, second.body.next_cursor]).toEqual([3, null])
  const times = all.map(({ created_at: at }) => Date.parse(at))
  expect(times).toEqual(times.toSorted((a, b) => b - a))
  expect(new Set(all.map(({ agent_id: id }) => id))).toEqual(new Set([mine.id]))
  const told = JSON.stringify(all)
  for (const { id, requestId } of await logsOf(developer, 4)) expect(told).not.toMatch(new RegExp(`${id}|${requestId}`))
  expect(told).not.toMatch(new RegExp(`${developer.id}|${developer.keyId}`))
  const count = async (query: string) => (await api(`GET ${LIST}?${query}`, { as: me })).body.items.length
  expect(await count('status=success')).toBe(2)
  expect(await count(`agent_id=${mine.id}`)).toBe(3)
  expect(await count(`agent_id=${agent.id}`)).toBe(0)
  expect(await count(`from=${new Date(clock.now() + 60_000).toISOString()}`)).toBe(0)
})

test('the list is for creators, and names what is malformed', async () => {
  expect((await api(`GET ${LIST}`)).status).toBe(401)
  expect((await api(`GET ${LIST}`, { as: await signIn('developer') })).status).toBe(403)
  const { body } = await api(`GET ${LIST}?status=lost&agent_id=x&from=now`, { as: maker })
  expect(body.error.details.fields.map(({ field }: { field: string }) => field)).toEqual(['agent_id', 'status', 'from'])
})
