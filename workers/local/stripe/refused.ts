/** Why Stripe refuses a request, and how it says so (https://docs.stripe.com/api/errors). */
import { type Answer, json } from '../http-door.ts'

export class RefusedError extends Error {
  readonly status: number
  readonly #fields: Record<string, string>

  constructor(message: string, param?: string, code?: string, status = 400, type = 'invalid_request_error') {
    super(message)
    this.status = status
    this.#fields = {
      ...(code === undefined
        ? {}
        : { code, doc_url: `https://docs.stripe.com/error-codes/${code.replaceAll('_', '-')}` }),
      message,
      ...(param === undefined ? {} : { param }),
      type,
    }
  }

  answer(): Answer {
    return json(this.status, { error: this.#fields })
  }
}
