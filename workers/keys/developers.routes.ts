/** A developer's API keys. */
import { Hono } from 'hono'
import * as z from 'zod'
import { developer } from '../auth/auth.ts'
import { clock } from '../base/clock.ts'
import { pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import type { AppContext } from '../env.ts'
import { createKey, revokeKey } from './keys.ts'
import { changeKey, keyIfAny, keyOf, keysOf, rotatedKey, rotateKey, type KeyRow } from './settings.ts'

const AGENTS_MAX = 100
const CAP_MAX = 1_000_000_000

export const developerKeys = new Hono<AppContext>()
const route = routesOf(developerKeys, 'API keys')

const Name = z.string().trim().min(1).max(100)
const Cap = z.int().min(1).max(CAP_MAX).nullable().optional()

/** What a key may be limited to. Null lifts a limit; one that is left out of `caps` is lifted too. */
const Limits = z.object({
  caps: z
    .object({ day: Cap, week: Cap, month: Cap })
    .nullable()
    .optional()
    .describe(
      'Calls per UTC day, week (from Monday) and month, counted from when the cap was set. Sent, it replaces all three.',
    ),
  agent_ids: z
    .array(Id)
    .min(1)
    .max(AGENTS_MAX)
    .nullable()
    .optional()
    .describe('The only agents that the key may call; null: every agent.'),
  expires_at: z.iso
    .datetime({ offset: true })
    .refine((at) => Date.parse(at) > clock.now(), 'must be in the future')
    .nullable()
    .optional()
    .describe('From when on the key is refused; null: never.'),
})

const NewKeyBody = Limits.extend({ name: Name })
const ChangeBody = Limits.extend({ name: Name.optional() })

const ShownCap = z.int().nullable()
const Key = z.object({
  id: Id,
  name: z.string().nullable(),
  prefix: z.string().describe('The first characters of the key, by which you can tell it from others.'),
  status: z.enum(['active', 'expired', 'revoked']),
  caps: z.object({ day: ShownCap, week: ShownCap, month: ShownCap }),
  agent_ids: z.array(Id).nullable(),
  created_at: Moment,
  last_used_at: Moment.nullable().describe('When a call with it ended last, to within a minute or so.'),
  expires_at: Moment.nullable(),
  revoked_at: Moment.nullable(),
})
const SecretKey = Key.extend({
  key: z
    .string()
    .nullable()
    .describe(
      'The key itself. It is shown here and never again: null where this answers an Idempotency-Key a second time. Rotate the key to be shown a new one.',
    ),
})

const ListPlace = z.tuple([
  z
    .string()
    .max(40)
    .regex(/^[\d :.+-]+$/),
  Id,
])

route(
  'GET /api/v1/developers/keys',
  {
    summary: 'Your API keys, the newest first',
    who: developer,
    query: PageQuery.extend({
      status: z.enum(['active', 'all']).default('active').describe('`all`: revoked and expired ones too.'),
    }),
    answer: pageOf(Key),
  },
  async ({ env, me, query: { limit, cursor, status } }) => {
    const place = readCursor(cursor, ListPlace)
    const after = place && { createdAt: place[0], id: place[1] }
    const rows = await keysOf(env, me.id, { all: status === 'all', limit: limit + 1, after })
    const page = toPage(rows, limit, (row) => [row.place, row.id])
    return { items: page.items.map(shownKey), next_cursor: page.next_cursor }
  },
)

route(
  'POST /api/v1/developers/keys',
  {
    summary: 'Make an API key',
    who: developer,
    body: NewKeyBody,
    answer: SecretKey,
    status: 201,
    findMade: async ({ env, me, makeId }) => shownAgain(await keyIfAny(env, me.id, makeId)),
    errors: ['keyLimitReached'],
  },
  async ({ env, me, body: { name, ...limits }, makeId }) => {
    const { key } = await createKey(env, me.id, { name, ...settingsOf(limits), id: makeId })
    return { ...shownKey(await keyOf(env, me.id, makeId)), key }
  },
)

route(
  'GET /api/v1/developers/keys/:id',
  { summary: 'One of your API keys', who: developer, params: IdParams, answer: Key, errors: ['keyNotFound'] },
  async ({ env, me, params: { id } }) => shownKey(await keyOf(env, me.id, id)),
)

route(
  'PUT /api/v1/developers/keys/:id',
  {
    summary: 'Rename an API key or change its limits',
    description: 'What you leave out stays as it is. Once this has answered the limits are in force.',
    who: developer,
    params: IdParams,
    body: ChangeBody,
    answer: Key,
    errors: ['keyNotFound', 'conflict'],
  },
  async ({ env, me, params: { id }, body: { name, ...limits } }) =>
    shownKey(await changeKey(env, me.id, id, { name, ...settingsOf(limits) })),
)

route(
  'POST /api/v1/developers/keys/:id/rotate',
  {
    summary: 'Replace an API key by a new one with the same settings',
    description: 'The old key stays valid for 24 hours beside the new one, or to its own end if that is sooner.',
    who: developer,
    params: IdParams,
    answer: SecretKey,
    status: 201,
    findMade: async ({ env, me, params: { id }, makeId }) => shownAgain(await rotatedKey(env, me.id, id, makeId)),
    errors: ['keyNotFound', 'conflict', 'keyLimitReached'],
  },
  async ({ env, me, params: { id }, makeId }) => {
    const row = await rotateKey(env, me.id, id, makeId)
    return { ...shownKey(row), key: row.key }
  },
)

route(
  'DELETE /api/v1/developers/keys/:id',
  {
    summary: 'Revoke an API key for good',
    description: 'Once this has answered, no further call with it is admitted.',
    who: developer,
    params: IdParams,
    errors: ['keyNotFound'],
  },
  async ({ env, me, params: { id } }) => revokeKey(env, id, me.id),
)

function settingsOf({ caps, agent_ids, expires_at }: z.output<typeof Limits>) {
  return {
    ...(caps === undefined
      ? {}
      : { caps: Object.fromEntries(Object.entries(caps ?? {}).filter(([, cap]) => cap != null)) }),
    ...(agent_ids === undefined ? {} : { agentIds: agent_ids }),
    ...(expires_at === undefined ? {} : { expiresAt: expires_at === null ? null : Date.parse(expires_at) }),
  }
}

/** A key that was made before. What it is was told then, and is kept nowhere. */
function shownAgain(row: KeyRow | null) {
  return row && { ...shownKey(row), key: null }
}

function shownKey({ permissions: { agentIds, caps }, ...key }: KeyRow): z.input<typeof Key> {
  const isExpired = key.expiresAt !== null && key.expiresAt.getTime() <= clock.now()
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    status: key.revokedAt ? 'revoked' : isExpired ? 'expired' : 'active',
    caps: { day: caps?.day ?? null, week: caps?.week ?? null, month: caps?.month ?? null },
    agent_ids: agentIds ?? null,
    created_at: key.createdAt,
    last_used_at: key.lastUsedAt,
    expires_at: key.expiresAt,
    revoked_at: key.revokedAt,
  }
}
