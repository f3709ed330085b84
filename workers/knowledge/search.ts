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
/** The best of the chunks found by their words, and of those that the vector store named, in its order. */
const BY_WORDS = 20
const BY_MEANING = 20

export type Place = NonNullable<ReturnType<typeof placeOf>>

export type FoundChunk = Place & {
  content: string
  page: number | null
  heading: string | null
  filename: string
  /** How much of the question its words cover, from 0 to 1, the rarer a word the more; null if they cover nothing. */
  score: number | null
  /** Its packed vector in base64. */
  embedding: string
}

type Asked = { agentId: string; fileIds: string[]; query: string; named: Place[] }

/** The chunks found. Throws `storeUnavailable`. */
export async function searchChunks(env: Bindings, { agentId, fileIds, query, named }: Asked): Promise<FoundChunk[]> {
  const words = JSON.stringify(askedWords(query))
  const places = JSON.stringify(named.map(({ fileId, generation, place }) => ({ file_id: fileId, generation, place })))
  const wantedFiles = JSON.stringify(fileIds)
  const isWanted = (of: string) =>
    fileIds.length === 0
      ? sql`TRUE`
      : sql`${sql.identifier(of)}.file_id IN (SELECT id::uuid FROM jsonb_array_elements_text(${wantedFiles}::jsonb) AS t (id))`
  const { rows } = await reach(() =>
    db(env).execute<Row>(sql`
      WITH asked AS (
        SELECT word, quote_literal('agent ' || ${agentId})::tsquery
            && (plainto_tsquery('simple', word) || plainto_tsquery('english', word)) AS query
        FROM jsonb_array_elements_text(${words}::jsonb) AS t (word)
        WHERE numnode(plainto_tsquery('english', word)) > 0
      ), found AS (
        SELECT asked.word, hit.*, ln(1 + 1000.0 / greatest(1, count(hit.file_id) OVER (PARTITION BY asked.word))) AS weight
        FROM asked LEFT JOIN LATERAL knowledge_chunks_with(asked.query, ${WORD_CHUNKS}) AS hit ON TRUE
      ), words AS (
        SELECT DISTINCT word, weight FROM found
      ), by_words AS (
        SELECT file_id, generation, place, (sum(weight) / (SELECT sum(weight) FROM words))::float8 AS score
        FROM found WHERE file_id IS NOT NULL AND ${isWanted('found')}
        GROUP BY file_id, generation, place ORDER BY score DESC, file_id, place LIMIT ${BY_WORDS}
      ), named AS (
        SELECT n.* FROM ROWS FROM (jsonb_to_recordset(${places}::jsonb) AS (file_id uuid, generation int, place int))
          WITH ORDINALITY AS n (file_id, generation, place, nth)
        WHERE ${isWanted('n')} ORDER BY nth LIMIT ${BY_MEANING}
      ), wanted AS (
        SELECT file_id, generation, place, max(score) AS score FROM (
          SELECT file_id, generation, place, score FROM by_words
          UNION ALL
          SELECT file_id, generation, place, NULL FROM named
        ) AS either GROUP BY file_id, generation, place
      )
      SELECT c.file_id, c.generation, c.place, c.content, c.page, c.heading, f.filename, w.score,
        replace(encode(c.embedding, 'base64'), E'\\n', '') AS embedding
      FROM wanted w
      JOIN knowledge_chunks c USING (file_id, generation, place)
      JOIN knowledge_files f ON f.id = c.file_id AND f.ready_generation = c.generation
      WHERE c.agent_id = ${agentId}::uuid AND f.agent_id = ${agentId}::uuid AND f.deleted_at IS NULL
        AND c.embedding IS NOT NULL AND ${isWanted('c')}`),
  )
  return rows.map(({ file_id, ...row }) => ({ ...row, fileId: file_id }))
}

type Row = Omit<FoundChunk, 'fileId'> & { file_id: string }
