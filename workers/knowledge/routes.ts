/** What creators do with the documents of their agents. Every route finds only what is the creator's own. */
import { Hono } from 'hono'
import * as z from 'zod'
import { openAgent } from '../agents/agents.ts'
import { ownAgent, ownLiveAgent, type OwnAgent } from '../agents/own.ts'
import { creator } from '../auth/auth.ts'
import { AppError } from '../base/errors.ts'
import { flags } from '../base/flags.ts'
import { Micros, pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { throttle } from '../base/throttle.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import {
  addFile,
  chunksOf,
  contentOf,
  fileOf,
  filesOf,
  readAnew,
  removeFiles,
  replaceFile,
  usedBy,
  type FileRow,
} from './files.ts'
import { KINDS, MEDIA_TYPES, nameOf, type Kind } from './kinds.ts'
import { lookUp } from './knowledge.ts'
import { take } from './rank.ts'
import { takeIn } from './upload.ts'
import { settings, type AppContext, type Bindings } from '../env.ts'
import type { Cut } from './split.ts'

const UPLOADS_AN_HOUR = 300
const QUERIES_A_MINUTE = 60
const QUERY_CHARS_MAX = 2_000
const NAME_CHARS_MAX = 1_000

export const knowledge = new Hono<AppContext>()
const route = routesOf(knowledge, 'Knowledge', 'The documents that an agent answers from.')

const FileParams = IdParams.extend({ fileId: Id })
const Upload = z.object({
  filename: z.string().min(1).max(NAME_CHARS_MAX).describe('What people call the file. Its ending says what it is.'),
})

const KnowledgeFile = z.object({
  id: Id,
  agent_id: Id,
  filename: z.string(),
  type: z.enum(KINDS),
  bytes: z.int(),
  sha256: z.string(),
  status: z
    .enum(['uploaded', 'extracting', 'embedding', 'ready', 'failed'])
    .describe('Of the newest reading. `in_use` says whether answers rest on the file, perhaps as it was read before.'),
  problem: z.string().nullable().describe('Why it failed, and what to do about it.'),
  in_use: z.boolean(),
  repeats_prompt: z
    .boolean()
    .describe('It repeats 50 or more characters of the prompt, which the guard withholds all the same.'),
  statistics: z.object({
    chunks: z.int(),
    embedded: z.int(),
    pages: z.int().nullable(),
    chars: z.int(),
    chunk_size: z.int(),
    chunk_overlap: z.int(),
  }),
  created_at: Moment,
  updated_at: Moment,
  processed_at: Moment.nullable(),
})

const TAKEN = [
  'validationFailed',
  'notFound',
  'conflict',
  'limitReached',
  'bodyTooLarge',
  'rateLimited',
  'switchedOff',
] as const

route(
  'POST /api/v1/agents/:id/knowledge',
  {
    summary: 'Hand in a document',
    description:
      'The body is the file itself: PDF, DOCX, Markdown, HTML, CSV or plain text, at most 20 MB. What it is, is read from its bytes, and ' +
      'its name must agree. It is read afterwards; its state tells how far that is, and `knowledge.progress` over the live events. The same ' +
      'bytes are one file, however often they are handed in. The agent answers from its files once `knowledge_base.enabled` is true.',
    who: creator,
    params: IdParams,
    query: Upload,
    answer: KnowledgeFile.extend({ is_new: z.boolean() }),
    status: 202,
    errors: [...TAKEN],
  },
  async ({ c, env, me, params: { id }, query }) => {
    const { agent, cut } = await open(env, me.id, id)
    const filename = nameOf(query.filename)
    const uploaded = await takeIn(env, c.req.raw, { filename, agentId: agent.id })
    const { file, isNew } = await addFile(env, { agentId: id, creatorId: me.id }, uploaded, { filename, cut })
    return { ...wire(file), is_new: isNew }
  },
)

const Place = z.tuple([Micros, Id])

