/**
 * What agents know from documents. This room owns files, their chunks and their vectors, and finds what answers a question.
 * It promises that nobody is ever given a chunk of another agent, of a deleted file, or one less like the question than the agent's
 * threshold, whatever the vector store says. It never calls a model to answer, and never lets a document decide anything.
 */
import { flags } from '../base/flags.ts'
import { within } from '../base/within.ts'
import { settings, type Bindings } from '../env.ts'
import { embed } from './embed.ts'
import { passagesOf, rank, take, type Passage, type Ranked } from './rank.ts'
import { searchChunks } from './search.ts'
import { placeOf } from './steps.ts'
import type { KnowledgeBase } from '../agents/config.ts'

/** Chunks that the vector store names; more where the agent answers from some of its files only, of which it does not know. */
const NAMED = 20
const NAMED_OF_SOME = 100
const QUERY_CHARS_MAX = 2_000

type Asked = {
  agentId: string
  knowledge: Pick<KnowledgeBase, 'file_ids' | 'top_k' | 'similarity_threshold'>
  query: string
}

/**
 * The passages that answer a question best: none where nothing is near enough, null while knowledge is switched off for all. One
 * embedding, one vector query, one statement. Throws when one of them fails or all together take longer than `KNOWLEDGE_MS`.
 */
export async function retrieve(env: Bindings, asked: Asked): Promise<Passage[] | null> {
  if (!(await flags(env)).enable_rag) return null
  const { top_k: topK, similarity_threshold: threshold } = asked.knowledge
  const ranked = await within(settings(env).KNOWLEDGE_MS, lookUp(env, asked))
  return passagesOf(take(ranked, { topK, threshold }))
}

/** All that is found for a question, best first, with how near each chunk is: also what is not near enough. */
export async function lookUp(env: Bindings, { agentId, knowledge, query }: Asked): Promise<Ranked[]> {
  const text = query.slice(-QUERY_CHARS_MAX).toWellFormed().trim()
  if (text === '') return []
  const [vector] = await embed(env, [text], settings(env).KNOWLEDGE_MS)
  if (!vector) return []
  const { matches } = await env.VECTORS.query([...vector], {
    topK: knowledge.file_ids.length === 0 ? NAMED : NAMED_OF_SOME,
    namespace: agentId,
    returnMetadata: 'none',
  })
  const named = matches.flatMap(({ id }) => placeOf(id) ?? [])
  const found = await searchChunks(env, { agentId, fileIds: knowledge.file_ids, query: text, named })
  return rank(found, { vector, named })
}
