/** The table of this room: API keys, by their hash. */
import { integer, jsonb, pgTable, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'

/** What a key is limited to. Absent: nothing. */
export type KeyPermissions = {
  agentIds?: string[] | null
  /** Calls per UTC day, week (from Monday) and month. */
  caps?: Partial<Record<'day' | 'week' | 'month', number>>
}

export const apiKeys = pgTable('api_keys', {
  id: uuid('id').primaryKey().defaultRandom(),
  userId: uuid('user_id')
    .notNull()
    .references(() => users.id),
  /** SHA-256 of the key in hex. */
  keyHash: varchar('key_hash', { length: 64 }).notNull().unique(),
  keyPrefix: varchar('key_prefix', { length: 8 }).notNull(),
  name: varchar('name', { length: 100 }),
  permissions: jsonb('permissions').$type<KeyPermissions>().notNull().default({}),
  /** When its last call ended, written with the call log and at most once a minute. */
  lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
  /** Counts the changes of the settings: the account object takes none that is older than what it has. */
  revision: integer('revision').notNull().default(0),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  expiresAt: timestamp('expires_at', { withTimezone: true }),
  revokedAt: timestamp('revoked_at', { withTimezone: true }),
})
