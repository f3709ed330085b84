/** What developers say of themselves. */
import { eq } from 'drizzle-orm'
import { Hono } from 'hono'
import * as z from 'zod'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { routesOf } from '../base/route.ts'
import { Id, Moment } from '../base/wire.ts'
import { developer } from './auth.ts'
import { DisplayName, oneLine } from './fields.ts'
import { developerProfiles, users } from './tables.ts'
import type { AppContext, Bindings } from '../env.ts'

export const developers = new Hono<AppContext>()
const route = routesOf(developers, 'Developers')

const Profile = z.object({
  id: Id,
  email: z.string(),
  display_name: z.string().nullable(),
  company: z.string().nullable(),
  created_at: Moment,
})

route('GET /api/v1/developers/me', { summary: 'Your profile', who: developer, answer: Profile }, ({ env, me }) =>
  profileOf(env, me.id),
)

route(
  'PUT /api/v1/developers/me',
  {
    summary: 'Change your profile',
    description: 'What is left out stays as it is; null takes it away.',
    who: developer,
    body: z.object({
      display_name: DisplayName.nullable().optional(),
      company: oneLine(100).nullable().optional(),
    }),
    answer: Profile,
  },
  async ({ env, me, body: { display_name: displayName, company } }) => {
    const change = {
      ...(displayName === undefined ? {} : { displayName }),
      ...(company === undefined ? {} : { company }),
    }
    if (Object.keys(change).length > 0)
      await reach(() =>
        db(env)
          .insert(developerProfiles)
          .values({ userId: me.id, ...change })
          .onConflictDoUpdate({ target: developerProfiles.userId, set: change }),
      )
    return profileOf(env, me.id)
  },
)

/** A row of `developer_profiles` comes with the first word that somebody says of themselves. */
async function profileOf(env: Bindings, id: string): Promise<z.input<typeof Profile>> {
  const [row] = await reach(() =>
    db(env)
      .select({
        id: users.id,
        email: users.email,
        display_name: developerProfiles.displayName,
        company: developerProfiles.company,
        created_at: users.createdAt,
      })
      .from(users)
      .leftJoin(developerProfiles, eq(developerProfiles.userId, users.id))
      .where(eq(users.id, id)),
  )
  if (!row) throw new AppError('userNotFound')
  return row
}
