import { eq } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { api, bindings, member, type ApiAnswer } from '../tests/world.ts'
import { sessions } from './tables.ts'

const DAY_MS = 86_400_000

afterEach(() => {
  vi.restoreAllMocks()
})

const refresh = (token: string): Promise<ApiAnswer> =>
  api('POST /api/v1/auth/refresh', { body: { refresh_token: token } })

async function whyEnded(sessionId: string): Promise<string | null | undefined> {
  const [row] = await db(bindings)
    .select({ because: sessions.endedBecause })
    .from(sessions)
    .where(eq(sessions.id, sessionId))
  return row?.because
}

async function me(token: string): Promise<number> {
  return (await api('GET /api/v1/auth/me', { as: { token } })).status
}

test('a refresh token is exchanged for another and an access token of the same session', async () => {
  const person = await member()
  const { status, body } = await refresh(person.refreshToken)
  expect(status).toBe(200)
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900, user: { id: person.id } })
  expect(body.refresh_token).not.toBe(person.refreshToken)
  expect(JSON.parse(atob(body.access_token.split('.')[1])).sid).toBe(person.sessionId)
  expect(await me(body.access_token)).toBe(200)
  expect((await refresh(body.refresh_token)).status).toBe(200)
})

test('of 50 parallel refreshes of one token exactly one wins, and the rest are told that they are twins', async () => {
  const person = await member()
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(person.refreshToken)))
  const won = answers.filter(({ status }) => status === 200)
  const twins = answers.filter(({ status }) => status === 409)
  expect([won.length, twins.length]).toEqual([1, 49])
  expect(new Set(twins.map(({ body }) => body.error.code))).toEqual(new Set(['40911']))
  expect(await me(won[0]?.body.access_token)).toBe(200)
  expect((await refresh(won[0]?.body.refresh_token)).status).toBe(200)
})

test('a browser with two windows is not signed out, and keeps the newer cookie', async () => {
  const person = await member()
  const login = await api('POST /api/v1/auth/login', { body: { ...person, transport: 'cookie' } })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  const headers = { cookie, origin: 'https://app.agentlink.io' }
  const both = await Promise.all([1, 2].map(() => api('POST /api/v1/auth/refresh', { headers })))
  const [won, twin] = both.toSorted((one, other) => one.status - other.status)
  expect([won?.status, twin?.status]).toEqual([200, 409])
  expect(twin?.headers.get('set-cookie')).toBeNull()
  expect(won?.body.refresh_token).toBeUndefined()
  const newer = won?.headers.get('set-cookie')?.split(';')[0] ?? ''
  expect(newer).not.toBe(cookie)
  expect((await api('POST /api/v1/auth/refresh', { headers: { ...headers, cookie: newer } })).status).toBe(200)
})

test('the answer to a refresh comes when no twin can come any more', async () => {
  const person = await member()
  const startedAt = Date.now()
  expect((await refresh(person.refreshToken)).status).toBe(200)
  expect(Date.now() - startedAt).toBeGreaterThan(250)
})

test('a token that was here while the answer was held back is a twin; one that comes after it ends everything', async () => {
  const person = await member()
  const start = Date.now()
  let now = start
  vi.spyOn(clock, 'now').mockImplementation(() => now)
  const { body } = await refresh(person.refreshToken)
  now = start + 250
  expect((await refresh(person.refreshToken)).status).toBe(409)
  expect(await whyEnded(person.sessionId)).toBeNull()
  now = start + 251
  expect((await refresh(person.refreshToken)).status).toBe(401)
  expect(await whyEnded(person.sessionId)).toBe('reused')
  expect((await refresh(body.refresh_token)).status).toBe(401)
})

test('a token that is used again ends all that descends from its sign-in, within a second', async () => {
  const person = await member()
  const { body: next } = await refresh(person.refreshToken)
  expect(await me(person.token)).toBe(200)
  expect(await me(next.access_token)).toBe(200)
  const other = await api('POST /api/v1/auth/login', { body: person })

  const reused = await refresh(person.refreshToken)
  const endedAt = Date.now()
  expect(reused.status).toBe(401)
  expect(reused.body.error.code).toBe('40101')
  expect(await me(person.token)).toBe(401)
  expect(await me(next.access_token)).toBe(401)
  expect((await refresh(next.refresh_token)).status).toBe(401)
  expect(Date.now() - endedAt).toBeLessThan(1_000)
  // Somebody else’s theft does not end another sign-in of the same account.
  expect(await me(other.body.access_token)).toBe(200)
})

test('every ancestor in a chain of ten ends the chain', async () => {
  for (let ancestor = 0; ancestor < 10; ancestor++) {
    const { chain, sessionId } = await chainOf10()
    expect((await refresh(chain[ancestor] ?? '')).status).toBe(401)
    expect(await whyEnded(sessionId)).toBe('reused')
    expect((await refresh(chain[10] ?? '')).status).toBe(401)
  }
})

/** Ten exchanges of one session, and the eleven tokens. The clock is moved, so that nobody waits for twins. */
async function chainOf10(): Promise<{ chain: string[]; sessionId: string }> {
  const person = await member()
  const chain = [person.refreshToken]
  let now = Date.now()
  const spy = vi.spyOn(clock, 'now').mockImplementation(() => (now += 300))
  for (let turn = 0; turn < 10; turn++) {
    const { body } = await refresh(chain.at(-1) ?? '')
    chain.push(body.refresh_token)
  }
  spy.mockRestore()
  vi.spyOn(clock, 'now').mockImplementation(() => now + 10_000)
  return { chain, sessionId: person.sessionId }
}

test('a session lives for seven days, however often it is refreshed', async () => {
  const person = await member()
  const start = Date.now()
  let now = start
  vi.spyOn(clock, 'now').mockImplementation(() => now)
  let token = person.refreshToken
  for (let day = 1; day < 7; day++) {
    now = start + day * DAY_MS
    const { status, body } = await refresh(token)
    expect(status).toBe(200)
    token = body.refresh_token
  }
  now = start + 7 * DAY_MS - 60_000
  const last = await refresh(token)
  expect(last.status).toBe(200)
  now = start + 7 * DAY_MS + 60_000
  expect((await refresh(last.body.refresh_token)).status).toBe(401)
  expect(await me(last.body.access_token)).toBe(401)
})

test('nothing is exchanged after signing out, or for who is suspended', async () => {
  const person = await member()
  await api('POST /api/v1/auth/logout', { as: person })
  expect((await refresh(person.refreshToken)).status).toBe(401)

  const suspended = await member()
  await db(bindings).execute(`UPDATE users SET status = 'suspended' WHERE id = '${suspended.id}'`)
  expect((await refresh(suspended.refreshToken)).status).toBe(401)
})

test.each([
  ['nothing at all', undefined],
  ['an empty body', {}],
])('%s is no refresh token', async (_, body) => {
  const { status } = await api('POST /api/v1/auth/refresh', body === undefined ? {} : { body })
  expect(status).toBe(401)
})

test('an access token is no refresh token, nor is what somebody made up', async () => {
  const person = await member()
  for (const token of [person.token, 'x', person.refreshToken.slice(1), `${person.refreshToken} `])
    expect((await refresh(token)).status).toBe(401)
  expect((await refresh('x'.repeat(5_000))).status).toBe(400)
  expect((await api('POST /api/v1/auth/refresh', { body: { refresh_token: 7 } })).status).toBe(400)
  expect((await refresh(person.refreshToken)).status).toBe(200)
})
