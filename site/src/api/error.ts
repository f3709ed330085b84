/** What the API refused, or why it was not reached. */

export type FieldProblem = { field: string; problem: string }

/**
 * `code` is one of the API's five digits, or `offline` (this device has no connection), `unreachable` (the API did not
 * answer in time), `malformed` (it answered with something unreadable) or `cut` (a stream broke off).
 */
export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly fields: FieldProblem[]
  readonly details: Record<string, unknown>
  readonly requestId: string | undefined
  /** Seconds until asking again makes sense, where the API said so. */
  readonly retryAfter: number | undefined
  constructor(
    code: string,
    message: string,
    more: {
      status?: number
      details?: Record<string, unknown>
      requestId?: string | undefined
      retryAfter?: number | undefined
    } = {},
  ) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.status = more.status ?? 0
    this.details = more.details ?? {}
    this.fields = fieldsOf(this.details['fields'])
    this.requestId = more.requestId
    this.retryAfter = more.retryAfter
  }

  /** Whether the same request may well succeed a moment later. */
  get isPassing(): boolean {
    return ['offline', 'unreachable', 'malformed', 'cut'].includes(this.code) || this.status >= 500
  }
}

function fieldsOf(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return []
  return value.filter(
    (entry: unknown): entry is FieldProblem =>
      typeof entry === 'object' && entry !== null && 'field' in entry && 'problem' in entry,
  )
}

/** The error in an answer that was not 2xx, in either dialect of the API. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '')
  const body = recordOf(parsed(text))
  const error = recordOf(body['error'])
  const retryAfter = Number(response.headers.get('retry-after') ?? NaN)
  const code = typeof error['code'] === 'string' ? error['code'] : 'malformed'
  return new ApiError(code, typeof error['message'] === 'string' ? error['message'] : `HTTP ${response.status}`, {
    status: response.status,
    details: recordOf(error['details']),
    requestId: response.headers.get('x-request-id') ?? undefined,
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined,
  })
}

/** JSON, or undefined for what is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `value` if it is an object, or an empty one. */
export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
