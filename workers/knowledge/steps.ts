/**
 * One bounded step of a file on its way: read a part, embed some chunks, call it ready, or remove what is not wanted any more.
 * What is to be done is read off the file's row, so a message says only which file; it may come twice, late, or never (the cron
 * sends another).
 *
 * Only one step of a file runs at a time (a lease), and every step ends in one statement that asks once more whether the file is
 * still wanted as it was: so deletion and re-reading win over whatever runs. A vector is written only after its chunk and removed
 * before it; a step that is killed in between leaves the chunk, and whoever comes next knows what may lie in Vectorize.
 */
import { and, asc, eq, gte, isNull, lt, or, sql } from 'drizzle-orm'
import { findAgent, openAgent } from '../agents/agents.ts'
import { isShownIn } from '../agents/prompt.ts'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { idFrom } from '../base/ids.ts'
import { describe, log } from '../base/log.ts'
import { within } from '../base/within.ts'
import { pushLive } from '../notifications/notifications.ts'
import { embed, packed } from './embed.ts'
import { readPart } from './extract.ts'
import { FileProblem, LIMITS, tooManyChars, tooManyChunks } from './problem.ts'
import { knowledgeChunks as chunks, knowledgeFiles as files } from './tables.ts'
import { wordsOf } from './words.ts'
import type { Bindings } from '../env.ts'
import type { Kind } from './kinds.ts'

export type KnowledgeStep = { v: 1; fileId: string }

/** After this a step is taken to have been killed. Longer than any step takes. */
export const LEASE_SECONDS = 90
/** A file is given up after so many steps that were killed on the way, one after another. */
const TRIES_MAX = 5
/** Chunks embedded in one step. */
const EMBED_CHUNKS = 32
const EMBED_MS = 45_000
const VECTORS_MS = 20_000
/** Chunks removed in one step. */
const REMOVE_CHUNKS = 500
/** Rows in one insert, so that none takes a database too long. */
const INSERT_ROWS = 50

type File = typeof files.$inferSelect
/** `more`: there is another step. `busy`: somebody else is at it. `done`: nothing is left to do. */
export type Outcome = 'more' | 'busy' | 'done'

/** Puts a file's next step on its way. */
export async function send(env: Bindings, fileId: string): Promise<void> {
  try {
    await env.KNOWLEDGE_STEPS.send({ v: 1, fileId })
  } catch (thrown) {
    // The cron finds it.
    log.warn('knowledge.not_sent', { error: describe(thrown) })
  }
}

/** Takes one step with a file. Throws when it did not come to its end; it can be taken again. */
export async function step(env: Bindings, fileId: string): Promise<Outcome> {
  const [claimed, [known]] = await reach(() =>
    db(env).batch([
      db(env)
        .update(files)
        .set({
          leasedUntil: sql`date_trunc('milliseconds', now()) + ${LEASE_SECONDS} * interval '1 second'`,
          tries: sql`${files.tries} + 1`,
        })
        .where(and(eq(files.id, fileId), or(isNull(files.leasedUntil), lt(files.leasedUntil, sql`now()`))))
        .returning(),
      db(env).select({ id: files.id }).from(files).where(eq(files.id, fileId)),
    ]),
  )
  const [file] = claimed
  if (!file) return known ? 'busy' : 'done'
  try {
    return await take(env, file)
  } catch (thrown) {
    if (thrown instanceof FileProblem) return await fail(env, file, thrown.message)
    await release(env, file)
    throw thrown
  }
}

async function take(env: Bindings, file: File): Promise<Outcome> {
  if (file.deletedAt !== null) return remove(env, file)
  if (file.status === 'ready' || file.status === 'failed') return tidy(env, file)
  if (file.tries > TRIES_MAX)
    throw new FileProblem(
      'It could not be worked off, though it was tried several times. Hand it in again, or another form of it.',
    )
  return file.status === 'embedding' ? embedSome(env, file) : extractSome(env, file)
}

/** Reads the next part of a file into chunks. */
async function extractSome(env: Bindings, file: File): Promise<Outcome> {
  const object = await env.KNOWLEDGE.get(file.s3Key)
  if (!object) throw new FileProblem('Its content is not there any more. Hand it in again.')
  const cut = { size: file.chunkSize, overlap: file.chunkOverlap }
  const bytes = new Uint8Array(await object.arrayBuffer())
  const part = await readPart(file.fileType as Kind, bytes, file.parts, cut).catch((thrown: unknown) => {
    if (thrown instanceof FileProblem) throw thrown
    log.warn('knowledge.unreadable', { agent_id: file.agentId, error: describe(thrown) })
    throw new FileProblem('It is damaged: it cannot be read.')
  })
  const count = file.chunkCount + part.chunks.length
  const chars = file.chars + part.chars
  if (chars > LIMITS.chars) throw tooManyChars()
  if (count > LIMITS.chunks) throw tooManyChunks()
  if (part.isLast && count === 0)
    throw new FileProblem(
      file.fileType === 'pdf'
        ? 'There is no text in it: it seems to be scanned. Have it read by text recognition (OCR) first.'
        : 'There is no text in it.',
    )
  const repeatsPrompt =
    file.repeatsPrompt ||
    (await repeats(
      env,
      file,
      part.chunks.map(({ text }) => text),
    ))
  const rows = part.chunks.map(({ text, page, heading }, at) => ({
    place: file.chunkCount + at,
    content: text,
    page,
    heading: heading?.slice(0, 200).toWellFormed() ?? null,
    words: wordsOf(`${heading ?? ''}\n${text}`),
  }))
  for (let from = 0; from < rows.length; from += INSERT_ROWS)
    await insert(env, file, rows.slice(from, from + INSERT_ROWS))
  return advance(env, file, {
    status: part.isLast ? 'embedding' : 'extracting',
    parts: file.parts + 1,
    chunkCount: count,
    chars,
    pages: part.pages,
    repeatsPrompt,
  })
}

