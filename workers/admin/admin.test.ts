/** Administration, through the door: who may do what, what it does, and that it stands in the audit log. */
import { afterEach, describe, expect, test } from 'vitest'
import { SELF } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { ADMIN_ROLES, isAllowed, PERMISSIONS, type AdminRole, type Permission } from '../auth/permissions.ts'
import { auditLog, creatorProfiles, developerProfiles, sessions, users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { forgetFlags } from '../base/flags.ts'
import { operations } from '../base/route.ts'
import { featureFlags } from '../base/tables.ts'
import { newId } from '../base/ids.ts'
import { createKey } from '../keys/keys.ts'
import { amount, negate } from '../money/amount.ts'
import { post } from '../money/ledger.ts'
import { notifications } from '../notifications/tables.ts'
import { reviews } from '../reviews/tables.ts'
import { newHook } from '../tests/hooks.ts'
import {
  api,
  ask,
  bindings,
  newAgent,
  newDeveloper,
  PASSWORD,
  pay,
  PROMPT,
  signIn,
  withPassword,
  type Account,
} from '../tests/world.ts'
import { webhooks } from '../webhooks/tables.ts'
import { close } from './accounts.ts'
import type { Bindings } from '../env.ts'
import type { AccountInput } from '../quota/protocol.ts'

const reason = 'For the tests.'
const superAdmin = (): Promise<Account> => signIn('admin', 'super_admin')

afterEach(async () => {
  await db(bindings).delete(featureFlags)
  forgetFlags()
})

async function auditOf(subjectId: string) {
  return db(bindings).select().from(auditLog).where(eq(auditLog.subjectId, subjectId)).orderBy(auditLog.createdAt)
}

/** Closes one's own account, as it is asked for, but for what is given. */
const leave = (me: Account, body: object = {}) =>
  api('DELETE /api/v1/auth/me', { as: me, body: { confirm_email: me.email, password: PASSWORD, ...body } })

describe('who may', () => {
  test.each(ADMIN_ROLES)('%s may use the routes of their permissions, and no other', async (role) => {
    const me = await signIn('admin', role)
    const routes = operations.filter(({ allows, version }) => allows.startsWith('admin ') && version === 'v1')
    expect(routes.length).toBeGreaterThan(15)
    for (const { method, path, allows } of routes) {
      const url = path.replaceAll(/:\w+/g, newId())
      const { status } = await api(`${method} ${url}`, { as: me, ...(method === 'GET' ? {} : { body: {} }) })
      const mayPass = isAllowed(role, allows.slice(6) as Permission)
      expect([`${method} ${path}`, status === 403]).toEqual([`${method} ${path}`, !mayPass])
    }
  })

  test('the table of roles is the document’s', () => {
    const table = Object.fromEntries(
      ADMIN_ROLES.map((role) => [role, PERMISSIONS.filter((permission) => isAllowed(role, permission))]),
    )
    expect(table).toEqual({
      super_admin: PERMISSIONS,
      moderator: ['users:view', 'agents:view', 'content:moderate'],
      support: ['users:view', 'agents:view'],
    } satisfies Record<AdminRole, readonly Permission[]>)
  })

  test('nobody else is let in', async () => {
    expect((await api('GET /api/v1/admin/users')).status).toBe(401)
    for (const type of ['developer', 'creator'] as const)
      expect((await api('GET /api/v1/admin/users', { as: await signIn(type) })).status).toBe(403)
  })

  test('an admin who is demoted loses what the role allowed at once', async () => {
    const [boss, other] = await Promise.all([superAdmin(), superAdmin()])
    expect((await api('GET /api/v1/admin/flags', { as: other })).status).toBe(200)
    const body = { role: 'support', reason }
    expect(await api(`PUT /api/v1/admin/users/${other.id}/role`, { as: boss, body })).toMatchObject({
      status: 200,
      body: { admin_role: 'support' },
    })
    expect((await api('GET /api/v1/admin/flags', { as: other })).status).toBe(403)
    expect((await auditOf(other.id))[0]).toMatchObject({
      actorId: boss.id,
      action: 'user.role',
      reason,
      details: { from: 'super_admin', to: 'support' },
    })
  })

  test('nobody changes their own account', async () => {
    const boss = await superAdmin()
    const change = (id: string, path: string, body: object): Promise<number> =>
      api(`PUT /api/v1/admin/users/${id}/${path}`, { as: boss, body: { ...body, reason } }).then(({ status }) => status)
    expect(await change(boss.id, 'status', { status: 'suspended' })).toBe(403)
    expect(await change(boss.id.toUpperCase(), 'role', { role: 'support' })).toBe(403)
    expect(await change(newId(), 'status', { status: 'suspended' })).toBe(404)
    expect(await auditOf(boss.id)).toEqual([])
  })

  test('of two super admins who demote each other at once one stays, and cannot leave', async () => {
    await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.adminRole, 'super_admin'))
    const [one, two] = await Promise.all([superAdmin(), superAdmin()])
    const demote = (as: Account, whom: Account) =>
      api(`PUT /api/v1/admin/users/${whom.id}/role`, { as, body: { role: 'support', reason } })
    const answers = await Promise.all([demote(one, two), demote(two, one)])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const last = answers[0].status === 200 ? one : two
    const left = await leave(await withPassword(last))
    expect([left.status, left.body.error.code]).toEqual([409, '40908'])
  })
})

