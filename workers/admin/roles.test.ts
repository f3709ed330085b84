/** Becoming an admin, and ceasing to be one. */
import { eq } from 'drizzle-orm'
import { beforeAll, expect, test } from 'vitest'
import { auditLog, users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { createKey } from '../keys/keys.ts'
import { openWindow } from '../tests/window.ts'
import {
  api,
  bindings,
  mailsTo,
  newAgent,
  PASSWORD,
  sentMails,
  signIn,
  tokenFor,
  type Account,
} from '../tests/world.ts'

const reason = 'They help us on Mondays.'
const OPERATOR = { authorization: `Bearer ${String(bindings['OPERATOR_TOKEN'])}` }

let boss: Account
beforeAll(async () => {
  boss = await signIn('admin')
})

const invite = (email: string, role: string, as = boss) =>
  api('POST /api/v1/admin/users', { as, body: { email, role, reason } })
const setRole = (id: string, role: string | null, as = boss) =>
  api(`PUT /api/v1/admin/users/${id}/role`, { as, body: { role, reason } })
const newEmail = (): string => `${newId()}@example.com`
const auditOf = (subjectId: string) =>
  db(bindings).select().from(auditLog).where(eq(auditLog.subjectId, subjectId)).orderBy(auditLog.createdAt)

/** Chooses the password that the mail asks for, and signs in with it. */
async function accept(email: string, mails = 1): Promise<Account> {
  const chosen = { token: await tokenFor(email, mails), password: PASSWORD }
  expect((await api('POST /api/v1/auth/password/reset', { body: chosen })).status).toBe(204)
  const { status, body } = await api('POST /api/v1/auth/login', { body: { email, password: PASSWORD } })
  expect(status).toBe(200)
  return { id: body.user.id, email, sessionId: '', token: body.access_token }
}

test('whoever is invited chooses a password, and is an admin in that role', async () => {
  const email = newEmail()
  const { status, body } = await invite(email.toUpperCase(), 'moderator')
  expect([status, body]).toEqual([
    201,
    expect.objectContaining({ email, user_type: 'admin', admin_role: 'moderator', email_verified: false }),
  ])
  expect((await mailsTo(email))[0]?.subject).toBe('You are invited to help run AgentLink')
  const login = { email, password: PASSWORD }
  expect((await api('POST /api/v1/auth/login', { body: login })).status).toBe(401)
  const me = await accept(email)
  expect(me.id).toBe(body.id)
  expect((await api('GET /api/v1/admin/moderation/queue', { as: me })).status).toBe(200)
  expect((await api('GET /api/v1/admin/flags', { as: me })).status).toBe(403)
  expect(await auditOf(me.id)).toMatchObject([
    { actorId: boss.id, action: 'user.invite', reason, details: { role: 'moderator' } },
  ])
})

test('an invitation can be sent again, in another role, until it is taken; then it is refused', async () => {
  const email = newEmail()
  const first = await invite(email, 'super_admin')
  await mailsTo(email)
  const again = await invite(email, 'support')
  expect([again.status, again.body.id, again.body.admin_role]).toEqual([201, first.body.id, 'support'])
  const me = await accept(email, 2)
  expect((await api('GET /api/v1/admin/flags', { as: me })).status).toBe(403)
  const late = await invite(email, 'super_admin')
  expect([late.status, late.body.error]).toEqual([
    409,
    expect.objectContaining({ code: '40903', details: { user_id: me.id } }),
  ])
  expect((await auditOf(me.id)).map(({ details }) => details)).toEqual([{ role: 'super_admin' }, { role: 'support' }])
})

test('ten who invite the same person at once invite one', async () => {
  const email = newEmail()
  const answers = await Promise.all(Array.from({ length: 10 }, () => invite(email, 'support')))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
})

test('nobody who has an account already is invited under it, and nothing is sent', async () => {
  const developer = await signIn()
  const { status, body } = await invite(developer.email, 'super_admin')
  expect([status, body.error.details.user_id]).toEqual([409, developer.id])
  expect(await sentMails(developer.email)).toEqual([])
  expect((await api('GET /api/v1/auth/me', { as: developer })).body.user_type).toBe('developer')
})

test('only super admins give roles, and they say why', async () => {
  const developer = await signIn()
  for (const role of ['moderator', 'support'] as const) {
    const as = await signIn('admin', role)
    expect((await invite(newEmail(), 'support', as)).status).toBe(403)
    expect((await setRole(developer.id, 'super_admin', as)).status).toBe(403)
  }
  expect((await invite(newEmail(), 'support', developer)).status).toBe(403)
  expect((await invite('nobody', 'emperor')).body.error.details.fields).toHaveLength(2)
  const silent = await api('POST /api/v1/admin/users', { as: boss, body: { email: newEmail(), role: 'support' } })
  expect(silent.body.error.details.fields).toMatchObject([{ field: 'reason' }])
})

test('an account with nothing on it becomes an admin’s, and a developer’s again; where it was signed in, it is not any more', async () => {
  const [me, other] = await Promise.all([signIn('creator'), signIn('admin')])
  const window = await openWindow(me)
  const { status, body } = await setRole(me.id, 'support')
  expect([status, body.user_type, body.admin_role]).toEqual([200, 'admin', 'support'])
  expect((await api('GET /api/v1/auth/me', { as: me })).status).toBe(401)
  await expect.poll(() => window.closed, { timeout: 1_000 }).toMatchObject({ code: 4001 })
  expect(await setRole(other.id, null)).toMatchObject({
    status: 200,
    body: { user_type: 'developer', admin_role: null },
  })
  expect((await api('GET /api/v1/admin/users', { as: other })).status).toBe(401)
  expect(await setRole(other.id, null)).toMatchObject({ status: 200, body: { user_type: 'developer' } })
  expect((await auditOf(me.id)).map(({ details }) => details)).toEqual([{ from: null, to: 'support', type: 'creator' }])
  expect((await auditOf(other.id)).map(({ details }) => details)).toEqual([{ from: 'super_admin', to: null }])
})

test('an account that is in use as something else does not become an admin’s', async () => {
  const [maker, withKey, withCalls, unconfirmed] = [await newAgent(), await signIn(), await signIn(), await signIn()]
  await createKey(bindings, withKey.id, { name: 'mine' })
  await bindings.ACCOUNT.get(bindings.ACCOUNT.idFromName(withCalls.id)).credit({
    v: 1,
    id: newId(),
    kind: 'paid',
    calls: 5,
    unitValue: 1_000_000,
  })
  await db(bindings).update(users).set({ emailVerified: true }).where(eq(users.id, maker.creatorId))
  await db(bindings).update(users).set({ emailVerified: false }).where(eq(users.id, unconfirmed.id))
  for (const [id, code] of [
    [maker.creatorId, '40906'],
    [withKey.id, '40906'],
    [withCalls.id, '40906'],
    [unconfirmed.id, '40308'],
    [newId(), '40402'],
  ] as const)
    expect((await setRole(id, 'support')).body.error?.code, id).toBe(code)
  expect((await setRole(withCalls.id, 'support')).body.error.details).toMatchObject({ calls: 5 })
  expect(await auditOf(withKey.id)).toEqual([])
})

test('the last super admin keeps the role, however many are invited and have not come', async () => {
  const [last, second] = await Promise.all([signIn('admin'), signIn('admin')])
  await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.adminRole, 'super_admin'))
  for (const { id } of [last, second])
    await db(bindings).update(users).set({ status: 'active' }).where(eq(users.id, id))
  await invite(newEmail(), 'super_admin', last)
  expect((await setRole(second.id, null, last)).status).toBe(200)
  const third = await signIn('admin')
  await db(bindings).update(users).set({ emailVerified: false }).where(eq(users.id, third.id))
  for (const role of [null, 'support']) expect((await setRole(last.id, role, third)).body.error.code).toBe('40908')
  await db(bindings).update(users).set({ status: 'active' }).where(eq(users.id, boss.id))
})

test('the operator invites the first super admin, on record', async () => {
  const email = newEmail()
  const { status, body } = await api('POST /api/v1/admin/accounts', { headers: OPERATOR, body: { email } })
  expect(status).toBe(201)
  expect((await api('GET /api/v1/admin/flags', { as: await accept(email) })).status).toBe(200)
  expect(await auditOf(body.id)).toMatchObject([{ actorId: null, actorRole: 'operator', action: 'user.invite' }])
  expect((await api('POST /api/v1/admin/accounts', { as: boss, body: { email } })).status).toBe(401)
})