type NewChunk = { place: number; content: string; page: number | null; heading: string | null; words: string }

/** Writes chunks of a file that is still wanted as it was. A chunk that a killed step has written already is written again. */
async function insert(env: Bindings, file: File, rows: NewChunk[]): Promise<void> {
  await reach(() =>
    db(env).execute(sql`
      INSERT INTO knowledge_chunks (file_id, generation, place, agent_id, content, page, heading, search)
      SELECT f.id, f.generation, c.place, f.agent_id, c.content, c.page, c.heading,
        strip(to_tsvector('simple', c.words) || to_tsvector('english', c.words))
          || array_to_tsvector(ARRAY['agent ' || f.agent_id])
      FROM knowledge_files f, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS c (place int, content text, page int, heading text, words text)
      WHERE ${isAsItWas(file)}
      ON CONFLICT (file_id, generation, place) DO UPDATE
        SET content = excluded.content, page = excluded.page, heading = excluded.heading, search = excluded.search`),
  )
}

/** Embeds the next chunks of a file. */
async function embedSome(env: Bindings, file: File): Promise<Outcome> {
  const next = await reach(() =>
    db(env)
      .select({ place: chunks.place, content: chunks.content, heading: chunks.heading })
      .from(chunks)
      .where(and(eq(chunks.fileId, file.id), eq(chunks.generation, file.generation), gte(chunks.place, file.embedded)))
      .orderBy(asc(chunks.place))
      .limit(EMBED_CHUNKS),
  )
  if (next.length === 0) return advance(env, file, ready(file))
  const texts = next.map(({ content, heading }) => (heading === null ? content : `${heading}\n${content}`))
  const vectors = await embed(env, texts, EMBED_MS)
  const written = next.map(({ place }, at) => ({
    id: vectorId(file, place),
    values: [...(vectors[at] ?? [])],
    namespace: file.agentId,
    metadata: { file_id: file.id },
  }))
  await within(VECTORS_MS, env.VECTORS.upsert(written))
  const packs = next.map(({ place }, at) => ({ place, hex: packed(vectors[at] ?? new Float32Array()).toHex() }))
  await reach(() =>
    db(env).execute(sql`
      UPDATE knowledge_chunks c SET embedding = decode(e.hex, 'hex')
      FROM jsonb_to_recordset(${JSON.stringify(packs)}::jsonb) AS e (place int, hex text)
      WHERE c.file_id = ${file.id}::uuid AND c.generation = ${file.generation} AND c.place = e.place`),
  )
  const embedded = file.embedded + next.length
  return advance(env, file, embedded >= file.chunkCount ? { ...ready(file), embedded } : { embedded })
}

const ready = (file: File): Partial<File> => ({
  status: 'ready',
  readyGeneration: file.generation,
  processedAt: new Date(clock.now()),
})

/** The id of a chunk's vector: the same chunk of the same reading always has the same. */
export function vectorId({ id, generation }: Pick<File, 'id' | 'generation'>, place: number): string {
  return `${id}.${generation}.${place}`
}

/** Which chunk a vector's id names, or null if it is none of ours. */
export function placeOf(id: string): { fileId: string; generation: number; place: number } | null {
  const [, fileId = '', generation, place] = /^([0-9a-f-]{36})\.(\d{1,9})\.(\d{1,9})$/.exec(id) ?? []
  return fileId === '' ? null : { fileId, generation: Number(generation), place: Number(place) }
}

/** Removes chunks of earlier readings of a file that is ready or failed, and the object that was replaced. */
async function tidy(env: Bindings, file: File): Promise<Outcome> {
  const isStale = sql`${chunks.generation} <> ${file.readyGeneration ?? 0}`
  const isMore = await removeChunks(env, file, isStale)
  if (isMore) return finish(env, file, 'more')
  if (file.oldS3Key !== null) {
    await env.KNOWLEDGE.delete(file.oldS3Key)
    await reach(() => db(env).update(files).set({ oldS3Key: null }).where(eq(files.id, file.id)))
  }
  return finish(env, file, 'done')
}

