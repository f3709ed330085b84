import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { migrate, MIGRATIONS } from '../../local/migrate.ts'
import { startPostgres, type Postgres } from '../../local/postgres.ts'

let postgres: Postgres
let folder: string

beforeAll(async () => {
  postgres = await startPostgres({ port: 0 })
})
afterAll(() => postgres.stop())

async function empty(): Promise<void> {
  await postgres.query('DROP SCHEMA public CASCADE')
  await postgres.query('CREATE SCHEMA public')
}

const write = (name: string, sql: string): Promise<void> => writeFile(join(folder, name), sql)
const tables = async (): Promise<string[]> =>
  (
    await postgres.query<{ table_name: string }>(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
    )
  ).map((row) => row.table_name)

describe('migrate', () => {
  beforeEach(async () => {
    await empty()
    folder = await mkdtemp(join(tmpdir(), 'agentlink-migrations-'))
    return () => rm(folder, { recursive: true })
  })

  it('brings an empty database to the newest schema, and does nothing the second time', async () => {
    const files = (await readdir(MIGRATIONS)).toSorted()
    expect(await migrate(postgres.url)).toEqual(files)
    const before = await tables()
    expect(before).toEqual(expect.arrayContaining(['users', 'agents', 'call_logs', 'dead_letters', 'webhooks']))
    expect(await migrate(postgres.url)).toEqual([])
    expect(await tables()).toEqual(before)
  })

  it('applies only what came since', async () => {
    await write('0001_first.sql', 'CREATE TABLE first (a INT)')
    await migrate(postgres.url, folder)
    await write('0002_second.sql', 'CREATE TABLE second (a INT)')
    expect(await migrate(postgres.url, folder)).toEqual(['0002_second.sql'])
  })

  it('refuses by name a file that was changed after it was applied', async () => {
    await write('0001_first.sql', 'CREATE TABLE first (a INT)')
    await migrate(postgres.url, folder)
    await write('0001_first.sql', 'CREATE TABLE first (a BIGINT)')
    await write('0002_second.sql', 'CREATE TABLE second (a INT)')
    await expect(migrate(postgres.url, folder)).rejects.toThrow('The migration 0001_first.sql was changed')
    expect(await tables()).not.toContain('second')
  })

  it('refuses by name a file that was applied and is gone', async () => {
    await write('0001_first.sql', 'CREATE TABLE first (a INT)')
    await migrate(postgres.url, folder)
    await rm(join(folder, '0001_first.sql'))
    await expect(migrate(postgres.url, folder)).rejects.toThrow('The migration 0001_first.sql was applied')
  })

  it('refuses a new file that comes before one already applied', async () => {
    await write('0002_second.sql', 'CREATE TABLE second (a INT)')
    await migrate(postgres.url, folder)
    await write('0001_first.sql', 'CREATE TABLE first (a INT)')
    await expect(migrate(postgres.url, folder)).rejects.toThrow('0001_first.sql comes before 0002_second.sql')
  })

  it('refuses a file whose name is no number and words', async () => {
    await copyFile(join(MIGRATIONS, '0001_people_and_their_agents.sql'), join(folder, 'people.sql'))
    await expect(migrate(postgres.url, folder)).rejects.toThrow('people.sql is no name for a migration')
  })

  it('leaves nothing of a migration that fails, and keeps the ones before it', async () => {
    await write('0001_first.sql', 'CREATE TABLE first (a INT)')
    await write('0002_second.sql', 'CREATE TABLE second (a INT); SELECT 1 / 0')
    await expect(migrate(postgres.url, folder)).rejects.toThrow('The migration 0002_second.sql failed')
    expect(await tables()).toEqual(['first', 'migrations'])
    await write('0002_second.sql', 'CREATE TABLE second (a INT)')
    expect(await migrate(postgres.url, folder)).toEqual(['0002_second.sql'])
  })

  it('says in the first line of every file why it is there', async () => {
    for (const name of await readdir(MIGRATIONS)) {
      expect(await readFile(join(MIGRATIONS, name), 'utf8'), name).toMatch(/^-- Why: /)
    }
  })
})

