/**
 * A file on its way from a request to R2: never more than one piece of it in memory, its hash taken in passing. Objects are
 * named by us alone.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { AppError, refuseField } from '../base/errors.ts'
import { newId } from '../base/ids.ts'
import { HEAD_BYTES, kindOf, type Kind } from './kinds.ts'
import { LIMITS, megabytes } from './problem.ts'
import type { Bindings } from '../env.ts'

/** What R2 takes as a part of a larger object: at least this, all but the last of the same size. */
const PIECE_BYTES = 5 * 1024 * 1024

export type Uploaded = { key: string; sha256: string; size: number; kind: Kind }

/**
 * Takes a body into the bucket. Throws `validationFailed` for what is no file of ours, `bodyTooLarge` past 20 MB, and
 * `storeUnavailable` when R2 does not take it; then nothing of it stays.
 */
export async function takeIn(
  env: Bindings,
  request: Request,
  { filename, agentId }: { filename: string; agentId: string },
): Promise<Uploaded> {
  const tooLarge = new AppError('bodyTooLarge', { message: `A file may have ${megabytes(LIMITS.fileBytes)}.` })
  if (Number(request.headers.get('content-length') ?? '0') > LIMITS.fileBytes) throw tooLarge
  if (!request.body) throw refuseField('body', 'is empty; the body is the file itself')
  const key = `${agentId}/${newId()}`
  const hash = sha256.create()
  const object = new Pieces(env.KNOWLEDGE, key)
  let kind: Kind | undefined
  let size = 0
  let head = new Uint8Array()
  try {
    for await (const chunk of request.body) {
      size += chunk.byteLength
      if (size > LIMITS.fileBytes) throw tooLarge
      if (!kind && head.length < HEAD_BYTES) {
        head = joined(head, chunk.subarray(0, HEAD_BYTES - head.length))
        if (head.length === HEAD_BYTES) kind = kindOf(filename, head)
      }
      hash.update(chunk)
      await object.add(chunk)
    }
    kind ??= kindOf(filename, head)
    await object.end()
  } catch (thrown) {
    await object.abort()
    throw thrown instanceof AppError ? thrown : new AppError('storeUnavailable', { cause: thrown })
  }
  return { key, sha256: bytesToHex(hash.digest()), size, kind }
}

/** An object that is written piece by piece; a small one at once. */
class Pieces {
  readonly #bucket: R2Bucket
  readonly #key: string
  #upload: R2MultipartUpload | undefined
  readonly #parts: R2UploadedPart[] = []
  #piece = new Uint8Array(64 * 1024)
  #used = 0

  constructor(bucket: R2Bucket, key: string) {
    this.#bucket = bucket
    this.#key = key
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length;) {
      const taken = chunk.subarray(from, from + PIECE_BYTES - this.#used)
      this.#grow(this.#used + taken.length)
      this.#piece.set(taken, this.#used)
      this.#used += taken.length
      from += taken.length
      if (this.#used === PIECE_BYTES) await this.#send()
    }
  }

  async end(): Promise<void> {
    if (!this.#upload) {
      await this.#bucket.put(this.#key, this.#piece.subarray(0, this.#used))
      return
    }
    if (this.#used > 0) await this.#send()
    await this.#upload.complete(this.#parts)
  }

  /** Never throws: what is not completed is removed by R2 itself after a week. */
  async abort(): Promise<void> {
    await this.#upload?.abort().catch(() => {})
  }

  #grow(size: number): void {
    if (size <= this.#piece.length) return
    const larger = new Uint8Array(Math.min(PIECE_BYTES, Math.max(size, this.#piece.length * 2)))
    larger.set(this.#piece.subarray(0, this.#used))
    this.#piece = larger
  }

  async #send(): Promise<void> {
    this.#upload ??= await this.#bucket.createMultipartUpload(this.#key)
    this.#parts.push(await this.#upload.uploadPart(this.#parts.length + 1, this.#piece.slice(0, this.#used)))
    this.#used = 0
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
