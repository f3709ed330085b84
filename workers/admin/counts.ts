/** Counting without reading everything: exactly as far as that is quick, and as the planner estimates beyond. */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import type { Bindings } from '../env.ts'

/** So far rows are counted; where there are more, the last digit would be another one by the time it is read. */
export const COUNTED_MAX = 4_000

export type Count = { count: number; isEstimate: boolean }

/**
 * How many rows there are, by the name of each question. A question is what follows `SELECT 1 FROM`; it is written in the
 * code, and nothing from outside may be put into it. Beyond `COUNTED_MAX` the answer is PostgreSQL's estimate, from its
 * statistics.
 */
export async function countAll<Name extends string>(
  env: Bindings,
  questions: Record<Name, string>,
): Promise<Record<Name, Count>> {
  const named = Object.entries(questions) as [Name, string][]
  const counting = named.map(
    ([name, question]) => sql`(${name}::text, count_up_to(${question}::text, ${COUNTED_MAX + 1}))`,
  )
  const { rows } = await reach(() =>
    db(env).execute<{ name: Name; count: number }>(sql`
      SELECT name, count FROM (VALUES ${sql.join(counting, sql`, `)}) AS counted (name, count)`),
  )
  const counts = await Promise.all(
    rows.map(async ({ name, count }): Promise<[Name, Count]> => {
      if (count <= COUNTED_MAX) return [name, { count, isEstimate: false }]
      return [name, { count: Math.max(count, await estimate(env, questions[name])), isEstimate: true }]
    }),
  )
  return Object.fromEntries(counts) as Record<Name, Count>
}

async function estimate(env: Bindings, question: string): Promise<number> {
  const { rows } = await reach(() =>
    db(env).execute<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
      sql`EXPLAIN (FORMAT JSON) SELECT 1 FROM ${sql.raw(question)}`,
    ),
  )
  return rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0
}