describe('the schema', () => {
  beforeAll(async () => {
    await empty()
    await migrate(postgres.url)
  })
  beforeEach(async () => {
    await postgres.query('TRUNCATE users CASCADE')
  })

  const addUser = (columns: string, values: string): Promise<object[]> =>
    postgres.query(
      `INSERT INTO users (email, password_hash, user_type${columns}) VALUES (${values}) RETURNING id, created_at, updated_at`,
    )

  it('knows an admin by a role, and nobody else by one', async () => {
    await addUser(', admin_role', `'a@b.c', '', 'admin', 'support'`)
    await expect(addUser('', `'d@b.c', '', 'admin'`)).rejects.toMatchObject({ code: '23514' })
    await expect(addUser(', admin_role', `'e@b.c', '', 'creator', 'support'`)).rejects.toMatchObject({ code: '23514' })
  })

  it('gives one mailbox one account', async () => {
    await addUser('', `'a@b.c', '', 'developer'`)
    await expect(addUser('', `'a@b.c', '', 'developer'`)).rejects.toMatchObject({ code: '23505' })
    await expect(addUser('', `'A@b.c', '', 'developer'`)).rejects.toMatchObject({ code: '23514' })
  })

  it('keeps updated_at whatever the writer forgot', async () => {
    await addUser('', `'a@b.c', '', 'developer'`)
    const [row] = await postgres.query<{ is_later: boolean }>(
      `UPDATE users SET email_verified = TRUE RETURNING updated_at > created_at AS is_later`,
    )
    expect(row).toEqual({ is_later: true })
  })

  it.each([
    ['0.000999', false],
    ['0.001', true],
    ['100', true],
    ['100.000001', false],
  ])('judges a price of $%s', async (price, isAllowed) => {
    await addUser('', `'a@b.c', '', 'creator'`)
    const adding = postgres.query(
      `INSERT INTO agents (creator_id, slug, name, provider, model, config_encrypted, config_iv, key_id, price_per_call)
       SELECT id, 'a', 'A', 'openai', 'm', '', '', 'k', $1 FROM users RETURNING price_per_call`,
      [price],
    )
    if (isAllowed) expect(Number(Object.values((await adding)[0] ?? {})[0])).toBe(Number(price))
    else await expect(adding).rejects.toMatchObject({ code: '23514' })
  })
})

describe('partitions of call_logs', () => {
  beforeAll(async () => {
    await empty()
    await migrate(postgres.url)
  })
  beforeEach(async () => {
    await postgres.query('TRUNCATE call_logs')
  })

  const addLog = (id: number, at: string): Promise<object[]> =>
    postgres.query(
      `INSERT INTO call_logs (id, request_id, agent_id, agent_version, creator_id, api_key_id, user_id, provider, model, stream,
         status, latency_ms, cost_usd, price_usd, premium_usd, revenue_usd, fee_percent, admitted_at, created_at)
       SELECT u, '', u, 1, u, u, u, 'openai', 'm', FALSE, 'success', 1, 0, 0, 0, 0, 20, t, t
       FROM (SELECT lpad($1, 32, '0')::uuid AS u, ${at} AS t) AS given ON CONFLICT DO NOTHING`,
      [String(id)],
    )
  const partitionsOf = (): Promise<{ month: string; logs: number }[]> =>
    postgres.query(
      `SELECT tableoid::regclass::text AS month, count(*)::int AS logs FROM call_logs GROUP BY 1 ORDER BY 1`,
    )
  const nameOf = async (at: string): Promise<string> => {
    const [row] = await postgres.query<{ name: string }>(
      `SELECT 'call_logs_' || to_char(${at} AT TIME ZONE 'UTC', 'YYYY_MM') AS name`,
    )
    return row?.name ?? ''
  }
  const inMonths = (months: number): string =>
    `(date_trunc('month', now() AT TIME ZONE 'UTC') + INTERVAL '${months} months') AT TIME ZONE 'UTC'`

  it('exist for this month and the next, to the last instant', async () => {
    await addLog(1, inMonths(0))
    await addLog(2, `${inMonths(1)} - INTERVAL '1 microsecond'`)
    await addLog(3, inMonths(1))
    expect(await partitionsOf()).toEqual([
      { month: await nameOf(inMonths(0)), logs: 2 },
      { month: await nameOf(inMonths(1)), logs: 1 },
    ])
  })

  it('never refuse a log, whenever the call was', async () => {
    await addLog(1, `'1970-01-01Z'::timestamptz`)
    await addLog(2, `'2999-01-01Z'::timestamptz`)
    expect(await partitionsOf()).toEqual([{ month: 'call_logs_default', logs: 2 }])
  })

  it('take a call once, however often it comes', async () => {
    await addLog(1, inMonths(0))
    await addLog(1, inMonths(0))
    expect(await postgres.query('SELECT count(*)::int AS logs FROM call_logs')).toEqual([{ logs: 1 }])
  })

  it('are made again and again to no effect, and take over what the default partition holds for them', async () => {
    const made = async (): Promise<unknown> => (await postgres.query('SELECT ensure_call_log_partitions(5) AS made'))[0]
    await addLog(1, inMonths(4))
    await addLog(2, inMonths(40))
    expect(await made()).toEqual({ made: 2 })
    expect(await made()).toEqual({ made: 0 })
    expect(await partitionsOf()).toEqual([
      { month: await nameOf(inMonths(4)), logs: 1 },
      { month: 'call_logs_default', logs: 1 },
    ])
    await expect(postgres.query('SELECT ensure_call_log_partitions(25)')).rejects.toMatchObject({ code: '22023' })
  })

  it('have the indexes and rules of the whole', async () => {
    const [row] = await postgres.query<{ indexes: number; rules: number }>(
      `SELECT (SELECT count(*)::int FROM pg_index WHERE indrelid = $1::regclass) AS indexes,
              (SELECT count(*)::int FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'c') AS rules`,
      [await nameOf(inMonths(1))],
    )
    expect(row).toEqual({ indexes: 9, rules: 2 })
  })
})
