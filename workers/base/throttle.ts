/** How often something may be tried: counted in Redis, and refused while nobody can count. */
import { Redis } from '@upstash/redis/cloudflare'
import { settings, type Bindings } from '../env.ts'
import { clock } from './clock.ts'
import { AppError } from './errors.ts'

export type Limit = {
  /** What is limited, such as `preview`. */
  name: string
  /** Who tries: an account, an address. */
  key: string
  limit: number
  windowSeconds: number
}

/** Counts one try. Throws `rateLimited` when there have been too many, and `storeUnavailable` if nobody can count. */
export async function throttle(env: Bindings, { name, key, limit, windowSeconds }: Limit): Promise<void> {
  const window = Math.floor(clock.now() / 1_000 / windowSeconds)
  const counter = `throttle:1:${name}:${key}:${window}`
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = settings(env)
  const redis = new Redis({ url, token, enableTelemetry: false })
  const [count] = await redis
    .pipeline()
    .incr(counter)
    .expire(counter, windowSeconds)
    .exec<[number, number]>()
    .catch((thrown: unknown) => {
      throw new AppError('storeUnavailable', { cause: thrown, headers: { 'retry-after': '1' } })
    })
  if (count <= limit) return
  const seconds = (window + 1) * windowSeconds - Math.floor(clock.now() / 1_000)
  throw new AppError('rateLimited', {
    message: 'This was tried too often. Try again later.',
    details: { limit, window_seconds: windowSeconds },
    headers: { 'retry-after': String(seconds) },
  })
}
