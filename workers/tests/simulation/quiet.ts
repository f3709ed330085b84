/** What of Node would make two runs of a seed differ, or would only cost time. */
import { createHash } from 'node:crypto'

/** A pause between two attempts is none here: time passes when nothing else is left to do. */
const PAUSE_MS_MAX = 2_000

/**
 * Silences the log, ends pauses as soon as `rest` says that nobody waits for anything else, lets no request time out and makes digests
 * without a thread, until it is undone.
 */
export function quieten(rest: () => Promise<void>): () => void {
  const { setTimeout: wait } = globalThis
  const { warn, error, info, log } = console
  const silent = (): void => {}
  if (!process.env['SIMULATION_LOG']) Object.assign(console, { warn: silent, error: silent, info: silent, log: silent })
  const soon = (work: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): ReturnType<typeof wait> =>
    ms <= PAUSE_MS_MAX ? wait(() => void rest().then(() => work(...given))) : wait(work, ms, ...given)
  globalThis.setTimeout = Object.assign(soon, wait)
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  const never = new AbortController().signal
  AbortSignal.timeout = () => never
  const digest = crypto.subtle.digest.bind(crypto.subtle)
  crypto.subtle.digest = async (algorithm, data) => {
    if (algorithm !== 'SHA-256') return digest(algorithm, data)
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)
    return new Uint8Array(createHash('sha256').update(bytes).digest()).buffer
  }
  return () => {
    Object.assign(console, { warn, error, info, log })
    globalThis.setTimeout = wait
    AbortSignal.timeout = timeout
    crypto.subtle.digest = digest
  }
}
