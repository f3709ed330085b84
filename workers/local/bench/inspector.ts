/** V8's inspector in workerd, as far as the benchmark needs it: forced collection, heap size, and a CPU profile. */
import { once } from 'node:events'

type Target = { id: string; webSocketDebuggerUrl: string }
type Reply = { id: number; result?: unknown; error?: { message: string } }

export type ProfileNode = {
  id: number
  callFrame: { functionName: string; url: string; lineNumber: number }
  children?: number[]
}
export type Profile = { nodes: ProfileNode[]; samples: number[]; timeDeltas: number[] }

export class Inspector {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  #lastId = 0

  /** Connects to the isolate of the Worker at an inspector's address. */
  static async open(url: string, service: string): Promise<Inspector> {
    const targets = (await (await fetch(`${url}/json/list`)).json()) as Target[]
    const target = targets.find(({ id }) => id === service)
    if (!target) throw new Error(`workerd lets nobody inspect ${service}.`)
    const socket = new WebSocket(target.webSocketDebuggerUrl)
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

  /** Samples every stack until the function it gives is called. */
  async profile(intervalUs: number): Promise<() => Promise<Profile>> {
    await this.#send('Profiler.enable')
    await this.#send('Profiler.setSamplingInterval', { interval: intervalUs })
    await this.#send('Profiler.start')
    return async () => ((await this.#send('Profiler.stop')) as { profile: Profile }).profile
  }

  close(): void {
    this.#socket.close()
  }

  #send(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
  }
}
