/** What a provider's error status, error body and wait headers mean in our words. */
import { clock } from '../../base/clock.ts'
import { type FailureKind, UpstreamFailure } from './provider.ts'
import { type Fields, isFields, parse } from './wire.ts'

/** No provider is waited for longer than this, whatever it says. */
const RETRY_AFTER_MAX_MS = 60 * 60 * 1000

/** The kind of failure that an HTTP status alone tells of. A redirect is never followed: it would carry the key elsewhere. */
export function kindOfStatus(status: number): FailureKind {
  if (status === 429) return 'rate_limited'
  if (status === 503 || status === 529) return 'overloaded'
  if (status >= 500) return 'server'
  if (status === 408) return 'timeout'
  if (status === 413) return 'context_length'
  return status >= 400 ? 'refused' : 'malformed'
}

/** The error object of an error body, which Google sometimes wraps in an array; empty if there is none. */
export function errorFields(body: string): Fields {
  const parsed = parse(body)
  const outer: unknown = Array.isArray(parsed) ? parsed[0] : parsed
  if (!isFields(outer)) return {}
  return isFields(outer.error) ? outer.error : outer
}

/** Whether the error's message has one of these phrases. Only for causes to which a provider gives no code of its own. */
export function says(error: Fields, phrases: readonly string[]): boolean {
  const message = error.message
  if (typeof message !== 'string') return false
  const lower = message.toLowerCase()
  return phrases.some((phrase) => lower.includes(phrase))
}

/** The failure, with the wait if there is one; a wait is at least 0 and at most an hour. */
export function failure(kind: FailureKind, retryAfterMs: number | undefined): UpstreamFailure {
  if (retryAfterMs === undefined || !(retryAfterMs >= 0)) return new UpstreamFailure(kind)
  return new UpstreamFailure(kind, { retryAfterMs: Math.min(Math.ceil(retryAfterMs), RETRY_AFTER_MAX_MS) })
}

/** How long the headers ask us to wait, in milliseconds: `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function retryAfterMs(headers: Headers): number | undefined {
  const ms = decimal(headers.get('retry-after-ms'))
  if (ms !== undefined) return ms
  const after = headers.get('retry-after')
  const seconds = decimal(after)
  if (seconds !== undefined) return seconds * 1000
  // Only dates that end as HTTP dates do are parsed: the parser takes the oddest things for dates.
  const date = after?.endsWith(' GMT') ? Date.parse(after) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now())
}

/** A duration of Google's, such as `34.4s`, in milliseconds. */
export function secondsToMs(duration: unknown): number | undefined {
  if (typeof duration !== 'string' || !duration.endsWith('s')) return undefined
  const seconds = decimal(duration.slice(0, -1))
  return seconds === undefined ? undefined : seconds * 1000
}

const DECIMAL = /^\d{1,12}(\.\d{1,12})?$/

function decimal(text: string | null): number | undefined {
  return text !== null && DECIMAL.test(text) ? Number(text) : undefined
}
