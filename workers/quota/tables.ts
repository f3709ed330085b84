/** The tables of this room. What an account may still call is not here but in its object; these record what happened. */
import {
  bigint,
  boolean,
  decimal,
  integer,
  pgTable,
  primaryKey,
  smallint,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'

export const quotas = pgTable('quotas', {
  userId: uuid('user_id')
    .primaryKey()
    .references(() => users.id),
  totalQuota: bigint('total_quota', { mode: 'number' }).notNull().default(0),
  usedQuota: bigint('used_quota', { mode: 'number' }).notNull().default(0),
  freeQuota: bigint('free_quota', { mode: 'number' }).notNull().default(100),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
})

/** Calls that were bought or granted together; a lot that was bought has its payment's id. */
export const quotaLots = pgTable('quota_lots', {
  id: varchar('id', { length: 128 }).primaryKey(),
  userId: uuid('user_id')
    .notNull()
    .references(() => users.id),
  calls: integer('calls').notNull(),
  priceUsd: decimal('price_usd', { precision: 18, scale: 8 }).notNull(),
  unitValueUsd: decimal('unit_value_usd', { precision: 18, scale: 8 }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

/** One row per call, partitioned by the month in which it was settled (`created_at`, UTC). */
export const callLogs = pgTable(
  'call_logs',
  {
    id: uuid('id').notNull(),
    requestId: varchar('request_id', { length: 128 }).notNull(),
    agentId: uuid('agent_id').notNull(),
    agentVersion: integer('agent_version').notNull(),
    creatorId: uuid('creator_id').notNull(),
    apiKeyId: uuid('api_key_id').notNull(),
    userId: uuid('user_id').notNull(),
    provider: varchar('provider', { length: 20 }).notNull(),
    model: varchar('model', { length: 100 }).notNull(),
    stream: boolean('stream').notNull(),
    status: varchar('status', { length: 20, enum: ['success', 'error', 'timeout'] }).notNull(),
    errorCode: varchar('error_code', { length: 50 }),
    inputTokens: integer('input_tokens'),
    outputTokens: integer('output_tokens'),
    latencyMs: integer('latency_ms').notNull(),
    firstContentMs: integer('first_content_ms'),
    funding: varchar('funding', { length: 20, enum: ['paid', 'promotional', 'trial'] }),
    lotId: varchar('lot_id', { length: 128 }),
    /** The call's price if a unit was drawn for it, otherwise 0. */
    costUsd: decimal('cost_usd', { precision: 18, scale: 8 }).notNull(),
    priceUsd: decimal('price_usd', { precision: 18, scale: 8 }).notNull(),
    premiumUsd: decimal('premium_usd', { precision: 18, scale: 8 }).notNull(),
    revenueUsd: decimal('revenue_usd', { precision: 18, scale: 8 }).notNull(),
    feePercent: smallint('fee_percent').notNull(),
    /** What the unit that was drawn had cost; 0 if none was paid for. */
    unitValueUsd: decimal('unit_value_usd', { precision: 18, scale: 8 }).notNull().default('0'),
    /** The ledger's transaction that booked the call; null: there was nothing to book. */
    transactionId: uuid('transaction_id'),
    admittedAt: timestamp('admitted_at', { withTimezone: true }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.id, table.createdAt] })],
)
