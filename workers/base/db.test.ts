import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Bindings } from '../env.ts'
import { db, isUniqueViolation, reach } from './db.ts'
import { AppError } from './errors.ts'

const one = sql`SELECT 1 AS one`
const nowhere: Bindings = Object.assign({}, env, {
  DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c',
  DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
})

/** What `reach` makes of a query. */
async function outcome(query: () => Promise<unknown>): Promise<unknown> {
  return reach(query).catch((thrown: unknown) => (thrown instanceof AppError ? thrown.kind : thrown))
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('db', () => {
  it('queries the database of its environment, always over the same client', async () => {
    expect((await db(env).execute(one)).rows).toEqual([{ one: 1 }])
    expect(db(env)).toBe(db(env))
    expect(db(nowhere)).not.toBe(db(env))
    expect((await db(env).execute(one)).rows).toEqual([{ one: 1 }])
  })

  it('asks Neon itself where nothing else is said', async () => {
    const asked = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('not in a test'))
    const atNeon: Bindings = Object.assign({}, env, {
      DATABASE_URL: 'postgres://a:b@ep-one-two-1.eu-central-1.aws.neon.tech/c?sslmode=require',
      DATABASE_HTTP_URL: undefined,
    })
    expect(await outcome(() => db(atNeon).execute(one))).toBe('storeUnavailable')
    expect(asked.mock.calls[0]?.[0]).toBe('https://api.eu-central-1.aws.neon.tech/sql')
  })

  it('gives every query two seconds', async () => {
    const timedOut = AbortSignal.abort(new DOMException('too late', 'TimeoutError'))
    const limit = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(timedOut)
    expect(await outcome(() => db(env).execute(one))).toBe('storeUnavailable')
    expect(await outcome(() => db(env).batch([db(env).execute(one)]))).toBe('storeUnavailable')
    expect(limit.mock.calls).toEqual([[2_000], [2_000]])
  })
})

describe('reach', () => {
  it('calls a database unavailable that cannot be reached', async () => {
    expect(await outcome(() => db(nowhere).execute(one))).toBe('storeUnavailable')
    expect(await outcome(() => db(nowhere).batch([db(nowhere).execute(one)]))).toBe('storeUnavailable')
  })

  it('calls a database unavailable that breaks off its answer', async () => {
    const broken = (): Response =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.error(new DOMException('too late', 'TimeoutError')),
        }),
      )
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => broken())
    expect(await outcome(() => db(env).execute(one))).toBe('storeUnavailable')
    expect(await outcome(() => db(env).batch([db(env).execute(one)]))).toBe('storeUnavailable')
  })

  it.each(['53300', '57P01', '08006'])('calls a database unavailable that answers %s', async (code) => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () =>
      Response.json({ message: 'no', code }, { status: 400 }),
    )
    expect(await outcome(() => db(env).execute(one))).toBe('storeUnavailable')
  })

  it('leaves the database’s own errors and everybody else’s as they are', async () => {
    expect(await outcome(() => db(env).execute(sql`SELECT 1 / 0`))).toMatchObject({ cause: { code: '22012' } })
    const bug = new TypeError('a bug')
    expect(await outcome(() => Promise.reject(bug))).toBe(bug)
  })
})

describe('isUniqueViolation', () => {
  const twice = sql`INSERT INTO dead_letters (id, queue, body, attempts, sent_at) VALUES ('1', 'db.test', 'null', 1, now())`

  it('knows a second row with the same value, alone or in a batch, and the constraint it breaks', async () => {
    const thrown = await outcome(() => db(env).batch([db(env).execute(twice), db(env).execute(twice)]))
    expect(isUniqueViolation(thrown)).toBe(true)
    expect(isUniqueViolation(thrown, 'dead_letters_pkey')).toBe(true)
    expect(isUniqueViolation(thrown, 'another_constraint')).toBe(false)
  })

  it('is no other error', async () => {
    const thrown = await outcome(() => db(env).execute(sql`SELECT 1 / 0`))
    expect(isUniqueViolation(thrown)).toBe(false)
    expect(isUniqueViolation(undefined)).toBe(false)
  })
})
