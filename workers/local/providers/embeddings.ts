/** OpenAI's embeddings: words hashed into a unit vector, so that texts which share words lie near each other. */
import { type Json, number, text, texts } from './read.ts'
import { RefusedError, tokens } from './wire.ts'

const DIMENSIONS = 1_536
const DIMENSIONS_MAX = 3_072
const INPUTS_MAX = 2_048

/** The body of the answer to `POST /embeddings`. Throws `RefusedError` on an input the API would refuse. */
export function embeddings(body: Json): string {
  const inputs = texts(body['input'])
  if (inputs.length === 0 || inputs.length > INPUTS_MAX || inputs.includes('')) {
    throw new RefusedError({
      status: 400,
      message: "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
    })
  }
  const dimensions = Math.min(number(body['dimensions'], DIMENSIONS), DIMENSIONS_MAX)
  const used = tokens(inputs.reduce((sum, input) => sum + input.length, 0))
  return JSON.stringify({
    object: 'list',
    data: inputs.map((input, index) => {
      const vector = embed(input, dimensions)
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

function embed(input: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  for (const [word] of input.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    // Four places a word keep two words from being mistaken for each other.
    for (let place = 0; place < 4; place++) {
      const value = hash(`${place}${word}`)
      const at = value % dimensions
      vector[at] = (vector[at] ?? 0) + (value & 0x8000_0000 ? 1 : -1)
    }
  }
  const length = Math.hypot(...vector)
  if (length === 0) vector[0] = 1
  return length === 0 ? vector : vector.map((value) => value / length)
}

function base64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4)
  return bytes.toString('base64')
}

/** FNV-1a, 32 bits, with a last stir so that near words fall far apart. */
function hash(word: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < word.length; at++) value = Math.imul(value ^ word.charCodeAt(at), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  return (value ^ (value >>> 13)) >>> 0
}
