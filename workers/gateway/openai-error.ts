/** Our errors as OpenAI writes them, for the OpenAI route: same code, other clothes. */
import type { AppError } from '../base/errors.ts'

/** The body `{"error":{"message","type","param","code"},"request_id"}`. */
export function openAiErrorBody(error: AppError, requestId: string): Record<string, unknown> {
  return {
    error: {
      message: error.message,
      type: typeOf(error),
      param: firstField(error.details),
      code: error.code,
      ...(error.details ? { details: error.details } : {}),
    },
    request_id: requestId,
  }
}

function typeOf(error: AppError): string {
  if (error.kind === 'quotaExhausted' || error.kind === 'insufficientBalance') return 'insufficient_quota'
  if (error.status === 401) return 'authentication_error'
  if (error.status === 403) return 'permission_error'
  if (error.status === 404) return 'not_found_error'
  if (error.status === 429) return 'rate_limit_error'
  return error.status >= 500 ? 'server_error' : 'invalid_request_error'
}

function firstField(details: Record<string, unknown> | undefined): string | null {
  const fields = details?.['fields']
  const [first] = Array.isArray(fields) ? (fields as { field?: unknown }[]) : []
  return typeof first?.field === 'string' ? first.field : null
}
