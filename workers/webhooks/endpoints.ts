/** Webhooks as their owners set them up. Whose one is stands in every query: what is somebody else's is not found. */
import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import { audited } from '../auth/audit.ts'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { idFrom, newId } from '../base/ids.ts'
import { checkTarget } from './check-target.ts'
import { startDeliveries } from './deliveries.ts'
import { messageOf } from './message.ts'
import { newSalt, secretOf } from './sign.ts'
import { webhookDeliveries, webhooks } from './tables.ts'
import type { User } from '../auth/auth.ts'
import type { Bindings } from '../env.ts'

export const WEBHOOKS_MAX = 10
/** How long the secret before a rotation signs too. */
const OVERLAP_MS = 24 * 60 * 60 * 1_000
const TESTS_PER_MINUTE = 10
export const TEST_TYPE = 'webhook.test'

export type Webhook = typeof webhooks.$inferSelect
/** Who does something, and in which request: for the audit log. */
export type By = { user: User; requestId: string }

/** The webhooks of a user, the oldest first. */
export async function listWebhooks(env: Bindings, userId: string): Promise<Webhook[]> {
  const isTheirs = and(eq(webhooks.userId, userId), isNull(webhooks.deletedAt))
  return reach(() =>
    db(env)
      .select()
      .from(webhooks)
      .where(isTheirs)
      .orderBy(asc(webhooks.createdAt), asc(webhooks.id))
      .limit(WEBHOOKS_MAX),
  )
}

/** This webhook of this user. Throws `notFound`. */
export async function findWebhook(env: Bindings, userId: string, id: string): Promise<Webhook> {
  const webhook = await webhookIfAny(env, userId, id)
  if (!webhook) throw new AppError('notFound')
  return webhook
}

/** This webhook of this user, or null. */
export async function webhookIfAny(env: Bindings, userId: string, id: string): Promise<Webhook | null> {
  const [webhook] = await reach(() => db(env).select().from(webhooks).where(isTheirs(userId, id)))
  return webhook ?? null
}

export type WebhookInput = { url: string; events: string[]; description: string | null }

/**
 * A new webhook of this id, and its secret. Throws `validationFailed` for a URL that may not be called, `resolverUnavailable` if that
 * cannot be found out, `limitReached`.
 */
export async function createWebhook(
  env: Bindings,
  { user, requestId }: By,
  id: string,
  input: WebhookInput,
): Promise<{ webhook: Webhook; secret: string }> {
  if ((await listWebhooks(env, user.id)).length >= WEBHOOKS_MAX) throw limitReached()
  const url = await callable(env, input.url)
  const [salt, now] = [newSalt(env, newId()), new Date(clock.now())]
  const owner = sql`user_id = ${user.id} AND deleted_at IS NULL`
  const [, , , [webhook]] = await reach(() =>
    db(env).batch([
      // Whoever creates another one at the same time waits here, and then counts this one too.
      db(env).execute(sql`SELECT FROM users WHERE id = ${user.id} FOR NO KEY UPDATE`),
      db(env).execute(sql`
        INSERT INTO webhooks (id, user_id, url, description, events, secret, created_at)
        SELECT ${id}, ${user.id}, ${url}, ${input.description}, ${JSON.stringify(input.events)}::jsonb, ${salt},
          ${now.toISOString()}::timestamptz
        WHERE (SELECT count(*) FROM webhooks WHERE ${owner}) < ${WEBHOOKS_MAX}`),
      audit(env, { user, requestId }, 'create', id, { host: new URL(url).host, events: input.events }),
      db(env).select().from(webhooks).where(isTheirs(user.id, id)),
    ]),
  )
  if (!webhook) throw limitReached()
  return { webhook, secret: secretOf(env, id, salt) }
}

export type WebhookChange = { [Name in keyof WebhookInput]?: WebhookInput[Name] | undefined } & {
  active?: boolean | undefined
}

/**
 * Changes what is given and leaves the rest. With another URL, or resumed, it counts as one that has not failed yet.
 * Throws as `createWebhook` does, and `notFound`.
 */
