/** The table of this room: one review per developer and agent. */
import { integer, pgTable, text, timestamp, unique, uuid, varchar } from 'drizzle-orm/pg-core'
import { agents } from '../agents/tables.ts'
import { users } from '../auth/tables.ts'

export const reviews = pgTable(
  'reviews',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    agentId: uuid('agent_id')
      .notNull()
      .references(() => agents.id),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    /** 1 to 5. */
    rating: integer('rating').notNull(),
    content: text('content'),
    status: varchar('status', { length: 20, enum: ['pending', 'approved', 'rejected'] })
      .notNull()
      .default('pending'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique().on(table.agentId, table.userId)],
)
