/** Creators with as many earnings as one likes, made by SQL alone, as the consumer of call logs would have left them. */
import type { Client } from 'pg'

export type Earned = {
  creatorId: string
  calls: number
  /** Calls in one line of earnings: those of one statement of the consumer. */
  callsPerLine: number
  /** The first of seven days over which they are spread. */
  from: string
}

const REVENUE = '0.004'

/** Adds a creator. The ledger has the calls in as few transactions as there are lines, and its balances are right. */
export async function addEarnings(client: Client, { creatorId, calls, callsPerLine, from }: Earned): Promise<void> {
  const lines = Math.ceil(calls / callsPerLine)
  const transaction = `md5('${creatorId}' || line)::uuid`
  // Seven days, the lines of one after those of the other.
  const day = `('${from}'::date + (line * 7 / ${lines + 1}))`
  const inLine = `least(${callsPerLine}, ${calls} - (line - 1) * ${callsPerLine})`
  const all = `generate_series(1, ${lines}) AS line`
  const total = `${calls} * ${REVENUE}`
  const statements = [
    'BEGIN',
    // The triggers keep the ledger as it must be; here it is made so.
    'SET LOCAL session_replication_role = replica',
    'SET LOCAL synchronous_commit = off',
    `INSERT INTO users (id, email, password_hash, user_type) VALUES ('${creatorId}', '${creatorId}@bench.test', 'none', 'creator')`,
    `INSERT INTO ledger_transactions (id, kind, source) SELECT ${transaction}, 'calls', ${transaction}::text FROM ${all}`,
    `INSERT INTO ledger_entries SELECT ${transaction}, 'creator_pending:${creatorId}', -${inLine} * ${REVENUE} FROM ${all}`,
    `INSERT INTO ledger_entries SELECT ${transaction}, 'lot:${creatorId}', ${inLine} * ${REVENUE} FROM ${all}`,
    `INSERT INTO ledger_balances VALUES ('creator_pending:${creatorId}', -${total}), ('lot:${creatorId}', ${total})`,
    `INSERT INTO earnings (creator_id, day, kind, calls, revenue_usd, fee_percent, fee_usd, transaction_id)
      SELECT '${creatorId}', ${day}, 'calls', ${inLine}, ${inLine} * ${REVENUE}, 20, ${inLine} * ${REVENUE} * 0.2, ${transaction} FROM ${all}`,
    `INSERT INTO call_logs (id, request_id, agent_id, agent_version, creator_id, api_key_id, user_id, provider, model, stream, status,
        latency_ms, funding, lot_id, cost_usd, price_usd, premium_usd, revenue_usd, fee_percent, unit_value_usd, transaction_id,
        admitted_at, created_at)
      SELECT gen_random_uuid(), 'bench', '${creatorId}', 1, '${creatorId}', '${creatorId}', '${creatorId}', 'openai', 'gpt-4.1-mini', FALSE,
        'success', 900, 'paid', '${creatorId}', ${REVENUE}, ${REVENUE}, 0, ${REVENUE}, 20, 0.005, ${transaction}, at, at
      FROM ${all}, LATERAL (SELECT ${day} + (line::bigint * 7919 % 86400) * interval '1 second' AS at) AS moment,
        LATERAL generate_series(1, ${inLine}) AS call`,
    'COMMIT',
    'ANALYZE earnings',
    'ANALYZE call_logs',
  ]
  for (const statement of statements) await client.query(statement)
}