route(
  'GET /api/v1/agents/:id/knowledge',
  {
    summary: 'The documents of an agent, newest first',
    who: creator,
    params: IdParams,
    query: PageQuery,
    answer: pageOf(KnowledgeFile).extend({
      account: z.object({ files: z.int(), files_max: z.int(), bytes: z.int(), bytes_max: z.int() }),
    }),
    errors: ['notFound'],
  },
  async ({ env, me, params: { id }, query: { limit, cursor } }) => {
    await ownAgent(env, me.id, id)
    const after = readCursor(cursor, Place)
    const [rows, used] = await Promise.all([filesOf(env, id, { limit: limit + 1, after }), usedBy(env, me.id)])
    const page = toPage(rows, limit, ({ micros, id: fileId }) => [micros, fileId])
    const { KNOWLEDGE_FILES: files_max, KNOWLEDGE_BYTES: bytes_max } = settings(env)
    return { ...page, items: page.items.map(wire), account: { ...used, files_max, bytes_max } }
  },
)

route(
  'DELETE /api/v1/agents/:id/knowledge',
  {
    summary: 'Remove all documents of an agent',
    description: 'From the answer on nothing of them is found.',
    who: creator,
    params: IdParams,
    errors: ['notFound'],
  },
  async ({ env, me, params: { id } }) => {
    await ownAgent(env, me.id, id)
    await removeFiles(env, id)
  },
)

const Query = z.object({
  query: z.string().trim().min(1).max(QUERY_CHARS_MAX),
  top_k: z.int().min(1).max(20).optional().describe('Default: the agent’s own.'),
  similarity_threshold: z.number().min(0).max(1).optional().describe('Default: the agent’s own.'),
})

route(
  'POST /api/v1/agents/:id/knowledge/query',
  {
    summary: 'Try a question on the documents of an agent',
    description:
      'What a call with this question would be given, and what else was found, with scores. No model answers, and nothing is charged.',
    who: creator,
    params: IdParams,
    body: Query,
    answer: z.object({
      chunks: z.array(
        z.object({
          file_id: Id,
          filename: z.string(),
          place: z.int(),
          page: z.int().nullable(),
          heading: z.string().nullable(),
          content: z.string(),
          similarity: z.number().describe('The cosine of question and chunk.'),
          words_score: z.number().nullable().describe('How well its words fit; null where none does.'),
          fused_score: z.number(),
          is_used: z.boolean().describe('Near enough, and among the best.'),
        }),
      ),
    }),
    errors: ['notFound', 'conflict', 'rateLimited', 'switchedOff', 'storeUnavailable'],
  },
  async ({ env, me, params: { id }, body }) => {
    const agent = await ownLiveAgent(env, me.id, id)
    await assertOn(env)
    await throttle(env, { name: 'knowledge-query', key: me.id, limit: QUERIES_A_MINUTE, windowSeconds: 60 })
    const { knowledge_base: saved } = await openAgent(env, agent)
    const topK = body.top_k ?? saved?.top_k ?? 5
    const threshold = body.similarity_threshold ?? saved?.similarity_threshold ?? 0.2
    const asked = { file_ids: saved?.file_ids ?? [], top_k: topK, similarity_threshold: threshold }
    const ranked = await lookUp(env, { agentId: id, knowledge: asked, query: body.query }).catch((thrown: unknown) => {
      throw new AppError('storeUnavailable', { cause: thrown })
    })
    const used = new Set(take(ranked, { topK, threshold }))
    return {
      chunks: ranked.map((chunk) => ({
        file_id: chunk.fileId,
        filename: chunk.filename,
        place: chunk.place,
        page: chunk.page,
        heading: chunk.heading,
        content: chunk.content,
        similarity: chunk.similarity,
        words_score: chunk.score,
        fused_score: chunk.fused,
        is_used: used.has(chunk),
      })),
    }
  },
)

route(
  'GET /api/v1/agents/:id/knowledge/:fileId',
  {
    summary: 'One document: its state and figures',
    who: creator,
    params: FileParams,
    answer: KnowledgeFile,
    errors: ['notFound'],
  },
  async ({ env, me, params: { id, fileId } }) => {
    await ownAgent(env, me.id, id)
    return wire(await fileOf(env, id, fileId))
  },
)

route(
  'GET /api/v1/agents/:id/knowledge/:fileId/chunks',
  {
    summary: 'A document as it was cut into chunks',
    who: creator,
    params: FileParams,
    query: PageQuery,
    answer: pageOf(
      z.object({ place: z.int(), page: z.int().nullable(), heading: z.string().nullable(), content: z.string() }),
    ),
    errors: ['notFound'],
  },
  async ({ env, me, params: { id, fileId }, query: { limit, cursor } }) => {
    await ownAgent(env, me.id, id)
    const [last] = readCursor(cursor, z.tuple([z.int().nonnegative()])) ?? [-1]
    await fileOf(env, id, fileId)
    return toPage(await chunksOf(env, id, fileId, { limit: limit + 1, from: last + 1 }), limit, ({ place }) => [place])
  },
)

