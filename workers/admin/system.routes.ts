/** What the platform stands on: its health, its cache, and what its queues gave up on. */
import { Hono } from 'hono'
import * as z from 'zod'
import { admin } from '../auth/auth.ts'
import { reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { pageOf, PageQuery } from '../base/page.ts'
import { clearCache } from '../base/redis.ts'
import { routesOf } from '../base/route.ts'
import { Moment } from '../base/wire.ts'
import { causeOf, line, Reason } from './change.ts'
import { deadLetterPage, replay } from './dead-letters.ts'
import { healthOf } from './health.ts'
import { metricsText } from './metrics.ts'
import { scraper } from './operator.ts'
import type { AppContext } from '../env.ts'

export const systemRoutes = new Hono<AppContext>()
const route = routesOf(systemRoutes, 'Administration')

/** How the keys of what is cached begin: whose an API key is, and agents. */
const CACHED = ['key:', 'agent:']

const Backlog = z.object({ queue: z.string(), backlog: z.int().nullable() })

const Health = z.object({
  status: z.enum(['up', 'degraded', 'down']),
  checked_at: Moment,
  parts: z.array(z.object({ name: z.string(), status: z.enum(['up', 'down']), latency_ms: z.number() })),
  queues: z.array(Backlog),
  breakers: z.array(z.object({ model: z.string(), state: z.enum(['closed', 'open', 'half-open', 'unknown']) })),
})

const DeadLetter = z.object({
  queue: z.string(),
  id: z.string(),
  attempts: z.int(),
  bytes: z.int(),
  sent_at: Moment,
  received_at: Moment,
  replayed_at: Moment.nullable(),
})

route(
  'GET /api/v1/admin/system/health',
  {
    summary: 'Whether each thing that the platform stands on answers, and how fast',
    description:
      'Always 200: what is away is named in the answer. Postgres itself has to answer for an admin to be known.',
    who: admin('system:admin'),
    answer: Health,
  },
  async ({ env }) => healthOf(env),
)

route(
  'GET /api/v1/admin/system/metrics',
  {
    summary: 'What is counted, for Prometheus',
    description:
      'The text format 0.0.4. With the token of the metrics or the operator’s. What was counted in other places shows within some seconds.',
    who: scraper,
    produces: 'text/plain',
    errors: ['storeUnavailable'],
  },
  async ({ c, env }) =>
    c.body(await metricsText(env), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    }),
)

route(
  'POST /api/v1/admin/system/cache/clear',
  {
    summary: 'Drop what Redis keeps of keys and agents',
    description:
      'It comes back from Postgres as it is asked for. Where `is_all` is false there was more than one request can drop: ask again.',
    who: admin('system:admin'),
    body: z.object({ reason: Reason }),
    answer: z.object({ dropped: z.int(), is_all: z.boolean() }),
    errors: ['storeUnavailable'],
  },
  async ({ c, env, me, body: { reason } }) => {
    const subject = { type: 'system', id: 'cache' } as const
    await reach(() => line(c, me, { action: 'cache.clear', subject, reason }))
    const cleared = await Promise.all(CACHED.map((prefix) => clearCache(env, prefix)))
    if (cleared.includes(null)) throw new AppError('storeUnavailable')
    return {
      dropped: cleared.reduce((all, part) => all + (part?.dropped ?? 0), 0),
      is_all: cleared.every((part) => part?.isAll),
    }
  },
)

route(
  'GET /api/v1/admin/system/dead-letters',
  {
    summary: 'Messages that their queues gave up on, the latest first',
    who: admin('system:admin'),
    query: PageQuery.extend({
      queue: z.string().max(64).optional(),
      waiting: z.enum(['true', 'false']).default('false').describe('Only those that were not sent again yet.'),
    }),
    answer: pageOf(DeadLetter),
  },
  async ({ env, query: { waiting, ...query } }) => deadLetterPage(env, { ...query, isWaiting: waiting === 'true' }),
)

route(
  'POST /api/v1/admin/system/dead-letters/:queue/:id/replay',
  {
    summary: 'Send such a message again',
    who: admin('system:admin'),
    params: z.object({ queue: z.string().max(64), id: z.string().max(128) }),
    body: z.object({ reason: Reason }),
    errors: ['notFound', 'conflict'],
  },
  async ({ c, env, me, params, body: { reason } }) => replay(env, params, causeOf(c, me, reason)),
)
