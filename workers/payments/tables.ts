/** The tables of this room: money that came in, what was heard of it, and what went back. */
import {
  bigint,
  boolean,
  decimal,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'
import { ledgerTransactions } from '../money/tables.ts'

const dollars = (name: string) => decimal(name, { precision: 18, scale: 8 })
const moment = (name: string) => timestamp(name, { withTimezone: true })

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
    status: varchar('status', {
      length: 20,
      enum: ['pending', 'held', 'completed', 'failed', 'refunded', 'disputed'],
    })
      .notNull()
      .default('pending'),
    createdAt: moment('created_at').notNull().defaultNow(),
    completedAt: moment('completed_at'),
    /** Null: a top-up of the prepaid balance. */
    package: varchar('package', { length: 20, enum: ['starter', 'pro', 'enterprise'] }),
    currency: varchar('currency', { length: 3 }).notNull().default('USD'),
    /** Whether real money is meant, or a test's. */
    isLive: boolean('is_live').notNull().default(true),
    /** The buyer's Idempotency-Key, and a hash of what was asked with it. */
    requestKey: varchar('request_key', { length: 255 }),
    requestPrint: varchar('request_print', { length: 64 }),
    checkoutUrl: text('checkout_url'),
    expiresAt: moment('expires_at'),
    /** The outside party's second id: Stripe tells of refunds and disputes by the payment intent. */
    reference: varchar('reference', { length: 255 }),
    /** What came in, where that is not the amount of the order. */
    receivedUsd: dollars('received_usd'),
    /** Why it is held or has failed. */
    problem: varchar('problem', { length: 200 }),
    /** When an admin decided that a held payment counts. */
    acceptedAt: moment('accepted_at'),
    /** When the account's object had heard of it. */
    creditedAt: moment('credited_at'),
    /** What the outside party kept, once that is booked. */
    feeUsd: dollars('fee_usd'),
    /** The status that its owner was told last. */
    told: varchar('told', { length: 20 }),
    refundedUsd: dollars('refunded_usd').notNull().default('0'),
    disputedUsd: dollars('disputed_usd').notNull().default('0'),
    /** When to ask the outside party again; null: no more. */
    checkAt: moment('check_at'),
    /** When what was booked of it was last compared with what its provider says. */
    comparedAt: moment('compared_at'),
  },
  (table) => [
    unique().on(table.paymentMethod, table.paymentId),
    unique('payments_request_key').on(table.userId, table.requestKey),
  ],
)

/** What the outside parties tell us, as they sent it, once each for ever. */
export const paymentEvents = pgTable(
  'payment_events',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    provider: varchar('provider', { length: 20, enum: ['stripe', 'coinbase'] }).notNull(),
    eventId: varchar('event_id', { length: 255 }).notNull(),
    type: varchar('type', { length: 100 }).notNull(),
    /** Null: none of ours, as far as is known. */
    paymentId: uuid('payment_id').references(() => payments.id),
    body: text('body').notNull(),
    receivedAt: moment('received_at').notNull().defaultNow(),
    appliedAt: moment('applied_at'),
    /** Why it changed nothing, or could not be applied yet. */
    problem: varchar('problem', { length: 200 }),
  },
  (table) => [unique().on(table.provider, table.eventId)],
)

/** A refund or a dispute. `sync.ts` has its states. */
export const paymentReversals = pgTable(
  'payment_reversals',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    paymentId: uuid('payment_id')
      .notNull()
      .references(() => payments.id),
    kind: varchar('kind', { length: 20, enum: ['refund', 'dispute'] }).notNull(),
    /** The outside party's id of it. */
    source: varchar('source', { length: 255 }).notNull(),
    amountUsd: dollars('amount_usd').notNull(),
    state: varchar('state', { length: 20, enum: ['seen', 'applied', 'undone'] })
      .notNull()
      .default('seen'),
    /** What the outside party says of it. */
    outcome: varchar('outcome', { length: 20, enum: ['pending', 'done', 'failed', 'open', 'won', 'lost'] }).notNull(),
    /** The outcome that its owner was told last. */
    told: varchar('told', { length: 20 }),
    /** Who gave what; the four come to the amount. */
    takenUsd: dollars('taken_usd'),
    creatorsUsd: dollars('creators_usd'),
    marginUsd: dollars('margin_usd'),
    lossUsd: dollars('loss_usd'),
    /** What running calls gave back later, to the platform. Null: some are still running. */
    lateUsd: dollars('late_usd'),
    /** What calls may still be asked for, up to this moment, some thousands at a time; `parts` counts the times after the first. */
    openUsd: dollars('open_usd').notNull().default('0'),
    openUntil: moment('open_until'),
    parts: integer('parts').notNull().default(0),
    /** What a dispute costs besides, once that is booked. */
    feeUsd: dollars('fee_usd'),
    transactionId: uuid('transaction_id').references(() => ledgerTransactions.id),
    createdAt: moment('created_at').notNull().defaultNow(),
    appliedAt: moment('applied_at'),
    undoneAt: moment('undone_at'),
  },
  (table) => [unique().on(table.kind, table.source)],
)

/** The calls whose unit or premium went back, by the reversal that took it. */
export const reversedCalls = pgTable(
  'reversed_calls',
  {
    callId: uuid('call_id').notNull(),
    part: varchar('part', { length: 10, enum: ['unit', 'premium'] }).notNull(),
    reversalId: uuid('reversal_id')
      .notNull()
      .references(() => paymentReversals.id),
    amountUsd: dollars('amount_usd').notNull(),
  },
  (table) => [primaryKey({ columns: [table.callId, table.part, table.reversalId] })],
)
