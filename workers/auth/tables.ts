/** The tables of this room: who somebody is. */
import { boolean, decimal, pgTable, text, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'

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
  walletAddress: varchar('wallet_address', { length: 42 }),
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
  avatarUrl: varchar('avatar_url', { length: 500 }),
  verified: boolean('verified').notNull().default(false),
  totalEarnings: decimal('total_earnings', { precision: 18, scale: 8 }).notNull().default('0'),
  pendingEarnings: decimal('pending_earnings', { precision: 18, scale: 8 }).notNull().default('0'),
})
