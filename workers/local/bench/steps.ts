/** What filling a database is made of. */
import type { PoolClient } from 'pg'

/** Something that is done on one connection. */
export type Step = (client: PoolClient) => Promise<void>

export function run(sql: string): Step {
  return async (client) => {
    await client.query(sql)
  }
}

export function inTurn(...parts: Step[]): Step {
  return async (client) => {
    for (const part of parts) await part(client)
  }
}

/** Inserts rows made of these expressions. A column that the table has not is left out, and so is all of it without the table. */
export function into(table: string, columns: Record<string, string>, from: string): Step {
  return async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [table],
    )
    if (rows.length === 0) return
    const known = new Set(rows.map(({ name }) => name))
    const used = Object.entries(columns).filter(([name]) => known.has(name))
    await client.query(
      `INSERT INTO ${table} (${used.map(([name]) => name).join(', ')}) SELECT ${used.map(([, value]) => value).join(', ')} FROM ${from}`,
    )
  }
}

/** Does the work without the table's indexes, and makes them again afterwards. */
export function unindexed(table: string, work: Step): Step {
  return async (client) => {
    const { rows } = await client.query<{
      index: string
      definition: string
      rule: string | null
      constraint: string | null
    }>(
      `SELECT indexrelid::regclass::text AS index, pg_get_indexdef(indexrelid) AS definition,
          pg_get_constraintdef(c.oid) AS rule, quote_ident(c.conname) AS constraint
       FROM pg_index LEFT JOIN pg_constraint c ON c.conindid = indexrelid AND c.contype IN ('p', 'u')
       WHERE indrelid = to_regclass($1) AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = indrelid AND f.conindid = indexrelid AND f.contype = 'f')`,
      [table],
    )
    for (const { index, constraint } of rows)
      await client.query(
        constraint === null ? `DROP INDEX ${index}` : `ALTER TABLE ${table} DROP CONSTRAINT ${constraint}`,
      )
    await work(client)
    for (const { definition, rule, constraint } of rows)
      await client.query(
        rule === null
          ? definition.replace(' ON ONLY ', ' ON ')
          : `ALTER TABLE ${table} ADD CONSTRAINT ${constraint} ${rule}`,
      )
  }
}
