/** A user's notifications: what they have been told and have not deleted. */
import { and, count, desc, eq, isNull, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { notifications } from './tables.ts'
import type { Bindings } from '../env.ts'

/** More unread ones than this are not counted. */
export const UNREAD_COUNT_MAX = 100

type Row = Pick<typeof notifications.$inferSelect, 'id' | 'type' | 'title' | 'body' | 'link' | 'createdAt' | 'readAt'>
export type Place = [createdAt: string, id: string]

/** The newest notifications after `place`, one more than `limit` so that the page knows of a next one, and how many are unread. */
export async function inboxOf(
  env: Bindings,
  userId: string,
  page: { limit: number; after?: Place | undefined; isUnread?: boolean },
): Promise<{ rows: Row[]; unreadCount: number }> {
  const { id, type, title, body, link, createdAt, readAt } = notifications
  const isShown = and(eq(notifications.userId, userId), sql`NOT ${notifications.hidden}`)
  const isAfter = page.after && sql`(${createdAt}, ${id}) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)`
  const unread = db(env)
    .select({ id })
    .from(notifications)
    .where(and(isShown, isNull(readAt)))
    .limit(UNREAD_COUNT_MAX)
    .as('unread')
  const [rows, [counted]] = await reach(() =>
    db(env).batch([
      db(env)
        .select({ id, type, title, body, link, createdAt, readAt })
        .from(notifications)
        .where(and(isShown, isAfter, page.isUnread ? isNull(readAt) : undefined))
        .orderBy(desc(createdAt), desc(id))
        .limit(page.limit + 1),
      db(env).select({ count: count() }).from(unread),
    ]),
  )
  return { rows, unreadCount: counted?.count ?? 0 }
}

/** Marks one as read, once. Throws `notFound` for what is not theirs, or not there. */
export async function markRead(env: Bindings, userId: string, id: string): Promise<void> {
  const marked = await reach(() =>
    db(env)
      .update(notifications)
      .set({ readAt: sql`COALESCE(${notifications.readAt}, ${new Date(clock.now()).toISOString()}::timestamptz)` })
      .where(shownOne(userId, id))
      .returning({ id: notifications.id }),
  )
  if (marked.length === 0) throw new AppError('notFound')
}

/** Marks all as read that happened up to `until`. */
export async function markAllRead(env: Bindings, userId: string, until: Date): Promise<void> {
  await reach(() =>
    db(env)
      .update(notifications)
      .set({ readAt: new Date(clock.now()) })
      .where(
        and(
          eq(notifications.userId, userId),
          sql`NOT ${notifications.hidden}`,
          isNull(notifications.readAt),
          sql`${notifications.createdAt} <= ${until.toISOString()}::timestamptz`,
        ),
      ),
  )
}

/** Deletes one for good: its words go, and its event is not told again. Throws `notFound` for what is not theirs, or not there. */
export async function removeNotification(env: Bindings, userId: string, id: string): Promise<void> {
  const removed = await reach(() =>
    db(env)
      .update(notifications)
      .set({ hidden: true, title: '', body: '', link: null })
      .where(shownOne(userId, id))
      .returning({ id: notifications.id }),
  )
  if (removed.length === 0) throw new AppError('notFound')
}

function shownOne(userId: string, id: string) {
  return and(eq(notifications.userId, userId), eq(notifications.id, id), sql`NOT ${notifications.hidden}`)
}
