/** The files of an agent as its creator deals with them: handed in, listed, read anew, replaced, removed. */
import { and, count, desc, eq, isNull, sql } from 'drizzle-orm'
import { db, isUniqueViolation, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { atMicros, micros } from '../base/page.ts'
import { settings, type Bindings } from '../env.ts'
import { send } from './steps.ts'
import { knowledgeChunks as chunks, knowledgeFiles as files } from './tables.ts'
import type { Cut } from './split.ts'
import type { Uploaded } from './upload.ts'

/** An agent's configuration can name as many. */
const FILES_OF_AGENT_MAX = 100

const columns = {
  id: files.id,
  agentId: files.agentId,
  filename: files.filename,
  fileType: files.fileType,
  fileSize: files.fileSize,
  sha256: files.sha256,
  status: files.status,
  problem: files.problem,
  chunkCount: files.chunkCount,
  embedded: files.embedded,
  chunkSize: files.chunkSize,
  chunkOverlap: files.chunkOverlap,
  pages: files.pages,
  chars: files.chars,
  repeatsPrompt: files.repeatsPrompt,
  isFound: sql<boolean>`${files.readyGeneration} IS NOT NULL`,
  createdAt: files.createdAt,
  updatedAt: files.updatedAt,
  processedAt: files.processedAt,
}

export type FileRow = { [Name in keyof Omit<typeof columns, 'isFound'>]: (typeof files.$inferSelect)[Name] } & {
  isFound: boolean
}

export type Owned = { agentId: string; creatorId: string }

/**
 * Notes a file that has been taken in, and has it read. If the agent has the same bytes already, that file is given and the
 * new object removed. Throws `limitReached` where the agent or the account has as much as it may have; then nothing is kept.
 */
export async function addFile(
  env: Bindings,
  { agentId, creatorId }: Owned,
  { key, sha256, size, kind }: Uploaded,
  { filename, cut }: { filename: string; cut: Cut },
): Promise<{ file: FileRow; isNew: boolean }> {
  const { KNOWLEDGE_FILES, KNOWLEDGE_BYTES } = settings(env)
  try {
    const [, added, [known]] = await reach(() =>
      db(env).batch([
        // One at a time for each account, or many beside each other would each find room for one more.
        db(env).execute(sql`SELECT pg_advisory_xact_lock(hashtextextended('knowledge ' || ${creatorId}, 0))`),
        db(env).execute<{ id: string }>(sql`
          INSERT INTO knowledge_files
            (agent_id, creator_id, filename, file_type, file_size, s3_key, sha256, chunk_size, chunk_overlap)
          SELECT ${agentId}::uuid, ${creatorId}::uuid, ${filename}, ${kind}, ${size}::bigint, ${key}, ${sha256},
            ${cut.size}::int, ${cut.overlap}::int
          FROM (SELECT count(*) AS files, coalesce(sum(file_size), 0) AS bytes,
              count(*) FILTER (WHERE agent_id = ${agentId}::uuid) AS here
            FROM knowledge_files WHERE creator_id = ${creatorId}::uuid AND deleted_at IS NULL) AS had
          WHERE had.files < ${KNOWLEDGE_FILES}::int AND had.bytes + ${size}::bigint <= ${KNOWLEDGE_BYTES}::bigint
            AND had.here < ${FILES_OF_AGENT_MAX}
          ON CONFLICT (agent_id, sha256) WHERE deleted_at IS NULL AND sha256 <> '' DO NOTHING
          RETURNING id`),
        db(env)
          .select(columns)
          .from(files)
          .where(and(eq(files.agentId, agentId), eq(files.sha256, sha256), isNull(files.deletedAt))),
      ]),
    )
    if (!known)
      throw new AppError('limitReached', {
        message: 'There is no room for this file. Remove one that is not needed any more.',
        details: {
          files_of_agent: FILES_OF_AGENT_MAX,
          files_of_account: KNOWLEDGE_FILES,
          bytes_of_account: KNOWLEDGE_BYTES,
        },
      })
    const isNew = added.rows.length > 0
    if (isNew) await send(env, known.id)
    else await dropObject(env, key)
    return { file: known, isNew }
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.kind === 'limitReached') await dropObject(env, key)
    throw thrown
  }
}

/** One file of an agent. Throws `notFound`. */
export async function fileOf(env: Bindings, agentId: string, id: string): Promise<FileRow> {
  const [row] = await reach(() => db(env).select(columns).from(files).where(isThis(agentId, id)))
  if (!row) throw new AppError('notFound')
  return row
}

/** The files of an agent, newest first. `limit` rows, those after `after`. */
export async function filesOf(
  env: Bindings,
  agentId: string,
  { limit, after }: { limit: number; after?: readonly [micros: number, id: string] | undefined },
): Promise<(FileRow & { micros: number })[]> {
  const isAfter = after && sql`(${files.createdAt}, ${files.id}) < (${atMicros(after[0])}, ${after[1]}::uuid)`
  return reach(() =>
    db(env)
      .select({ ...columns, micros: micros(files.createdAt) })
      .from(files)
      .where(and(eq(files.agentId, agentId), isNull(files.deletedAt), isAfter))
      .orderBy(desc(files.createdAt), desc(files.id))
      .limit(limit),
  )
}

