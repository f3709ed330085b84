import { eq } from 'drizzle-orm'
import { beforeAll, describe, expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { api, bindings, signIn, type Account } from '../tests/world.ts'
import { users } from './tables.ts'

let me: Account
let other: Account
let reader: Account

beforeAll(async () => {
  ;[me, other, reader] = await Promise.all([signIn('creator'), signIn('creator'), signIn('developer')])
})

describe('a profile', () => {
  test('is changed by its owner, as far as it is sent', async () => {
    const before = await api('GET /api/v1/creators/me', { as: me })
    expect(before.body).toMatchObject({
      id: me.id,
      email: me.email,
      display_name: 'Ada of the Tests',
      bio: null,
      wallet_address: null,
    })
    const changed = await api('PUT /api/v1/creators/me', {
      as: me,
      body: { bio: 'I write agents.\r\nAnd tests. ', website: 'https://ada.example/about' },
    })
    expect(changed.status).toBe(200)
    expect(changed.body).toEqual({
      ...before.body,
      bio: 'I write agents.\nAnd tests.',
      website: 'https://ada.example/about',
    })
    const renamed = await api('PUT /api/v1/creators/me', {
      as: me,
      body: { display_name: ' Zoe\u0308  🌍 ', bio: null },
    })
    expect(renamed.body).toMatchObject({ display_name: 'Zo\u00eb 🌍', bio: null, website: 'https://ada.example/about' })
    expect((await api('PUT /api/v1/creators/me', { as: me, body: {} })).body).toEqual(renamed.body)
  })

  test('takes nothing that is not its owner’s to set', async () => {
    const before = await api('GET /api/v1/creators/me', { as: other })
    const body = {
      verified: true,
      total_earnings: '1000',
      user_id: me.id,
      wallet_address: `0x${'1'.repeat(40)}`,
      email: 'x@example.com',
    }
    expect((await api('PUT /api/v1/creators/me', { as: other, body })).body).toEqual(before.body)
  })

  test.each([
    ['display_name', ''],
    ['display_name', 'A'.repeat(101)],
    ['display_name', 'two\nlines'],
    ['display_name', null],
    ['bio', 'x'.repeat(2_001)],
    ['bio', 'a NUL \u0000'],
    ['bio', 'turned \u202e around'],
    ['bio', 'half a character \ud800'],
    ['website', 'javascript:alert(1)'],
    ['website', 'data:text/html,x'],
    ['website', 'ada.example'],
    ['website', `https://ada.example/${'x'.repeat(200)}`],
  ])('has no %s that is %j', async (field, value) => {
    const { status, body } = await api('PUT /api/v1/creators/me', { as: other, body: { [field]: value } })
    expect(status).toBe(400)
    expect(body.error.details.fields[0].field).toBe(field)
  })

  test('is a creator’s', async () => {
    for (const [route, body] of [
      ['GET /api/v1/creators/me', undefined],
      ['PUT /api/v1/creators/me', {}],
      ['PUT /api/v1/creators/me/avatar', undefined],
      ['DELETE /api/v1/creators/me/avatar', undefined],
      ['POST /api/v1/creators/me/wallet/challenge', {}],
      ['PUT /api/v1/creators/me/wallet', {}],
    ] as const) {
      expect((await api(route, { as: reader, body })).status).toBe(403)
      expect((await api(route, { body })).status).toBe(401)
    }
  })

  test('shows everybody its public half, for a while', async () => {
    const { status, headers, body } = await api(`GET /api/v1/creators/${other.id}`)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    expect(body).toEqual({
      id: other.id,
      display_name: 'Ada of the Tests',
      bio: null,
      website: null,
      avatar_url: null,
      verified: false,
      created_at: expect.any(String),
    })
    const gone = await signIn('creator')
    await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.id, gone.id))
    for (const id of [newId(), reader.id, gone.id]) {
      const answer = await api(`GET /api/v1/creators/${id}`)
      expect([answer.status, answer.body.error.code]).toEqual([404, '40402'])
    }
    expect((await api('GET /api/v1/creators/ada')).status).toBe(400)
  })
})

describe('a developer', () => {
  test('says as much of themselves as they like', async () => {
    const developer = await signIn('developer')
    const before = await api('GET /api/v1/developers/me', { as: developer })
    expect(before.body).toMatchObject({ id: developer.id, email: developer.email, display_name: null, company: null })
    expect((await api('PUT /api/v1/developers/me', { as: developer, body: {} })).body).toEqual(before.body)
    const named = await api('PUT /api/v1/developers/me', {
      as: developer,
      body: { display_name: 'Grace', company: 'Navy' },
    })
    expect(named.body).toEqual({ ...before.body, display_name: 'Grace', company: 'Navy' })
    const left = await api('PUT /api/v1/developers/me', {
      as: developer,
      body: { company: null, id: newId(), email: 'x@example.com' },
    })
    expect(left.body).toEqual({ ...named.body, company: null })
    const { body: account } = await api('GET /api/v1/auth/me', { as: developer })
    expect(account.display_name).toBe('Grace')
  })

  test('is no creator, and types nothing that cannot be seen', async () => {
    expect((await api('GET /api/v1/developers/me', { as: me })).status).toBe(403)
    expect((await api('PUT /api/v1/developers/me', { as: me, body: {} })).status).toBe(403)
    expect((await api('GET /api/v1/developers/me')).status).toBe(401)
    for (const company of ['x'.repeat(101), 'a\u0000b', 'a\u202eb', '', 7])
      expect((await api('PUT /api/v1/developers/me', { as: reader, body: { company } })).status).toBe(400)
  })
})
