import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { newHook, planOf, type Hook } from '../tests/hooks.ts'
import { api, bindings, signIn, type Account } from '../tests/world.ts'
import { KEPT_MS } from './deliveries.ts'

const STATES = ['delivered', 'failed', 'dropped'] as const
const TYPES = ['agent.published', 'quota.low'] as const
let account: Account
let hook: Hook

beforeAll(async () => {
  account = await signIn()
  hook = await newHook(account, 'answers=204')
  await db(bindings).execute(sql`
    INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, body, state, created_at, finished_at)
    SELECT gen_random_uuid(), ${hook.id}, gen_random_uuid(), (ARRAY['agent.published', 'quota.low'])[1 + n % 2], '{}',
      (ARRAY['delivered', 'failed', 'dropped'])[1 + n % 3],
      -- Many at the same millisecond.
      now() - n / 10 * interval '1 second', now()
    FROM generate_series(1, 60) AS n`)
})

function list(query: string) {
  return api(`GET ${hook.path}/deliveries${query}`, { as: account })
}

describe('the list', () => {
  test('is whole and in order, page by page, by any filter', async () => {
    const all = (await list('?limit=100')).body.items
    expect(all).toHaveLength(60)
    const times = all.map(({ created_at }: { created_at: string }) => created_at)
    expect(times).toEqual(times.toSorted().toReversed())
    for (const [filter, wanted] of [
      ['', () => true],
      ...STATES.map((state) => [`&state=${state}`, (one: { state: string }) => one.state === state] as const),
      ...TYPES.map((type) => [`&event_type=${type}`, (one: { event_type: string }) => one.event_type === type] as const),
      ['&state=failed&event_type=quota.low', (one: { state: string; event_type: string }) => one.state === 'failed' && one.event_type === 'quota.low'],
    ] as const) {
      const seen = []
      for (let cursor = ''; ; ) {
        const { body } = await list(`?limit=7${filter}${cursor}`)
        seen.push(...body.items)
        if (body.next_cursor === null) break
        expect(body.items).toHaveLength(7)
        cursor = `&cursor=${body.next_cursor}`
      }
      expect(seen).toEqual(all.filter(wanted))
    }
  }) // prettier-ignore

  test.each(['?limit=101', '?limit=0', '?state=lost', '?event_type=nothing', '?cursor=abc', '?cursor=WyJub3ciLCIxIl0'])(
    '%s is 400',
    async (query) => {
      const { status, body } = await list(query)
      expect([status, body.error.code]).toEqual([400, '40002'])
    },
  )

  test('goes through an index, whatever is asked of it', async () => {
    const at = [new Date().toISOString(), newId()]
    for (const where of [
      sql`true`,
      sql`(created_at, id) < (${at[0]}::timestamptz, ${at[1]}::uuid)`,
      sql`state = 'failed'`,
      sql`event_type = 'quota.low'`,
    ]) {
      const plan = await planOf(sql`
        SELECT * FROM webhook_deliveries WHERE webhook_id = ${hook.id} AND ${where}
        ORDER BY created_at DESC, id DESC LIMIT 21`)
      expect(plan).toMatch(/Index Scan using idx_webhook_deliveries/)
      expect(plan).not.toContain('Sort')
    }
  })
})

describe('a delivery ordered again', () => {
  async function ended(change: { state?: string; round?: number; ageMs?: number } = {}): Promise<string> {
    const id = newId()
    const { state = 'failed', round = 0, ageMs = 0 } = change
    const isOver = state !== 'retrying'
    const at = new Date(Date.now() - ageMs).toISOString()
    await db(bindings).execute(sql`
      INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, body, state, round, created_at, finished_at, next_at)
      VALUES (${id}, ${hook.id}, ${newId()}, 'quota.low', '{}', ${state}, ${round}, ${at},
        ${isOver ? at : null}, ${isOver ? null : at})`)
    return id
  }
  const redeliver = (id: string) => api(`POST ${hook.path}/deliveries/${id}/redeliver`, { as: account })

  test.each(STATES)('that was %s is accepted', async (state) => {
    const id = await ended({ state, ageMs: KEPT_MS - 60_000 })
    const { status, body } = await redeliver(id)
    expect([status, body]).toEqual([202, { delivery_id: id }])
  })

  test.each([
    ['is still under way', { state: 'retrying' }, 'under way'],
    ['is too old', { ageMs: KEPT_MS + 1_000 }, '30 days'],
    ['was ordered too often', { round: 20 }, '20 times'],
  ])('that %s is 409 and says so', async (_name, change, words) => {
    const { status, body } = await redeliver(await ended(change))
    expect([status, body.error.code]).toEqual([409, '40903'])
    expect(body.error.message).toContain(words)
  })

  test('is ordered once, however often the button is pressed', async () => {
    const id = await ended()
    const statuses = (await Promise.all([1, 2, 3, 4, 5].map(() => redeliver(id)))).map(({ status }) => status)
    // It may be over, and ordered anew, before the last one is in; never twice at once.
    expect(statuses.filter((status) => status === 202).length).toBeGreaterThanOrEqual(1)
    const { body } = await api(`GET ${hook.path}/deliveries/${id}`, { as: account })
    expect(body.redeliveries).toBe(statuses.filter((status) => status === 202).length)
  })

  test('to a webhook that is paused is 409', async () => {
    const id = await ended()
    await api(`PUT ${hook.path}`, { as: account, body: { active: false } })
    const { status, body } = await redeliver(id)
    await api(`PUT ${hook.path}`, { as: account, body: { active: true } })
    expect(status).toBe(409)
    expect(body.error.message).toContain('paused')
  })
})
