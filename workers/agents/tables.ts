/** The tables of this room: agents as they are, and every version they have had. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { sql } from 'drizzle-orm'
import {
  bigint,
  customType,
  decimal,
  integer,
  numeric,
  pgTable,
  text,
  timestamp,
  unique,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { users } from '../auth/tables.ts'

/** Bytes. Written as hexadecimal text, which every way to Postgres understands alike. */
const bytea = customType<{ data: Uint8Array; driverData: Uint8Array | string }>({
  dataType: () => 'bytea',
  toDriver: (bytes) => `\\x${bytesToHex(bytes)}`,
  // The driver gives a Buffer of its own; what leaves here is a plain array of bytes.
  fromDriver: (value) => new Uint8Array(value as Uint8Array),
})

/** The words by which an agent is found. PostgreSQL makes them; nobody reads or writes them. */
const tsvector = customType<{ data: never }>({ dataType: () => 'tsvector' })

/** What the vault sealed, and beside it what the market shows of it in the open. */
const sealedConfig = {
  provider: varchar('provider', { length: 20, enum: ['openai', 'anthropic', 'google'] }).notNull(),
  model: varchar('model', { length: 100 }).notNull(),
  /** Dollars, 0.001 to 100. */
  pricePerCall: decimal('price_per_call', { precision: 10, scale: 6 }).notNull(),
  configEncrypted: bytea('config_encrypted').notNull(),
  configIv: bytea('config_iv').notNull(),
  /** Which key opens the ciphertext. */
  keyId: varchar('key_id', { length: 64 }).notNull(),
}

export const agents = pgTable('agents', {
  id: uuid('id').primaryKey().defaultRandom(),
  creatorId: uuid('creator_id')
    .notNull()
    .references(() => users.id),
  slug: varchar('slug', { length: 100 }).notNull().unique(),
  name: varchar('name', { length: 100 }).notNull(),
  description: text('description'),
  category: varchar('category', { length: 50 }),
  status: varchar('status', { length: 20, enum: ['draft', 'active', 'inactive', 'archived'] })
    .notNull()
    .default('draft'),
  ...sealedConfig,
  totalCalls: bigint('total_calls', { mode: 'number' }).notNull().default(0),
  totalRevenue: decimal('total_revenue', { precision: 18, scale: 8 }).notNull().default('0'),
  averageRating: decimal('average_rating', { precision: 3, scale: 2 }).notNull().default('0'),
  reviewCount: integer('review_count').notNull().default(0),
  /** The keccak256 of the agent's id. */
  tokenId: numeric('token_id', { precision: 78, scale: 0, mode: 'bigint' }),
  tokenTxHash: varchar('token_tx_hash', { length: 66 }),
  version: integer('version').notNull().default(1),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  publishedAt: timestamp('published_at', { withTimezone: true }),
  /** The place in the front row of the market, 1 first; admins set it. */
  featuredRank: integer('featured_rank'),
  /** How many approved reviews gave 1, 2, 3, 4 and 5. */
  ratingCounts: integer('rating_counts').array().notNull().default([0, 0, 0, 0, 0]),
  /** As in their profile; the database keeps it so. */
  creatorName: varchar('creator_name', { length: 100 }),
  search: tsvector('search').generatedAlwaysAs(sql`(the migration says how)`),
  /** Why it was taken out of service by somebody other than its creator; it is not active then. */
  stoppedBecause: varchar('stopped_because', { length: 20, enum: ['admin', 'barred', 'suspended', 'closed'] }),
})

export const agentVersions = pgTable(
  'agent_versions',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    agentId: uuid('agent_id')
      .notNull()
      .references(() => agents.id),
    version: integer('version').notNull(),
    ...sealedConfig,
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique().on(table.agentId, table.version)],
)
