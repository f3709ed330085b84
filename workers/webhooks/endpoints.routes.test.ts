import { describe, expect, test } from 'vitest'
import { eq } from 'drizzle-orm'
import { auditLog } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { ended, newHook, received, withoutPostgres } from '../tests/hooks.ts'
import { api, bindings, signIn, type Account } from '../tests/world.ts'
import { webhooks } from './tables.ts'

const NEW = { url: 'https://hooks.example.com/in', events: ['call.completed', 'quota.low'] }

async function create(as: Account, body: object = NEW) {
  return api('POST /api/v1/webhooks', { as, body })
}

describe('a new webhook', () => {
  test.each(['developer', 'creator'] as const)('of a %s is shown with its secret, once', async (type) => {
    const account = await signIn(type)
    const { status, body, headers } = await create(account, { ...NEW, description: ' Our pager ' })
    expect(status).toBe(201)
    expect(headers.get('cache-control')).toBe('no-store')
    const { secret, ...shown } = body
    expect(Uint8Array.fromBase64(/^whsec_(.+)$/.exec(secret)![1]!)).toHaveLength(32)
    expect(shown).toEqual({
      id: expect.any(String),
      url: NEW.url,
      description: 'Our pager',
      events: NEW.events,
      active: true,
      paused_because: null,
      failing_since: null,
      old_secret_until: null,
      created_at: expect.stringMatching(/Z$/),
    })
    const list = await api('GET /api/v1/webhooks', { as: account })
    expect(list.body).toEqual({ items: [shown], next_cursor: null })
    expect((await api(`GET /api/v1/webhooks/${body.id}`, { as: account })).body).toEqual(shown)
    expect((await api(`GET /api/v2/webhooks/${body.id}`, { as: account })).body).toEqual(shown)
  })

  test('leaves no secret in the database, and no two secrets are alike', async () => {
    const account = await signIn()
    const [one, other] = [await create(account), await create(account)]
    expect(one.body.secret).not.toBe(other.body.secret)
    const rows = await db(bindings).select().from(webhooks).where(eq(webhooks.userId, account.id))
    const bare = one.body.secret.slice('whsec_'.length)
    expect(rows).toHaveLength(2)
    expect(JSON.stringify(rows)).not.toContain(bare.slice(0, 12))
  })

  test('takes no field that is not for its owner to set', async () => {
    const [account, other] = [await signIn(), await signIn()]
    const more = { id: newId(), user_id: other.id, active: false, secret: 'whsec_mine', failing_since: null, paused_because: 'gone' }
    const { status, body } = await create(account, { ...NEW, ...more })
    expect(status).toBe(201)
    expect(body).toMatchObject({ active: true, paused_because: null })
    expect([body.id, body.secret]).not.toContain(more.id)
    expect((await api('GET /api/v1/webhooks', { as: other })).body.items).toEqual([])
  }) // prettier-ignore

  test.each([
    [{}, ['url', 'events']],
    [{ ...NEW, url: 'http://hooks.example.com/' }, ['url']],
    [{ ...NEW, url: 7 }, ['url']],
    [{ ...NEW, url: `https://hooks.example.com/${'a'.repeat(500)}` }, ['url']],
    [{ ...NEW, events: [] }, ['events']],
    [{ ...NEW, events: ['agent.deleted'] }, ['events.0']],
    [{ ...NEW, events: ['webhook.test'] }, ['events.0']],
    [{ ...NEW, events: ['quota.low', 'quota.low'] }, ['events']],
    [{ ...NEW, events: 'quota.low' }, ['events']],
    [{ ...NEW, description: 'a\r\nb' }, ['description']],
    [{ ...NEW, description: 'a\u0000b' }, ['description']],
    [{ ...NEW, description: 'a'.repeat(201) }, ['description']],
  ])('that is malformed is 400 and names what is wrong: %j', async (body, fields) => {
    const answer = await create(await signIn(), body)
    expect([answer.status, answer.body.error.code]).toEqual([400, '40002'])
    expect(answer.body.error.details.fields.map(({ field }: { field: string }) => field)).toEqual(fields)
  })

  test('is the tenth at most, also when many are created at once', async () => {
    const account = await signIn()
    const answers = await Promise.all(Array.from({ length: 16 }, () => create(account)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10)
    const refused = answers.filter(({ status }) => status !== 201)
    for (const { status, body } of refused)
      expect([status, body.error]).toMatchObject([409, { code: '40912', details: { limit: 10 } }])
    const { items } = (await api('GET /api/v1/webhooks', { as: account })).body
    expect(items).toHaveLength(10)
    await api(`DELETE /api/v1/webhooks/${items[0].id}`, { as: account })
    expect((await create(account)).status).toBe(201)
  })

  test('is 503 while Postgres is away', async () => {
    const account = await signIn()
    await create(account)
    const { status, body } = await withoutPostgres(() => create(account))
    expect([status, body.error.code]).toEqual([503, '50302'])
  })
})

describe('a change', () => {
  test('leaves what it does not name', async () => {
    const account = await signIn()
    const { body: hook } = await create(account, { ...NEW, description: 'One' })
    const put = (body: object) => api(`PUT /api/v1/webhooks/${hook.id}`, { as: account, body })
    const { secret: _, ...shown } = hook
    expect((await put({})).body).toEqual(shown)
    expect((await put({ description: null })).body).toEqual({ ...shown, description: null })
    expect((await put({ events: ['review.created'] })).body).toMatchObject({ events: ['review.created'], url: NEW.url })
    expect((await put({ url: 'https://hooks.example.com/other' })).body.url).toBe('https://hooks.example.com/other')
    expect((await put({ active: false })).body).toMatchObject({ active: false, paused_because: 'owner' })
    expect((await put({ description: 'Still paused' })).body).toMatchObject({ active: false, paused_because: 'owner' })
    expect((await put({ active: true })).body).toMatchObject({ active: true, paused_because: null })
  })

  test('to an address that may not be called, or of the wrong form, changes nothing', async () => {
    const account = await signIn()
    const { body: hook } = await create(account)
    for (const body of [{ url: 'https://ip-10-0-0-1.example.com/' }, { url: 'https://localhost/' }, { active: 'yes' }, { events: [] }, { url: null }]) {
      const answer = await api(`PUT /api/v1/webhooks/${hook.id}`, { as: account, body })
      expect([answer.status, answer.body.error.code]).toEqual([400, '40002'])
    }
    expect((await api(`GET /api/v1/webhooks/${hook.id}`, { as: account })).body.url).toBe(NEW.url)
  }) // prettier-ignore
})

test('a new secret is shown once, and the old one has 24 hours', async () => {
  const account = await signIn()
  const { body: hook } = await create(account)
  const { status, body } = await api(`POST /api/v1/webhooks/${hook.id}/rotate-secret`, { as: account })
  expect(status).toBe(200)
  expect(body.secret).not.toBe(hook.secret)
  const hours = (new Date(body.old_secret_until).getTime() - Date.now()) / 3_600_000
  expect(hours).toBeGreaterThan(23.9)
  expect(hours).toBeLessThanOrEqual(24)
  expect((await api(`GET /api/v1/webhooks/${hook.id}`, { as: account })).body.secret).toBeUndefined()
})

describe('a test', () => {
  test('goes out and can be looked at', async () => {
    const account = await signIn()
    const hook = await newHook(account)
    const { status, body } = await api(`POST ${hook.path}/test`, { as: account })
    expect(status).toBe(202)
    const delivery = await ended(account, hook, body.delivery_id)
    expect(delivery).toMatchObject({ state: 'delivered', event_type: 'webhook.test' })
    const [message] = await received(hook)
    expect(JSON.parse(message!.body)).toMatchObject({ type: 'webhook.test', data: { webhook_id: hook.id } })
  })

  test('is refused to a webhook that is paused, and after ten a minute', async () => {
    const account = await signIn()
    const hook = await newHook(account)
    const put = (active: boolean) => api(`PUT ${hook.path}`, { as: account, body: { active } })
    await put(false)
    expect((await api(`POST ${hook.path}/test`, { as: account })).status).toBe(409)
    await put(true)
    for (let i = 0; i < 10; i++) expect((await api(`POST ${hook.path}/test`, { as: account })).status).toBe(202)
    const { status, headers } = await api(`POST ${hook.path}/test`, { as: account })
    expect([status, headers.get('retry-after')]).toEqual([429, '60'])
  })
})

test('every change is in the audit log, without a secret', async () => {
  const account = await signIn()
  const hook = await newHook(account)
  await api(`PUT ${hook.path}`, { as: account, body: { active: false } })
  const { body } = await api(`POST ${hook.path}/rotate-secret`, { as: account })
  await api(`DELETE ${hook.path}`, { as: account })
  const entries = await db(bindings).select().from(auditLog).where(eq(auditLog.subjectId, hook.id)).orderBy(auditLog.createdAt)
  expect(entries.map(({ action, actorId }) => [action, actorId])).toEqual(
    ['create', 'update', 'rotate_secret', 'delete'].map((action) => [`webhook.${action}`, account.id]),
  )
  for (const secret of [hook.secret, body.secret]) expect(JSON.stringify(entries)).not.toContain(secret.slice(6, 20))
}) // prettier-ignore

describe('whose webhook it is', () => {
  const ROUTES = [
    'GET ',
    'PUT ',
    'DELETE ',
    'POST /test',
    'POST /rotate-secret',
    'GET /deliveries',
    `GET /deliveries/DELIVERY`,
    `POST /deliveries/DELIVERY/redeliver`,
  ]

  test.each(ROUTES)('%s answers the same for what is somebody else’s and what is not', async (route) => {
    const [owner, other] = [await signIn(), await signIn()]
    const hook = await newHook(owner)
    const { body: sent } = await api(`POST ${hook.path}/test`, { as: owner })
    await ended(owner, hook, sent.delivery_id)
    const [method, rest = ''] = route.split(' ')
    const askFor = (id: string, as?: Account) =>
      api(`${method} /api/v1/webhooks/${id}${rest.replace('DELIVERY', sent.delivery_id)}`, {
        ...(as ? { as } : {}),
        ...(method === 'PUT' ? { body: { active: false } } : {}),
        headers: { 'x-request-id': 'same' },
      })
    const theirs = await askFor(hook.id, other)
    expect([theirs.status, theirs.body.error.code]).toEqual([404, '40404'])
    expect(await askFor(newId(), other)).toMatchObject({ status: 404, body: theirs.body })
    // Nor through a webhook of one's own.
    if (rest.includes('DELIVERY')) {
      const own = await newHook(other)
      expect(await askFor(own.id, other)).toMatchObject({ status: 404, body: theirs.body })
    }
    expect((await askFor(hook.id)).status).toBe(401)
    expect((await askFor('me', other)).status).toBe(400)
    expect((await api(`GET ${hook.path}`, { as: owner })).body.active).toBe(true)
  })

  test('one that is deleted is nobody’s', async () => {
    const account = await signIn()
    const hook = await newHook(account)
    expect((await api(`DELETE ${hook.path}`, { as: account })).status).toBe(204)
    for (const route of ['GET ', 'DELETE ', 'POST /test', 'GET /deliveries']) {
      const [method, rest] = route.split(' ')
      expect((await api(`${method} ${hook.path}${rest}`, { as: account })).status).toBe(404)
    }
    expect((await api('GET /api/v1/webhooks', { as: account })).body.items).toEqual([])
  })
})
