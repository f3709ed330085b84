/** How somebody wants to be told of each kind of event. Live events are not a matter of taste: who opens a window wants them. */
import { eq, sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { notificationPreferences } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { EventType } from './events.ts'

export type Preference = { inApp: boolean; email: boolean }

/**
 * The kinds of events that are worth a notification, with what is usual for each. Mail is for what has to do with money or
 * asks for something to be done. Calls are not among them: they are many, and stand in the call log.
 */
export const USUAL = {
  'quota.low': { inApp: true, email: true },
  'payment.succeeded': { inApp: true, email: true },
  'payment.failed': { inApp: true, email: false },
  'payment.refunded': { inApp: true, email: true },
  'payment.disputed': { inApp: true, email: true },
  'settlement.closed': { inApp: true, email: true },
  'withdrawal.updated': { inApp: true, email: true },
  'agent.published': { inApp: true, email: false },
  'agent.price_changed': { inApp: true, email: true },
  'review.created': { inApp: true, email: false },
} as const satisfies Partial<Record<EventType, Preference>>

export type Kind = keyof typeof USUAL
export const KINDS = Object.keys(USUAL) as [Kind, ...Kind[]]
export type Preferences = Record<Kind, Preference>

/** Whether events of this type are worth a notification. */
export function isKind(type: EventType): type is Kind {
  return Object.hasOwn(USUAL, type)
}

/** What this user wants, kind by kind. Throws `storeUnavailable`. */
export async function preferencesOf(env: Bindings, userId: string): Promise<Preferences> {
  const rows = await reach(() =>
    db(env)
      .select({
        kind: notificationPreferences.kind,
        inApp: notificationPreferences.inApp,
        email: notificationPreferences.email,
      })
      .from(notificationPreferences)
      .where(eq(notificationPreferences.userId, userId))
      .limit(KINDS.length),
  )
  return { ...USUAL, ...Object.fromEntries(rows.map(({ kind, ...preference }) => [kind, preference])) }
}

/** Notes what this user wants from now on; kinds that are not named stay as they are. Throws `storeUnavailable`. */
export async function setPreferences(env: Bindings, userId: string, wanted: Partial<Preferences>): Promise<void> {
  const rows = Object.entries(wanted).map(([kind, preference]) => ({ userId, kind, ...preference }))
  if (rows.length === 0) return
  await reach(() =>
    db(env)
      .insert(notificationPreferences)
      .values(rows)
      .onConflictDoUpdate({
        target: [notificationPreferences.userId, notificationPreferences.kind],
        set: { inApp: sql`excluded.in_app`, email: sql`excluded.email`, updatedAt: sql`now()` },
      }),
  )
}
