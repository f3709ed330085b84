/** Requests with an `Idempotency-Key`, on every route that takes one: sent any number of times, they make one thing. */
import { eq } from 'drizzle-orm'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { agents } from '../agents/tables.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { once, type Named } from '../base/once.ts'
import { operations } from '../base/route.ts'
import { idempotencyKeys } from '../base/tables.ts'
import { newId } from '../base/ids.ts'
import { apiKeys } from '../keys/tables.ts'
import { webhooks } from '../webhooks/tables.ts'
import { newHook } from './hooks.ts'
import { api, bindings, MODELS, PROMPT, signIn, type Account, type ApiAnswer } from './world.ts'
// Declares every route.
import '../app.ts'

const RECEIVER = 'https://port-9000.example.com/hook'

let maker: Account
let me: Account
beforeAll(async () => {
  ;[maker, me] = await Promise.all([signIn('creator'), signIn('developer')])
})

const CONFIG = {
  provider: 'openai',
  model: MODELS.openai,
  temperature: 1,
  top_p: 1,
  max_tokens: 500,
  price_per_call: '0.02',
}
const agentBody = (name = 'Marlow'): object => ({ name, config: { ...CONFIG, system_prompt: PROMPT } })

type Case = {
  path: () => Promise<string>
  as: () => Account
  body?: object
  /** How many things there are of this kind. */
  count: () => Promise<number>
  /** What of the answer is told only once. */
  secret?: string
}

const keyCount = () => db(bindings).$count(apiKeys, eq(apiKeys.userId, me.id))

const CASES: Record<string, Case> = {
  'POST /api/v1/developers/keys': {
    path: async () => '/api/v1/developers/keys',
    as: () => me,
    body: { name: 'mine', caps: { day: 10 } },
    count: keyCount,
    secret: 'key',
  },
  'POST /api/v1/developers/keys/:id/rotate': {
    path: async () => {
      const { body } = await api('POST /api/v1/developers/keys', { as: me, body: { name: 'old' } })
      return `/api/v1/developers/keys/${body.id}/rotate`
    },
    as: () => me,
    count: keyCount,
    secret: 'key',
  },
  'POST /api/v1/agents': {
    path: async () => '/api/v1/agents',
    as: () => maker,
    body: agentBody(),
    count: () => db(bindings).$count(agents, eq(agents.creatorId, maker.id)),
  },
  'POST /api/v1/webhooks': {
    path: async () => '/api/v1/webhooks',
    as: () => me,
    body: { url: RECEIVER, events: ['call.completed'] },
    count: () => db(bindings).$count(webhooks, eq(webhooks.userId, me.id)),
  },
  'POST /api/v1/webhooks/:id/rotate-secret': {
    path: async () => `/api/v1/webhooks/${(await newHook(me)).id}/rotate-secret`,
    as: () => me,
    // Of two rotations the first would be the one before the last.
    count: async () => (await db(bindings).selectDistinct({ salt: webhooks.secretBefore }).from(webhooks)).length,
  },
}