export async function updateWebhook(env: Bindings, by: By, id: string, change: WebhookChange): Promise<Webhook> {
  const before = await findWebhook(env, by.user.id, id)
  const url = change.url === undefined || change.url === before.url ? before.url : await callable(env, change.url)
  const active = change.active ?? before.active
  const isFresh = url !== before.url || (active && !before.active)
  const [[webhook]] = await reach(() =>
    db(env).batch([
      db(env)
        .update(webhooks)
        .set({
          url,
          events: change.events ?? before.events,
          description: change.description === undefined ? before.description : change.description,
          // Left alone if nobody asked: it may have been paused while this was being decided.
          ...(change.active === undefined
            ? {}
            : { active, pausedBecause: active ? null : (before.pausedBecause ?? 'owner') }),
          ...(isFresh ? { failingSince: null } : {}),
        })
        .where(isTheirs(by.user.id, id))
        .returning(),
      audit(env, by, 'update', id, { host: new URL(url).host, active, changed: Object.keys(change).toSorted() }),
    ]),
  )
  if (!webhook) throw new AppError('notFound')
  return webhook
}

/** Deletes a webhook: no attempt begins after this. Throws `notFound`. */
export async function deleteWebhook(env: Bindings, by: By, id: string): Promise<void> {
  await findWebhook(env, by.user.id, id)
  await reach(() =>
    db(env).batch([
      db(env)
        .update(webhooks)
        .set({ deletedAt: new Date(clock.now()) })
        .where(isTheirs(by.user.id, id)),
      audit(env, by, 'delete', id),
    ]),
  )
}

/** A new secret, made from `makeId`. The one before signs too for 24 hours, the one before that no more. Throws `notFound`. */
export async function rotateSecret(
  env: Bindings,
  by: By,
  id: string,
  makeId: string,
): Promise<{ webhook: Webhook; secret: string }> {
  await findWebhook(env, by.user.id, id)
  const salt = newSalt(env, makeId)
  const until = new Date(clock.now() + OVERLAP_MS)
  const [[webhook]] = await reach(() =>
    db(env).batch([
      db(env)
        .update(webhooks)
        .set({ secret: salt, secretBefore: sql`${webhooks.secret}`, secretBeforeUntil: until })
        .where(isTheirs(by.user.id, id))
        .returning(),
      audit(env, by, 'rotate_secret', id),
    ]),
  )
  if (!webhook) throw new AppError('notFound')
  return { webhook, secret: secretOf(env, id, salt) }
}

/**
 * Sends a test on the way that all events go. Gives the id of its delivery. Throws `notFound`, `conflict` if the webhook
 * is paused, `rateLimited` beyond ten a minute.
 */
export async function testWebhook(env: Bindings, userId: string, id: string): Promise<string> {
  const webhook = await findWebhook(env, userId, id)
  if (!webhook.active) throw new AppError('conflict', { message: 'This webhook is paused; resume it first.' })
  const now = clock.now()
  const lately = sql`webhook_id = ${id} AND event_type = ${TEST_TYPE}
    AND created_at > ${new Date(now - 60_000).toISOString()}::timestamptz`
  if ((await reach(() => db(env).$count(webhookDeliveries, lately))) >= TESTS_PER_MINUTE)
    throw new AppError('rateLimited', {
      message: `A webhook can be tested ${TESTS_PER_MINUTE} times a minute.`,
      headers: { 'retry-after': '60' },
    })
  const eventId = newId()
  const delivery = {
    id: await idFrom(eventId, id),
    webhookId: id,
    eventId,
    eventType: TEST_TYPE,
    body: messageOf({ id: eventId, type: TEST_TYPE, at: now, data: { webhook_id: id } }),
    isFailing: webhook.failingSince !== null,
  }
  await startDeliveries(env, [delivery])
  return delivery.id
}

function limitReached(): AppError {
  return new AppError('limitReached', {
    message: `An account can have ${WEBHOOKS_MAX} webhooks. Delete one first.`,
    details: { limit: WEBHOOKS_MAX },
  })
}

function isTheirs(userId: string, id: string) {
  return and(eq(webhooks.id, id), eq(webhooks.userId, userId), isNull(webhooks.deletedAt))
}

function audit(
  env: Bindings,
  { user, requestId }: By,
  action: string,
  id: string,
  details: Record<string, unknown> = {},
) {
  return audited(env, {
    actor: user,
    action: `webhook.${action}`,
    subject: { type: 'webhook', id },
    details,
    requestId,
  })
}

/** The URL as it is kept. Throws if it may not be called. */
async function callable(env: Bindings, url: string): Promise<string> {
  const target = await checkTarget(env, url)
  if ('problem' in target) throw refuseField('url', target.problem)
  return target.url
}
