/**
 * Brings a database to the newest schema: `migrations/NNNN_what_and_why.sql`, in order, each in a transaction of its own.
 * Run as a script it migrates the database at `DATABASE_URL`.
 *
 * What has been applied is recorded with its checksum in `migrations`. An applied file that has changed or gone is refused
 * by name: migrations go forward only.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'

/** Any number that nothing else locks; two migrations at the same time wait for each other on it. */
const LOCK = 4_158_201_704
const CONNECT_MS = 10_000
const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/

export const MIGRATIONS = join(import.meta.dirname, '../../migrations')

type Migration = { name: string; sql: string; checksum: string }

/** Applies what is missing and gives the names of what it applied. Throws naming the file that changed, vanished or failed. */
export async function migrate(databaseUrl: string, folder: string = MIGRATIONS): Promise<string[]> {
  const migrations = await readMigrations(folder)
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_MS })
  await client.connect()
  try {
    const done: string[] = []
    for (;;) {
      const name = await applyNext(client, migrations)
      if (name === null) return done
      done.push(name)
    }
  } finally {
    await client.end()
  }
}

/**
 * Applies the first migration that is missing, in one transaction that holds the lock; null if none is. What has been
 * applied is read anew under each lock, so that runs at the same time share the work and never repeat it.
 */
async function applyNext(client: Client, migrations: Migration[]): Promise<string | null> {
  await client.query('BEGIN')
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await client.query(
      'CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())',
    )
    const applied = await client.query<{ name: string; checksum: string }>('SELECT name, checksum FROM migrations')
    const next = firstMissing(migrations, applied.rows)
    if (next) {
      await client.query(next.sql).catch((thrown: unknown) => {
        throw new Error(`The migration ${next.name} failed: ${String(thrown)}`, { cause: thrown })
      })
      await client.query('INSERT INTO migrations (name, checksum) VALUES ($1, $2)', [next.name, next.checksum])
    }
    await client.query('COMMIT')
    return next?.name ?? null
  } catch (thrown) {
    await client.query('ROLLBACK')
    throw thrown
  }
}

function firstMissing(migrations: Migration[], applied: { name: string; checksum: string }[]): Migration | undefined {
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum]))
  for (const { name, checksum } of applied) {
    if (!checksums.has(name)) throw new Error(`The migration ${name} was applied, but its file is gone.`)
    if (checksums.get(name) !== checksum) throw new Error(`The migration ${name} was changed after it was applied.`)
  }
  const names = new Set(applied.map(({ name }) => name))
  const missing = migrations.find(({ name }) => !names.has(name))
  const after = missing && applied.find(({ name }) => name > missing.name)
  if (after) throw new Error(`The migration ${missing.name} comes before ${after.name}, which was applied already.`)
  return missing
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  const misnamed = names.find((name) => !FILE_NAME.test(name))
  if (misnamed !== undefined) throw new Error(`${misnamed} is no name for a migration; call it NNNN_what_and_why.sql.`)
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

if (import.meta.main) {
  const url = process.env['DATABASE_URL']
  if (!url) throw new Error('Set DATABASE_URL to the address of the database to migrate.')
  const done = await migrate(url)
  console.log(done.length === 0 ? 'Nothing to migrate.' : `Applied ${done.join(', ')}.`)
}
