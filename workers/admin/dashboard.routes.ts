/** The first thing that an admin sees. */
import { Hono } from 'hono'
import * as z from 'zod'
import { admin } from '../auth/auth.ts'
import { routesOf } from '../base/route.ts'
import { Moment } from '../base/wire.ts'
import { platformFigures } from './figures.ts'
import type { AppContext } from '../env.ts'

export const dashboardRoutes = new Hono<AppContext>()
const route = routesOf(dashboardRoutes, 'Administration')

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
  agents: z.object({ draft: z.int(), active: z.int(), inactive: z.int() }),
  reviews_waiting: z.int(),
  dead_letters_waiting: z.int(),
})

route(
  'GET /api/v1/admin/dashboard/stats',
  { summary: 'The platform in figures, at most half a minute old', who: admin('users:view'), answer: Stats },
  async ({ env }) => platformFigures(env),
)
