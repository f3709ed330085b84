/**
 * OpenAI's embeddings, by a small real model: texts that mean much the same lie near each other. The model has 512
 * dimensions; the rest of the 1536 are zeros, which changes no cosine. It knows English only: to it all Chinese is alike.
 */
import type { Embedder } from './embedder.ts'
import { type Json, number, text, texts } from './read.ts'
import { RefusedError, tokens } from './wire.ts'

const DIMENSIONS = 1_536
const DIMENSIONS_MAX = 3_072
const INPUTS_MAX = 2_048

/** The body of the answer to `POST /embeddings`. Throws `RefusedError` on an input the API would refuse. */
export async function embeddings(embedder: Embedder, body: Json): Promise<string> {
  const inputs = texts(body['input'])
  if (inputs.length === 0 || inputs.length > INPUTS_MAX || inputs.includes('')) {
    throw new RefusedError({
      status: 400,
      message: "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
    })
  }
  const dimensions = Math.min(number(body['dimensions'], DIMENSIONS), DIMENSIONS_MAX)
  const used = tokens(inputs.reduce((sum, input) => sum + input.length, 0))
  const vectors = await embedder.embed(inputs)
  return JSON.stringify({
    object: 'list',
    data: vectors.map((values, index) => {
      const vector = new Float32Array(dimensions)
      vector.set(values.slice(0, dimensions))
      return {
        object: 'embedding',
        index,
        embedding: body['encoding_format'] === 'base64' ? base64(vector) : [...vector],
      }
    }),
    model: text(body['model']),
    usage: { prompt_tokens: used, total_tokens: used },
  })
}

function base64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4)
  return bytes.toString('base64')
}
