/** The table of this room: what creators have been settled. */
import { decimal, pgTable, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'

export const settlements = pgTable('settlements', {
  id: uuid('id').primaryKey().defaultRandom(),
  creatorId: uuid('creator_id')
    .notNull()
    .references(() => users.id),
  amount: decimal('amount', { precision: 18, scale: 8 }).notNull(),
  platformFee: decimal('platform_fee', { precision: 18, scale: 8 }).notNull(),
  /** Always `amount` less `platform_fee`. */
  netAmount: decimal('net_amount', { precision: 18, scale: 8 }).notNull(),
  txHash: varchar('tx_hash', { length: 66 }),
  status: varchar('status', { length: 20, enum: ['pending', 'processing', 'completed', 'failed'] })
    .notNull()
    .default('pending'),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  settledAt: timestamp('settled_at', { withTimezone: true }),
})
