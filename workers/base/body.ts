/** Reads a request body as JSON within limits: size, type and encoding are checked before anything is parsed. */
import { AppError } from './errors.ts'

export const BODY_MAX_BYTES = 1_048_576

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** The body as text and as JSON. Throws 413, 415, or 40001 without quoting what was sent. */
export async function readJson(request: Request): Promise<{ text: string; json: unknown }> {
  const type = request.headers.get('content-type') ?? ''
  const encoding = request.headers.get('content-encoding')
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type) || (encoding && encoding !== 'identity'))
    throw new AppError('unsupportedMediaType')
  const declared = Number(request.headers.get('content-length') ?? '0')
  if (declared > BODY_MAX_BYTES || !request.body)
    throw new AppError(request.body ? 'bodyTooLarge' : 'invalidRequest', request.body ? {} : EMPTY)
  const bytes =
    declared > 0 ? new Uint8Array(await request.arrayBuffer()) : await readAtMost(request.body, BODY_MAX_BYTES)
  const text = decode(bytes)
  try {
    return { text, json: JSON.parse(text) as unknown }
  } catch {
    throw new AppError('invalidRequest', { message: 'The request body is not valid JSON.' })
  }
}

/** Whether a request came without a body. */
export function isBodiless(request: Request): boolean {
  return request.body === null || request.headers.get('content-length') === '0'
}

/** The body as it is, at most `maxBytes` of it. Throws 413 with `message`. */
export async function readBytes(request: Request, maxBytes: number, message: string): Promise<Uint8Array> {
  const tooLarge = new AppError('bodyTooLarge', { message })
  if (Number(request.headers.get('content-length') ?? '0') > maxBytes) throw tooLarge
  return request.body ? readAtMost(request.body, maxBytes, tooLarge) : new Uint8Array()
}

const EMPTY = { message: 'The request body is empty; send a JSON object.' }

async function readAtMost(
  body: ReadableStream<Uint8Array>,
  max: number,
  tooLarge = new AppError('bodyTooLarge'),
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > max) throw tooLarge
    chunks.push(chunk)
  }
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}

function decode(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    throw new AppError('invalidRequest', { message: 'The request body is not valid UTF-8.' })
  }
}
