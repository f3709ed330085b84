/** Leaving: an account is closed by its owner. */
import { Hono } from 'hono'
import * as z from 'zod'
import { signedIn } from '../auth/auth.ts'
import { confirmPassword } from '../auth/confirm.ts'
import { TypedPassword } from '../auth/fields.ts'
import { refuseField } from '../base/errors.ts'
import { routesOf } from '../base/route.ts'
import { close } from './accounts.ts'
import { causeOf } from './change.ts'
import type { AppContext } from '../env.ts'

export const accountRoutes = new Hono<AppContext>()
const route = routesOf(accountRoutes, 'Accounts')

route(
  'DELETE /api/v1/auth/me',
  {
    summary: 'Close your account for good',
    description:
      'Your sessions, keys and agents stop working, and what is personal is erased. `confirm_email` is the address of the account, `password` its password: an open window is not enough. Refused while paid calls or money are left, unless `forfeit` is true, and while you have earnings that were not paid out.',
    who: signedIn,
    body: z.object({
      confirm_email: z.string().max(255),
      password: TypedPassword,
      forfeit: z.boolean().default(false),
    }),
    errors: ['accountNotEmpty', 'earningsUnpaid', 'lastSuperAdmin', 'rateLimited', 'signInBusy'],
  },
  async ({ c, env, me, body: { confirm_email, password, forfeit } }) => {
    if (confirm_email.trim().toLowerCase() !== me.email)
      throw refuseField('confirm_email', 'is not that of this account')
    await confirmPassword(env, me, { password, field: 'password' })
    await close(env, me.id, { forfeit }, causeOf(c, me))
  },
)
