/**
 * The operator's doors: scripts and the local stack come in here. What they do goes through the same faces of the rooms as
 * everything else. Accounts are not in Postgres, so a line of the audit log is written before what it tells of: it may tell
 * of something that failed, and nothing is done without one.
 */
import { Hono } from 'hono'
import * as z from 'zod'
import { Email } from '../auth/fields.ts'
import { db, isForeignKeyViolation, isUniqueViolation, reach } from '../base/db.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { routesOf } from '../base/route.ts'
import { plainText } from '../base/text.ts'
import { Id } from '../base/wire.ts'
import { createKey, revokeKey } from '../keys/keys.ts'
import { amount, format, fromUnits, toUnits } from '../money/amount.ts'
import { isPosted } from '../money/ledger.ts'
import { BASE_VALUE, BASE_VALUE_UNITS } from '../money/prices.ts'
import { bookBalance, bookLot, isLotOf, unitValueOf } from '../quota/bought.ts'
import { credit, deposit, quotaOf } from '../quota/quota.ts'
import { causeOf, line } from './change.ts'
import { operator } from './operator.ts'
import { invite } from './roles.ts'
import type { AppContext } from '../env.ts'

export const operatorRoutes = new Hono<AppContext>()
const route = routesOf(operatorRoutes, 'Operator')

/** What an operator gives away is the platform's expense. */
const GRANTED = { kind: 'grant', account: 'granted' } as const

const UserParams = z.object({ userId: Id })
const onceId = z.string().min(1).max(128)
const dollars = z
  .string()
  .refine((text) => isDollars(text), 'must be a decimal string of dollars above 0, such as "10.00"')

const Quota = z.object({
  remaining: z.int(),
  held: z.int(),
  used: z.int(),
  granted: z.int(),
  /** 10⁻⁸ dollars. */
  balance: z.int(),
  rate: z.object({ limit: z.int(), remaining: z.int(), resetMs: z.number() }),
  unsent: z.int(),
  lots: z.array(
    z.object({ id: z.string(), kind: z.enum(['paid', 'promotional']), calls: z.int(), remaining: z.int() }),
  ),
})

route(
  'POST /api/v1/admin/accounts/:userId/lots',
  {
    summary: 'Credit a lot of calls, once per lot id',
    who: operator,
    params: UserParams,
    body: z.strictObject({ id: onceId, calls: z.int().min(1).max(10_000_000), price_usd: dollars }),
    answer: z.object({ added: z.boolean(), remaining: z.int() }),
  },
  async ({ c, env, params: { userId }, body: { id, calls, price_usd } }) => {
    const lot = { id, userId, calls, price: amount(price_usd) }
    const unitValue = unitValueOf(lot)
    if (unitValue === null) throw refuseField('price_usd', 'does not divide into equal units for this many calls')
    if (unitValue < BASE_VALUE_UNITS)
      throw refuseField(
        'price_usd',
        `is less than $${format(BASE_VALUE)} a call, which is what a call may earn its creator`,
      )
    const details = { lot: id, calls, price_usd }
    const told = line(c, null, { action: 'account.credit', subject: { type: 'user', id: userId }, details })
    await onceBooked(() => db(env).batch([told, ...bookLot(env, lot, GRANTED)]))
    if (!(await isLotOf(env, id, userId))) throw refuseField('id', 'is the id of a lot of another account')
    return credit(env, userId, { v: 1, id, kind: 'paid', calls, unitValue })
  },
)

route(
  'POST /api/v1/admin/accounts/:userId/deposits',
  {
    summary: 'Add prepaid money for premiums, once per deposit id',
    who: operator,
    params: UserParams,
    body: z.strictObject({ id: onceId, amount_usd: dollars }),
    answer: z.object({ balance_usd: z.string() }),
  },
  async ({ c, env, params: { userId }, body: { id, amount_usd } }) => {
    const details = { deposit: id, amount_usd }
    const told = line(c, null, { action: 'account.deposit', subject: { type: 'user', id: userId }, details })
    const sum = amount(amount_usd)
    await onceBooked(() =>
      db(env).batch([told, bookBalance(env, { id: `${userId}:${id}`, userId, amount: sum }, GRANTED)]),
    )
    const { balance } = await deposit(env, userId, { v: 1, id, amount: toUnits(sum) })
    return { balance_usd: format(fromUnits(balance)) }
  },
)

route(
  'GET /api/v1/admin/accounts/:userId/quota',
  { summary: 'The figures of an account’s object', who: operator, params: UserParams, answer: Quota },
  async ({ env, params }) => quotaOf(env, params.userId),
)

route(
  'POST /api/v1/admin/accounts/:userId/keys',
  {
    summary: 'Make an API key for a user',
    description: 'The key itself is in this answer and never again.',
    who: operator,
    params: UserParams,
    body: z.strictObject({ name: plainText(1, 100) }),
    answer: z.object({ id: Id, key: z.string(), prefix: z.string(), name: z.string() }),
    status: 201,
    errors: ['userNotFound'],
  },
  async ({ c, env, params: { userId }, body: { name } }) => {
    await reach(() => line(c, null, { action: 'key.create', subject: { type: 'user', id: userId } }))
    return createKey(env, userId, { name })
  },
)

route(
  'POST /api/v1/admin/accounts',
  {
    summary: 'Invite a super admin, such as the first',
    description: 'Mails the address a link with which to choose a password. Repeatable until they have.',
    who: operator,
    body: z.strictObject({ email: Email }),
    answer: z.object({ id: Id }),
    status: 201,
    errors: ['conflict'],
  },
  async ({ c, env, body: { email } }) => ({ id: await invite(env, { email, role: 'super_admin' }, causeOf(c, null)) }),
)

route(
  'DELETE /api/v1/admin/keys/:keyId',
  {
    summary: 'Revoke a key',
    description: 'Once this has answered, no call is admitted with it.',
    who: operator,
    params: z.object({ keyId: Id }),
    errors: ['keyNotFound'],
  },
  async ({ c, env, params: { keyId } }) => {
    await reach(() => line(c, null, { action: 'key.revoke', subject: { type: 'key', id: keyId } }))
    await revokeKey(env, keyId)
  },
)

/** Books what was not booked yet: the object is told again all the same, because it may not have heard of it. */
async function onceBooked(batch: () => Promise<unknown>): Promise<void> {
  try {
    await reach(batch)
  } catch (thrown) {
    if (isForeignKeyViolation(thrown)) throw new AppError('userNotFound')
    if (!isPosted(thrown) && !isUniqueViolation(thrown)) throw thrown
  }
}

function isDollars(text: string): boolean {
  return /^\d{1,9}(\.\d{1,8})?$/.test(text) && amount(text) > 0n
}