route(
  'GET /api/v1/agents/:id/knowledge/:fileId/content',
  {
    summary: 'Download a document as it was handed in',
    who: creator,
    params: FileParams,
    produces: 'application/octet-stream',
    errors: ['notFound'],
  },
  async ({ env, me, params: { id, fileId } }) => {
    await ownAgent(env, me.id, id)
    const { file, body } = await contentOf(env, id, fileId)
    return new Response(body, {
      headers: {
        'content-type': MEDIA_TYPES[file.fileType as Kind],
        'content-length': String(file.fileSize),
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.filename).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}`,
        'cache-control': 'private, no-store',
        // Somebody sent us these bytes: a browser is to keep them and never to show them.
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      },
    })
  },
)

route(
  'PUT /api/v1/agents/:id/knowledge/:fileId',
  {
    summary: 'Put another document in the place of one',
    description: 'The body is the file itself, as when it is handed in. Until it is read the one before stays in use.',
    who: creator,
    params: FileParams,
    query: Upload,
    answer: KnowledgeFile,
    status: 202,
    errors: [...TAKEN],
  },
  async ({ c, env, me, params: { id, fileId }, query }) => {
    const { agent, cut } = await open(env, me.id, id)
    await fileOf(env, id, fileId)
    const filename = nameOf(query.filename)
    const uploaded = await takeIn(env, c.req.raw, { filename, agentId: agent.id })
    return wire(await replaceFile(env, { agentId: id, creatorId: me.id }, fileId, uploaded, { filename, cut }))
  },
)

route(
  'POST /api/v1/agents/:id/knowledge/:fileId/reindex',
  {
    summary: 'Read a document anew',
    description: 'It is cut as the agent’s configuration says now. Until that is done it stays in use as it was.',
    who: creator,
    params: FileParams,
    answer: KnowledgeFile,
    status: 202,
    errors: ['notFound', 'conflict', 'rateLimited', 'switchedOff'],
  },
  async ({ env, me, params: { id, fileId } }) => {
    const { cut } = await open(env, me.id, id)
    return wire(await readAnew(env, id, fileId, cut))
  },
)

route(
  'DELETE /api/v1/agents/:id/knowledge/:fileId',
  {
    summary: 'Remove a document',
    description: 'From the answer on nothing of it is found, also where it is just being read.',
    who: creator,
    params: FileParams,
    errors: ['notFound'],
  },
  async ({ env, me, params: { id, fileId } }) => {
    await ownAgent(env, me.id, id)
    await removeFiles(env, id, fileId)
  },
)

/** This creator's agent, to be given something to read, and how its documents are cut. */
async function open(env: Bindings, creatorId: string, id: string): Promise<{ agent: OwnAgent; cut: Cut }> {
  const agent = await ownLiveAgent(env, creatorId, id)
  await assertOn(env)
  await throttle(env, { name: 'knowledge', key: creatorId, limit: UPLOADS_AN_HOUR, windowSeconds: 3_600 })
  const { knowledge_base: saved } = await openAgent(env, agent)
  return { agent, cut: { size: saved?.chunk_size ?? 1_000, overlap: saved?.chunk_overlap ?? 200 } }
}

async function assertOn(env: Bindings): Promise<void> {
  if (!(await flags(env)).enable_rag) throw new AppError('switchedOff')
}

function wire(file: FileRow): z.input<typeof KnowledgeFile> {
  return {
    id: file.id,
    agent_id: file.agentId,
    filename: file.filename,
    type: file.fileType as Kind,
    bytes: file.fileSize,
    sha256: file.sha256,
    status: file.status,
    problem: file.problem,
    in_use: file.isFound,
    repeats_prompt: file.repeatsPrompt,
    statistics: {
      chunks: file.chunkCount,
      embedded: file.embedded,
      pages: file.pages,
      chars: file.chars,
      chunk_size: file.chunkSize,
      chunk_overlap: file.chunkOverlap,
    },
    created_at: file.createdAt,
    updated_at: file.updatedAt,
    processed_at: file.processedAt,
  }
}
