/** People: finding them, suspending and activating them, closing their accounts, and the roles of admins. */
import { Hono } from 'hono'
import * as z from 'zod'
import { admin, type User } from '../auth/auth.ts'
import { Email } from '../auth/fields.ts'
import { ADMIN_ROLES } from '../auth/permissions.ts'
import { AppError } from '../base/errors.ts'
import { pageOf, PageQuery } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { format, fromUnits } from '../money/amount.ts'
import { quotaOf } from '../quota/quota.ts'
import { activate, close, suspend } from './accounts.ts'
import { causeOf, Reason } from './change.ts'
import { invite, setRole } from './roles.ts'
import { findUsers, userOf } from './users.ts'
import type { AppContext, Bindings } from '../env.ts'

export const userRoutes = new Hono<AppContext>()
const route = routesOf(userRoutes, 'Administration')

const Type = z.enum(['creator', 'developer', 'admin'])
const Status = z.enum(['active', 'suspended', 'deleted'])
const Role = z.enum(ADMIN_ROLES)

const Account = z.object({
  id: Id,
  email: z.string(),
  user_type: Type,
  admin_role: Role.nullable(),
  status: Status,
  email_verified: z.boolean(),
  display_name: z.string().nullable(),
  created_at: Moment,
})

const AccountInFull = Account.extend({
  wallet_address: z.string().nullable(),
  /** Those that have not ended, and keys that are not revoked. */
  sessions: z.int(),
  keys: z.int(),
  agents: z.int(),
  calls: z.object({ remaining: z.int(), used: z.int(), held: z.int(), granted: z.int() }),
  balance_usd: z.string(),
})

route(
  'GET /api/v1/admin/users',
  {
    summary: 'Accounts, newest first',
    who: admin('users:view'),
    query: PageQuery.extend({
      /** An id, how an e-mail address begins, or what a display name contains. */
      q: z.string().trim().min(3).max(255).optional(),
      user_type: Type.optional(),
      status: Status.optional(),
    }),
    answer: pageOf(Account),
  },
  async ({ env, query: { limit, cursor, ...filter } }) => findUsers(env, filter, { limit, cursor }),
)

route(
  'GET /api/v1/admin/users/:id',
  {
    summary: 'One account, with what it has',
    who: admin('users:view'),
    params: IdParams,
    answer: AccountInFull,
    errors: ['userNotFound'],
  },
  async ({ env, params }) => shown(env, params.id),
)

route(
  'PUT /api/v1/admin/users/:id/status',
  {
    summary: 'Suspend or activate an account',
    description:
      'A suspended account’s sessions end, its agents go out of service and its keys stop: once this has answered, no call is admitted with any of them. Activating brings keys and agents back. Repeatable.',
    who: admin('users:manage'),
    params: IdParams,
    body: z.object({ status: z.enum(['active', 'suspended']), reason: Reason }),
    answer: AccountInFull,
    errors: ['userNotFound', 'forbidden', 'lastSuperAdmin'],
  },
  async ({ c, env, me, params: { id }, body: { status, reason } }) => {
    refuseSelf(me, id)
    const change = status === 'suspended' ? suspend : activate
    await change(env, id, causeOf(c, me, reason))
    return shown(env, id)
  },
)

route(
  'DELETE /api/v1/admin/users/:id',
  {
    summary: 'Close an account for good',
    description:
      'Nothing of it works any more, and what is personal is erased. Refused while paid calls or money are left on it, unless `forfeit` is true, and while a creator has earnings that were not settled.',
    who: admin('users:manage'),
    params: IdParams,
    body: z.object({ reason: Reason, forfeit: z.boolean().default(false) }),
    errors: ['userNotFound', 'forbidden', 'lastSuperAdmin', 'accountNotEmpty', 'earningsUnpaid'],
  },
  async ({ c, env, me, params: { id }, body: { reason, forfeit } }) => {
    refuseSelf(me, id)
    await close(env, id, { forfeit }, causeOf(c, me, reason))
  },
)

route(
  'PUT /api/v1/admin/users/:id/role',
  {
    summary: 'Give an account a role, change it or take it',
    description:
      'Effective with their next request. An account that becomes an admin’s must have nothing on it: no agents, keys, paid calls or money. `null` takes the role and leaves a developer’s account; one who is to have no rights at all is suspended.',
    who: admin('users:manage'),
    params: IdParams,
    body: z.object({ role: Role.nullable(), reason: Reason }),
    answer: AccountInFull,
    errors: [
      'userNotFound',
      'forbidden',
      'lastSuperAdmin',
      'emailNotVerified',
      'accountNotEmpty',
      'earningsUnpaid',
      'conflict',
    ],
  },
  async ({ c, env, me, params: { id }, body: { role, reason } }) => {
    refuseSelf(me, id)
    await setRole(env, id, role, causeOf(c, me, reason))
    return shown(env, id)
  },
)

route(
  'POST /api/v1/admin/users',
  {
    summary: 'Invite an admin',
    description:
      'Mails the address a link with which to choose a password; after that they sign in, in this role. Repeatable until they have: the mail goes again, and the role is the one said last.',
    who: admin('users:manage'),
    body: z.object({ email: Email, role: Role, reason: Reason }),
    answer: AccountInFull,
    status: 201,
    errors: ['conflict'],
  },
  async ({ c, env, me, body: { email, role, reason } }) =>
    shown(env, await invite(env, { email, role }, causeOf(c, me, reason))),
)

function refuseSelf(me: User, id: string): void {
  if (me.id === id.toLowerCase())
    throw new AppError('forbidden', { message: 'This is your own account; let another admin do it.' })
}

async function shown(env: Bindings, id: string): Promise<z.input<typeof AccountInFull>> {
  const user = await userOf(env, id)
  const { remaining, used, held, granted, balance } = await quotaOf(env, user.id)
  return { ...user, calls: { remaining, used, held, granted }, balance_usd: format(fromUnits(balance)) }
}
