/**
 * The tables of this room: what the call log comes to, a UTC day at a time. They are written in the statement that writes
 * the log (roll-up.ts) and nowhere else. Each holds what one kind of answer shows, and not what could be
 * crossed with what, so that an answer reads about as many rows as it has.
 */
import { bigint, date, decimal, numeric, pgTable, primaryKey, uuid, varchar } from 'drizzle-orm/pg-core'

const status = () => varchar('status', { length: 20, enum: ['success', 'error', 'timeout'] }).notNull()
const funding = () => varchar('funding', { length: 20, enum: ['paid', 'promotional', 'trial', 'none'] }).notNull()
const count = (name: string) => bigint(name, { mode: 'number' }).notNull()
const dollars = (name: string) => decimal(name, { precision: 18, scale: 8 }).notNull()
/** Calls in each bucket of latency.ts, as one number. */
const latencies = () => numeric('latencies', { precision: 960, scale: 0 }).notNull()

/** What an account called. */
export const accountUsage = pgTable(
  'account_usage',
  {
    userId: uuid('user_id').notNull(),
    day: date('day').notNull(),
    status: status(),
    calls: count('calls'),
    costUsd: dollars('cost_usd'),
    inputTokens: count('input_tokens'),
    outputTokens: count('output_tokens'),
    latencies: latencies(),
  },
  ({ userId, day, status }) => [primaryKey({ columns: [userId, day, status] })],
)

/** What an account called of each agent, and with each key, by day and by month. */
export const accountPartUsage = pgTable(
  'account_part_usage',
  {
    userId: uuid('user_id').notNull(),
    part: varchar('part', { length: 10, enum: ['agent', 'key'] }).notNull(),
    span: varchar('span', { length: 10, enum: ['day', 'month'] }).notNull(),
    /** The first day of the span. */
    starts: date('starts').notNull(),
    /** The agent or the key. */
    partId: uuid('part_id').notNull(),
    calls: count('calls'),
    successful: count('successful'),
    costUsd: dollars('cost_usd'),
    inputTokens: count('input_tokens'),
    outputTokens: count('output_tokens'),
    /** Of the successful calls alone. */
    latencies: latencies(),
  },
  ({ userId, part, span, starts, partId }) => [primaryKey({ columns: [userId, part, span, starts, partId] })],
)

/** The `agent_id` under which all agents of a creator are counted together. */
export const ALL_AGENTS = '00000000-0000-0000-0000-000000000000'

/** What an agent, or all agents of a creator, were called for and earned. */
export const agentUsage = pgTable(
  'agent_usage',
  {
    /** Whose the agent was when it was called. */
    creatorId: uuid('creator_id').notNull(),
    agentId: uuid('agent_id').notNull(),
    day: date('day').notNull(),
    calls: count('calls'),
    successful: count('successful'),
    /** The accounts that called. */
    users: count('users'),
    /** Charged calls, by what they were paid with. */
    paid: count('paid'),
    promotional: count('promotional'),
    trial: count('trial'),
    revenueUsd: dollars('revenue_usd'),
    feeUsd: dollars('fee_usd'),
    inputTokens: count('input_tokens'),
    outputTokens: count('output_tokens'),
    /** Of the successful calls alone. */
    latencies: latencies(),
  },
  ({ creatorId, agentId, day }) => [primaryKey({ columns: [creatorId, agentId, day] })],
)

/** Which accounts called an agent, or any of a creator's, on a day. */
export const agentCallers = pgTable(
  'agent_callers',
  {
    creatorId: uuid('creator_id').notNull(),
    agentId: uuid('agent_id').notNull(),
    day: date('day').notNull(),
    userId: uuid('user_id').notNull(),
  },
  ({ creatorId, agentId, day, userId }) => [primaryKey({ columns: [creatorId, agentId, day, userId] })],
)

/** On which day an account called an agent, or any of a creator's, last. */
export const agentLastCalls = pgTable(
  'agent_last_calls',
  {
    creatorId: uuid('creator_id').notNull(),
    agentId: uuid('agent_id').notNull(),
    userId: uuid('user_id').notNull(),
    day: date('day').notNull(),
  },
  ({ creatorId, agentId, userId }) => [primaryKey({ columns: [creatorId, agentId, userId] })],
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
