/** Whether what the platform stands on answers, and how fast. Each is asked at once, and given a second. */
import { count, desc, eq, sql } from 'drizzle-orm'
import { agents } from '../agents/tables.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { pingCache } from '../base/redis.ts'
import { quotaOf } from '../quota/quota.ts'
import type { Bindings } from '../env.ts'

const LIMIT_MS = 1_000
/** Breakers of the models that most agents use. */
const BREAKERS_MAX = 20
/** An account that is nobody's. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

type Part = { name: string; status: 'up' | 'down'; latency_ms: number }
type Breaker = { model: string; state: 'closed' | 'open' | 'half-open' | 'unknown' }

/**
 * `down` where calls cannot be served (Postgres or the accounts are away), `degraded` where they are slower or some models
 * fail (Redis is away, a breaker is not closed). Never throws.
 */
export async function healthOf(env: Bindings) {
  const [postgres, redis, accounts, breakers] = await Promise.all([
    part('postgres', async () => {
      await db(env).execute(sql`SELECT 1`)
    }),
    part('redis', async () => {
      if (!(await pingCache(env))) throw new Error('no answer')
    }),
    part('accounts', async () => {
      await quotaOf(env, NOBODY)
    }),
    breakersOf(env),
  ])
  const isDown = postgres.status === 'down' || accounts.status === 'down'
  const isWell = redis.status === 'up' && breakers.every(({ state }) => state === 'closed')
  const status: 'up' | 'degraded' | 'down' = isDown ? 'down' : isWell ? 'up' : 'degraded'
  return { status, checked_at: clock.now(), parts: [postgres, redis, accounts], breakers }
}

async function part(name: string, ask: () => Promise<void>): Promise<Part> {
  const startedAt = clock.now()
  const status = await within(LIMIT_MS, async () => {
    await ask()
    return 'up' as const
  })
  return { name, status: status ?? 'down', latency_ms: clock.now() - startedAt }
}

async function breakersOf(env: Bindings): Promise<Breaker[]> {
  const used = await within(LIMIT_MS, async () =>
    db(env)
      .select({ provider: agents.provider, model: agents.model })
      .from(agents)
      .where(eq(agents.status, 'active'))
      .groupBy(agents.provider, agents.model)
      .orderBy(desc(count()))
      .limit(BREAKERS_MAX),
  )
  return Promise.all(
    (used ?? []).map(async ({ provider, model }) => {
      const name = `${provider}/${model}`
      const verdict = await within(LIMIT_MS, async () => await env.BREAKER.get(env.BREAKER.idFromName(name)).look())
      return { model: name, state: verdict?.state ?? 'unknown' }
    }),
  )
}

/** What `work` gives, or null if it fails or takes longer. */
async function within<T>(ms: number, work: () => Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const limit = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), ms)))
  try {
    return await Promise.race([work(), limit])
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}
