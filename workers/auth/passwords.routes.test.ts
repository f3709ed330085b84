import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { api, bindings, mailsTo, register, sentMails, tokenFor } from '../tests/world.ts'
import { sessions } from './tables.ts'

const NEW = 'another long password'
const me = async (token: string): Promise<number> => (await api('GET /api/v1/auth/me', { as: { token } })).status
const login = (email: string, password: string) => api('POST /api/v1/auth/login', { body: { email, password } })
const forgot = (email: string) => api('POST /api/v1/auth/password/forgot', { body: { email } })
const reset = (token: string, password = NEW) => api('POST /api/v1/auth/password/reset', { body: { token, password } })

test('a forgotten password is replaced through the mail, and every session ends', async () => {
  const person = await register()
  const asked = await forgot(person.email.toUpperCase())
  expect(asked.status).toBe(202)
  const [mail] = await mailsTo(person.email, 2)
  expect(mail?.text).toContain('https://site.test/reset?token=')
  expect((await reset(await tokenFor(person.email, 2))).status).toBe(204)

  expect(await me(person.token)).toBe(401)
  expect((await api('POST /api/v1/auth/refresh', { body: { refresh_token: person.refreshToken } })).status).toBe(401)
  expect((await login(person.email, person.password)).status).toBe(401)
  expect((await login(person.email, NEW)).status).toBe(200)
  const [told] = await mailsTo(person.email, 3)
  expect(told?.subject).toBe('Your AgentLink password was changed')
  expect(told?.text).not.toMatch(/[\w-]{43}/)
})

test('asking for a new password tells nobody whether there is an account', async () => {
  const person = await register()
  const answers = await Promise.all([forgot(person.email), forgot(`${newId()}@example.com`)])
  const [known, unknown] = answers.map(({ status, body }) => ({ status, body }))
  expect(known).toEqual(unknown)
  expect((await forgot('nobody')).status).toBe(400)
})

test('a reset token works once, within an hour, and not after a newer one was sent', async () => {
  const person = await register()
  await forgot(person.email)
  const first = await tokenFor(person.email, 2)
  await forgot(person.email)
  const second = await tokenFor(person.email, 3)
  expect((await reset(first)).body.error.code).toBe('40104')
  const both = await Promise.all([reset(second), reset(second, 'yet another password')])
  expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([204, 401])
  expect((await reset(second)).status).toBe(401)

  const late = await register()
  await forgot(late.email)
  const token = await tokenFor(late.email, 2)
  await db(bindings).execute(
    `UPDATE one_time_tokens SET expires_at = now() - interval '1 second' WHERE user_id = '${late.id}'`,
  )
  expect((await reset(token)).status).toBe(401)
  expect(await me(late.token)).toBe(200)
})

test('a reset that is refused leaves the token good', async () => {
  const person = await register()
  await forgot(person.email)
  const token = await tokenFor(person.email, 2)
  for (const password of ['short', '1234567890', person.email, 'x'.repeat(257)])
    expect((await reset(token, password)).body.error.code).toBe('40002')
  expect((await reset(token)).status).toBe(204)
})

test('whoever can open the mail has confirmed the address', async () => {
  const email = `${newId()}@example.com`
  await api('POST /api/v1/auth/register', {
    body: { user_type: 'developer', email, password: 'a long enough password' },
  })
  await mailsTo(email)
  await forgot(email)
  expect((await reset(await tokenFor(email, 2))).status).toBe(204)
  const { status, body } = await login(email, NEW)
  expect(status).toBe(200)
  expect(body.user.email_verified).toBe(true)
})

test('no mail goes to an account that is suspended, and its token opens nothing', async () => {
  const person = await register()
  await forgot(person.email)
  const token = await tokenFor(person.email, 2)
  await db(bindings).execute(`UPDATE users SET status = 'suspended' WHERE id = '${person.id}'`)
  expect((await reset(token)).status).toBe(401)
  expect((await forgot(person.email)).status).toBe(202)
  const other = await register()
  await forgot(other.email)
  await mailsTo(other.email, 2)
  expect(await sentMails(person.email)).toHaveLength(2)
})

test('a changed password ends the other sessions, and not one’s own', async () => {
  const person = await register()
  const { body: other } = await login(person.email, person.password)
  const changed = await api('PUT /api/v1/auth/password', {
    as: person,
    body: { current_password: person.password, new_password: NEW },
  })
  expect(changed.status).toBe(204)
  expect(await me(person.token)).toBe(200)
  expect(await me(other.access_token)).toBe(401)
  expect((await api('POST /api/v1/auth/refresh', { body: { refresh_token: other.refresh_token } })).status).toBe(401)
  expect((await api('POST /api/v1/auth/refresh', { body: { refresh_token: person.refreshToken } })).status).toBe(200)
  expect((await login(person.email, person.password)).status).toBe(401)
  expect((await login(person.email, NEW)).status).toBe(200)
  const rows = await db(bindings)
    .select({ because: sessions.endedBecause })
    .from(sessions)
    .where(eq(sessions.userId, person.id))
  expect(rows.filter(({ because }) => because === 'password')).toHaveLength(1)
  expect((await mailsTo(person.email, 2))[0]?.subject).toBe('Your AgentLink password was changed')
})

test('a password is changed only by who knows it, and into one that may be chosen', async () => {
  const person = await register()
  const change = (current_password: string, new_password: string, as: { token: string } = person) =>
    api('PUT /api/v1/auth/password', { as, body: { current_password, new_password } })
  const wrong = await change('a wrong password', NEW)
  expect(wrong.status).toBe(400)
  expect(wrong.body.error.details.fields).toEqual([{ field: 'current_password', problem: 'is not your password' }])
  for (const poor of ['short', 'password123', person.email])
    expect((await change(person.password, poor)).body.error.details.fields[0].field).toBe('new_password')
  expect((await change(person.password, NEW, { token: 'x' })).status).toBe(401)
  expect((await login(person.email, person.password)).status).toBe(200)
})

test('a sign-in with the old password that races with its change leaves no session', async () => {
  const person = await register()
  const [changed, ...racing] = await Promise.all([
    api('PUT /api/v1/auth/password', { as: person, body: { current_password: person.password, new_password: NEW } }),
    ...Array.from({ length: 4 }, () => login(person.email, person.password)),
  ])
  expect(changed?.status).toBe(204)
  const alive = await Promise.all(racing.map(({ body }) => me(body.access_token ?? 'none')))
  expect(alive).toEqual([401, 401, 401, 401])
})
