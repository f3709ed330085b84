/**
 * The tables of this room: files that agents know, and their text in chunks. The files themselves lie in R2, the vectors of the
 * chunks in Vectorize.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import {
  bigint,
  boolean,
  customType,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { agents } from '../agents/tables.ts'
import { users } from '../auth/tables.ts'

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array | string }>({
  dataType: () => 'bytea',
  toDriver: (bytes) => `\\x${bytesToHex(bytes)}`,
  fromDriver: (value) => new Uint8Array(value as Uint8Array),
})

/** The words by which a chunk is found, and the name of its agent among them (words.ts). */
const tsvector = customType<{ data: never }>({ dataType: () => 'tsvector' })

export const knowledgeFiles = pgTable('knowledge_files', {
  id: uuid('id').primaryKey().defaultRandom(),
  agentId: uuid('agent_id')
    .notNull()
    .references(() => agents.id),
  filename: varchar('filename', { length: 255 }).notNull(),
  fileType: varchar('file_type', { length: 20 }).notNull(),
  /** In bytes. */
  fileSize: bigint('file_size', { mode: 'number' }).notNull(),
  /** The object's key in R2. */
  s3Key: varchar('s3_key', { length: 500 }).notNull(),
  /** Of the reading that is under way, or the last one. */
  chunkCount: integer('chunk_count').notNull().default(0),
  status: varchar('status', { length: 20, enum: ['uploaded', 'extracting', 'embedding', 'ready', 'failed'] })
    .notNull()
    .default('uploaded'),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  processedAt: timestamp('processed_at', { withTimezone: true }),
  creatorId: uuid('creator_id')
    .notNull()
    .references(() => users.id),
  sha256: varchar('sha256', { length: 64 }).notNull().default(''),
  generation: integer('generation').notNull().default(1),
  readyGeneration: integer('ready_generation'),
  parts: integer('parts').notNull().default(0),
  embedded: integer('embedded').notNull().default(0),
  chunkSize: integer('chunk_size').notNull().default(1_000),
  chunkOverlap: integer('chunk_overlap').notNull().default(200),
  pages: integer('pages'),
  chars: integer('chars').notNull().default(0),
  repeatsPrompt: boolean('repeats_prompt').notNull().default(false),
  problem: text('problem'),
  leasedUntil: timestamp('leased_until', { withTimezone: true }),
  tries: integer('tries').notNull().default(0),
  oldS3Key: varchar('old_s3_key', { length: 500 }),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  deletedAt: timestamp('deleted_at', { withTimezone: true }),
})

export const knowledgeChunks = pgTable(
  'knowledge_chunks',
  {
    fileId: uuid('file_id')
      .notNull()
      .references(() => knowledgeFiles.id),
    generation: integer('generation').notNull(),
    place: integer('place').notNull(),
    agentId: uuid('agent_id')
      .notNull()
      .references(() => agents.id),
    content: text('content').notNull(),
    page: integer('page'),
    heading: varchar('heading', { length: 200 }),
    embedding: bytea('embedding'),
    search: tsvector('search').notNull(),
  },
  (table) => [primaryKey({ columns: [table.fileId, table.generation, table.place] })],
)
