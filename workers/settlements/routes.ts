/** The doors of this room: creators' earnings, their withdrawals, and what admins see and decide of both. */
import { Hono } from 'hono'
import { moneyAdminRoutes } from './admin.routes.ts'
import { earningsRoutes } from './earnings.routes.ts'
import { withdrawalRoutes } from './withdrawals.routes.ts'
import type { AppContext } from '../env.ts'

export const settlementRoutes = new Hono<AppContext>()

settlementRoutes.route('/', earningsRoutes)
settlementRoutes.route('/', withdrawalRoutes)
settlementRoutes.route('/', moneyAdminRoutes)
