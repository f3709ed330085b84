/**
 * The tables of this room: what the call log comes to, a UTC day at a time. They are written in the statement that writes
 * the log (analytics.ts, `rollUp`) and nowhere else.
 */
import { bigint, date, decimal, integer, pgTable, primaryKey, uuid, varchar } from 'drizzle-orm/pg-core'

const status = () => varchar('status', { length: 20, enum: ['success', 'error', 'timeout'] }).notNull()
const funding = () => varchar('funding', { length: 20, enum: ['paid', 'promotional', 'trial', 'none'] }).notNull()
const count = (name: string) => bigint(name, { mode: 'number' }).notNull()
const dollars = (name: string) => decimal(name, { precision: 18, scale: 8 }).notNull()

/** What an account called. */
export const accountUsage = pgTable(
  'account_usage',
  {
    userId: uuid('user_id').notNull(),
    day: date('day').notNull(),
    agentId: uuid('agent_id').notNull(),
    apiKeyId: uuid('api_key_id').notNull(),
    status: status(),
    /** `none`: the call was not charged. */
    funding: funding(),
    calls: count('calls'),
    costUsd: dollars('cost_usd'),
    inputTokens: count('input_tokens'),
    outputTokens: count('output_tokens'),
    /** Calls in each bucket of latency.ts. */
    latencies: integer('latencies').array().notNull(),
  },
  ({ userId, day, agentId, apiKeyId, status, funding }) => [
    primaryKey({ columns: [userId, day, agentId, apiKeyId, status, funding] }),
  ],
)

/** What an agent was called for, and earned. */
export const agentUsage = pgTable(
  'agent_usage',
  {
    agentId: uuid('agent_id').notNull(),
    day: date('day').notNull(),
    creatorId: uuid('creator_id').notNull(),
    status: status(),
    funding: funding(),
    calls: count('calls'),
    revenueUsd: dollars('revenue_usd'),
    feeUsd: dollars('fee_usd'),
    inputTokens: count('input_tokens'),
    outputTokens: count('output_tokens'),
    latencies: integer('latencies').array().notNull(),
  },
  ({ agentId, day, creatorId, status, funding }) => [
    primaryKey({ columns: [agentId, day, creatorId, status, funding] }),
  ],
)

/** Which accounts called an agent. */
export const agentCallers = pgTable(
  'agent_callers',
  {
    agentId: uuid('agent_id').notNull(),
    day: date('day').notNull(),
    userId: uuid('user_id').notNull(),
    creatorId: uuid('creator_id').notNull(),
    calls: count('calls'),
    successful: count('successful'),
  },
  ({ agentId, day, userId, creatorId }) => [primaryKey({ columns: [agentId, day, userId, creatorId] })],
)

/** What everybody called together. */
export const platformUsage = pgTable(
  'platform_usage',
  {
    day: date('day').notNull(),
    status: status(),
    funding: funding(),
    calls: count('calls'),
    revenueUsd: dollars('revenue_usd'),
  },
  ({ day, status, funding }) => [primaryKey({ columns: [day, status, funding] })],
)
