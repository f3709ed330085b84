/** What somebody was told, and how they want to be told. */
import { Hono } from 'hono'
import * as z from 'zod'
import { signedIn } from '../auth/auth.ts'
import { clock } from '../base/clock.ts'
import { pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { inboxOf, markAllRead, markRead, removeNotification, UNREAD_COUNT_MAX } from './inbox.ts'
import { KINDS, preferencesOf, setPreferences, type Kind, type Preferences } from './preferences.ts'
import type { AppContext } from '../env.ts'

export const notifications = new Hono<AppContext>()
const route = routesOf(notifications, 'Notifications')

const Notification = z.object({
  /** Also the id of the event in live connections and webhooks. */
  id: Id,
  type: z.enum(KINDS),
  title: z.string(),
  body: z.string(),
  /** A path of the site. */
  link: z.string().nullable(),
  created_at: Moment,
  read_at: Moment.nullable(),
})

const Notifications = pageOf(Notification).extend({
  unread_count: z.int().max(UNREAD_COUNT_MAX).describe(`At most ${UNREAD_COUNT_MAX}; that many means as many or more.`),
})

route(
  'GET /api/v1/notifications',
  {
    summary: 'Your notifications, newest first',
    description: 'They are kept for 180 days.',
    who: signedIn,
    query: PageQuery.extend({
      unread: z.enum(['true', 'false']).default('false').describe('Only those not read yet.'),
    }),
    answer: Notifications,
  },
  async ({ env, me, query: { limit, cursor, unread } }) => {
    const after = readCursor(cursor, z.tuple([z.iso.datetime(), z.uuid()]))
    const { rows, unreadCount } = await inboxOf(env, me.id, { limit, after, isUnread: unread === 'true' })
    const page = toPage(rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id])
    const items = page.items.map(({ type, createdAt, readAt, ...shown }) => ({
      ...shown,
      type: type as Kind,
      created_at: createdAt,
      read_at: readAt,
    }))
    return { items, next_cursor: page.next_cursor, unread_count: unreadCount }
  },
)

route(
  'POST /api/v1/notifications/:id/read',
  { summary: 'Mark a notification as read', who: signedIn, params: IdParams, errors: ['notFound'] },
  async ({ env, me, params }) => markRead(env, me.id, params.id),
)

route(
  'POST /api/v1/notifications/read-all',
  { summary: 'Mark all notifications as read that there are at this moment', who: signedIn },
  async ({ env, me }) => markAllRead(env, me.id, new Date(clock.now())),
)

route(
  'DELETE /api/v1/notifications/:id',
  { summary: 'Delete a notification for good', who: signedIn, params: IdParams, errors: ['notFound'] },
  async ({ env, me, params }) => removeNotification(env, me.id, params.id),
)

const Choice = z.object({ in_app: z.boolean(), email: z.boolean() })
const choices = Object.fromEntries(KINDS.map((kind) => [kind, Choice])) as Record<Kind, typeof Choice>
const SecurityMail = z.object({
  email: z.literal(true, 'Mails about the security of your account cannot be switched off.'),
})

const PreferencesAnswer = z.object({ ...choices, security: SecurityMail })
const PreferencesBody = PreferencesAnswer.partial()

route(
  'GET /api/v1/notifications/preferences',
  {
    summary: 'How you are told of each kind of event',
    description:
      '`in_app` lists it under your notifications, `email` mails it to your verified address. Mails about the security of your account always go out.',
    who: signedIn,
    answer: PreferencesAnswer,
  },
  async ({ env, me }) => shownPreferences(await preferencesOf(env, me.id)),
)

route(
  'PUT /api/v1/notifications/preferences',
  {
    summary: 'Choose how you are told; kinds that you do not name stay as they are',
    who: signedIn,
    body: PreferencesBody,
    answer: PreferencesAnswer,
  },
  async ({ env, me, body: { security: _, ...wanted } }) => {
    const chosen = Object.entries(wanted).flatMap(([kind, choice]) =>
      choice ? [[kind, { inApp: choice.in_app, email: choice.email }]] : [],
    )
    await setPreferences(env, me.id, Object.fromEntries(chosen) as Partial<Preferences>)
    return shownPreferences(await preferencesOf(env, me.id))
  },
)

function shownPreferences(preferences: Preferences): z.input<typeof PreferencesAnswer> {
  const shown = Object.entries(preferences).map(([kind, { inApp, email }]) => [kind, { in_app: inApp, email }])
  return { ...(Object.fromEntries(shown) as Record<Kind, z.input<typeof Choice>>), security: { email: true } }
}