/** Removes everything of a file that was deleted, its row last. */
async function remove(env: Bindings, file: File): Promise<Outcome> {
  if (await removeChunks(env, file, sql`TRUE`)) return finish(env, file, 'more')
  await env.KNOWLEDGE.delete([file.s3Key, ...(file.oldS3Key === null ? [] : [file.oldS3Key])])
  await reach(() => db(env).delete(files).where(eq(files.id, file.id)))
  return 'done'
}

/** Removes some chunks, their vectors first; says whether there are more. */
async function removeChunks(env: Bindings, file: File, which: ReturnType<typeof sql>): Promise<boolean> {
  const gone = await reach(() =>
    db(env)
      .select({ generation: chunks.generation, place: chunks.place })
      .from(chunks)
      .where(and(eq(chunks.fileId, file.id), which))
      .orderBy(asc(chunks.generation), asc(chunks.place))
      .limit(REMOVE_CHUNKS),
  )
  const last = gone.at(-1)
  if (!last) return false
  await env.VECTORS.deleteByIds(gone.map(({ generation, place }) => vectorId({ id: file.id, generation }, place)))
  const isGone = or(
    lt(chunks.generation, last.generation),
    and(eq(chunks.generation, last.generation), sql`${chunks.place} <= ${last.place}`),
  )
  await reach(() =>
    db(env)
      .delete(chunks)
      .where(and(eq(chunks.fileId, file.id), which, isGone)),
  )
  return gone.length === REMOVE_CHUNKS
}

/** Notes how far a file is, if it is still wanted as it was; its creator is shown. */
async function advance(env: Bindings, file: File, change: Partial<File>): Promise<Outcome> {
  const rows = await reach(() =>
    db(env)
      .update(files)
      .set({ ...change, leasedUntil: null, tries: 0, updatedAt: sql`now()` })
      .where(
        and(
          eq(files.id, file.id),
          eq(files.generation, file.generation),
          isNull(files.deletedAt),
          eq(files.leasedUntil, file.leasedUntil ?? new Date(0)),
        ),
      )
      .returning(),
  )
  const [row] = rows
  if (row) await show(env, row)
  // A file that was deleted or replaced meanwhile has a next step too: whatever that makes of it.
  else await release(env, file)
  return 'more'
}

async function fail(env: Bindings, file: File, problem: string): Promise<Outcome> {
  log.info('knowledge.failed', { agent_id: file.agentId, attempt: file.tries })
  return advance(env, file, { status: 'failed', problem, processedAt: new Date(clock.now()) })
}

/** Lets others at the file again after a step that failed. It was not killed, and so it is no try. */
async function release(env: Bindings, file: File): Promise<void> {
  await reach(() =>
    db(env)
      .update(files)
      .set({ leasedUntil: null, tries: sql`greatest(0, ${files.tries} - 1)`, updatedAt: sql`now()` })
      .where(and(eq(files.id, file.id), eq(files.leasedUntil, file.leasedUntil ?? new Date(0)))),
  )
}

async function finish(env: Bindings, file: File, outcome: Outcome): Promise<Outcome> {
  await reach(() =>
    db(env)
      .update(files)
      .set({ leasedUntil: null, tries: 0 })
      .where(and(eq(files.id, file.id), eq(files.leasedUntil, file.leasedUntil ?? new Date(0)))),
  )
  return outcome
}

/** Whether a row `f` is that of the file, still wanted as it was when its step began. */
function isAsItWas(file: File) {
  return sql`f.id = ${file.id}::uuid AND f.generation = ${file.generation} AND f.deleted_at IS NULL`
}

/** Shows the creator's open windows how far a file is. That they are not told keeps nothing up. */
async function show(env: Bindings, file: File): Promise<void> {
  const { id: fileId, agentId, status, chunkCount, embedded, parts, generation } = file
  try {
    const id = await idFrom('knowledge', fileId, String(generation), status, String(parts), String(embedded))
    const data = { agent_id: agentId, file_id: fileId, status, chunks: chunkCount, embedded, problem: file.problem }
    await pushLive(env, file.creatorId, [{ id, type: 'knowledge.progress', at: clock.now(), data }])
  } catch (thrown) {
    log.info('knowledge.not_shown', { error: describe(thrown) })
  }
}

/** Whether a text repeats a stretch of the prompt of its agent. */
async function repeats(env: Bindings, file: File, texts: string[]): Promise<boolean> {
  const agent = await findAgent(env, file.agentId)
  if (!agent) return false
  const { prompt } = await openAgent(env, agent)
  return isShownIn(prompt, texts.join('\n'))
}

/** Files that have waited longer than a step may take, the longest first. */
export async function waiting(env: Bindings, most: number): Promise<string[]> {
  const rows = await reach(() =>
    db(env)
      .select({ id: files.id })
      .from(files)
      .where(
        and(
          or(sql`${files.deletedAt} IS NOT NULL`, sql`${files.status} IN ('uploaded', 'extracting', 'embedding')`),
          lt(files.updatedAt, sql`now() - ${LEASE_SECONDS} * interval '1 second'`),
        ),
      )
      .orderBy(asc(files.updatedAt))
      .limit(most),
  )
  return rows.map(({ id }) => id)
}
