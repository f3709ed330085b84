/**
 * Look-ups in progress, shared by all who ask for the same at the same time: a thousand calls that miss the same cache
 * entry ask the store once.
 */
import { waitUntil } from 'cloudflare:workers'

/**
 * How long one waits for a look-up that somebody else began. It may never end: the request it belongs to can be cut off
 * by the platform. Look-ups have time limits of their own, well below this one.
 */
const JOIN_MS = 5_000

export class Flights<T> {
  readonly #running = new Map<string, Promise<T>>()

  /** The outcome of `work`, or of what is already running under this key. `work` must be safe to run twice. */
  join(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key)
    return running ? orAnew(running, () => this.#start(key, work)) : this.#start(key, work)
  }

  isRunning(key: string): boolean {
    return this.#running.has(key)
  }

  /** From here on nobody joins what is running under this key: what it looks up has changed. */
  forget(key: string): void {
    this.#running.delete(key)
  }

  #start(key: string, work: () => Promise<T>): Promise<T> {
    const flight = work().finally(() => {
      if (this.#running.get(key) === flight) this.#running.delete(key)
    })
    this.#running.set(key, flight)
    // Others may be waiting for it, so it goes on when the caller who began it leaves.
    waitUntil(flight.catch(() => {}))
    return flight
  }
}

/** What `running` comes to, or after `JOIN_MS` what `start` comes to. */
async function orAnew<T>(running: Promise<T>, start: () => Promise<T>): Promise<T> {
  const late = Symbol('late')
  let timer: ReturnType<typeof setTimeout> | null = null
  const limit = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), JOIN_MS)
  })
  try {
    const first = await Promise.race([running, limit])
    return first === late ? await start() : first
  } finally {
    clearTimeout(timer)
  }
}
