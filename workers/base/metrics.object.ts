/**
 * The metrics object: one of a few that add up what isolates have counted. Its counts are one row, written once for each addition,
 * and go on after a restart, so that a counter never falls.
 */
import { DurableObject } from 'cloudflare:workers'
import { add, type Series } from './metrics.ts'
import type { Bindings } from '../env.ts'

export class MetricsObject extends DurableObject<Bindings> {
  readonly #sums: Map<string, number[]>

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#sums = ctx.storage.kv.get<Map<string, number[]>>('sums') ?? new Map<string, number[]>()
  }

  /** Adds what an isolate has counted. */
  add(series: Series[]): void {
    for (const one of series) add(this.#sums, one)
    this.ctx.storage.kv.put('sums', this.#sums)
  }

  /** All that has been added. */
  read(): Series[] {
    return [...this.#sums].map(([key, values]) => ({ key, values }))
  }
}
