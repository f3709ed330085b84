/** What one agent did and earned, for its creator. */
import { and, eq } from 'drizzle-orm'
import { Hono } from 'hono'
import { creatorSeries, Series, SeriesQuery } from '../analytics/series.ts'
import { creator } from '../auth/auth.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { routesOf } from '../base/route.ts'
import { IdParams } from '../base/wire.ts'
import type { AppContext } from '../env.ts'
import { agents } from './tables.ts'

export const agentAnalytics = new Hono<AppContext>()
const route = routesOf(agentAnalytics, 'Analytics')

route(
  'GET /api/v1/agents/:id/analytics',
  {
    summary: 'What one of your agents did and earned, day by day',
    who: creator,
    params: IdParams,
    query: SeriesQuery,
    answer: Series,
    errors: ['agentNotFound'],
  },
  async ({ env, me, params: { id }, query }) => {
    const isMine = and(eq(agents.id, id), eq(agents.creatorId, me.id))
    // Beside each other: of an agent of somebody else the series has no calls.
    const [[agent], series] = await Promise.all([
      reach(() => db(env).select({ id: agents.id }).from(agents).where(isMine)),
      creatorSeries(env, me.id, { ...query, agentId: id }),
    ])
    if (!agent) throw new AppError('agentNotFound')
    return series
  },
)
