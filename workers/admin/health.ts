/** Whether what the platform stands on answers, and how fast. Each is asked at once, and given a second. */
import { sql } from 'drizzle-orm'
import { MODELS } from '../agents/models.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { pingCache } from '../base/redis.ts'
import { within } from '../base/within.ts'
import { quotaOf } from '../quota/quota.ts'
import { backlogs } from './queues.ts'
import type { Bindings } from '../env.ts'

const LIMIT_MS = 1_000
/** An account that is nobody's. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

type Part = { name: string; status: 'up' | 'down'; latency_ms: number }
type Breaker = { model: string; state: 'closed' | 'open' | 'half-open' | 'unknown' }

/**
 * `down` where calls cannot be served (Postgres or the accounts are away), `degraded` where something is slower or missing
 * (Redis or the pictures are away, the breaker of a listed model is not closed). Queues say how many messages wait, mails
 * among them; null where one does not say. Never throws.
 */
export async function healthOf(env: Bindings) {
  const [postgres, redis, accounts, pictures, queues, breakers] = await Promise.all([
    part('postgres', async () => {
      await db(env).execute(sql`SELECT 1`)
    }),
    part('redis', () => pingCache(env, LIMIT_MS)),
    part('accounts', async () => {
      await quotaOf(env, NOBODY)
    }),
    part('pictures', async () => {
      await env.AVATARS.head('health')
    }),
    backlogs(env),
    breakersOf(env),
  ])
  const isDown = postgres.status === 'down' || accounts.status === 'down'
  const isWell = redis.status === 'up' && pictures.status === 'up' && breakers.every(({ state }) => state === 'closed')
  const status: 'up' | 'degraded' | 'down' = isDown ? 'down' : isWell ? 'up' : 'degraded'
  return { status, checked_at: clock.now(), parts: [postgres, redis, accounts, pictures], queues, breakers }
}

async function part(name: string, ask: () => Promise<void>): Promise<Part> {
  const startedAt = clock.now()
  const status = await within(LIMIT_MS, ask()).then(
    () => 'up' as const,
    () => 'down' as const,
  )
  return { name, status, latency_ms: clock.now() - startedAt }
}

/** The breakers of the models that agents may be built on. Never throws: one that does not answer is `unknown`. */
export async function breakersOf(env: Bindings): Promise<Breaker[]> {
  return Promise.all(
    MODELS.map(async ({ provider, name }) => {
      const model = `${provider}/${name}`
      const look = async (): Promise<Breaker['state']> =>
        (await env.BREAKER.get(env.BREAKER.idFromName(model)).look()).state
      return { model, state: await within(LIMIT_MS, look()).catch(() => 'unknown' as const) }
    }),
  )
}