test('these are the routes that take an Idempotency-Key', () => {
  const taking = operations.filter(({ takesIdempotencyKey, version }) => takesIdempotencyKey && version === 'v1')
  expect(taking.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(Object.keys(CASES).toSorted())
})

describe.each(Object.entries(CASES))('%s', (_, { path: pathOf, as, body, count, secret }) => {
  const send = (path: string, key: string, more: object = {}): Promise<ApiAnswer> =>
    api(`POST ${path}`, {
      as: as(),
      headers: { 'idempotency-key': key },
      ...(body ? { body: { ...body, ...more } } : {}),
    })

  test('makes one thing of a request that is sent again, and of ten that are sent at once', async () => {
    const path = await pathOf()
    const before = await count()
    const key = newId()
    const together = await Promise.all(Array.from({ length: 10 }, () => send(path, key)))
    const first = together.find(({ status, headers }) => status < 300 && !headers.has('idempotent-replayed'))
    expect(first).toBeDefined()
    for (const { status, body: told } of together) expect([200, 201, 409], JSON.stringify(told)).toContain(status)
    const again = await send(path, key)
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([first?.status, 'true'])
    expect(again.body).toEqual(secret ? { ...first?.body, [secret]: null } : first?.body)
    expect(await count()).toBe(before + 1)
  })

  test('makes two things of two names, and of the same name of another version none', async () => {
    const [path, other] = [await pathOf(), await pathOf()]
    const key = newId()
    const before = await count()
    expect((await send(path, key)).status).toBeLessThan(300)
    expect((await send(path.replace('v1', 'v2'), key)).headers.get('idempotent-replayed')).toBe('true')
    expect((await send(other, newId())).status).toBeLessThan(300)
    expect(await count()).toBe(before + 2)
  })

  test('refuses the same name for something else, and a name that is none', async () => {
    const key = newId()
    await send(await pathOf(), key)
    const elsewhere = as() === maker ? '/api/v1/webhooks' : '/api/v1/developers/keys'
    const reused = await api(`POST ${elsewhere}`, {
      as: as(),
      headers: { 'idempotency-key': key },
      body: { name: 'other', url: RECEIVER, events: ['agent.published'] },
    })
    expect([reused.status, reused.body.error.code]).toEqual([422, '42201'])
    const bad = await send(await pathOf(), 'with space')
    expect([bad.status, bad.body.error.details.fields[0].field]).toEqual([400, 'Idempotency-Key'])
  })
})

test('a name is its owner’s: somebody else may use the same', async () => {
  const [other, key] = [await signIn('developer'), newId()]
  const make = (as: Account) =>
    api('POST /api/v1/developers/keys', { as, body: { name: 'x' }, headers: { 'idempotency-key': key } })
  const [mine, theirs] = [await make(me), await make(other)]
  expect([mine.status, theirs.status]).toEqual([201, 201])
  expect(mine.body.id).not.toBe(theirs.body.id)
})

test('a request that was refused frees its name', async () => {
  const headers = { 'idempotency-key': newId() }
  const make = (slug: string) => api('POST /api/v1/agents', { as: maker, headers, body: { ...agentBody(), slug } })
  const { body: taken } = await api('POST /api/v1/agents', { as: maker, body: agentBody('Taken') })
  expect((await make(taken.slug)).status).toBe(400)
  expect((await make(`free-${newId().slice(0, 8)}`)).status).toBe(201)
})

test('what was made and is gone since is not made again', async () => {
  const hooks = { as: await signIn('developer'), headers: { 'idempotency-key': newId() } }
  const make = () => api('POST /api/v1/webhooks', { ...hooks, body: { url: RECEIVER, events: ['quota.low'] } })
  const { body } = await make()
  await api(`DELETE /api/v1/webhooks/${body.id}`, { as: hooks.as })
  expect((await make()).body.error).toMatchObject({ code: '40903', message: expect.stringContaining('is gone') })
})

test('neither the name, nor what was asked, nor a secret stands in the table', async () => {
  const key = `name-${newId()}`
  const made = await api('POST /api/v1/agents', { as: maker, body: agentBody(), headers: { 'idempotency-key': key } })
  const row = await rowOf(made.body.id)
  expect(JSON.stringify(row)).not.toContain(key)
  expect(row).toMatchObject({ userId: maker.id, runningUntil: null, keyHash: expect.stringMatching(/^[0-9a-f]{64}$/) })
})

const rowOf = async (makeId: string) =>
  (await db(bindings).select().from(idempotencyKeys).where(eq(idempotencyKeys.makeId, makeId)))[0]

describe('an attempt that breaks off', () => {
  /** Things that are made, and how often it was tried. */
  function shop(): { made: string[]; tries: number; named: Named } {
    return { made: [], tries: 0, named: { userId: newId(), key: newId(), asked: 'a thing' } }
  }
  const findIn =
    (made: string[]) =>
    async (id: string): Promise<string | null> =>
      made.includes(id) ? id : null

  test('after the thing was made is found by whoever asks next', async () => {
    const { made, named } = shop()
    const lost = once(bindings, named, {
      make: async (id) => {
        made.push(id)
        throw new AppError('storeUnavailable')
      },
      find: findIn(made),
    })
    await expect(lost).rejects.toThrow(AppError)
    const again = await once(bindings, named, { make: async () => 'another', find: findIn(made) })
    expect(again).toEqual({ given: made[0], isReplay: true })
    expect(made).toHaveLength(1)
  })

  test('before the thing was made leaves it to whoever asks next, under the same id', async () => {
    const { named } = shop()
    const ids: string[] = []
    const make = async (id: string): Promise<string> => {
      ids.push(id)
      if (ids.length === 1) throw new Error('broken')
      return id
    }
    await expect(once(bindings, named, { make, find: async () => null })).rejects.toThrow('broken')
    expect(await once(bindings, named, { make, find: async () => null })).toEqual({ given: ids[0], isReplay: false })
    expect(ids[1]).toBe(ids[0])
  })

  test('without a word is waited for a minute, and then taken over by one of ten', async () => {
    const { named } = shop()
    void once(bindings, named, { make: () => new Promise<string>(() => {}), find: async () => null })
    const ask = () => once(bindings, named, { make: async (id) => id, find: async () => null })
    await expect
      .poll(() =>
        ask().then(
          () => '',
          (thrown: AppError) => thrown.code,
        ),
      )
      .toBe('40901')
    const now = clock.now()
    vi.spyOn(clock, 'now').mockReturnValue(now + 61_000)
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, ask))
    vi.restoreAllMocks()
    const news = outcomes.filter((one) => one.status === 'fulfilled' && !one.value.isReplay)
    expect(news).toHaveLength(1)
  })

  test('is forgotten after a day, and swept up by others', async () => {
    const { named } = shop()
    const make = async (id: string): Promise<string> => id
    const first = await once(bindings, named, { make, find: async () => null })
    const now = clock.now()
    vi.spyOn(clock, 'now').mockReturnValue(now + 24 * 3_600_000 + 1)
    const others = await Promise.all([0, 1].map(() => once(bindings, shop().named, { make, find: async () => null })))
    expect(others.map(({ isReplay }) => isReplay)).toEqual([false, false])
    expect(await rowOf(first.given)).toBeUndefined()
    const again = await once(bindings, named, { make, find: async () => null })
    vi.restoreAllMocks()
    expect([again.isReplay, again.given === first.given]).toEqual([false, false])
  })
})
