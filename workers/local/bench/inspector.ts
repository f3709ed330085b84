/** V8's inspector in workerd, as far as the benchmark needs it: what the heap holds after a forced collection. */
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'

const ANSWER_MS_MAX = 3_000
const ATTEMPTS = 6
const SILENCE = Symbol('silence')

type Target = { id: string; webSocketDebuggerUrl: string }
type Usage = { usedSize: number; backingStorageSize?: number }
type Reply = { id: number; result?: unknown; error?: { message: string } }

export class Inspector {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  #lastId = 0

  /** Connects to the isolate of the Worker at an inspector's address; of the only one there, if none is named. */
  static async open(url: string, service?: string): Promise<Inspector> {
    const targets = (await (await fetch(`${url}/json/list`)).json()) as Target[]
    const target = service === undefined ? targets[0] : targets.find(({ id }) => id === service)
    if (!target) throw new Error(`workerd lets nobody inspect ${service ?? 'anything'}.`)
    // wrangler's own door lets in only who says that they come from here.
    const socket = new WebSocket(target.webSocketDebuggerUrl, { headers: { origin: 'http://localhost' } })
    await once(socket, 'open')
    return new Inspector(socket)
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const { id, result, error } = JSON.parse(String(data)) as Reply
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error) waiting?.reject(new Error(error.message))
      else waiting?.resolve(result)
    })
  }

  /** The heap in use after a full collection: what is really held. */
  async heldBytes(): Promise<number> {
    await this.#send('HeapProfiler.enable')
    await this.#send('HeapProfiler.collectGarbage')
    const { usedSize } = (await this.#send('Runtime.getHeapUsage')) as { usedSize: number }
    return usedSize
  }

  /** The heap and the buffers outside of it, with what is not collected yet unless everything is collected first. */
  async usedBytes({ isCollected = false } = {}): Promise<number> {
    if (isCollected) await this.#send('HeapProfiler.collectGarbage')
    const { usedSize, backingStorageSize = 0 } = (await this.#send('Runtime.getHeapUsage')) as Usage
    return usedSize + backingStorageSize
  }

  close(): void {
    this.#socket.close()
  }

  /** Sends a command again when it stays unanswered: under load workerd has been seen to overlook one. */
  async #send(method: string, params: object = {}): Promise<unknown> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const id = ++this.#lastId
      const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
      this.#socket.send(JSON.stringify({ id, method, params }))
      const result = await Promise.race([answer, setTimeout(ANSWER_MS_MAX, SILENCE, { ref: false })])
      if (result !== SILENCE) return result
    }
    throw new Error(`workerd's inspector does not answer ${method}.`)
  }
}
