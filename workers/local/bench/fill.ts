/**
 * A market as large as one likes, made by SQL alone: many agents, few of them known; many developers, few of them busy; calls that
 * come in bursts. What a schema has no table or column for is left out.
 */
import type { Pool } from 'pg'
import { newKey } from '../../keys/key-format.ts'
import { agentSteps } from './fill-agents.ts'
import { callSteps } from './fill-calls.ts'
import { eventSteps } from './fill-events.ts'
import { knowledgeSteps } from './fill-knowledge.ts'
import { moneySteps } from './fill-money.ts'
import { peopleSteps } from './fill-people.ts'
import { FUNCTIONS, type Size } from './numbers.ts'
import { run, type Step } from './steps.ts'

/** Fills an empty, migrated database, and gives the API key of developer 0. `say` is told of each step. */
export async function fill(pool: Pool, size: Size, say: (step: string) => void = () => {}): Promise<{ key: string }> {
  const client = await pool.connect()
  const key = newKey()
  try {
    // Foreign keys are not checked row by row: everything here refers to what is here.
    await client.query('SET session_replication_role = replica')
    await client.query("SET maintenance_work_mem = '512MB'")
    await client.query("SET work_mem = '256MB'")
    await client.query('SET synchronous_commit = off')
    await client.query(FUNCTIONS)
    for (const [name, step] of stepsOf(size, key)) {
      const startedAt = performance.now()
      await step(client)
      say(`${name}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`)
    }
  } finally {
    client.release(true)
  }
  return { key }
}

function stepsOf(size: Size, key: string): [string, Step][] {
  return [
    ...peopleSteps(size, key),
    ...agentSteps(size),
    ...knowledgeSteps(size),
    ...callSteps(size),
    ...eventSteps(size),
    ...moneySteps(size),
    ['statistics', run('VACUUM ANALYZE')],
  ]
}
