/**
 * The one statement of a search: chunks that were found by meaning, which the vector store has named, and chunks that are found
 * by their words. Whatever was named, only chunks of this agent leave, of files that are there and of their reading that is ready.
 *
 * Words are weighted by how rare they are among the agent's chunks, looked for at most `WORD_CHUNKS` times each: one that stands in
 * more of them says little.
 */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { askedWords } from './words.ts'
import type { Bindings } from '../env.ts'
import type { placeOf } from './steps.ts'

const WORD_CHUNKS = 200
/** The best of the chunks found by their words. */
const BY_WORDS = 20

export type Place = NonNullable<ReturnType<typeof placeOf>>

export type FoundChunk = Place & {
  content: string
  page: number | null
  heading: string | null
  filename: string
  /** How well its words fit the question, or null if they do not. */
  score: number | null
  /** Its packed vector in base64, for one that was not named; null for those that were. */
  embedding: string | null
}

type Asked = { agentId: string; fileIds: string[]; query: string; named: Place[] }

/** The chunks found. Throws `storeUnavailable`. */
export async function searchChunks(env: Bindings, { agentId, fileIds, query, named }: Asked): Promise<FoundChunk[]> {
  const words = JSON.stringify(askedWords(query))
  const places = JSON.stringify(named.map(({ fileId, generation, place }) => ({ file_id: fileId, generation, place })))
  const isWanted =
    fileIds.length === 0
      ? sql`TRUE`
      : sql`f.id IN (SELECT id::uuid FROM jsonb_array_elements_text(${JSON.stringify(fileIds)}::jsonb) AS t (id))`
  const { rows } = await reach(() =>
    db(env).execute<Row>(sql`
      WITH asked AS (
        SELECT word, quote_literal('agent ' || ${agentId})::tsquery
            && (plainto_tsquery('simple', word) || plainto_tsquery('english', word)) AS query
        FROM jsonb_array_elements_text(${words}::jsonb) AS t (word)
        WHERE numnode(plainto_tsquery('english', word)) > 0
      ), found AS (
        SELECT hit.*, count(*) OVER (PARTITION BY asked.word) AS chunks
        FROM asked CROSS JOIN LATERAL knowledge_chunks_with(asked.query, ${WORD_CHUNKS}) AS hit
      ), by_words AS (
        SELECT file_id, generation, place, sum(ln(1 + 1000.0 / chunks))::float8 AS score
        FROM found GROUP BY file_id, generation, place ORDER BY score DESC, file_id, place LIMIT ${BY_WORDS}
      ), wanted AS (
        SELECT file_id, generation, place, max(score) AS score, bool_or(is_named) AS is_named FROM (
          SELECT file_id, generation, place, score, FALSE AS is_named FROM by_words
          UNION ALL
          SELECT file_id, generation, place, NULL, TRUE FROM jsonb_to_recordset(${places}::jsonb)
            AS n (file_id uuid, generation int, place int)
        ) AS either GROUP BY file_id, generation, place
      )
      SELECT c.file_id, c.generation, c.place, c.content, c.page, c.heading, f.filename, w.score,
        CASE WHEN w.is_named THEN NULL ELSE replace(encode(c.embedding, 'base64'), E'\\n', '') END AS embedding
      FROM wanted w
      JOIN knowledge_chunks c USING (file_id, generation, place)
      JOIN knowledge_files f ON f.id = c.file_id AND f.ready_generation = c.generation
      WHERE c.agent_id = ${agentId}::uuid AND f.agent_id = ${agentId}::uuid AND f.deleted_at IS NULL AND ${isWanted}`),
  )
  return rows.map(({ file_id, ...row }) => ({ ...row, fileId: file_id }))
}

type Row = Omit<FoundChunk, 'fileId'> & { file_id: string }
