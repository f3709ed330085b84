import { eq, sql } from 'drizzle-orm'
import * as fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { aLog, deliver } from '../tests/call-logs.ts'
import {
  api,
  ask,
  bindings,
  newAgent,
  pay,
  signIn,
  type Account,
  type ApiAnswer,
  type Developer,
} from '../tests/world.ts'
import { LIVE_KEYS_MAX } from './key-rows.ts'
import { hashKey, isWellFormed } from './key-format.ts'
import { apiKeys } from './tables.ts'

const KEYS = '/api/v1/developers/keys'
const HOUR_MS = 3_600_000
const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString()

const realNow = clock.now
afterEach(() => {
  clock.now = realNow
})

async function make(as: Account, body: Record<string, unknown> = {}): Promise<ApiAnswer['body']> {
  const answer = await api(`POST ${KEYS}`, { as, body: { name: 'Server', ...body } })
  expect(answer.status).toBe(201)
  return answer.body
}

const change = (as: Account, id: string, body: unknown): Promise<ApiAnswer> => api(`PUT ${KEYS}/${id}`, { as, body })
const revoke = (as: Account, id: string): Promise<ApiAnswer> => api(`DELETE ${KEYS}/${id}`, { as })
const rotate = (as: Account, id: string): Promise<ApiAnswer> => api(`POST ${KEYS}/${id}/rotate`, { as })

/** An account that has paid, so that it may make more than ten calls a minute. */
async function payer(): Promise<Account> {
  const account = await signIn()
  await pay({ account: bindings.ACCOUNT.get(bindings.ACCOUNT.idFromName(account.id)) } as Developer, 1_000)
  return account
}

async function codeOf(response: Response): Promise<number | string> {
  if (response.status === 200) return 200
  return (await response.json<{ error: { code: string } }>()).error.code
}

test('a key is shown once, when it is made; afterwards only what it is called and limited to', async () => {
  const me = await signIn()
  const agent = await newAgent()
  const expires_at = inFuture(HOUR_MS)
  const limits = { caps: { day: 5, month: 100 }, agent_ids: [agent.id], expires_at }
  const { key, ...made } = await make(me, { name: '  Laptop ', ...limits, user_id: newId(), revision: 9 })
  expect(isWellFormed(key)).toBe(true)
  expect(made).toMatchObject({
    name: 'Laptop',
    prefix: key.slice(0, 8),
    status: 'active',
    caps: { day: 5, week: null, month: 100 },
    agent_ids: [agent.id],
    expires_at,
    last_used_at: null,
    revoked_at: null,
  })
  const list = await api(`GET ${KEYS}`, { as: me })
  expect(list.body).toEqual({ items: [made], next_cursor: null })
  expect((await api(`GET ${KEYS}/${made.id}`, { as: me })).body).toEqual(made)
  expect(JSON.stringify(list.body)).not.toContain(key.slice(8))
  expect(JSON.stringify(list.body)).not.toContain(hashKey(key))
})

test('limits are in force with the answer: of agents, of caps, of time; and lifting them is too', async () => {
  const me = await payer()
  const [agent, other] = [await newAgent(), await newAgent()]
  const { id, key } = await make(me, { agent_ids: [agent.id], caps: { day: 2 } })
  expect(await codeOf(await ask({ key }, other, 'Hi'))).toBe('40303')
  expect(await codeOf(await ask({ key }, agent, 'Hi'))).toBe(200)
  expect(await codeOf(await ask({ key }, agent, 'Hi'))).toBe(200)
  expect(await codeOf(await ask({ key }, agent, 'Hi'))).toBe('42903')
  const quota = await api('GET /api/v1/developers/quota', { as: me })
  expect(quota.body.keys).toMatchObject([{ api_key_id: id, caps: [{ period: 'day', cap: 2, used: 2 }] }])
  expect(quota.body.calls).toMatchObject({ used: 2, held: 0 })
  expect(quota.body.rate.limit).toBe(1_000)

  expect((await change(me, id, { caps: { day: 3 } })).body.agent_ids).toEqual([agent.id])
  expect(await codeOf(await ask({ key }, agent, 'Hi'))).toBe(200)
  expect(await codeOf(await ask({ key }, agent, 'Hi'))).toBe('42903')
  expect((await change(me, id, { caps: null, agent_ids: null })).body).toMatchObject({
    caps: { day: null },
    agent_ids: null,
  })
  expect(await codeOf(await ask({ key }, other, 'Hi'))).toBe(200)
  expect((await api('GET /api/v1/developers/quota', { as: me })).body.keys).toEqual([])
})

test('a key is renamed without its limits being touched', async () => {
  const me = await signIn()
  const { key: _, ...made } = await make(me, { caps: { week: 7 } })
  const { status, body } = await change(me, made.id, { name: 'Renamed' })
  expect([status, body]).toEqual([200, { ...made, name: 'Renamed' }])
})

