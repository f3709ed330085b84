/**
 * A crash in the middle of work: from some outside effect on nothing works any more, as if the isolate had died there. What
 * the work had done until then stays done. Effects are requests (database, Stripe, Coinbase, embeddings), the account object, queues, files and vectors.
 */
import { vi } from 'vitest'
import { bindings } from './world.ts'
import type { Bindings } from '../env.ts'

/** The effect at which it dies, counted from 0, and whether that one still happens. */
export type Crash = { at: number; happens: boolean }

/** Not worth another try, so that a dead object is not asked seven times. */
class DeadError extends Error {
  readonly overloaded = true
}

/** Runs work that dies at `at`. Says whether it came to that. Nothing else may run beside it. */
export async function crashing(crash: Crash, work: (env: Bindings) => Promise<unknown>): Promise<boolean> {
  let effects = 0
  const effect = async <T>(run: () => Promise<T>): Promise<T> => {
    const place = effects++
    if (place > crash.at || (place === crash.at && !crash.happens)) throw new DeadError('dead')
    const result = await run()
    if (place === crash.at) throw new DeadError('dead')
    return result
  }
  const realFetch = globalThis.fetch
  vi.stubGlobal('fetch', (...args: Parameters<typeof fetch>) => effect(() => realFetch(...args)))
  try {
    await work(mortal(effect))
    return false
  } catch (thrown) {
    if (effects <= crash.at) throw thrown
    return true
  } finally {
    vi.unstubAllGlobals()
  }
}

function mortal(effect: <T>(run: () => Promise<T>) => Promise<T>): Bindings {
  const stub = (id: DurableObjectId) =>
    new Proxy(bindings.ACCOUNT.get(id), {
      get:
        (target, name) =>
        (...args: unknown[]) =>
          effect(() =>
            (target as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>)[String(name)]!(...args),
          ),
    })
  const store = <Store extends object>(target: Store): Store =>
    new Proxy(target, {
      get:
        (it, name) =>
        (...args: unknown[]) =>
          effect(() => (it as Record<string | symbol, (...given: unknown[]) => Promise<unknown>>)[name]!(...args)),
    })
  return {
    ...bindings,
    KNOWLEDGE: store(bindings.KNOWLEDGE),
    VECTORS: store(bindings.VECTORS),
    ACCOUNT: {
      idFromName: (name: string) => bindings.ACCOUNT.idFromName(name),
      get: stub,
    } as unknown as Bindings['ACCOUNT'],
    EVENTS: {
      sendBatch: (batch: never) => effect(() => bindings.EVENTS.sendBatch(batch)),
    } as unknown as Bindings['EVENTS'],
  }
}
