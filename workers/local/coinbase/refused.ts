/** Why Coinbase refuses a request, and how it says so (https://docs.cdp.coinbase.com/api-reference/v2/errors). */
import { randomBytes } from 'node:crypto'
import { type Answer, json } from '../http-door.ts'

const STATUSES = { invalid_request: 400, unauthorized: 401, not_found: 404, idempotency_error: 422 }

export class RefusedError extends Error {
  readonly #type: keyof typeof STATUSES

  constructor(type: keyof typeof STATUSES, message: string) {
    super(message)
    this.#type = type
  }

  answer(): Answer {
    return json(STATUSES[this.#type], {
      errorType: this.#type,
      errorMessage: this.message,
      correlationId: `${randomBytes(8).toString('hex')}-LOC`,
      errorLink: `https://docs.cdp.coinbase.com/api-reference/v2/errors#${this.#type}`,
    })
  }
}
