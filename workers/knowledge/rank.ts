/** What is taken of all that was found: ranked by meaning and words together, near enough, within a budget, joined where it belongs together. */
import { cosine } from './embed.ts'
import type { FoundChunk, Place } from './search.ts'

/**
 * Reciprocal rank fusion: places in both lists count, scores do not, but that a place by words counts by how much of the question the
 * words cover: what shares one word of ten with it may well be the first by words, and yet be a poor find. The lists are short, so
 * their first places count far more than the last. Chosen on the evaluation set, so its figures are not those of unseen questions.
 */
const RRF_K = 2
const WORDS_WEIGHT = 2
/** Tokens of all passages together, whatever the agent's settings make of it. */
const TOKENS_MAX = 8_000

export type Ranked = FoundChunk & { similarity: number; fused: number }

/** A stretch of a file: one chunk, or several that follow each other. */
export type Passage = {
  fileId: string
  filename: string
  page: number | null
  heading: string | null
  text: string
  similarity: number
}

/** A question's vector, and the chunks that the vector store named. Its scores are not used: they are approximate, and its own. */
type Query = { vector: Float32Array; named: Place[] }

const keyOf = ({ fileId, generation, place }: Place): string => `${fileId}.${generation}.${place}`

/** Every chunk with how near it is to the question and its place in both rankings, best first. `mode` leaves one of them out, to compare. */
export function rank(
  found: FoundChunk[],
  { vector, named }: Query,
  mode: 'hybrid' | 'vectors' | 'words' = 'hybrid',
): Ranked[] {
  const keys = new Set(named.map(keyOf))
  const measured = found.map((chunk) => ({
    ...chunk,
    similarity: cosine(vector, Uint8Array.fromBase64(chunk.embedding)),
  }))
  const byMeaning = measured.filter((chunk) => keys.has(keyOf(chunk))).toSorted((a, b) => b.similarity - a.similarity)
  const byWords = measured.filter(({ score }) => score !== null).toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0))
  const fused = new Map<string, number>()
  const count = (list: typeof measured, weightOf: (chunk: FoundChunk) => number): void => {
    for (const [place, chunk] of list.entries())
      fused.set(keyOf(chunk), (fused.get(keyOf(chunk)) ?? 0) + weightOf(chunk) / (RRF_K + place + 1))
  }
  if (mode !== 'words') count(byMeaning, () => 1)
  if (mode !== 'vectors') count(byWords, ({ score }) => WORDS_WEIGHT * Math.sqrt(score ?? 0))
  return measured
    .map((chunk) => ({ ...chunk, fused: fused.get(keyOf(chunk)) ?? 0 }))
    .filter((chunk) => chunk.fused > 0)
    .toSorted((a, b) => b.fused - a.fused || b.similarity - a.similarity)
}

/** The best chunks that are near enough, at most `topK` and as many as the budget takes. */
export function take(ranked: Ranked[], { topK, threshold }: { topK: number; threshold: number }): Ranked[] {
  let tokens = 0
  return ranked
    .filter(({ similarity }) => similarity >= threshold)
    .slice(0, topK)
    .filter(({ content }) => (tokens += tokensOf(content)) <= TOKENS_MAX)
}

/** Chunks that follow each other in a file made one, what they have in common said once; in the order of the best of each. */
export function passagesOf(taken: Ranked[]): Passage[] {
  const inOrder = taken.toSorted((a, b) => (a.fileId < b.fileId ? -1 : a.fileId > b.fileId ? 1 : a.place - b.place))
  const joined: { passage: Passage; last: FoundChunk; best: number }[] = []
  for (const chunk of inOrder) {
    const { fileId, filename, page, heading, content: text, similarity, fused: best } = chunk
    const before = joined.at(-1)
    if (before && before.last.fileId === fileId && before.last.place + 1 === chunk.place) {
      before.passage.text = overlay(before.passage.text, text)
      before.passage.similarity = Math.max(before.passage.similarity, similarity)
      before.last = chunk
      before.best = Math.max(before.best, best)
    } else joined.push({ passage: { fileId, filename, page, heading, text, similarity }, last: chunk, best })
  }
  return joined.toSorted((a, b) => b.best - a.best).map(({ passage }) => passage)
}

/** Two texts of which the second may begin as the first ends. */
function overlay(first: string, second: string): string {
  for (let length = Math.min(first.length, second.length, 1_000); length >= 20; length--)
    if (first.endsWith(second.slice(0, length))) return first + second.slice(length)
  return `${first}\n${second}`
}

/** About how many tokens a text is: one for each Chinese character, for four others one. */
function tokensOf(text: string): number {
  const han = text.match(/[\u3040-\u30ff\u3400-\u9fff]/g)?.length ?? 0
  return han + Math.ceil((text.length - han) / 4)
}
