/** SHA-256 of a long text that is told in parts, and can be put aside between two of them. */
import { _SHA256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** What is needed to go on: the eight words, the bytes that do not fill a block yet, and how many there were in all. */
export type HashState = { words: number[]; rest: number[]; bytes: number }

/** The hash's own state, which the package keeps for those who extend it. */
class Resumable extends _SHA256 {
  save(): HashState {
    return { words: this.get(), rest: Array.from(this.buffer.subarray(0, this.pos)), bytes: this.length }
  }

  restore({ words, rest, bytes }: HashState): this {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = words
    this.set(a, b, c, d, e, f, g, h)
    this.buffer.set(rest)
    this.pos = rest.length
    this.length = bytes
    return this
  }
}

export class TextHash {
  readonly #hash = new Resumable()

  /** Goes on from where `state` was taken, or begins. */
  constructor(state?: HashState) {
    if (state) this.#hash.restore(state)
  }

  add(text: string): void {
    this.#hash.update(new TextEncoder().encode(text))
  }

  get state(): HashState {
    return this.#hash.save()
  }

  /** The digest in hex. Nothing can be added after it. */
  digest(): string {
    return bytesToHex(this.#hash.digest())
  }
}
