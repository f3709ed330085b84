/** All that the stores hold, as text: for tests of what must not be there. */
import { env, runInDurableObject } from 'cloudflare:test'
import { sql } from 'drizzle-orm'
import { db } from '../base/db.ts'
import { bindings } from './world.ts'

/** Everything in an object's storage, tables and values. */
export function storageOf(stub: DurableObjectStub): Promise<string> {
  return runInDurableObject(stub, (_object, { storage }) => {
    const names = storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray()
    const tables = names.map(({ name }) => [name, storage.sql.exec(`SELECT * FROM "${name}"`).toArray()])
    const values = [...storage.kv.list()].map(([key, value]) => [key, value instanceof Map ? [...value] : value])
    return JSON.stringify([tables, values])
  })
}

/** Every key and value in Redis. */
export async function redisValues(): Promise<string> {
  const run = async (...command: string[]): Promise<unknown> => {
    const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env as unknown as Record<string, string>
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(url as string, { method: 'POST', headers, body: JSON.stringify(command) })
    const { result }: { result: unknown } = await response.json()
    return result
  }
  const keys = (await run('KEYS', '*')) as string[]
  return JSON.stringify([keys, await run('MGET', ...keys)])
}

/** Which of these texts stands in which table of Postgres, in any column; bytes are looked at as hexadecimal. */
export async function tablesWith(texts: string[]): Promise<{ table: string; text: string }[]> {
  const { rows } = await db(bindings).execute<{ name: string }>(
    sql`SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`,
  )
  const wanted = JSON.stringify(texts)
  const found = await Promise.all(
    rows.map(async ({ name }) => {
      const { rows: hits } = await db(bindings).execute<{ text: string }>(sql`
        SELECT DISTINCT wanted.text FROM ${sql.identifier(name)} AS one, jsonb_array_elements_text(${wanted}::jsonb) AS wanted (text)
        WHERE strpos(one::text, wanted.text) > 0`)
      return hits.map(({ text }) => ({ table: name, text }))
    }),
  )
  return found.flat()
}