describe('accounts', () => {
  test('a suspended account’s keys stop at once, and come back', { timeout: 60_000 }, async () => {
    const [boss, developer, agent] = await Promise.all([superAdmin(), newDeveloper(), newAgent()])
    await pay(developer, 1_000)
    expect((await ask(developer, agent, 'hello')).status).toBe(200)
    const put = (status: string) =>
      api(`PUT /api/v1/admin/users/${developer.id}/status`, { as: boss, body: { status, reason } })
    expect(await put('suspended')).toMatchObject({ status: 200, body: { status: 'suspended', keys: 1 } })
    const calls = await Promise.all(Array.from({ length: 50 }, () => ask(developer, agent, 'hello')))
    expect(calls.map(({ status }) => status)).toEqual(Array<number>(50).fill(403))
    expect((await put('suspended')).status).toBe(200)
    expect((await put('active')).status).toBe(200)
    expect((await ask(developer, agent, 'hello')).status).toBe(200)
    expect((await auditOf(developer.id)).map(({ action }) => action)).toEqual(['user.suspend', 'user.activate'])
  })

  test('a suspended creator’s session ends and their agents go out of service, until they are activated', async () => {
    const [boss, developer, agent] = await Promise.all([superAdmin(), newDeveloper(), newAgent()])
    const put = (status: string) =>
      api(`PUT /api/v1/admin/users/${agent.creatorId}/status`, { as: boss, body: { status, reason } })
    const shown = async () => (await api(`GET /api/v1/admin/agents/${agent.id}`, { as: boss })).body
    await put('suspended')
    expect(await shown()).toMatchObject({ status: 'inactive', stopped_because: 'suspended' })
    await expect.poll(async () => (await ask(developer, agent, 'hello')).status, { timeout: 5_000 }).toBe(404)
    await put('active')
    expect(await shown()).toMatchObject({ status: 'active', stopped_because: null })
  })

  test('are found by id, by the beginning of the e-mail address and by name', async () => {
    const [boss, creator] = await Promise.all([signIn('admin', 'support'), signIn('creator')])
    const find = async (query: string) =>
      (await api(`GET /api/v1/admin/users?${query}`, { as: boss })).body.items.map(({ id }: { id: string }) => id)
    expect(await find(`q=${creator.id}`)).toEqual([creator.id])
    expect(await find(`q=${creator.email.slice(0, 20).toUpperCase()}`)).toEqual([creator.id])
    expect(await find('q=of+the+tests&user_type=creator&limit=100')).toContain(creator.id)
    expect(await find('q=%25%25%25')).toEqual([])
    const bad = await api('GET /api/v1/admin/users?q=a&status=gone&cursor=x', { as: boss })
    expect(bad.body.error.details.fields.map(({ field }: { field: string }) => field)).toEqual(['q', 'status'])
    expect((await api('GET /api/v1/admin/users?cursor=x', { as: boss })).status).toBe(400)
  })

  test('are listed page by page, each once', async () => {
    const boss = await signIn('admin', 'support')
    const made = await Promise.all([signIn(), signIn(), signIn()])
    const seen: string[] = []
    for (let cursor = ''; ;) {
      const { body } = await api(`GET /api/v1/admin/users?limit=2&user_type=developer${cursor}`, { as: boss })
      seen.push(...body.items.map(({ id }: { id: string }) => id))
      if (body.next_cursor === null) break
      cursor = `&cursor=${body.next_cursor}`
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(expect.arrayContaining(made.map(({ id }) => id)))
  })

  test('who leaves is gone: session, keys and name, but not before saying what to do with what is left', async () => {
    const developer = await newDeveloper()
    const me = await withPassword(await signIn())
    const { key } = await createKey(bindings, me.id, { name: 'mine' })
    const agent = await newAgent()
    const account = bindings.ACCOUNT.get(bindings.ACCOUNT.idFromName(me.id))
    await account.credit({ v: 1, id: `lot-${newId()}`, kind: 'paid', calls: 10, unitValue: 1_000_000 })
    const refused = await leave(me)
    expect([refused.status, refused.body.error]).toEqual([
      409,
      expect.objectContaining({ code: '40906', details: { calls: 10, balance_usd: '0.00', held: 0 } }),
    ])
    expect((await ask({ key }, agent, 'hello')).status).toBe(200)
    expect((await leave(me, { confirm_email: me.email.toUpperCase(), forfeit: true })).status).toBe(204)
    expect((await leave(me)).status).toBe(401)
    expect((await ask({ key }, agent, 'hello')).status).not.toBe(200)
    expect((await ask(developer, agent, 'hello')).status).toBe(200)
    const [row] = await db(bindings).select().from(users).where(eq(users.id, me.id))
    expect(row).toMatchObject({ status: 'deleted', email: `${me.id}@deleted.invalid`, passwordHash: 'none' })
    expect((await auditOf(me.id)).map(({ action, actorId }) => [action, actorId])).toEqual([['user.delete', me.id]])
  })

  // On a busy machine Redis can be slow once: then two count, and more pass.
  test(
    'only who knows the address and the password closes an account, and nobody may guess for long',
    { retry: 2 },
    async () => {
      const me = await withPassword(await signIn())
      const fieldOf = async (body: object) => (await leave(me, body)).body.error.details.fields[0].field
      expect(await fieldOf({ confirm_email: 'somebody@example.com' })).toBe('confirm_email')
      expect(await fieldOf({ password: undefined })).toBe('password')
      for (let guess = 0; guess < 10; guess++) {
        const { status, body } = await leave(me, { password: `guess ${guess}` })
        expect([status, body.error.message]).toEqual([400, 'password: is not your password'])
      }
      // Counted with sign-ins, which are refused from here on too.
      expect((await leave(me)).status).toBe(429)
      const signingIn = await api('POST /api/v1/auth/login', { body: { email: me.email, password: PASSWORD } })
      expect(signingIn.status).toBe(429)
      expect((await api('GET /api/v1/auth/me', { as: me })).status).toBe(200)
    },
  )

  test('a creator who is owed money stays', async () => {
    const [boss, agent] = await Promise.all([superAdmin(), newAgent()])
    const owe = (usd: string) =>
      db(bindings).batch([
        post(bindings, 'correction', newId(), [
          { account: `creator_pending:${agent.creatorId}`, amount: negate(amount(usd)) },
          { account: 'pack_margin', amount: amount(usd) },
        ]),
      ])
    await owe('0.75')
    const remove = () =>
      api(`DELETE /api/v1/admin/users/${agent.creatorId}`, { as: boss, body: { reason, forfeit: true } })
    expect((await remove()).body.error).toMatchObject({ details: { unpaid_usd: '0.75' } })
    await owe('-0.75')
    expect((await remove()).status).toBe(204)
    const { body } = await api(`GET /api/v1/admin/agents/${agent.id}`, { as: boss })
    expect(body).toMatchObject({ status: 'inactive', stopped_because: 'closed' })
    expect((await remove()).status).toBe(404)
  })

  test('whatever somebody left on the platform of themselves goes with them', async () => {
    const [me, maker] = await Promise.all([signIn().then(withPassword), signIn('creator').then(withPassword)])
    const hook = await newHook(me)
    await db(bindings).batch([
      db(bindings).insert(developerProfiles).values({ userId: me.id, displayName: 'Ada', company: 'Ada & Sons' }),
      db(bindings)
        .insert(notifications)
        .values({ userId: me.id, id: newId(), type: 'quota.low', title: 'Ada', body: 'Ada', createdAt: new Date() }),
      db(bindings).update(sessions).set({ userAgent: 'Ada’s phone' }).where(eq(sessions.userId, me.id)),
    ])
    const png = Uint8Array.fromBase64(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    )
    const sent = await SELF.fetch('https://agentlink.test/api/v1/creators/me/avatar', {
      method: 'PUT',
      headers: { authorization: `Bearer ${maker.token}` },
      body: png,
    })
    const { avatar_url } = await sent.json<{ avatar_url: string }>()
    expect((await api(`GET ${avatar_url}`)).status).toBe(200)
    for (const account of [me, maker]) expect((await leave(account)).status).toBe(204)
    expect((await api(`GET ${avatar_url}`)).status).toBe(404)
    const [session] = await db(bindings).select().from(sessions).where(eq(sessions.userId, me.id))
    expect(session).toMatchObject({ userAgent: null, endedBecause: 'deleted' })
    expect(await db(bindings).select().from(developerProfiles).where(eq(developerProfiles.userId, me.id))).toEqual([])
    expect(await db(bindings).select().from(notifications).where(eq(notifications.userId, me.id))).toEqual([])
    const [row] = await db(bindings).select().from(webhooks).where(eq(webhooks.id, hook.id))
    expect(row?.deletedAt).toBeInstanceOf(Date)
    const [profile] = await db(bindings).select().from(creatorProfiles).where(eq(creatorProfiles.userId, maker.id))
    expect(profile).toMatchObject({ displayName: 'Deleted account', avatarUrl: null, website: null })
  })

  test('a close that breaks off before Postgres has heard of it leaves keys that stop, and is finished by asking again', async () => {
    const [me, agent] = await Promise.all([signIn(), newAgent()])
    const { key } = await createKey(bindings, me.id, { name: 'mine' })
    expect((await ask({ key }, agent, 'hello')).status).toBe(200)
    const broken: Bindings = Object.assign({}, bindings, {
      ACCOUNT: {
        idFromName: (name: string) => bindings.ACCOUNT.idFromName(name),
        get: (id: DurableObjectId) => ({
          quota: async () => bindings.ACCOUNT.get(id).quota(),
          setAccount: async (input: AccountInput) => {
            await bindings.ACCOUNT.get(id).setAccount(input)
            // Heard, and everything stops there.
            throw Object.assign(new Error('broken off'), { overloaded: true })
          },
        }),
      },
    })
    const cause = { actor: null, requestId: 'broken' }
    await expect(close(broken, me.id, { forfeit: true }, cause)).rejects.toThrow()
    expect((await ask({ key }, agent, 'hello')).status).toBe(403)
    expect((await leave(await withPassword(me))).status).toBe(204)
  })
})

describe('agents', () => {
  test('are stopped, released and featured, and no answer holds a prompt', async () => {
    const [boss, agent] = await Promise.all([superAdmin(), newAgent()])
    const put = (path: string, body: object) => api(`PUT /api/v1/admin/agents/${agent.id}/${path}`, { as: boss, body })
    expect((await put('status', { status: 'active', reason })).status).toBe(200)
    const stopped = await put('status', { status: 'inactive', reason })
    expect(stopped.body).toMatchObject({ status: 'inactive', stopped_because: 'admin' })
    expect((await put('status', { status: 'inactive', reason })).status).toBe(200)
    expect((await put('status', { status: 'active', reason })).body).toMatchObject({ status: 'active' })
    expect((await put('featured', { rank: 1, reason })).body).toMatchObject({ featured_rank: 1 })
    expect((await put('featured', { rank: null, reason })).body).toMatchObject({ featured_rank: null })
    expect((await put('featured', { rank: 0 })).body.error.details.fields).toHaveLength(2)
    const list = await api(`GET /api/v1/admin/agents?creator_id=${agent.creatorId}&slug=${agent.slug}`, { as: boss })
    expect(list.body.items).toHaveLength(1)
    expect(JSON.stringify([stopped.body, list.body])).not.toContain(PROMPT.slice(0, 20))
    expect((await auditOf(agent.id)).map(({ action }) => action)).toEqual([
      'agent.stop',
      'agent.release',
      'agent.feature',
      'agent.feature',
    ])
  })
})

describe('reviews', () => {
  test('are read in the order in which they came, and decided on as they were read', async () => {
    const [moderator, developer, agent] = await Promise.all([signIn('admin', 'moderator'), signIn(), newAgent()])
    const id = newId()
    const review = { id, agentId: agent.id, userId: developer.id, rating: 4, content: 'Kind.', queuedAt: new Date(0) }
    await db(bindings).insert(reviews).values(review)
    const { body: queue } = await api('GET /api/v1/admin/moderation/queue?limit=1', { as: moderator })
    expect(queue.items).toMatchObject([{ id, agent_name: 'Marlow', rating: 4, content: 'Kind.', revision: 1 }])
    const decide = (decision: string, body: object) =>
      api(`POST /api/v1/admin/moderation/reviews/${id}/${decision}`, { as: moderator, body })
    expect((await decide('reject', {})).body.error.details.fields).toMatchObject([{ field: 'reason' }])
    expect((await decide('approve', { revision: 2 })).status).toBe(409)
    expect(await auditOf(id)).toEqual([])
    expect((await decide('approve', { revision: 1 })).status).toBe(204)
    expect((await decide('reject', { reason })).status).toBe(204)
    const lines = (await auditOf(id)).map((line) => [line.action, line.actorRole, line.details])
    expect(lines).toEqual([
      ['review.approve', 'moderator', { revision: 1 }],
      ['review.reject', 'moderator', { revision: 1 }],
    ])
    const [row] = await db(bindings).select().from(reviews).where(eq(reviews.id, id))
    expect(row).toMatchObject({ status: 'rejected', rejectedBecause: reason })
    const other = await api(`POST /api/v1/admin/moderation/reviews/${newId()}/approve`, { as: moderator, body: {} })
    expect(other.status).toBe(404)
  })
})
