/**
 * How often something may be tried: a sliding window over Redis, and while Redis is away or slow, over an object. There is
 * no third way, so nothing that asks here is ever unlimited. Neither of the two is told whom it counts: names are hashed.
 */
import { Ratelimit } from '@upstash/ratelimit'
import { clock } from './clock.ts'
import { AppError } from './errors.ts'
import { describe, log } from './log.ts'
import { askRedis, hiddenName } from './redis.ts'
import type { Bindings } from '../env.ts'

export type Limit = {
  /** What is limited, such as `sign-in`. */
  name: string
  /** Who tries: an address, an e-mail, an account. */
  key: string
  /** So often within the window, which slides. */
  limit: number
  windowSeconds: number
}

type Verdict = { isAllowed: boolean; resetAt: number }

/** Counts one try. Throws `rateLimited` when there have been too many, and `storeUnavailable` if nobody can count. */
export async function throttle(env: Bindings, { name, key, limit, windowSeconds }: Limit): Promise<void> {
  const who = `${name}:${hiddenName(env, `${name}\n${key}`)}`
  const window = { limit, windowMs: windowSeconds * 1_000 }
  const { isAllowed, resetAt } = (await askRedisWindow(env, who, window)) ?? (await askObject(env, who, window))
  if (isAllowed) return
  const seconds = Math.max(1, Math.ceil((resetAt - clock.now()) / 1_000))
  throw new AppError('rateLimited', {
    message: `This was tried too often. Wait ${seconds === 1 ? 'a second' : `${seconds} seconds`}, then try again.`,
    details: { limit, window_seconds: windowSeconds },
    headers: {
      'retry-after': String(seconds),
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(seconds),
    },
  })
}

/** The address that a request comes from. One household or server has 2⁶⁴ of version 6, so those count by their network. */
export function addressOf(headers: Headers): string {
  const address = headers.get('cf-connecting-ip') ?? 'unknown'
  return address.includes(':') ? networkOf(address) : address
}

function networkOf(address: string): string {
  const [head = '', tail] = address.toLowerCase().split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0')
  return [...first, ...zeros, ...last]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

type Window = { limit: number; windowMs: number }

async function askRedisWindow(env: Bindings, who: string, { limit, windowMs }: Window): Promise<Verdict | null> {
  const answer = await askRedis(env, (redis) =>
    new Ratelimit({
      redis,
      limiter: Ratelimit.slidingWindow(limit, `${windowMs} ms`),
      prefix: 'throttle:1',
      ephemeralCache: false,
      analytics: false,
      // Its own timeout would let pass; the client's throws, and the object decides.
      timeout: 0,
    }).limit(who),
  )
  return answer && { isAllowed: answer.success, resetAt: answer.reset }
}

async function askObject(env: Bindings, who: string, window: Window): Promise<Verdict> {
  try {
    return await env.THROTTLE.get(env.THROTTLE.idFromName(who)).take(window)
  } catch (thrown) {
    log.error('throttle.unreachable', { error: describe(thrown) })
    throw new AppError('storeUnavailable', { cause: thrown, headers: { 'retry-after': '1' } })
  }
}
