/** What queues hold, kept outside workerd: Cloudflare's queues outlive a Worker that is killed, so what stands in for them must too. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** `batch`: as the broker's door takes it. */
type Kept = { queue: string; batch: object }

export class Journal {
  readonly #server: Server
  readonly #kept = new Map<string, Kept>()

  /** Opens a journal on a free port of 127.0.0.1. */
  static async open(): Promise<Journal> {
    const journal = new Journal()
    journal.#server.listen(0, '127.0.0.1')
    await once(journal.#server, 'listening')
    return journal
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#take(request).then(
        () => response.end(),
        () => response.writeHead(500).end(),
      )
    })
  }

  /** As `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** How many messages are not done with. */
  get size(): number {
    return this.#kept.size
  }

  /** Gives a broker that has started anew everything that the one before had not done with. */
  async restore(controlUrl: string): Promise<void> {
    for (const [id, { queue, batch }] of this.#kept) {
      const url = `${controlUrl}/batch?queue=${encodeURIComponent(queue)}`
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(batch) })
      if (!response.ok) throw new Error(`The broker did not take a message back: ${await response.text()}`)
      await response.body?.cancel()
      this.#kept.delete(id)
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #take(request: IncomingMessage): Promise<void> {
    const id = request.url ?? ''
    if (request.method === 'DELETE') this.#kept.delete(id)
    else this.#kept.set(id, JSON.parse(Buffer.concat(await request.toArray()).toString()) as Kept)
  }
}
