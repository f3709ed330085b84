import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { checkout } from './order.ts'

const asked: { path: string; key: string | null }[] = []
let status = 'pending'

beforeEach(() => {
  asked.length = 0
  status = 'pending'
  const store = new Map<string, string>()
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => store.get(name) ?? null,
    setItem: (name: string, value: string) => store.set(name, value),
  })
  vi.stubGlobal('navigator', { onLine: true })
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    asked.push({ path: new URL(url).pathname, key: new Headers(init.headers).get('idempotency-key') })
    const body =
      init.method === 'POST'
        ? { payment_id: 'p1', checkout_url: 'https://till.example/p1', expires_at: '2099-01-01T00:00:00Z' }
        : { status, expires_at: '2099-01-01T00:00:00Z' }
    return Promise.resolve(Response.json(body))
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
})
const keys = () => asked.filter(({ path }) => path.endsWith('/checkout')).map(({ key }) => key)

test('two clicks at once are one request', async () => {
  const both = await Promise.all([1, 2].map(() => checkout({ package: 'starter', method: 'stripe' })))
  expect(both).toEqual(['https://till.example/p1', 'https://till.example/p1'])
  expect(keys()).toHaveLength(1)
})

test('a click after coming back without paying is the same payment', async () => {
  await checkout({ package: 'starter', method: 'stripe' })
  await checkout({ package: 'starter', method: 'stripe' })
  const [first, second] = keys()
  expect(first).toBeTruthy()
  expect(second).toBe(first)
})

test('once it is paid, buying again is another payment', async () => {
  await checkout({ package: 'starter', method: 'stripe' })
  status = 'completed'
  await checkout({ package: 'starter', method: 'stripe' })
  expect(new Set(keys()).size).toBe(2)
})

test('another wish is another payment', async () => {
  await checkout({ package: 'starter', method: 'stripe' })
  await checkout({ package: 'starter', method: 'coinbase' })
  await checkout({ top_up_usd: '20', method: 'stripe' })
  expect(new Set(keys()).size).toBe(3)
})