test('rotation gives a new key with the same settings; the old one ends after 24 hours, or at its own end', async () => {
  const me = await payer()
  const agent = await newAgent()
  const old = await make(me, { caps: { day: 10 }, agent_ids: [agent.id] })
  const { status, body: fresh } = await rotate(me, old.id)
  expect(status).toBe(201)
  expect(fresh).toMatchObject({ name: 'Server', caps: { day: 10 }, agent_ids: [agent.id], expires_at: null })
  expect(fresh.key).not.toBe(old.key)
  for (const { key } of [old, fresh]) expect(await codeOf(await ask({ key }, agent, 'Hi'))).toBe(200)
  const ending = (await api(`GET ${KEYS}/${old.id}`, { as: me })).body.expires_at
  expect(Math.abs(Date.parse(ending) - Date.now() - 24 * HOUR_MS)).toBeLessThan(60_000)
  // The account object is what enforces the end: it has been told.
  clock.now = () => realNow() + 24 * HOUR_MS + 60_000
  expect(await codeOf(await ask({ key: old.key }, agent, 'Hi'))).toBe('40103')
  expect(await codeOf(await ask({ key: fresh.key }, agent, 'Hi'))).toBe(200)
  clock.now = realNow

  const soon = await make(me, { expires_at: inFuture(HOUR_MS) })
  const next = (await rotate(me, soon.id)).body
  expect(next.expires_at).toBe(soon.expires_at)
  expect((await api(`GET ${KEYS}/${soon.id}`, { as: me })).body.expires_at).toBe(soon.expires_at)
})

test('a revoked key is refused with the answer, may be revoked again, and can be neither changed nor rotated', async () => {
  const me = await payer()
  const agent = await newAgent()
  const { id, key } = await make(me)
  expect(await codeOf(await ask({ key }, agent, 'Hi'))).toBe(200)
  expect((await revoke(me, id)).status).toBe(204)
  expect(await codeOf(await ask({ key }, agent, 'Hi'))).toBe('40103')
  const at = (await api(`GET ${KEYS}/${id}`, { as: me })).body.revoked_at
  expect((await revoke(me, id)).status).toBe(204)
  expect((await api(`GET ${KEYS}/${id}`, { as: me })).body).toMatchObject({ status: 'revoked', revoked_at: at })
  for (const answer of [await change(me, id, { name: 'x' }), await rotate(me, id)])
    expect([answer.status, answer.body.error.code]).toEqual([409, '40903'])
  expect((await api(`GET ${KEYS}`, { as: me })).body.items).toEqual([])
  expect((await api(`GET ${KEYS}?status=all`, { as: me })).body.items).toMatchObject([{ id }])
})

test('changes that meet a revocation never bring the key back, and changes that meet each other end the same everywhere', async () => {
  const me = await payer()
  const agent = await newAgent()
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 6 }), async (caps) => {
      const { id, key } = await make(me)
      await Promise.all(caps.map((day) => change(me, id, { caps: { day } })))
      const shown = (await api(`GET ${KEYS}/${id}`, { as: me })).body.caps.day
      const { keys } = (await api('GET /api/v1/developers/quota', { as: me })).body
      const enforced = keys.find((one: { api_key_id: string }) => one.api_key_id === id)
      expect(enforced.caps[0].cap).toBe(shown)
      await Promise.all([...caps.map((day) => change(me, id, { caps: { day } })), revoke(me, id)])
      expect(await codeOf(await ask({ key }, agent, 'Hi'))).toBe('40103')
    }),
    { numRuns: 6 },
  )
})

