/** What a failed call is called: one error of ours for whatever went wrong, and never a word of the provider's. */
import { AppError, toAppError } from '../base/errors.ts'
import { LeakBlocked } from './guard/guard.ts'
import { UpstreamFailure } from './providers/provider.ts'
import type { Clocks } from './clocks.ts'

/** The caller's own SDK would try these again, for nothing. */
const NO_RETRY = { 'x-should-retry': 'false' }

/** The error that a caller may see for what was thrown during a call. */
export function callError(thrown: unknown, clocks: Clocks): AppError {
  if (clocks.stopped === 'caller-left') return new AppError('callerLeft', { cause: thrown })
  if (thrown instanceof LeakBlocked) return new AppError('contentBlocked', { headers: NO_RETRY })
  return thrown instanceof UpstreamFailure ? upstreamError(thrown) : toAppError(thrown)
}

function upstreamError(failure: UpstreamFailure): AppError {
  const retryAfter = { 'retry-after': String(Math.max(1, Math.ceil((failure.retryAfterMs ?? 1_000) / 1_000))) }
  const options = { cause: failure }
  switch (failure.kind) {
    case 'timeout':
      return new AppError('upstreamTimeout', options)
    case 'truncated':
      return new AppError('upstreamTruncated', options)
    case 'server':
    case 'malformed':
      return new AppError('upstreamFailed', options)
    case 'unreachable':
    case 'overloaded':
      return new AppError('upstreamUnavailable', { ...options, headers: retryAfter })
    case 'rate_limited':
      return new AppError('upstreamBusy', { ...options, headers: retryAfter })
    case 'refused':
      return new AppError('upstreamRefused', { ...options, headers: NO_RETRY })
    case 'content_filter':
      return new AppError('contentRefused', { ...options, headers: NO_RETRY })
    case 'context_length':
      return new AppError('validationFailed', {
        ...options,
        message: 'messages: together they are too long for the model of this agent. Send fewer or shorter messages.',
        details: { fields: [{ field: 'messages', problem: 'are too long for the model' }] },
      })
  }
}
