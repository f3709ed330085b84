/** The ledger's tables, and what calls earned line by line. What was posted stays: the database refuses to change it (migration 0012). */
import {
  date,
  decimal,
  integer,
  pgTable,
  primaryKey,
  smallint,
  timestamp,
  unique,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'

/** What happened, once per kind and source. */
export const ledgerTransactions = pgTable(
  'ledger_transactions',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    kind: varchar('kind', { length: 40 }).notNull(),
    source: varchar('source', { length: 255 }).notNull(),
    postedAt: timestamp('posted_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique().on(table.kind, table.source)],
)

/** Where a transaction took money from and brought it to. Its entries come to zero. */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    transactionId: uuid('transaction_id')
      .notNull()
      .references(() => ledgerTransactions.id),
    account: varchar('account', { length: 160 }).notNull(),
    amount: decimal('amount', { precision: 18, scale: 8 }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.transactionId, table.account] })],
)

/** What the entries of an account come to; written by the database alone. */
export const ledgerBalances = pgTable('ledger_balances', {
  account: varchar('account', { length: 160 }).primaryKey(),
  balance: decimal('balance', { precision: 18, scale: 8 }).notNull(),
})

/** What calls earned a creator, or what was taken back of it, line by line. A line goes into one settlement, once. */
export const earnings = pgTable(
  'earnings',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    creatorId: uuid('creator_id').notNull(),
    /** The UTC day on which the calls were settled with their callers; of a reversal, that of the calls it takes back from. */
    day: date('day').notNull(),
    kind: varchar('kind', { length: 20, enum: ['calls', 'reversal'] }).notNull(),
    calls: integer('calls').notNull(),
    /** Before the fee. Negative where it is taken back. */
    revenueUsd: decimal('revenue_usd', { precision: 18, scale: 8 }).notNull(),
    feePercent: smallint('fee_percent').notNull(),
    feeUsd: decimal('fee_usd', { precision: 18, scale: 8 }).notNull(),
    transactionId: uuid('transaction_id')
      .notNull()
      .references(() => ledgerTransactions.id),
    settlementId: uuid('settlement_id'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique().on(table.transactionId, table.creatorId, table.day, table.feePercent)],
)