test('an account has at most fifty live keys, also when they are made at once', async () => {
  const me = await signIn()
  const answers = await Promise.all(
    Array.from({ length: LIVE_KEYS_MAX + 5 }, (_, i) => api(`POST ${KEYS}`, { as: me, body: { name: `Key ${i}` } })),
  )
  const made = answers.filter(({ status }) => status === 201)
  expect(made).toHaveLength(LIVE_KEYS_MAX)
  const refused = answers.find(({ status }) => status !== 201)
  expect([refused?.status, refused?.body.error.code]).toEqual([409, '40920'])
  const [first] = made
  expect((await rotate(me, first?.body.id)).body.error.code).toBe('40920')
  await revoke(me, first?.body.id)
  await make(me)

  const seen: string[] = []
  let cursor = ''
  do {
    const { body } = await api(`GET ${KEYS}?limit=20&status=all${cursor}`, { as: me })
    seen.push(...body.items.map(({ id }: { id: string }) => id))
    cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`
  } while (cursor !== '')
  expect(seen).toHaveLength(LIVE_KEYS_MAX + 1)
  expect(new Set(seen).size).toBe(seen.length)
})

test('somebody else’s key is like one that does not exist, and stays as it is', async () => {
  const [mine, other] = [await signIn(), await signIn()]
  const { id } = await make(mine)
  const asked = (keyId: string): Promise<ApiAnswer>[] => [
    api(`GET ${KEYS}/${keyId}`, { as: other }),
    change(other, keyId, { name: 'Mine now' }),
    rotate(other, keyId),
    revoke(other, keyId),
  ]
  const [theirs, nothing] = await Promise.all([Promise.all(asked(id)), Promise.all(asked(newId()))])
  expect(theirs.map(({ status, body }) => [status, body.error])).toEqual(
    nothing.map(({ status, body }) => [status, body.error]),
  )
  expect(theirs.every(({ status, body }) => status === 404 && body.error.code === '40403')).toBe(true)
  expect((await api(`GET ${KEYS}/${id}`, { as: mine })).body).toMatchObject({ name: 'Server', status: 'active' })
})

test('only developers have keys here', async () => {
  const creator = await signIn('creator')
  const id = newId()
  const routes = [`GET ${KEYS}`, `POST ${KEYS}`, `GET ${KEYS}/${id}`, `PUT ${KEYS}/${id}`, `POST ${KEYS}/${id}/rotate`]
  for (const path of [
    ...routes,
    `DELETE ${KEYS}/${id}`,
    'GET /api/v1/developers/quota',
    'GET /api/v1/developers/calls',
  ]) {
    expect((await api(path, { as: creator })).status).toBe(403)
    expect((await api(path)).status).toBe(401)
  }
})

test('every field that is wrong is named', async () => {
  const me = await signIn()
  const body = {
    name: ' ',
    caps: { day: 0, week: 1.5, month: '7' },
    agent_ids: ['x'],
    expires_at: new Date(Date.now() - 1).toISOString(),
  }
  const { status, body: answer } = await api(`POST ${KEYS}`, { as: me, body })
  expect([status, answer.error.code]).toEqual([400, '40002'])
  expect(answer.error.details.fields.map(({ field }: { field: string }) => field)).toEqual([
    'caps.day',
    'caps.week',
    'caps.month',
    'agent_ids.0',
    'expires_at',
    'name',
  ])
  const known = await newAgent()
  const unknown = await api(`POST ${KEYS}`, { as: me, body: { name: 'x', agent_ids: [known.id, newId()] } })
  expect(unknown.body.error.details.fields).toEqual([{ field: 'agent_ids.1', problem: 'is no published agent' }])
  expect((await change(me, 'nothing', {})).body.error.details.fields[0].field).toBe('id')
  for (const query of ['limit=0', 'limit=101', 'cursor=x', 'status=dead'])
    expect((await api(`GET ${KEYS}?${query}`, { as: me })).status).toBe(400)
})

test('the last use of a key is shown, renewed once a minute at most', async () => {
  const me = await signIn()
  const { id } = await make(me)
  const lastUsed = async (): Promise<string | null> => (await api(`GET ${KEYS}/${id}`, { as: me })).body.last_used_at
  const at = Date.parse('2026-11-20T10:00:00.000Z')
  const used = (ms: number): Promise<void> => deliver([aLog({ userId: me.id, apiKeyId: id, settledAt: at + ms })])
  await used(0)
  expect(await lastUsed()).toBe('2026-11-20T10:00:00.000Z')
  await used(59_000)
  expect(await lastUsed()).toBe('2026-11-20T10:00:00.000Z')
  await used(61_000)
  await used(-HOUR_MS)
  expect(await lastUsed()).toBe('2026-11-20T10:01:01.000Z')
})

test('a key whose account object cannot be told stays as safe as it was: nothing is answered but an error', async () => {
  const me = await signIn()
  const { id } = await make(me, { caps: { day: 5 } })
  const { changeKey } = await import('./settings.ts')
  const away = {
    ...bindings,
    ACCOUNT: {
      idFromName: (name: string) => name,
      get: () => ({
        setKey: async () => {
          throw Object.assign(new Error('The object is overloaded.'), { overloaded: true })
        },
      }),
    },
  } as unknown as typeof bindings
  await expect(changeKey(away, me.id, id, { caps: { day: 1 } })).rejects.toMatchObject({ kind: 'storeUnavailable' })
  // Sent again, both have it.
  expect((await change(me, id, { caps: { day: 1 } })).status).toBe(200)
  const { keys } = (await api('GET /api/v1/developers/quota', { as: me })).body
  expect(keys[0].caps).toMatchObject([{ period: 'day', cap: 1 }])
  const [row] = await db(bindings).select().from(apiKeys).where(eq(apiKeys.id, id))
  expect(row?.revision).toBe(2)
})

test('an expired key is final: it can be revoked, and not brought back', async () => {
  const me = await signIn()
  const { id } = await make(me)
  await db(bindings).execute(sql`UPDATE api_keys SET expires_at = now() - INTERVAL '1 second' WHERE id = ${id}`)
  expect((await api(`GET ${KEYS}?status=all`, { as: me })).body.items).toMatchObject([{ id, status: 'expired' }])
  expect((await change(me, id, { expires_at: inFuture(HOUR_MS) })).status).toBe(409)
  expect((await revoke(me, id)).status).toBe(204)
})
