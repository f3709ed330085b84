/** Answers kept by idempotency key for a day, as Stripe and Coinbase both do. */
import type { Answer, Asked } from './http-door.ts'
import type { Shelf, Shelves } from './shelves.ts'

const KEPT_MS = 24 * 60 * 60_000
const KEPT_MAX = 10_000

type Kept = { fingerprint: string; answer: Answer; at: number }

export class Idempotency {
  readonly #kept: Shelf<Kept>

  constructor(shelves: Shelves) {
    this.#kept = shelves.of('idempotency')
  }

  /** The answer that this request had with this key; `other` if the key was used for another request. */
  find(key: string, asked: Asked): Answer | 'other' | undefined {
    const kept = this.#kept.get(key)
    if (!kept || kept.at < Date.now() - KEPT_MS) return undefined
    return kept.fingerprint === fingerprint(asked) ? kept.answer : 'other'
  }

  /** What was refused may be asked again, put right, with the same key. */
  keep(key: string, asked: Asked, answer: Answer): Answer {
    if (answer.status < 400) this.#kept.put(key, { fingerprint: fingerprint(asked), answer, at: Date.now() })
    for (const old of this.#kept.keys().slice(0, -KEPT_MAX)) this.#kept.remove(old)
    return answer
  }
}

function fingerprint({ method, path, body }: Asked): string {
  return `${method} ${path}\n${body}`
}
