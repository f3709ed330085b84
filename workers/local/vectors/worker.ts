/**
 * The Worker as it runs on this machine: the shipped one, and beside it what `env.VECTORS` is bound to here. Cloudflare serves
 * Vectorize only from its own network, so the binding is a service of this Worker that has the same methods and asks the
 * stand-in (`store.ts`). The shipped code sees no difference and has no branch for it.
 */
import { WorkerEntrypoint } from 'cloudflare:workers'

export * from '../../index.ts'
export { default } from '../../index.ts'

type Asked = { VECTORS_URL: string }

/** What the binding of Vectorize offers, over HTTP. What the store refuses is thrown, as the binding does. */
export class Vectors extends WorkerEntrypoint<Asked> implements Omit<Vectorize, 'describe' | 'queryById' | 'insert'> {
  query(vector: VectorFloatArray | number[], options: VectorizeQueryOptions = {}): Promise<VectorizeMatches> {
    return this.#ask('query', { vector: [...vector], options })
  }

  upsert(vectors: VectorizeVector[]): Promise<VectorizeAsyncMutation> {
    return this.#ask('upsert', { vectors: vectors.map((vector) => ({ ...vector, values: [...vector.values] })) })
  }

  deleteByIds(ids: string[]): Promise<VectorizeAsyncMutation> {
    return this.#ask('deleteByIds', { ids })
  }

  getByIds(ids: string[]): Promise<VectorizeVector[]> {
    return this.#ask('getByIds', { ids })
  }

  async #ask<T>(method: string, asked: object): Promise<T> {
    const response = await fetch(`${this.env.VECTORS_URL}/${method}`, { method: 'POST', body: JSON.stringify(asked) })
    if (!response.ok) throw new Error(`VECTOR_${method.toUpperCase()}_ERROR: ${await response.text()}`)
    return response.json()
  }
}
