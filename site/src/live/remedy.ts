/** What went wrong with a visitor's call, and what to do about it. */
import { API_URL } from '../api/config.ts'
import type { ApiError } from '../api/error.ts'
import { errors } from '../words/errors.ts'
import { remedies } from '../words/remedies.ts'
import { said } from '../words/words.ts'

const LOCAL = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** The failure in one sentence. */
export function problem(error: ApiError): string {
  const w = said(errors)
  return error.code in w ? w[error.code as 'offline' | 'unreachable' | 'malformed' | 'cut'] : error.message
}

/** The remedy for `error`; a general one where its code has none of its own. */
export function remedy(error: ApiError): string {
  const w = said(remedies)
  const own = w.codes[error.code as keyof typeof w.codes]
  if (own === undefined) return w.other
  const isLocal = LOCAL.has(new URL(API_URL).hostname)
  return isLocal && error.code in w.local ? w.local[error.code as keyof typeof w.local] : own
}
