import { expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { api, bindings, member } from '../tests/world.ts'
import { sessions } from './tables.ts'

const ORIGIN = 'https://app.agentlink.io'

test('signing out ends the session everywhere at once, whatever it is told by', async () => {
  const person = await member()
  const sessionsOf = async () => {
    const login = await api('POST /api/v1/auth/login', { body: { ...person, transport: 'cookie' } })
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
    return { as: { token: login.body.access_token as string }, cookie }
  }
  const byCookie = await sessionsOf()
  const byToken = await sessionsOf()
  expect((await api('GET /api/v1/auth/me', { as: byCookie.as })).status).toBe(200)

  const out = await api('POST /api/v1/auth/logout', { headers: { cookie: byCookie.cookie, origin: ORIGIN } })
  expect(out.status).toBe(204)
  expect(out.headers.get('set-cookie')).toMatch(/^agentlink_refresh=; Max-Age=0; Path=\/api/)
  expect((await api('GET /api/v1/auth/me', { as: byCookie.as })).status).toBe(401)
  expect((await api('POST /api/v1/auth/refresh', { headers: { cookie: byCookie.cookie } })).status).toBe(401)

  expect((await api('POST /api/v1/auth/logout', { as: byToken.as })).status).toBe(204)
  expect((await api('GET /api/v1/auth/me', { as: byToken.as })).status).toBe(401)
  expect((await api('POST /api/v1/auth/logout', { body: { refresh_token: person.refreshToken } })).status).toBe(204)
  expect((await api('GET /api/v1/auth/me', { as: person })).status).toBe(401)
  // Whoever is signed out may say so again.
  expect((await api('POST /api/v1/auth/logout', { body: { refresh_token: person.refreshToken } })).status).toBe(204)
  expect((await api('POST /api/v1/auth/logout')).status).toBe(204)
})

test('a cookie does nothing for a page that is not ours', async () => {
  const person = await member()
  const login = await api('POST /api/v1/auth/login', { body: { ...person, transport: 'cookie' } })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  const headers = { cookie, origin: 'https://app.agentlink.io.evil.example' }
  expect((await api('POST /api/v1/auth/refresh', { headers })).status).toBe(401)
  expect((await api('POST /api/v1/auth/logout', { headers })).status).toBe(204)
  expect((await api('POST /api/v1/auth/refresh', { headers: { cookie } })).status).toBe(200)
})

test('signing out everywhere ends every session of the account, and nobody else’s', async () => {
  const person = await member()
  const other = await member()
  const { body: second } = await api('POST /api/v1/auth/login', { body: person })
  expect((await api('POST /api/v1/auth/logout/all', { as: person })).status).toBe(204)
  for (const token of [person.token, second.access_token])
    expect((await api('GET /api/v1/auth/me', { as: { token } })).status).toBe(401)
  for (const refresh_token of [person.refreshToken, second.refresh_token])
    expect((await api('POST /api/v1/auth/refresh', { body: { refresh_token } })).status).toBe(401)
  expect((await api('GET /api/v1/auth/me', { as: other })).status).toBe(200)
})

test('one sees where one is signed in, page by page, and can end what one does not know', async () => {
  const person = await member()
  const { body: phone } = await api('POST /api/v1/auth/login', {
    body: person,
    headers: { 'user-agent': 'Phone of Ada' },
  })
  const first = await api('GET /api/v1/auth/sessions?limit=1', { as: person })
  expect(first.body.items).toMatchObject([{ user_agent: 'Phone of Ada', is_current: false }])
  const second = await api(`GET /api/v1/auth/sessions?limit=1&cursor=${first.body.next_cursor}`, { as: person })
  expect(second.body).toMatchObject({ items: [{ id: person.sessionId, is_current: true }], next_cursor: null })

  const [{ id }] = first.body.items
  const stranger = await member()
  const notTheirs = await api(`DELETE /api/v1/auth/sessions/${id}`, { as: stranger })
  const nowhere = await api(`DELETE /api/v1/auth/sessions/${newId()}`, { as: stranger })
  expect(notTheirs.body.error).toEqual(nowhere.body.error)
  expect([...notTheirs.headers.keys()]).toEqual([...nowhere.headers.keys()])
  expect(notTheirs.status).toBe(404)
  expect((await api('GET /api/v1/auth/me', { as: { token: phone.access_token } })).status).toBe(200)

  expect((await api(`DELETE /api/v1/auth/sessions/${id}`, { as: person })).status).toBe(204)
  expect((await api('GET /api/v1/auth/me', { as: { token: phone.access_token } })).status).toBe(401)
  expect((await api('GET /api/v1/auth/sessions', { as: person })).body.items).toHaveLength(1)
  expect((await api(`DELETE /api/v1/auth/sessions/${id}`, { as: person })).status).toBe(404)
  expect((await api('DELETE /api/v1/auth/sessions/mine', { as: person })).status).toBe(400)
  expect((await api('GET /api/v1/auth/sessions?cursor=WzFd', { as: person })).status).toBe(400)
  expect((await api('GET /api/v1/auth/sessions')).status).toBe(401)
})

// On a busy machine two sessions can be of one moment, and then either is the oldest.
test('an account has fifty sessions at most; a new one ends the oldest', { retry: 2 }, async () => {
  const person = await member()
  await db(bindings)
    .insert(sessions)
    .values(Array.from({ length: 50 }, () => ({ userId: person.id, expiresAt: new Date(Date.now() + 86_400_000) })))
  expect((await api('POST /api/v1/auth/login', { body: person })).status).toBe(200)
  const { body } = await api('GET /api/v1/auth/sessions?limit=100', { as: await fresh(person) })
  expect(body.items.length).toBeLessThanOrEqual(51)
  expect(body.items.map(({ id }: { id: string }) => id)).not.toContain(person.sessionId)
})

async function fresh(person: { email: string; password: string }): Promise<{ token: string }> {
  const { body } = await api('POST /api/v1/auth/login', { body: person })
  return { token: body.access_token }
}
