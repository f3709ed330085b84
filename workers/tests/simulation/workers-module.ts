/** What `cloudflare:workers` is to the Worker's code where it runs in Node, in a simulation. */
import '../../local/newer-node.ts'

export class DurableObject {
  readonly ctx: unknown
  readonly env: unknown
  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx
    this.env = env
  }
}

/** What would go on after the answer; a simulation waits for it before it looks at the end. */
export const afterwards = new Set<Promise<unknown>>()

export function waitUntil(work: Promise<unknown>): void {
  const ended: Promise<unknown> = work.catch(() => {}).finally(() => afterwards.delete(ended))
  afterwards.add(ended)
}

export const env = {}
