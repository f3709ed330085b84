/** The table of this room: money that came in. */
import { bigint, decimal, pgTable, timestamp, unique, uuid, varchar } from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'

export const payments = pgTable(
  'payments',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    amountUsd: decimal('amount_usd', { precision: 10, scale: 2 }).notNull(),
    quotaPurchased: bigint('quota_purchased', { mode: 'number' }).notNull(),
    paymentMethod: varchar('payment_method', { length: 20, enum: ['stripe', 'coinbase'] }).notNull(),
    /** The outside party's id of the payment. */
    paymentId: varchar('payment_id', { length: 255 }),
    status: varchar('status', { length: 20, enum: ['pending', 'completed', 'failed', 'refunded'] })
      .notNull()
      .default('pending'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    completedAt: timestamp('completed_at', { withTimezone: true }),
  },
  (table) => [unique().on(table.paymentMethod, table.paymentId)],
)
