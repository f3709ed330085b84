/** The tables of this room: what somebody was told of, and how they want to be told. */
import { boolean, pgTable, primaryKey, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'

export const notifications = pgTable(
  'notifications',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    /** The event's own id. */
    id: uuid('id').notNull(),
    type: varchar('type', { length: 40 }).notNull(),
    title: varchar('title', { length: 200 }).notNull(),
    body: varchar('body', { length: 1000 }).notNull(),
    /** A path of the site. */
    link: varchar('link', { length: 300 }),
    /** When the event happened. */
    createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
    readAt: timestamp('read_at', { withTimezone: true }),
    /** Not to be shown, and without words; the row stays, so that its event is not told again. */
    hidden: boolean('hidden').notNull().default(false),
    mailedAt: timestamp('mailed_at', { withTimezone: true }),
  },
  (table) => [primaryKey({ columns: [table.userId, table.id] })],
)

/** What somebody wants otherwise than `preferences.ts` says is usual. */
export const notificationPreferences = pgTable(
  'notification_preferences',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    kind: varchar('kind', { length: 40 }).notNull(),
    inApp: boolean('in_app').notNull(),
    email: boolean('email').notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.kind] })],
)

/** Creators who have a window open, as far as they have said lately. */
export const liveWatches = pgTable('live_watches', {
  userId: uuid('user_id')
    .primaryKey()
    .references(() => users.id),
  until: timestamp('until', { withTimezone: true }).notNull(),
})
