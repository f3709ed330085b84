/**
 * Telling somebody what happened. This room owns notifications, what each user wants of them, mail, and the live connections
 * of open windows. It promises that an event that it is told of any number of times is shown once, listed once and mailed
 * once. It never shows anybody what happened to somebody else, and never decides what happened.
 */
import { and, eq } from 'drizzle-orm'
import { users } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { idFrom } from '../base/ids.ts'
import { retry } from '../base/retry.ts'
import { settings, type Bindings } from '../env.ts'
import { EVENTS, type PlatformEvent } from './events.ts'
import { PUSH_MAX, type LiveEvent } from './live-protocol.ts'
import { sendMail } from './mail.ts'
import { isKind, USUAL, type Kind } from './preferences.ts'
import { notificationPreferences, notifications } from './tables.ts'
import { textOf, type Text } from './texts.ts'

const PUSH_ATTEMPTS = 3
const PUSH_DELAY_MS = 50
const SETTINGS_PATH = '/settings/notifications'

type NotedEvent = Extract<PlatformEvent, { type: Kind }>

/**
 * Tells the user of an event that is worth a notification: shows it to their open windows, lists it and mails it, as they
 * prefer. Repeatable: whoever calls it does so again, with the same event, when it throws.
 *
 * Calls are left out. They are too many to be listed, and the account shows them itself to whoever watches (`pushLive`), so
 * that it costs nothing where nobody does.
 */
export async function tell(env: Bindings, event: PlatformEvent): Promise<void> {
  if (!isNoted(event)) return
  const { id, type, at, userId } = event
  const data = EVENTS[type].parse(event.data)
  await Promise.all([pushLive(env, userId, [{ id, type, at, data }]), note(env, event)])
}

/**
 * Shows events to the open windows of a user, in this order, each once however often it comes. Nothing happens if no window
 * has been open for a day. Throws when the user's live object cannot be reached.
 */
export async function pushLive(env: Bindings, userId: string, events: LiveEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += PUSH_MAX) {
    const part = events.slice(from, from + PUSH_MAX)
    // A stub that has failed once is broken, so each attempt takes a new one.
    await retry(async () => env.LIVE.get(env.LIVE.idFromName(userId)).push({ v: 1, events: part }), {
      attempts: PUSH_ATTEMPTS,
      firstDelayMs: PUSH_DELAY_MS,
    })
  }
}

function isNoted(event: PlatformEvent): event is NotedEvent {
  return isKind(event.type)
}

async function note(env: Bindings, event: NotedEvent): Promise<void> {
  const { id, userId, type } = event
  const reader = await readerOf(env, userId, type)
  if (!reader) return
  const text = textOf(event)
  const isMailed = reader.wants.email && reader.address !== null
  if (!reader.wants.inApp && !isMailed) return
  const own = and(eq(notifications.userId, userId), eq(notifications.id, id))
  const [, [row]] = await reach(() =>
    db(env).batch([
      db(env)
        .insert(notifications)
        .values({ userId, id, type, createdAt: new Date(event.at), ...wordsOf(text, reader.wants.inApp) })
        .onConflictDoNothing(),
      db(env).select({ mailedAt: notifications.mailedAt }).from(notifications).where(own),
    ]),
  )
  if (reader.address === null || !isMailed || !row || row.mailedAt !== null) return
  // Noted after it has been handed over: a mail may be handed over twice, under one id, but is never left out.
  await sendMail(env, { id: await idFrom('notification', userId, id), ...mailOf(env, reader.address, text) })
  await reach(() =>
    db(env)
      .update(notifications)
      .set({ mailedAt: new Date(clock.now()) })
      .where(own),
  )
}

/** How this user wants to be told of this kind, and their address if mail may go there; null if there is no such user. */
async function readerOf(env: Bindings, userId: string, kind: Kind) {
  const [[user], [preference]] = await reach(() =>
    db(env).batch([
      db(env)
        .select({ email: users.email, isVerified: users.emailVerified, status: users.status })
        .from(users)
        .where(eq(users.id, userId)),
      db(env)
        .select({ inApp: notificationPreferences.inApp, email: notificationPreferences.email })
        .from(notificationPreferences)
        .where(and(eq(notificationPreferences.userId, userId), eq(notificationPreferences.kind, kind))),
    ]),
  )
  if (!user || user.status === 'deleted') return null
  const address = user.isVerified && user.status === 'active' ? user.email : null
  return { address, wants: preference ?? USUAL[kind] }
}

function wordsOf(text: Text, isShown: boolean): Text | { title: ''; body: ''; link: null; hidden: true } {
  return isShown ? text : { title: '', body: '', link: null, hidden: true }
}

function mailOf(env: Bindings, to: string, { title, body, link }: Text): { to: string; subject: string; text: string } {
  const { SITE_URL } = settings(env)
  const text = `${body}\n\n${SITE_URL}${link}\n\nChoose what is mailed to you: ${SITE_URL}${SETTINGS_PATH}\n`
  return { to, subject: title, text }
}
