/** The table of this room: where developers want to be told of events. */
import { boolean, jsonb, pgTable, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'

export const webhooks = pgTable('webhooks', {
  id: uuid('id').primaryKey().defaultRandom(),
  userId: uuid('user_id')
    .notNull()
    .references(() => users.id),
  url: varchar('url', { length: 500 }).notNull(),
  /** Names of events, such as `quota.low`. */
  events: jsonb('events').$type<string[]>().notNull(),
  secret: varchar('secret', { length: 64 }).notNull(),
  active: boolean('active').notNull().default(true),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})
