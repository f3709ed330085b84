/** What the database does for a statement: its plan, run and measured, on the tables that are there. */
import type { Pool } from 'pg'
import type { Query } from '../postgres-http.ts'

/** Tables that grow with the market. Nobody may read one from end to end to show a page. */
const LARGE =
  /^(users|creator_profiles|agents|agent_versions|reviews|review_figures|api_keys|sessions|call_logs\w*|account_usage|account_part_usage|agent_usage|agent_callers|agent_last_calls|dead_letters|webhooks|webhook_deliveries|webhook_attempts|notifications|audit_log)$/

export type Plan = {
  sql: string
  /** Rows read from tables and indexes, also those that a filter threw away. */
  rows: number
  /** Large tables that were read from end to end. */
  scanned: string[]
  /** What it took on the server. */
  ms: number
}

type Node = {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: Node[]
}

/** Runs a statement as `EXPLAIN ANALYZE`, in a transaction that is taken back. */
export async function planOf(pool: Pool, { query, params }: Query): Promise<Plan> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node; 'Execution Time': number }] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${query}`,
      params,
    )
    const [{ Plan: plan, 'Execution Time': ms } = { Plan: undefined, 'Execution Time': 0 }] =
      rows[0]?.['QUERY PLAN'] ?? []
    if (!plan) throw new Error(`There is no plan for ${query}.`)
    return { sql: query, ms, ...readBy(plan, await emptyTables(client)) }
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
}

/** The months to come have partitions already; reading one of those from end to end reads nothing. */
async function emptyTables(client: { query: Pool['query'] }): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND pg_relation_size(oid) = 0`,
  )
  return new Set(rows.map(({ name }) => name))
}

function readBy(node: Node, empty: Set<string>): { rows: number; scanned: string[] } {
  const inner = (node.Plans ?? []).map((one) => readBy(one, empty))
  const relation = node['Relation Name']
  const isScan = node['Node Type'].endsWith('Scan') && (relation !== undefined || node['Node Type'] === 'Function Scan')
  const loops = node['Actual Loops']
  const each =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
  const isWhole =
    node['Node Type'] === 'Seq Scan' && relation !== undefined && LARGE.test(relation) && !empty.has(relation)
  return {
    rows: inner.reduce((sum, { rows }) => sum + rows, isScan ? each * loops : 0),
    scanned: [...inner.flatMap(({ scanned }) => scanned), ...(isWhole ? [relation] : [])],
  }
}

/** Whether it only reads: what a read writes besides, such as when a session was last used, has no plan to look at. */
export function isRead({ query }: Query): boolean {
  return /^\s*(select|with)\b/i.test(query) && !/\b(insert into|update|delete from)\b/i.test(query)
}
