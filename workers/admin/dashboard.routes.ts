/** The first thing that an admin sees. */
import { Hono } from 'hono'
import * as z from 'zod'
import { admin } from '../auth/auth.ts'
import { routesOf } from '../base/route.ts'
import { Moment } from '../base/wire.ts'
import { Dollars } from '../money/dollars.ts'
import { dashboardFigures } from './figures.ts'
import type { AppContext } from '../env.ts'

export const dashboardRoutes = new Hono<AppContext>()
const route = routesOf(dashboardRoutes, 'Administration')

/** Successful ones and all; what they earned the creators before fees. */
const Calls = z.object({ calls: z.int(), successful: z.int(), revenue_usd: Dollars })

const Stats = z.object({
  measured_at: Moment,
  /** Active ones by their type; suspended and deleted ones of whatever type. */
  users: z.object({
    creators: z.int(),
    developers: z.int(),
    admins: z.int(),
    suspended: z.int(),
    deleted: z.int(),
  }),
  agents: z.object({ draft: z.int(), active: z.int(), inactive: z.int(), archived: z.int() }),
  calls: z.object({ today: Calls, last_30_days: Calls }),
  reviews_waiting: z.int(),
  dead_letters_waiting: z.int(),
  /** The messages that wait in each queue; null where it does not say. */
  queues: z.array(z.object({ queue: z.string(), backlog: z.int().nullable() })),
  /** Which of the counts are estimates. */
  estimates: z.array(z.string()),
})

route(
  'GET /api/v1/admin/dashboard/stats',
  {
    summary: 'The platform in figures, at most half a minute old',
    description:
      'Counts are exact up to 4,000; beyond that they are the database’s estimates, and named in `estimates`. Calls and revenue are sums of days, in UTC, and always exact.',
    who: admin('users:view'),
    answer: Stats,
  },
  async ({ env }) => dashboardFigures(env),
)
