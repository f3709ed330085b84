/**
 * The caller's end of a stream. It waits for the caller to read (so a slow one holds back the provider, not our memory),
 * says a comment after long silence, and notices when the caller is gone.
 */
import { clock } from '../base/clock.ts'
import type { Clocks } from './clocks.ts'

const HEARTBEAT = ': still working\n\n'
const encoder = new TextEncoder()

export class EventWriter {
  readonly readable: ReadableStream<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #clocks: Clocks
  readonly #heartbeatMs: number
  #lastAt = clock.now()
  #isWriting = false
  #isClosed = false
  #timer: number | null = null
  readonly #letGo = (): void => {
    // Nobody reads: only an abort ends a write that waits for a reader.
    if (this.#isWriting) void this.#writer.abort().catch(() => {})
  }

  constructor(clocks: Clocks, heartbeatMs: number) {
    const { readable, writable } = new IdentityTransformStream()
    this.readable = readable
    this.#writer = writable.getWriter()
    this.#clocks = clocks
    this.#heartbeatMs = heartbeatMs
    clocks.signal.addEventListener('abort', this.#letGo)
    this.#watch(heartbeatMs)
  }

  /** Sends events; resolves when the caller's connection has taken them, rejects when the caller is gone. */
  async write(events: string): Promise<void> {
    await this.#untilTaken(() => this.#writer.write(encoder.encode(events)))
  }

  /** Ends the stream, once; a caller who is gone already is no error. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#untilTaken(() => this.#writer.close()).catch(() => {})
    this.#clocks.signal.removeEventListener('abort', this.#letGo)
  }

  /** Waits for the caller on the caller's time. Clocks that have stopped end no wait: then it is one heartbeat's. */
  async #untilTaken(send: () => Promise<void>): Promise<void> {
    this.#isWriting = true
    this.#clocks.callersTurn()
    const limit = this.#clocks.stopped ? setTimeout(this.#letGo, this.#heartbeatMs) : null
    try {
      await send()
    } catch (thrown) {
      this.#clocks.leave()
      throw thrown
    } finally {
      clearTimeout(limit)
      this.#isWriting = false
      this.#lastAt = clock.now()
      this.#clocks.providersTurn()
    }
  }

  #watch(inMs: number): void {
    this.#timer = setTimeout(() => {
      const silentMs = this.#isWriting ? 0 : clock.now() - this.#lastAt
      if (silentMs < this.#heartbeatMs) return this.#watch(this.#heartbeatMs - silentMs)
      // A heartbeat is no turn of the caller's: the provider's silence goes on being timed.
      this.#lastAt = clock.now()
      this.#writer.write(encoder.encode(HEARTBEAT)).catch(() => this.#clocks.leave())
      this.#watch(this.#heartbeatMs)
    }, inMs)
  }
}