/** How many files an account has, and how many bytes. */
export async function usedBy(env: Bindings, creatorId: string): Promise<{ files: number; bytes: number }> {
  const [row] = await reach(() =>
    db(env)
      .select({ files: count(), bytes: sql<number>`coalesce(sum(${files.fileSize}), 0)::float8` })
      .from(files)
      .where(and(eq(files.creatorId, creatorId), isNull(files.deletedAt))),
  )
  return row ?? { files: 0, bytes: 0 }
}

/** The chunks of a file as they are found, in their order, from `from` on. */
export async function chunksOf(
  env: Bindings,
  agentId: string,
  id: string,
  { limit, from }: { limit: number; from: number },
) {
  return reach(() =>
    db(env)
      .select({ place: chunks.place, content: chunks.content, page: chunks.page, heading: chunks.heading })
      .from(chunks)
      .innerJoin(files, and(eq(files.id, chunks.fileId), eq(files.readyGeneration, chunks.generation)))
      .where(and(isThis(agentId, id), eq(chunks.fileId, id), sql`${chunks.place} >= ${from}`))
      .orderBy(chunks.place)
      .limit(limit),
  )
}

/** The file's own bytes. Throws `notFound`, `storeUnavailable`. */
export async function contentOf(
  env: Bindings,
  agentId: string,
  id: string,
): Promise<{ file: FileRow; body: ReadableStream }> {
  const file = await fileOf(env, agentId, id)
  const [row] = await reach(() => db(env).select({ key: files.s3Key }).from(files).where(isThis(agentId, id)))
  const object = row && (await kept(() => env.KNOWLEDGE.get(row.key)))
  if (!object) throw new AppError('notFound')
  return { file, body: object.body }
}

/** Has a file read anew, cut as the agent's configuration says now. Until that is done it is found as it was. Throws `notFound`. */
export async function readAnew(env: Bindings, agentId: string, id: string, cut: Cut): Promise<FileRow> {
  const [row] = await reach(() =>
    db(env).update(files).set(againWith(cut)).where(isThis(agentId, id)).returning(columns),
  )
  if (!row) throw new AppError('notFound')
  await send(env, id)
  return row
}

/**
 * Puts other bytes in the place of a file's. Until they are read it is found as it was. Throws `notFound`, `conflict` where
 * another file of the agent has these bytes, and `limitReached`; then the new object is removed.
 */
export async function replaceFile(
  env: Bindings,
  { agentId, creatorId }: Owned,
  id: string,
  { key, sha256, size, kind }: Uploaded,
  { filename, cut }: { filename: string; cut: Cut },
): Promise<FileRow> {
  const { KNOWLEDGE_BYTES } = settings(env)
  const hasRoom = sql`(SELECT coalesce(sum(other.file_size), 0) FROM knowledge_files other
    WHERE other.creator_id = ${creatorId}::uuid AND other.deleted_at IS NULL AND other.id <> ${id}::uuid)
    + ${size}::bigint <= ${KNOWLEDGE_BYTES}::bigint`
  const next = { filename, fileType: kind, fileSize: size, s3Key: key, sha256, ...againWith(cut) }
  try {
    const [, [row]] = await reach(() =>
      db(env).batch([
        db(env).execute(sql`SELECT pg_advisory_xact_lock(hashtextextended('knowledge ' || ${creatorId}, 0))`),
        db(env)
          .update(files)
          // The object before is read by nobody any more; if one waits already to be removed, the name of that one is kept.
          .set({ ...next, oldS3Key: sql`coalesce(${files.oldS3Key}, ${files.s3Key})` })
          .where(and(isThis(agentId, id), hasRoom))
          .returning(columns),
      ]),
    )
    if (!row) {
      await fileOf(env, agentId, id)
      throw new AppError('limitReached', { details: { bytes_of_account: KNOWLEDGE_BYTES } })
    }
    await send(env, id)
    return row
  } catch (thrown) {
    await dropObject(env, key)
    throw isUniqueViolation(thrown)
      ? new AppError('conflict', { message: 'Another file of this agent has the same content.' })
      : thrown
  }
}

/** Removes a file, or all of an agent: from now on nobody finds them. What is left of them goes by and by. Throws `notFound` for one that is not there. */
export async function removeFiles(env: Bindings, agentId: string, id?: string): Promise<void> {
  const these = id === undefined ? and(eq(files.agentId, agentId), isNull(files.deletedAt)) : isThis(agentId, id)
  const rows = await reach(() =>
    db(env)
      .update(files)
      .set({ deletedAt: sql`now()`, updatedAt: sql`now()` })
      .where(these)
      .returning({ id: files.id }),
  )
  if (id !== undefined && rows.length === 0) throw new AppError('notFound')
  await Promise.all(rows.map((row) => send(env, row.id)))
}

const isThis = (agentId: string, id: string) =>
  and(eq(files.id, id), eq(files.agentId, agentId), isNull(files.deletedAt))

/** A new reading, from its beginning. */
const againWith = (cut: Cut) => ({
  generation: sql`${files.generation} + 1`,
  status: 'uploaded' as const,
  parts: 0,
  embedded: 0,
  chunkCount: 0,
  chars: 0,
  pages: null,
  problem: null,
  tries: 0,
  repeatsPrompt: false,
  chunkSize: cut.size,
  chunkOverlap: cut.overlap,
  updatedAt: sql`now()`,
})

async function dropObject(env: Bindings, key: string): Promise<void> {
  try {
    await env.KNOWLEDGE.delete(key)
  } catch (thrown) {
    log.warn('knowledge.object_not_removed', { error: describe(thrown) })
  }
}

async function kept<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw new AppError('storeUnavailable', { cause: thrown })
  }
}
