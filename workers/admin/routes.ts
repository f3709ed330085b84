/**
 * Administration: what those who run the platform see and change. This room owns no table. It promises that whoever asks is
 * an admin whose role allows it at that moment, and that every change stands in the audit log with its reason. It never shows
 * a prompt, a key or a password, to whatever role.
 */
import { Hono } from 'hono'
import { accountRoutes } from './account.routes.ts'
import { agentRoutes } from './agents.routes.ts'
import { auditRoutes } from './audit.routes.ts'
import { dashboardRoutes } from './dashboard.routes.ts'
import { flagRoutes } from './flags.routes.ts'
import { moderationRoutes } from './moderation.routes.ts'
import { operatorRoutes } from './operator.routes.ts'
import { systemRoutes } from './system.routes.ts'
import { userRoutes } from './users.routes.ts'
import type { AppContext } from '../env.ts'

export const admin = new Hono<AppContext>()

admin.route('/', dashboardRoutes)
admin.route('/', userRoutes)
admin.route('/', agentRoutes)
admin.route('/', moderationRoutes)
admin.route('/', flagRoutes)
admin.route('/', systemRoutes)
admin.route('/', auditRoutes)
admin.route('/', operatorRoutes)
admin.route('/', accountRoutes)
