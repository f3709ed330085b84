/**
 * Worker code: the shipped Worker, unchanged, with counters on what costs money at its objects. It is run only to count,
 * never to measure time. `GET /__counts` tells the counts since workerd began.
 */
type Exports = { default: { fetch(request: Request, ...rest: unknown[]): Promise<Response> } } & Record<string, unknown>
type Storage = {
  sql: { exec(query: string, ...values: unknown[]): { rowsWritten: number; rowsRead: number } }
  kv: { put(...args: unknown[]): void }
  setAlarm(...args: unknown[]): Promise<void>
}
type ObjectClass = { prototype: Record<string, unknown> }

const counts = { requests: 0, alarms: 0, rowsWritten: 0, rowsRead: 0, alarmsSet: 0 }
/** A name that only workerd resolves: the module that wrangler has built. */
const SHIPPED: string = './index.js'
const shipped = (await import(SHIPPED)) as Exports

export const MetricsObject = counted(shipped['MetricsObject'] as ObjectClass)
export const LiveObject = counted(shipped['LiveObject'] as ObjectClass)
export const AccountObject = counted(shipped['AccountObject'] as ObjectClass)
export const BreakerObject = counted(shipped['BreakerObject'] as ObjectClass)

export default {
  ...shipped.default,
  fetch(request: Request, ...rest: unknown[]): Promise<Response> | Response {
    return new URL(request.url).pathname === '/__counts'
      ? Response.json(counts)
      : shipped.default.fetch(request, ...rest)
  },
}

/** Counts every call of a public method, which is one request to the object, and what its storage is told. */
function counted(objectClass: ObjectClass): ObjectClass {
  const { prototype } = objectClass
  for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name === 'constructor' || typeof method !== 'function') continue
    prototype[name] = function count(this: { ctx: { storage: Storage } }, ...args: unknown[]): unknown {
      countStorage(this.ctx.storage)
      if (name === 'alarm') counts.alarms++
      else counts.requests++
      return (method as (...args: unknown[]) => unknown).apply(this, args)
    }
  }
  return objectClass
}

const seen = new WeakSet<object>()

/** Storage is the runtime's: its methods are shared by all objects, so each is replaced once. */
function countStorage(storage: Storage): void {
  replace(
    Object.getPrototypeOf(storage.sql) as Storage['sql'],
    'exec',
    (cursor: { rowsWritten: number; rowsRead: number }) => {
      counts.rowsWritten += cursor.rowsWritten
      counts.rowsRead += cursor.rowsRead
    },
  )
  replace(Object.getPrototypeOf(storage.kv) as Storage['kv'], 'put', () => counts.rowsWritten++)
  replace(Object.getPrototypeOf(storage) as Storage, 'setAlarm', () => counts.alarmsSet++)
}

function replace<Name extends string, Result>(
  prototype: Record<Name, (...args: never[]) => Result>,
  name: Name,
  onResult: (result: Result) => void,
): void {
  if (seen.has(prototype)) return
  seen.add(prototype)
  const method = prototype[name] as (...args: unknown[]) => Result
  prototype[name] = function counting(this: unknown, ...args: unknown[]): Result {
    const result = method.apply(this, args)
    onResult(result)
    return result
  }
}
