/** Webhooks as their owners set them up, test and remove them. */
import { Hono } from 'hono'
import * as z from 'zod'
import { signedIn } from '../auth/auth.ts'
import { clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { flags } from '../base/flags.ts'
import { pageOf } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { EVENT_TYPES } from '../notifications/events.ts'
import {
  createWebhook,
  deleteWebhook,
  findWebhook,
  listWebhooks,
  rotateSecret,
  testWebhook,
  updateWebhook,
  webhookIfAny,
  type Webhook,
} from './endpoints.ts'
import { isMadeFrom, secretOf } from './sign.ts'
import { URL_CHARS_MAX } from './target.ts'
import type { AppContext, Bindings } from '../env.ts'

export const endpoints = new Hono<AppContext>()
const route = routesOf(endpoints, 'Webhooks')

const Url = z.string().max(URL_CHARS_MAX)
const Events = z
  .array(z.enum(EVENT_TYPES))
  .min(1)
  .max(EVENT_TYPES.length)
  .refine((events) => new Set(events).size === events.length, 'names an event twice')
// Shown on pages and in mails, in one line.
const Description = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^\P{C}*$/u, 'must be one line of text')
  .nullable()

const NewWebhook = z.object({ url: Url, events: Events, description: Description.default(null) })
const Change = z.object({ url: Url, events: Events, description: Description, active: z.boolean() }).partial()

const Endpoint = z.object({
  id: Id,
  url: z.string(),
  description: z.string().nullable(),
  events: z.array(z.string()),
  active: z.boolean(),
  /** `owner`: by you. `gone`: its receiver answered 410. `failing`: not one delivery succeeded for five days. */
  paused_because: z.enum(['owner', 'gone', 'failing']).nullable(),
  /** When the first of an unbroken row of failed attempts was. */
  failing_since: Moment.nullable(),
  /** Until then the secret before the last rotation signs too. */
  old_secret_until: Moment.nullable(),
  created_at: Moment,
})
/** The secret stands in these answers and in no other. */
const WithSecret = Endpoint.extend({ secret: z.string() })

const HOW =
  'Messages are signed as [Standard Webhooks](https://www.standardwebhooks.com) has it. A message is delivered by any status of 2xx within 15 seconds; ' +
  'otherwise it is sent three more times, after about 5 seconds, a minute and ten minutes, under the same `webhook-id`. Redirects are not followed. ' +
  'A new webhook hears of calls that end five seconds after its creation or later.'

route(
  'GET /api/v1/webhooks',
  { summary: 'Your webhooks', who: signedIn, answer: pageOf(Endpoint) },
  async ({ env, me }) => ({ items: (await listWebhooks(env, me.id)).map(shown), next_cursor: null }),
)

route(
  'POST /api/v1/webhooks',
  {
    summary: 'A new webhook; its secret is shown this once',
    description: HOW,
    who: signedIn,
    body: NewWebhook,
    answer: WithSecret,
    status: 201,
    findMade: async ({ env, me, makeId }) => withSecret(env, await webhookIfAny(env, me.id, makeId)),
    errors: ['limitReached', 'switchedOff', 'resolverUnavailable'],
  },
  async ({ env, c, me, body, makeId }) => {
    await assertOn(env)
    const { webhook, secret } = await createWebhook(env, { user: me, requestId: c.var.requestId }, makeId, body)
    return { ...shown(webhook), secret }
  },
)

route(
  'GET /api/v1/webhooks/:id',
  { summary: 'One of your webhooks', who: signedIn, params: IdParams, answer: Endpoint, errors: ['notFound'] },
  async ({ env, me, params }) => shown(await findWebhook(env, me.id, params.id)),
)

route(
  'PUT /api/v1/webhooks/:id',
  {
    summary: 'Change a webhook, pause it or resume it; what is left out stays as it is',
    description: 'Events that happen while a webhook is paused are not sent to it, also not later.',
    who: signedIn,
    params: IdParams,
    body: Change,
    answer: Endpoint,
    errors: ['notFound', 'resolverUnavailable'],
  },
  async ({ env, c, me, params, body }) =>
    shown(await updateWebhook(env, { user: me, requestId: c.var.requestId }, params.id, body)),
)

route(
  'DELETE /api/v1/webhooks/:id',
  {
    summary: 'Delete a webhook; what is on its way to it is dropped',
    who: signedIn,
    params: IdParams,
    errors: ['notFound'],
  },
  ({ env, c, me, params }) => deleteWebhook(env, { user: me, requestId: c.var.requestId }, params.id),
)

route(
  'POST /api/v1/webhooks/:id/test',
  {
    summary: 'Send `webhook.test` now, on the way that all events go; at most ten times a minute',
    who: signedIn,
    params: IdParams,
    answer: z.object({ delivery_id: Id }),
    status: 202,
    errors: ['notFound', 'conflict', 'rateLimited', 'switchedOff'],
  },
  async ({ env, me, params }) => {
    await assertOn(env)
    return { delivery_id: await testWebhook(env, me.id, params.id) }
  },
)

route(
  'POST /api/v1/webhooks/:id/rotate-secret',
  {
    summary: 'A new secret, shown this once; the old one signs too for 24 hours',
    who: signedIn,
    params: IdParams,
    answer: WithSecret,
    findMade: async ({ env, me, params, makeId }) => {
      const webhook = await findWebhook(env, me.id, params.id)
      return withSecret(env, isMadeFrom(webhook.secret, makeId) ? webhook : null)
    },
    errors: ['notFound'],
  },
  async ({ env, c, me, params, makeId }) => {
    const { webhook, secret } = await rotateSecret(env, { user: me, requestId: c.var.requestId }, params.id, makeId)
    return { ...shown(webhook), secret }
  },
)

/** A webhook that was made before, with its secret: whoever lost the first answer was not shown it. */
function withSecret(env: Bindings, webhook: Webhook | null) {
  return webhook && { ...shown(webhook), secret: secretOf(env, webhook.id, webhook.secret) }
}

async function assertOn(env: Bindings): Promise<void> {
  const { enable_webhooks } = await flags(env)
  if (!enable_webhooks) throw new AppError('switchedOff', { message: 'Webhooks are switched off at the moment.' })
}

function toCome(moment: Date | null): Date | null {
  return moment && moment.getTime() > clock.now() ? moment : null
}

function shown(webhook: Webhook): z.input<typeof Endpoint> {
  return {
    id: webhook.id,
    url: webhook.url,
    description: webhook.description,
    events: webhook.events,
    active: webhook.active,
    paused_because: webhook.pausedBecause,
    failing_since: webhook.failingSince,
    old_secret_until: toCome(webhook.secretBeforeUntil),
    created_at: webhook.createdAt,
  }
}
