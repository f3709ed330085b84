/** The tables of the floor: what can be switched on and off while everything runs, and what a queue gave up on. */
import { boolean, char, integer, json, pgTable, primaryKey, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'

export const featureFlags = pgTable('feature_flags', {
  name: varchar('name', { length: 40 }).primaryKey(),
  enabled: boolean('enabled').notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  /** The admin who changed it last; null: nobody has. */
  updatedBy: uuid('updated_by'),
})

/** Queue messages that could not be worked off, as they came. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    id: varchar('id', { length: 128 }).notNull(),
    queue: varchar('queue', { length: 64 }).notNull(),
    body: json('body').notNull(),
    attempts: integer('attempts').notNull(),
    sentAt: timestamp('sent_at', { withTimezone: true }).notNull(),
    receivedAt: timestamp('received_at', { withTimezone: true }).notNull().defaultNow(),
    replayedAt: timestamp('replayed_at', { withTimezone: true }),
  },
  (table) => [primaryKey({ columns: [table.queue, table.id] })],
)

/** Requests that named themselves, and what they make (`once.ts`). */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    userId: uuid('user_id').notNull(),
    keyHash: char('key_hash', { length: 64 }).notNull(),
    fingerprint: char('fingerprint', { length: 64 }).notNull(),
    makeId: uuid('make_id').notNull(),
    /** Null: it is done. */
    runningUntil: timestamp('running_until', { withTimezone: true }),
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.keyHash] })],
)
