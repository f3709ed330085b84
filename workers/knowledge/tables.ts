/** The table of this room: files that agents know. Their text lies in R2, their vectors in Vectorize. */
import { bigint, integer, pgTable, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'
import { agents } from '../agents/tables.ts'

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
  chunkCount: integer('chunk_count').notNull().default(0),
  status: varchar('status', { length: 20, enum: ['processing', 'ready', 'failed'] })
    .notNull()
    .default('processing'),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  processedAt: timestamp('processed_at', { withTimezone: true }),
})
