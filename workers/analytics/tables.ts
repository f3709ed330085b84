/** The tables of this room: what was called on which day, and by whom. */
import { bigint, date, decimal, pgTable, primaryKey, uuid, varchar } from 'drizzle-orm/pg-core'

export const agentUsage = pgTable(
  'agent_usage',
  {
    day: date('day').notNull(),
    agentId: uuid('agent_id').notNull(),
    creatorId: uuid('creator_id').notNull(),
    status: varchar('status', { length: 20 }).notNull(),
    funding: varchar('funding', { length: 20 }).notNull(),
    calls: bigint('calls', { mode: 'number' }).notNull().default(0),
    revenueUsd: decimal('revenue_usd', { precision: 18, scale: 8 }).notNull().default('0'),
  },
  (table) => [primaryKey({ columns: [table.agentId, table.day, table.status, table.funding] })],
)

/** Which accounts called an agent on a day. */
export const agentCallers = pgTable(
  'agent_callers',
  {
    day: date('day').notNull(),
    agentId: uuid('agent_id').notNull(),
    userId: uuid('user_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.agentId, table.day, table.userId] })],
)
