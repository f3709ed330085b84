/** How often one address may ask what everybody may, on every public route. */
import { createExecutionContext } from 'cloudflare:test'
import { expect, test } from 'vitest'
import { app } from '../app.ts'
import { clock } from '../base/clock.ts'
import { openApi } from '../base/openapi.ts'
import { operations } from '../base/route.ts'
import { anyAddress, api, bindings } from './world.ts'

const SEARCHES = 60
const PAGES = 120
/** Public, and limited where they are handled, by address and by account, or by the ticket that they take. */
const LIMITED_ELSEWHERE = /^(POST|GET) \/api\/v\d+\/(auth\/|live$)/

/** Without Redis, which may be slow once on a busy machine: then two count, and more pass. */
const STRICT = { ...bindings, UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1' }

/** Asks for these, all from one address. The window is a minute of the clock, which may end in between: then it is asked anew. */
async function askedInAMinute(paths: string[], headers: Record<string, string> = {}): Promise<Response[]> {
  for (;;) {
    const from = { 'cf-connecting-ip': anyAddress(), ...headers }
    const minute = Math.floor(clock.now() / 60_000)
    const answers = await Promise.all(
      paths.map(async (path) => {
        const request = new Request(`https://agentlink.test${path}`, { headers: from })
        return app.fetch(request, STRICT, createExecutionContext())
      }),
    )
    if (Math.floor(clock.now() / 60_000) === minute) return answers
  }
}

const times = (count: number, path: string): string[] => Array.from({ length: count }, () => path)
const passed = (answers: Response[]): number => answers.filter(({ status }) => status !== 429).length

test('one address may search sixty times a minute, then it is told when to come back', async () => {
  const answers = await askedInAMinute(times(SEARCHES + 5, '/api/v1/marketplace/agents?limit=1'))
  expect(passed(answers)).toBe(SEARCHES)
  const refused = answers.find(({ status }) => status === 429)
  const seconds = Number(refused?.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(60)
  expect([
    refused?.headers.get('x-ratelimit-limit'),
    refused?.headers.get('x-ratelimit-remaining'),
    refused?.headers.get('x-ratelimit-reset'),
    refused?.headers.get('cache-control'),
  ]).toEqual(['60', '0', String(seconds), 'no-store'])
  // Another address is not kept from anything, and what caches keep says nothing of anybody's count.
  const other = await api('GET /api/v1/marketplace/agents?limit=1')
  expect([other.status, other.headers.get('x-ratelimit-limit')]).toEqual([200, null])
})

test('what has not changed is not sent again, and counts as asked', async () => {
  const { headers } = await api('GET /api/v1/models')
  const answers = await askedInAMinute(times(PAGES + 1, '/api/v1/models'), {
    'if-none-match': headers.get('etag') ?? '',
  })
  expect(answers.filter(({ status }) => status === 304)).toHaveLength(PAGES)
  expect(passed(answers)).toBe(PAGES)
})

test('both versions of a route count as one, and what is malformed counts as well', async () => {
  const half = times(SEARCHES / 2, '/api/v1/marketplace/agents?category=nothing')
  const answers = await askedInAMinute([
    ...half,
    ...half.map((path) => path.replace('v1', 'v2')),
    '/api/v2/marketplace/agents',
  ])
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
  expect(statuses).toEqual([...Array.from({ length: SEARCHES }, () => 400), 429])
})

test('no public route is without a limit, and the document tells each', () => {
  const open = operations.filter(({ allows }) => allows === 'anyone')
  expect(open.length).toBeGreaterThan(30)
  const unlimited = open
    .filter(({ limit, method, path }) => !limit && !LIMITED_ELSEWHERE.test(`${method} ${path}`))
    .map(({ method, path }) => `${method} ${path}`)
  expect(unlimited).toEqual([])
  const { paths } = openApi('v1') as { paths: Record<string, { get: Documented }> }
  const search = paths['/api/v1/marketplace/agents']?.get
  expect(search?.['x-rate-limit']).toEqual({ per_minute: 60, by: 'address' })
  expect(search?.description).toContain('At most 60 requests a minute from one address.')
  expect(Object.keys(search?.responses['429']?.headers ?? {})).toEqual([
    'X-Request-ID',
    'Retry-After',
    'X-RateLimit-Limit',
    'X-RateLimit-Remaining',
    'X-RateLimit-Reset',
  ])
})

type Documented = {
  description: string
  'x-rate-limit': object
  responses: Record<string, { headers: Record<string, unknown> }>
}
