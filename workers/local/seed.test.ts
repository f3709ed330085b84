import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { reencrypt, type Query } from '../agents/reencrypt.ts'
import { openConfig, reveal, type Place, type SealedRecord } from '../agents/vault.ts'
import { hashKey, isWellFormed } from '../keys/key-format.ts'
import { market } from './market.ts'
import { seed, type SeedOptions } from './seed.ts'

const keyText = (id: string, byte: number): string => `${id}:${Buffer.alloc(32, byte).toString('base64')}`
const OLD = { ENCRYPTION_KEY: keyText('old', 1) }
const BOTH = { ENCRYPTION_KEY: keyText('new', 2), ENCRYPTION_KEY_PREVIOUS: OLD.ENCRYPTION_KEY }
const NEW = { ENCRYPTION_KEY: BOTH.ENCRYPTION_KEY }
const MIGRATIONS = new URL('../../migrations/', import.meta.url)

let postgres: PGlite
/** Stands where the Worker would, and keeps what it was sent. */
let worker: Server
let posted: { path: string; token: string | undefined; body: unknown }[]
let options: SeedOptions

beforeAll(async () => {
  postgres = await PGlite.create({ extensions: { pg_trgm } })
  for (const file of readdirSync(MIGRATIONS).toSorted())
    if (file.endsWith('.sql')) await postgres.exec(readFileSync(new URL(file, MIGRATIONS), 'utf8'))
  worker = createServer((request, response) => {
    void keep(request).then(() => response.writeHead(200).end('{}'))
  })
  worker.listen(0, '127.0.0.1')
  await once(worker, 'listening')
  options = {
    postgres: {
      query: async <Row extends object>(sql: string, params?: unknown[]) =>
        (await postgres.query<Row>(sql, params)).rows,
    },
    apiUrl: `http://127.0.0.1:${(worker.address() as AddressInfo).port}`,
    operatorToken: 'operator',
    encryptionKey: OLD.ENCRYPTION_KEY,
  }
})

afterAll(async () => {
  worker.close()
  await postgres.close()
})

beforeEach(async () => {
  await postgres.exec('TRUNCATE users CASCADE')
  posted = []
})

async function keep(request: IncomingMessage): Promise<void> {
  const chunks = (await request.toArray()) as Buffer[]
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
  posted.push({ path: request.url ?? '', token: request.headers.authorization, body })
}

const query: Query = async (text, values) => (await postgres.query<Record<string, unknown>>(text, values)).rows

type SealedRow = { slug: string; agentId: string; version: number } & SealedRecord

async function sealedRows(table: Place['table']): Promise<SealedRow[]> {
  const from = table === 'agents' ? 'agents t' : 'agent_versions t JOIN agents a ON a.id = t.agent_id'
  const owner = table === 'agents' ? 't' : 'a'
  const { rows } = await postgres.query<SealedRow>(
    `SELECT ${owner}.slug, ${owner}.id AS "agentId", t.version, t.config_encrypted AS ciphertext, t.config_iv AS iv,
       t.key_id AS "keyId" FROM ${from}`,
  )
  return rows
}

async function expectPromptsOpenWith(env: Record<string, string>): Promise<void> {
  const prompts = new Map(market.agents.map(({ slug, system_prompt }) => [slug, system_prompt]))
  for (const table of ['agents', 'agent_versions'] as const) {
    const rows = await sealedRows(table)
    expect(rows.length).toBe(market.agents.length)
    for (const { agentId, version, ...row } of rows) {
      const place: Place = { table, column: 'config_encrypted', agentId, version }
      expect(reveal((await openConfig(env, place, row)).prompt)).toBe(prompts.get(row.slug))
    }
  }
}

test('a seeded market has every agent, and its prompts open with the key they were sealed with', async () => {
  const seeded = await seed(options)
  await expectPromptsOpenWith(OLD)
  expect(seeded.agents.length).toBe(market.agents.filter(({ status }) => status === 'active').length)
  const { rows } = await postgres.query<{ dump: string }>('SELECT agents::text AS dump FROM agents')
  for (const { dump } of rows) expect(dump).not.toContain('You ')
})

test('the keys are well-formed and stored only as hashes, the passwords as Argon2id', async () => {
  const { developer, newcomer } = await seed(options)
  for (const { apiKey } of [developer, newcomer]) expect(isWellFormed(apiKey)).toBe(true)
  const keys = await postgres.query<{ key_hash: string }>('SELECT key_hash FROM api_keys')
  expect(keys.rows.map((row) => row.key_hash).toSorted()).toEqual(
    [hashKey(developer.apiKey), hashKey(newcomer.apiKey)].toSorted(),
  )
  const users = await postgres.query<{ password_hash: string }>('SELECT password_hash FROM users')
  for (const { password_hash } of users.rows)
    expect(password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
})

test('the developer is given a package and a balance', async () => {
  await seed(options)
  expect(posted.map(({ path }) => path.split('/').at(-1))).toEqual(['lots', 'deposits'])
  expect(posted[0]).toMatchObject({ token: 'Bearer operator', body: { calls: 10_000, price_usd: '80.00' } })
})

test('seeding twice changes nothing', async () => {
  const dump = async (): Promise<unknown> => {
    const tables = ['users', 'creator_profiles', 'agents', 'agent_versions', 'api_keys']
    return Promise.all(tables.map(async (table) => (await postgres.query(`SELECT * FROM ${table} ORDER BY 1`)).rows))
  }
  const first = await seed(options)
  const before = await dump()
  expect(await seed(options)).toEqual(first)
  expect(await dump()).toEqual(before)
})

test('a re-encryption that dies at any statement is finished by the next one; then the old key is not needed', async () => {
  await seed(options)
  const total = 2 * market.agents.length
  let statements = 0
  const dying: Query = async (text, values) => {
    const rows = await query(text, values)
    // It dies after the statement took effect and before anybody heard of it.
    if (++statements % 7 === 0) throw new Error('The process was killed.')
    return rows
  }
  let runs = 1
  for (; runs < 100; runs++) {
    const outcome = await reencrypt(BOTH, dying).catch(() => null)
    if (outcome) break
  }
  expect(runs).toBeGreaterThan(2)
  const outcome = await reencrypt(BOTH, query)
  expect(outcome).toEqual({ moved: 0, skipped: 0, failed: [], left: 0 })
  expect(statements).toBeGreaterThan(total)
  await expectPromptsOpenWith(NEW)
})

test('an agent that is saved while it is re-encrypted keeps what was saved', async () => {
  await seed(options)
  let isSaved = false
  const racing: Query = async (text, values) => {
    if (text.startsWith('UPDATE agents') && !isSaved) {
      isSaved = true
      await postgres.query(`UPDATE agents SET version = 2, config_iv = '\\x000000000000000000000000' WHERE id = $1`, [
        values[3],
      ])
    }
    return query(text, values)
  }
  const outcome = await reencrypt(BOTH, racing)
  expect(outcome).toMatchObject({ skipped: 1, left: 1, moved: 2 * market.agents.length - 1 })
})

test('a row that does not open is named and left as it is, the others are moved', async () => {
  await seed(options)
  const { rows } = await postgres.query<{ id: string }>(
    `UPDATE agents SET key_id = 'lost' WHERE slug = $1 RETURNING id`,
    [market.agents[0]?.slug],
  )
  const outcome = await reencrypt(BOTH, query)
  expect(outcome).toEqual({
    moved: 2 * market.agents.length - 1,
    skipped: 0,
    failed: [`agents/${rows[0]?.id}`],
    left: 1,
  })
})
