import { is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as agents from '../../agents/tables.ts'
import * as analytics from '../../analytics/tables.ts'
import * as auth from '../../auth/tables.ts'
import * as base from '../../base/tables.ts'
import * as chain from '../../chain/tables.ts'
import * as keys from '../../keys/tables.ts'
import * as knowledge from '../../knowledge/tables.ts'
import { migrate } from '../../local/migrate.ts'
import { startPostgres, type Postgres } from '../../local/postgres.ts'
import * as money from '../../money/tables.ts'
import * as notifications from '../../notifications/tables.ts'
import * as payments from '../../payments/tables.ts'
import * as quota from '../../quota/tables.ts'
import * as reviews from '../../reviews/tables.ts'
import * as settlements from '../../settlements/tables.ts'
import * as webhooks from '../../webhooks/tables.ts'

const rooms = [
  agents,
  analytics,
  auth,
  base,
  chain,
  keys,
  knowledge,
  money,
  notifications,
  payments,
  quota,
  reviews,
  settlements,
  webhooks,
]
const tables = rooms.flatMap((room) => Object.values(room)).filter((value) => is(value, PgTable))

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres({ port: 0 })
  await migrate(postgres.url)
})
afterAll(() => postgres.stop())

type Column = { name: string; type: string; isNullable: boolean }

/** The columns of a table as PostgreSQL has them. */
function columnsOf(table: string): Promise<Column[]> {
  return postgres.query<Column>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS "isNullable"
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname`,
    [table],
  )
}

/** The columns that PostgreSQL fills in by itself. */
async function filledIn(table: string): Promise<string[]> {
  const rows = await postgres.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND atthasdef ORDER BY attname`,
    [table],
  )
  return rows.map((row) => row.name)
}

it.each(tables.map((table) => getTableConfig(table)))('$name is to Drizzle what it is to PostgreSQL', async (table) => {
  // A table made from what Drizzle says, so that PostgreSQL itself spells out the types: varchar is character varying.
  const columns = table.columns.map(
    (column) => `${column.name} ${column.getSQLType()} ${column.notNull ? 'NOT NULL' : ''}`,
  )
  await postgres.query('DROP TABLE IF EXISTS probe')
  await postgres.query(`CREATE TABLE probe (${columns.join(', ')})`)
  expect(await columnsOf('probe')).toEqual(await columnsOf(table.name))
  const withDefault = table.columns
    .filter((column) => column.hasDefault || column.generated)
    .map((column) => column.name)
  expect(withDefault.toSorted()).toEqual(await filledIn(table.name))
})

it('no table of the schema is unknown to its room', async () => {
  const rows = await postgres.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL ($1)
     ORDER BY 1`,
    [['migrations', 'probe']],
  )
  expect(rows.map((row) => row.name)).toEqual(tables.map((table) => getTableConfig(table).name).toSorted())
})
