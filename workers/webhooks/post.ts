/** One attempt at telling a receiver: the only file that calls webhooks. */
import { clock } from '../base/clock.ts'
import { settings, type Bindings } from '../env.ts'
import { readUpTo } from './read-up-to.ts'

const ANSWER_BYTES_MAX = 64 * 1024
const SHOWN_CHARS = 1_024
const USER_AGENT = 'AgentLink-Webhooks/1'

/** The class of what went wrong, as it is kept and shown. */
export type Failure =
  | 'timeout'
  | 'connection'
  | 'redirect'
  | 'status'
  | 'target'
  | 'resolver'
  | 'secret'
  | 'interrupted'

export type Outcome = {
  /** Null: delivered, which is any status of 2xx. */
  error: Failure | null
  status: number | null
  latencyMs: number
  /** The first 1024 characters of the answer, without control characters. */
  response: string | null
  /** What `Retry-After` asks for, if it is one that is honoured. */
  retryAfterSeconds: number | null
}

/**
 * Posts `body` to `url`, which has been checked. Follows no redirect; reads at most 64 KB of the answer. It is all over
 * after `WEBHOOK_TIMEOUT_MS`: a status that came in time counts, however its body goes on. Never throws.
 */
export async function post(
  env: Bindings,
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<Outcome> {
  const { WEBHOOK_EGRESS_URL, WEBHOOK_TIMEOUT_MS } = settings(env)
  const startedAt = clock.now()
  try {
    const response = await fetch(WEBHOOK_EGRESS_URL ?? url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
        // What unfolds to more than was sent is of no use to anybody here.
        'accept-encoding': 'identity',
        ...headers,
        ...(WEBHOOK_EGRESS_URL === undefined ? {} : { 'x-agentlink-target': url }),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
    })
    const latencyMs = clock.now() - startedAt
    const { bytes } = await readUpTo(response.body, ANSWER_BYTES_MAX)
    const { status } = response
    return {
      error: failureOf(status),
      status,
      latencyMs,
      response: shown(bytes),
      retryAfterSeconds: status === 429 || status === 503 ? secondsOf(response.headers.get('retry-after')) : null,
    }
  } catch (thrown) {
    const error = thrown instanceof DOMException && thrown.name === 'TimeoutError' ? 'timeout' : 'connection'
    return failed(error, clock.now() - startedAt)
  }
}

/** An attempt that got no answer, or was not even made. */
export function failed(error: Failure, latencyMs = 0): Outcome {
  return { error, status: null, latencyMs, response: null, retryAfterSeconds: null }
}

function failureOf(status: number): Failure | null {
  if (status >= 200 && status < 300) return null
  return status >= 300 && status < 400 ? 'redirect' : 'status'
}

/** Text that can stand in a column and on a page; bytes that are none are replaced. */
function shown(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, SHOWN_CHARS * 4)).replace(/[^\P{C}\n\t]/gu, '')
  // Cut between characters: the column counts those, and takes no half of one.
  return Array.from(text).slice(0, SHOWN_CHARS).join('')
}

/** Seconds from now, from either form of the header; null if there is none that can be read. */
function secondsOf(retryAfter: string | null): number | null {
  if (retryAfter === null) return null
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter)
  const at = Date.parse(retryAfter)
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - clock.now()) / 1_000))
}
