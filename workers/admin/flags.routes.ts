/** Feature flags: switched while everything runs, effective everywhere within eight seconds. */
import { Hono } from 'hono'
import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { admin } from '../auth/auth.ts'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { FLAGS, flags, forgetFlags } from '../base/flags.ts'
import { routesOf } from '../base/route.ts'
import { featureFlags } from '../base/tables.ts'
import { Id, Moment } from '../base/wire.ts'
import { line, Reason } from './change.ts'
import type { AppContext, Bindings } from '../env.ts'

export const flagRoutes = new Hono<AppContext>()
const route = routesOf(flagRoutes, 'Administration')

const Name = z.enum(FLAGS)
const Flag = z.object({
  name: Name,
  enabled: z.boolean(),
  /** Null: nobody has changed it yet. */
  updated_at: Moment.nullable(),
  updated_by: Id.nullable(),
})

route(
  'GET /api/v1/admin/flags',
  { summary: 'The feature flags', who: admin('system:admin'), answer: z.object({ items: z.array(Flag) }) },
  async ({ env }) => ({ items: await allFlags(env) }),
)

route(
  'PUT /api/v1/admin/flags/:name',
  {
    summary: 'Switch a feature flag',
    description: 'Effective everywhere within eight seconds.',
    who: admin('system:admin'),
    params: z.object({ name: Name }),
    body: z.object({ enabled: z.boolean(), reason: Reason }),
    answer: Flag,
  },
  async ({ c, env, me, params: { name }, body: { enabled, reason } }) => {
    const change = { enabled, updatedAt: sql`now()`, updatedBy: me.id }
    await reach(() =>
      db(env).batch([
        db(env)
          .insert(featureFlags)
          .values({ name, ...change })
          .onConflictDoUpdate({ target: featureFlags.name, set: change }),
        line(c, me, { action: 'flag.set', subject: { type: 'flag', id: name }, reason, details: { enabled } }),
      ]),
    )
    forgetFlags()
    return { name, enabled, updated_at: clock.now(), updated_by: me.id }
  },
)

/** All flags: those that nobody has changed as the code has them. */
async function allFlags(env: Bindings): Promise<z.input<typeof Flag>[]> {
  const [current, rows] = await Promise.all([flags(env), reach(() => db(env).select().from(featureFlags))])
  return FLAGS.map((name) => {
    const row = rows.find((changed) => changed.name === name)
    return {
      name,
      enabled: row?.enabled ?? current[name],
      updated_at: row?.updatedAt ?? null,
      updated_by: row?.updatedBy ?? null,
    }
  })
}
