/**
 * What does not agree, by name and what it is about. A difference freezes the narrowest thing that could do harm while nobody
 * knows why it is there, and thaws it when it is gone. Nothing is ever put right silently.
 */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { log } from '../base/log.ts'
import type { Bindings } from '../env.ts'

/** What can stand still: every withdrawal, or those of one creator; the calls that an account has bought, or one lot of them. */
export type Freezes = 'withdrawals' | `withdrawals:${string}` | `calls:${string}` | `calls:${string}:${string}`

export type Difference = {
  name: string
  /** What it is about: `ledger`, `creator:{id}`, `lot:{id}`, … */
  scope: string
  expected: string
  found: string
  freezes: Freezes | null
}

/** What a check has seen: the differences that it found, and all that it looked at, so that the others are known to be gone. */
export type Seen = {
  names: string[]
  /** Null: everything that these names could be about. */
  scopes: string[] | null
  found: Difference[]
}

/** Writes down what a check saw: what is new, what is still there, and what is resolved. */
export async function record(env: Bindings, { names, scopes, found }: Seen): Promise<void> {
  for (const { name } of found) log.error('reconcile.difference', { code: name })
  const rows = JSON.stringify(found.map((one) => ({ ...one, expected: cut(one.expected), found: cut(one.found) })))
  const within =
    scopes === null
      ? sql`TRUE`
      : sql`scope = ANY (ARRAY(SELECT json_array_elements_text(${JSON.stringify(scopes)}::json)))`
  await reach(() =>
    db(env).execute(sql`
      WITH found AS (
        SELECT * FROM json_to_recordset(${rows}::json) AS one (name text, scope text, expected text, found text, freezes text)
      ),
      resolved AS (
        UPDATE differences SET resolved_at = now()
        WHERE resolved_at IS NULL AND name = ANY (ARRAY(SELECT json_array_elements_text(${JSON.stringify(names)}::json))) AND ${within}
          AND NOT EXISTS (SELECT FROM found WHERE found.name = differences.name AND found.scope = differences.scope)
      )
      INSERT INTO differences (name, scope, expected, found, freezes) SELECT name, scope, expected, found, freezes FROM found
      ON CONFLICT (name, scope) DO UPDATE SET expected = excluded.expected, found = excluded.found, freezes = excluded.freezes,
        first_seen = CASE WHEN differences.resolved_at IS NULL THEN differences.first_seen ELSE now() END,
        released_at = CASE WHEN differences.resolved_at IS NULL THEN differences.released_at END,
        last_seen = now(), resolved_at = NULL`),
  )
}

/** Whether something that was found, and that nobody has released, freezes one of these. */
export async function isFrozen(env: Bindings, things: Freezes[]): Promise<boolean> {
  const { rows } = await reach(() =>
    db(env).execute(sql`
      SELECT 1 FROM differences
      WHERE resolved_at IS NULL AND released_at IS NULL AND freezes IN (${sql.join(
        things.map((thing) => sql`${thing}`),
        sql`, `,
      )}) LIMIT 1`),
  )
  return rows.length > 0
}

function cut(text: string): string {
  return text.slice(0, 200)
}
