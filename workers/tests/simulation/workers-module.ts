/** What `cloudflare:workers` is to the Worker's code where it runs in Node, in a simulation. */

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

// What workerd's JavaScript has already, and this Node not yet.
if (!('toHex' in Uint8Array.prototype))
  // oxlint-disable-next-line eslint/no-extend-native
  Object.defineProperty(Uint8Array.prototype, 'toHex', {
    value(this: Uint8Array) {
      return Buffer.from(this).toString('hex')
    },
  })
