/** Versions of the API beside each other, and how a deprecated route says that it is. */
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { newId } from '../base/ids.ts'
import { operations, type Operation } from '../base/route.ts'
import { VERSIONS } from '../base/versions.ts'
import { aLog, deliver } from './call-logs.ts'
import { api, signIn, type Account, type ApiAnswer } from './world.ts'

let developer: Account
let creator: Account
const calls = fc.sample(fc.record({ day: fc.integer({ min: 1, max: 28 }), agent: fc.nat(6), ok: fc.boolean() }), 60)

beforeAll(async () => {
  ;[developer, creator] = [await signIn('developer'), await signIn('creator')]
  const agents = Array.from({ length: 7 }, newId)
  const logs = calls.map(({ day, agent, ok }) =>
    aLog({
      userId: developer.id,
      agentId: agents[agent] ?? '',
      status: ok ? 'success' : 'error',
      funding: ok ? 'paid' : null,
      settledAt: Date.UTC(2026, 9, day, 12),
    }),
  )
  await deliver(logs)
})

test('property 28: each version answers the same request in its own dialect, whatever the other has been asked', async () => {
  const wish = fc.record({
    group: fc.constantFrom('day', 'agent', 'key', 'status'),
    size: fc.integer({ min: 1, max: 100 }),
    from: fc.integer({ min: 1, max: 28 }),
    days: fc.nat(20),
    order: fc.shuffledSubarray(['v1', 'v2'] as const, { minLength: 2 }),
  })
  const day = (number: number): string => `2026-10-${String(number).padStart(2, '0')}`
  await fc.assert(
    fc.asyncProperty(wish, async ({ group, size, from, days, order }) => {
      const query = `group_by=${group}&from=${day(from)}&to=${day(Math.min(31, from + days))}`
      const asked = { v1: `per_page=${size}`, v2: `limit=${size}` }
      const answers = {} as Record<'v1' | 'v2', ApiAnswer>
      // Each time in another order: neither leaves anything behind for the other.
      for (const version of order)
        answers[version] = await api(`GET /api/${version}/developers/usage?${query}&${asked[version]}`, {
          as: developer,
        })
      const { v1, v2 } = answers
      expect([v1.status, v2.status]).toEqual([200, 200])
      const { page, per_page, total, ...first } = v1.body
      const { next_cursor, ...second } = v2.body
      expect(first).toEqual(second)
      expect([page, per_page]).toEqual([1, size])
      expect(next_cursor === null).toBe(total <= size)
      expect(first.items).toHaveLength(Math.min(size, total))
    }),
    { numRuns: 30 },
  )
})

test('property 28: a route that has not changed answers alike under every version', async () => {
  const unchanged = operations.filter(
    ({ method, path, until, scheme }) =>
      method === 'GET' &&
      path.startsWith('/api/v1/') &&
      until === undefined &&
      scheme === 'session' &&
      !path.includes(':'),
  )
  for (const { path, allows } of unchanged) {
    const as = allows === 'creator' ? creator : developer
    const answers = await Promise.all(VERSIONS.map((version) => api(`GET ${path.replace('v1', version)}`, { as })))
    const [first] = answers
    for (const answer of answers)
      expect([answer.status, withoutTime(answer)]).toEqual([first?.status, first && withoutTime(first)])
  }
  expect(unchanged.length).toBeGreaterThan(3)
})

/** An answer without what is different in each. */
function withoutTime({ body }: ApiAnswer): unknown {
  return JSON.parse(
    JSON.stringify(body, (name, value: unknown) => (/^request_id$|_seconds$/.test(name) ? null : value)),
  )
}

const HEADERS = ['deprecation', 'sunset', 'link'] as const

function asked({ method, path }: Operation, as?: Account): Promise<ApiAnswer> {
  const url = path.replaceAll(/:\w+(\{[^}]*\})?/g, newId())
  return api(`${method} ${url}`, { ...(as ? { as } : {}), ...(method === 'GET' ? {} : { body: {} }) })
}

test('property 29: every deprecated operation says so, on answers and on errors, and no other does', async () => {
  const deprecated = operations.filter((operation) => operation.deprecated)
  expect(deprecated.map(({ path }) => path)).toContain('/api/v1/developers/usage')
  for (const operation of operations) {
    // Nobody signed in, the wrong one, the right one; and a query that no route takes.
    const answers = [await asked(operation), await asked(operation, creator), await asked(operation, developer)]
    for (const { status, headers } of answers) {
      const there = HEADERS.filter((name) => headers.has(name))
      expect([operation.path, status, there]).toEqual([operation.path, status, operation.deprecated ? HEADERS : []])
    }
  }
})

test('property 29: the headers have the forms of their standards, half a year and more apart, and name a route that is served', async () => {
  // The test before has been through every door, the one out included.
  const developer = await signIn('developer')
  for (const { path, deprecated } of operations.filter((operation) => operation.deprecated)) {
    const wrong = await api(`GET ${path}?from=never`, { as: developer })
    for (const { headers } of [await api(`GET ${path}`, { as: developer }), wrong, await api(`GET ${path}`)]) {
      const since = Number(/^@(\d+)$/.exec(headers.get('deprecation') ?? '')?.[1]) * 1_000
      const sunset = headers.get('sunset') ?? ''
      expect(new Date(sunset).toUTCString()).toBe(sunset)
      expect(Date.parse(sunset) - since).toBeGreaterThanOrEqual(180 * 86_400_000)
      expect(headers.get('link')).toBe(`<${deprecated?.successor}>; rel="successor-version"`)
    }
    expect(wrong.status).toBe(400)
    expect(operations.some((operation) => operation.path === deprecated?.successor && !operation.deprecated)).toBe(true)
  }
})
