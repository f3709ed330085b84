/** The tables of this room: what creators were settled, what they withdrew, and what does not agree. */
import {
  bigint,
  char,
  date,
  decimal,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  timestamp,
  unique,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'

/** One period of one creator. Its states stand in `settlements.ts`; what was posted the database refuses to change. */
export const settlements = pgTable(
  'settlements',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    creatorId: uuid('creator_id')
      .notNull()
      .references(() => users.id),
    /** The first day, in UTC, and the day after the last. */
    periodStart: date('period_start').notNull(),
    periodEnd: date('period_end').notNull(),
    status: varchar('status', { length: 20, enum: ['closing', 'closed', 'computed', 'posted'] }).notNull(),
    /** The revenue, before the fee. */
    amount: decimal('amount', { precision: 18, scale: 8 }).notNull(),
    platformFee: decimal('platform_fee', { precision: 18, scale: 8 }).notNull(),
    /** Always `amount` less `platform_fee`. */
    netAmount: decimal('net_amount', { precision: 18, scale: 8 }).notNull(),
    lines: integer('lines').notNull().default(0),
    calls: integer('calls').notNull().default(0),
    statementSha256: char('statement_sha256', { length: 64 }),
    statementBytes: bigint('statement_bytes', { mode: 'number' }),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** When it was posted. */
    settledAt: timestamp('settled_at', { withTimezone: true }),
    toldAt: timestamp('told_at', { withTimezone: true }),
  },
  (table) => [unique().on(table.creatorId, table.periodStart)],
)

/** What a settlement comes to at one fee rate, before the fee, and how much of that was withdrawn. */
export const settlementParts = pgTable(
  'settlement_parts',
  {
    settlementId: uuid('settlement_id')
      .notNull()
      .references(() => settlements.id),
    feePercent: smallint('fee_percent').notNull(),
    creatorId: uuid('creator_id')
      .notNull()
      .references(() => users.id),
    grossUsd: decimal('gross_usd', { precision: 18, scale: 8 }).notNull(),
    withdrawnUsd: decimal('withdrawn_usd', { precision: 18, scale: 8 }).notNull().default('0'),
  },
  (table) => [primaryKey({ columns: [table.settlementId, table.feePercent] })],
)

/** States stand in `withdrawals.ts`; the database itself writes each into `withdrawal_steps`. */
export const withdrawals = pgTable('withdrawals', {
  /** Made by whoever asked for it. */
  id: uuid('id').primaryKey(),
  creatorId: uuid('creator_id')
    .notNull()
    .references(() => users.id),
  amountUsd: decimal('amount_usd', { precision: 18, scale: 8 }).notNull(),
  feeUsd: decimal('fee_usd', { precision: 18, scale: 8 }).notNull(),
  netUsd: decimal('net_usd', { precision: 18, scale: 8 }).notNull(),
  wallet: varchar('wallet', { length: 42 }).notNull(),
  state: varchar('state', {
    length: 20,
    enum: [
      'held',
      'requested',
      'queued',
      'signed',
      'broadcast',
      'mined',
      'safe',
      'final',
      'returned',
      'rejected',
      'canceled',
    ],
  }).notNull(),
  revision: bigint('revision', { mode: 'number' }).notNull().default(0),
  txHash: varchar('tx_hash', { length: 66 }),
  blockNumber: bigint('block_number', { mode: 'number' }),
  reason: varchar('reason', { length: 500 }),
  paidAt: timestamp('paid_at', { withTimezone: true }),
  endedAt: timestamp('ended_at', { withTimezone: true }),
  told: varchar('told', { length: 20 }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
})

/** Which settled earnings a withdrawal was taken from. */
export const withdrawalParts = pgTable(
  'withdrawal_parts',
  {
    withdrawalId: uuid('withdrawal_id')
      .notNull()
      .references(() => withdrawals.id),
    settlementId: uuid('settlement_id').notNull(),
    feePercent: smallint('fee_percent').notNull(),
    amountUsd: decimal('amount_usd', { precision: 18, scale: 8 }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.withdrawalId, table.settlementId, table.feePercent] })],
)

/** Every state that a withdrawal was in. Written by the database. */
export const withdrawalSteps = pgTable(
  'withdrawal_steps',
  {
    withdrawalId: uuid('withdrawal_id')
      .notNull()
      .references(() => withdrawals.id),
    number: integer('number').notNull(),
    state: varchar('state', { length: 20 }).notNull(),
    at: timestamp('at', { withTimezone: true }).notNull().defaultNow(),
    txHash: varchar('tx_hash', { length: 66 }),
    blockNumber: bigint('block_number', { mode: 'number' }),
  },
  (table) => [primaryKey({ columns: [table.withdrawalId, table.number] })],
)

/** Where two who should say the same do not; `resolved_at` once they do again. */
export const differences = pgTable(
  'differences',
  {
    name: varchar('name', { length: 60 }).notNull(),
    scope: varchar('scope', { length: 160 }).notNull(),
    expected: varchar('expected', { length: 200 }).notNull(),
    found: varchar('found', { length: 200 }).notNull(),
    freezes: varchar('freezes', { length: 200 }),
    firstSeen: timestamp('first_seen', { withTimezone: true }).notNull().defaultNow(),
    lastSeen: timestamp('last_seen', { withTimezone: true }).notNull().defaultNow(),
    resolvedAt: timestamp('resolved_at', { withTimezone: true }),
    /** When an admin let go what it had stopped. */
    releasedAt: timestamp('released_at', { withTimezone: true }),
  },
  (table) => [primaryKey({ columns: [table.name, table.scope] })],
)

/** Lots that stand still in their account's object because of a difference. */
export const accountFreezes = pgTable('account_freezes', {
  /** The reversal's, in the object. */
  id: varchar('id', { length: 240 }).primaryKey(),
  userId: uuid('user_id')
    .notNull()
    .references(() => users.id),
  lotId: varchar('lot_id', { length: 128 }).notNull(),
  name: varchar('name', { length: 60 }).notNull(),
  scope: varchar('scope', { length: 160 }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  /** When the object had heard of it, and of its end. */
  frozenAt: timestamp('frozen_at', { withTimezone: true }),
  thawedAt: timestamp('thawed_at', { withTimezone: true }),
})

/** How far a check has come that takes a bounded part at a time. */
export const reconciliationCursors = pgTable('reconciliation_cursors', {
  name: varchar('name', { length: 60 }).primaryKey(),
  cursor: varchar('cursor', { length: 200 }).notNull(),
})

/** What an account object said of itself at a moment. */
export const accountLooks = pgTable('account_looks', {
  userId: uuid('user_id')
    .primaryKey()
    .references(() => users.id),
  at: timestamp('at', { withTimezone: true }).notNull(),
  state: jsonb('state').$type<Record<string, unknown>>().notNull(),
})
