/** The tables of this room: where users want to be told of events, and what became of each that was told them. */
import {
  boolean,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'

export const webhooks = pgTable('webhooks', {
  id: uuid('id').primaryKey().defaultRandom(),
  userId: uuid('user_id')
    .notNull()
    .references(() => users.id),
  url: varchar('url', { length: 500 }).notNull(),
  description: varchar('description', { length: 200 }),
  /** Names of events, such as `quota.low`. */
  events: jsonb('events').$type<string[]>().notNull(),
  /** What the secret is made from together with a key that is not here: see sign.ts. */
  secret: varchar('secret', { length: 64 }).notNull(),
  /** The same of the secret before a rotation, which signs too until `secretBeforeUntil`. */
  secretBefore: varchar('secret_before', { length: 64 }),
  secretBeforeUntil: timestamp('secret_before_until', { withTimezone: true }),
  active: boolean('active').notNull().default(true),
  /** Set while it is not active, and only then. */
  pausedBecause: varchar('paused_because', { length: 20, enum: ['owner', 'gone', 'failing'] }),
  /** When the first of an unbroken row of failures was. */
  failingSince: timestamp('failing_since', { withTimezone: true }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  deletedAt: timestamp('deleted_at', { withTimezone: true }),
})

export const DELIVERY_STATES = ['pending', 'delivering', 'retrying', 'delivered', 'failed', 'dropped'] as const

/** One event on its way to one webhook. The states are told in deliveries.ts. */
export const webhookDeliveries = pgTable('webhook_deliveries', {
  id: uuid('id').primaryKey(),
  webhookId: uuid('webhook_id')
    .notNull()
    .references(() => webhooks.id),
  eventId: uuid('event_id').notNull(),
  eventType: varchar('event_type', { length: 40 }).notNull(),
  /** Exactly as it is signed and sent. */
  body: text('body').notNull(),
  state: varchar('state', { length: 20, enum: DELIVERY_STATES }).notNull().default('pending'),
  /** How often it was ordered again. */
  round: smallint('round').notNull().default(0),
  /** Begun in this round. */
  attempts: smallint('attempts').notNull().default(0),
  /** When the next attempt is due; of one that is under way, when it is given up as lost. */
  nextAt: timestamp('next_at', { withTimezone: true, precision: 3 }),
  lastStatus: smallint('last_status'),
  lastError: varchar('last_error', { length: 20 }),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull(),
  finishedAt: timestamp('finished_at', { withTimezone: true, precision: 3 }),
})

export const webhookAttempts = pgTable(
  'webhook_attempts',
  {
    deliveryId: uuid('delivery_id')
      .notNull()
      .references(() => webhookDeliveries.id, { onDelete: 'cascade' }),
    round: smallint('round').notNull(),
    number: smallint('number').notNull(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
    status: smallint('status'),
    latencyMs: integer('latency_ms').notNull(),
    error: varchar('error', { length: 20 }),
    response: varchar('response', { length: 1024 }),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.round, table.number] })],
)
