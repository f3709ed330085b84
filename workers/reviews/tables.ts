/** The tables of this room: one review per developer and agent, who has reported it, and how many stars an agent has. */
import { integer, pgTable, primaryKey, text, timestamp, unique, uuid, varchar } from 'drizzle-orm/pg-core'
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
    /** Counts edits, from 1. */
    revision: integer('revision').notNull().default(1),
    editedAt: timestamp('edited_at', { withTimezone: true }),
    /** When it came into the moderation queue last. */
    queuedAt: timestamp('queued_at', { withTimezone: true }).notNull().defaultNow(),
    /** Since the last decision. */
    reports: integer('reports').notNull().default(0),
    rejectedBecause: varchar('rejected_because', { length: 500 }),
    /** The creator's. */
    reply: varchar('reply', { length: 2000 }),
    repliedAt: timestamp('replied_at', { withTimezone: true }),
  },
  (table) => [unique().on(table.agentId, table.userId)],
)

export const reviewReports = pgTable(
  'review_reports',
  {
    reviewId: uuid('review_id')
      .notNull()
      .references(() => reviews.id, { onDelete: 'cascade' }),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    reason: varchar('reason', { length: 500 }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.reviewId, table.userId] })],
)

/** How many approved reviews of each rating an agent has. Written by figures.ts alone. */
export const reviewFigures = pgTable('review_figures', {
  agentId: uuid('agent_id')
    .primaryKey()
    .references(() => agents.id),
  stars1: integer('stars_1').notNull().default(0),
  stars2: integer('stars_2').notNull().default(0),
  stars3: integer('stars_3').notNull().default(0),
  stars4: integer('stars_4').notNull().default(0),
  stars5: integer('stars_5').notNull().default(0),
})
