/** Embeds texts by a small real model, in a thread of its own: what else runs in this process is not held up. */
import { Worker } from 'node:worker_threads'
import type { Job } from './embedder-thread.ts'

/** Texts that were embedded before; tests and seeds embed the same ones again and again. */
const REMEMBERED_MAX = 5_000

export class Embedder {
  #thread: Worker | undefined
  #nextId = 0
  readonly #waiting = new Map<number, (values: number[]) => void>()
  readonly #known = new Map<string, number[]>()

  /** A unit vector of 512 numbers for each text. The thread is started by the first one. */
  async embed(texts: string[]): Promise<number[][]> {
    return Promise.all(texts.map(async (text) => this.#known.get(text) ?? this.#ask(text, texts.length === 1)))
  }

  async stop(): Promise<void> {
    await this.#thread?.terminate()
  }

  async #ask(text: string, isQuick: boolean): Promise<number[]> {
    this.#thread ??= this.#start()
    const id = this.#nextId++
    const values = await new Promise<number[]>((resolve) => {
      this.#waiting.set(id, resolve)
      this.#thread?.postMessage({ id, text, isQuick } satisfies Job)
    })
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear()
    this.#known.set(text, values)
    return values
  }

  #start(): Worker {
    const thread = new Worker(new URL('./embedder-thread.ts', import.meta.url))
    thread.unref()
    thread.on('message', ({ id, values }: { id: number; values: number[] }) => {
      const length = Math.hypot(...values) || 1
      this.#waiting.get(id)?.(values.map((value) => value / length))
      this.#waiting.delete(id)
    })
    return thread
  }
}
