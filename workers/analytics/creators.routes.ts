/** The creators' figures: what their agents did and earned. */
import { Hono } from 'hono'
import { creator } from '../auth/auth.ts'
import { csvAnswer } from '../base/csv.ts'
import { routesOf } from '../base/route.ts'
import { Id } from '../base/wire.ts'
import type { AppContext } from '../env.ts'
import { creatorSeries, Series, seriesCsv, SeriesQuery } from './series.ts'

export const creatorAnalytics = new Hono<AppContext>()
const route = routesOf(creatorAnalytics, 'Analytics')

const Query = SeriesQuery.extend({
  agent_id: Id.optional().describe('One of your agents; any other is one without calls.'),
})

route(
  'GET /api/v1/creators/me/analytics',
  { summary: 'What your agents did and earned, day by day', who: creator, query: Query, answer: Series },
  async ({ env, me, query: { agent_id, ...days } }) => creatorSeries(env, me.id, { ...days, agentId: agent_id }),
)

route(
  'GET /api/v1/creators/me/analytics.csv',
  {
    summary: 'What your agents did and earned, day by day, as CSV',
    who: creator,
    query: Query,
    produces: 'text/csv',
  },
  async ({ env, me, query: { agent_id, ...days } }) => {
    const series = await creatorSeries(env, me.id, { ...days, agentId: agent_id })
    return csvAnswer(`analytics-${series.period.from}-${series.period.to}.csv`, seriesCsv(series))
  },
)
