/** What texts mean, as vectors: asked of OpenAI, or of whoever stands at its address. The only file that speaks to it of this. */
import * as z from 'zod'
import { settings, type Bindings } from '../env.ts'

export const DIMENSIONS = 1_536

const Answer = z.object({ data: z.array(z.object({ index: z.int(), embedding: z.string() })) })

/** One unit vector for each text, in their order. Throws when they do not come within `timeoutMs`. */
export async function embed(env: Bindings, texts: string[], timeoutMs: number): Promise<Float32Array[]> {
  const { OPENAI_BASE_URL, OPENAI_API_KEY, EMBEDDING_MODEL } = settings(env)
  const response = await fetch(`${OPENAI_BASE_URL}/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OPENAI_API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: EMBEDDING_MODEL, input: texts, encoding_format: 'base64' }),
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`Embedding was refused with ${response.status}.`)
  }
  const { data } = Answer.parse(await response.json())
  if (data.length !== texts.length) throw new Error('Another number of vectors came than was asked for.')
  return data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => vectorOf(embedding))
}

function vectorOf(base64: string): Float32Array {
  const bytes = Uint8Array.fromBase64(base64)
  if (bytes.length !== DIMENSIONS * 4) throw new Error('A vector of another length came than was asked for.')
  return new Float32Array(bytes.buffer, bytes.byteOffset, DIMENSIONS)
}

/** A vector with each number as a byte: a quarter of the space, near enough to be compared. */
export function packed(vector: Float32Array): Uint8Array {
  const most = vector.reduce((max, value) => Math.max(max, Math.abs(value)), 0) || 1
  return new Uint8Array(Int8Array.from(vector, (value) => Math.round((value / most) * 127)).buffer)
}

/** The cosine between a vector and one that was packed. */
export function cosine(vector: Float32Array, bytes: Uint8Array): number {
  const other = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let [product, own, others] = [0, 0, 0]
  for (let at = 0; at < vector.length; at++) {
    const [a, b] = [vector[at] ?? 0, other[at] ?? 0]
    product += a * b
    own += a * a
    others += b * b
  }
  return own === 0 || others === 0 ? 0 : product / Math.sqrt(own * others)
}
