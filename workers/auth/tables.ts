/** The tables of this room: who somebody is, where they are signed in, and what was done in whose name. */
import { boolean, char, decimal, jsonb, pgTable, text, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'

export const users = pgTable('users', {
  id: uuid('id').primaryKey().defaultRandom(),
  /** Lower case only; the table refuses anything else. */
  email: varchar('email', { length: 255 }).notNull().unique(),
  passwordHash: varchar('password_hash', { length: 255 }).notNull(),
  userType: varchar('user_type', { length: 20, enum: ['creator', 'developer', 'admin'] }).notNull(),
  /** Set for admins, and for nobody else. */
  adminRole: varchar('admin_role', { length: 20, enum: ['super_admin', 'moderator', 'support'] }),
  status: varchar('status', { length: 20, enum: ['active', 'suspended', 'deleted'] })
    .notNull()
    .default('active'),
  /** With its checksum (EIP-55), and proven by a signature. */
  walletAddress: varchar('wallet_address', { length: 42 }),
  walletChangedAt: timestamp('wallet_changed_at', { withTimezone: true }),
  emailVerified: boolean('email_verified').notNull().default(false),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
})

export const creatorProfiles = pgTable('creator_profiles', {
  userId: uuid('user_id')
    .primaryKey()
    .references(() => users.id),
  displayName: varchar('display_name', { length: 100 }).notNull(),
  bio: text('bio'),
  /** A path of this API. */
  avatarUrl: varchar('avatar_url', { length: 500 }),
  website: varchar('website', { length: 200 }),
  verified: boolean('verified').notNull().default(false),
  totalEarnings: decimal('total_earnings', { precision: 18, scale: 8 }).notNull().default('0'),
  pendingEarnings: decimal('pending_earnings', { precision: 18, scale: 8 }).notNull().default('0'),
})

export const developerProfiles = pgTable('developer_profiles', {
  userId: uuid('user_id')
    .primaryKey()
    .references(() => users.id),
  displayName: varchar('display_name', { length: 100 }),
  company: varchar('company', { length: 100 }),
})

/** All refresh tokens that descend from one sign-in. */
export const sessions = pgTable('sessions', {
  id: uuid('id').primaryKey().defaultRandom(),
  userId: uuid('user_id')
    .notNull()
    .references(() => users.id),
  userAgent: varchar('user_agent', { length: 200 }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  lastUsedAt: timestamp('last_used_at', { withTimezone: true }).notNull().defaultNow(),
  expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
  endedAt: timestamp('ended_at', { withTimezone: true }),
  endedBecause: varchar('ended_because', {
    length: 20,
    enum: ['signed_out', 'reused', 'password', 'suspended', 'deleted', 'revoked'],
  }),
})

export const refreshTokens = pgTable('refresh_tokens', {
  /** SHA-256 in hex. */
  hash: char('hash', { length: 64 }).primaryKey(),
  sessionId: uuid('session_id')
    .notNull()
    .references(() => sessions.id),
  issuedAt: timestamp('issued_at', { withTimezone: true }).notNull().defaultNow(),
  usedAt: timestamp('used_at', { withTimezone: true }),
})

/** Good for one use, within its time, for one purpose. Of a purpose, one at most is open for a user. */
export const oneTimeTokens = pgTable('one_time_tokens', {
  hash: char('hash', { length: 64 }).primaryKey(),
  userId: uuid('user_id')
    .notNull()
    .references(() => users.id),
  purpose: varchar('purpose', { length: 20, enum: ['verify_email', 'reset_password', 'wallet'] }).notNull(),
  subject: varchar('subject', { length: 255 }),
  expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
  usedAt: timestamp('used_at', { withTimezone: true }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

/** Rows are added and never changed: the database refuses it. */
export const auditLog = pgTable('audit_log', {
  id: uuid('id').primaryKey().defaultRandom(),
  /** Null: the platform itself, or the operator's token. */
  actorId: uuid('actor_id'),
  actorRole: varchar('actor_role', { length: 20 }).notNull(),
  action: varchar('action', { length: 60 }).notNull(),
  subjectType: varchar('subject_type', { length: 30 }).notNull(),
  subjectId: varchar('subject_id', { length: 128 }).notNull(),
  reason: varchar('reason', { length: 500 }),
  details: jsonb('details').$type<Record<string, unknown>>().notNull().default({}),
  requestId: varchar('request_id', { length: 128 }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})
