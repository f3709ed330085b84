/** What those who run the platform see and decide of settlements, withdrawals and differences. */
import { Hono, type Context } from 'hono'
import * as z from 'zod'
import { audited } from '../auth/audit.ts'
import { admin, type User } from '../auth/auth.ts'
import { reach } from '../base/db.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { Micros, pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { plainText } from '../base/text.ts'
import { Day, Id, IdParams, Moment } from '../base/wire.ts'
import { format, subtract } from '../money/amount.ts'
import { Dollars } from '../money/dollars.ts'
import { release } from './freezes.ts'
import { differenceRows, settlementRows, withdrawalRows } from './lists.ts'
import { execute, pendingPage, plan, planOf, type Plan } from './trigger.ts'
import { approve, reject, withdrawalOf, type Cause, type Withdrawal } from './withdrawals.ts'
import { advanceNow, inFull, InFull } from './withdrawals.routes.ts'
import { Place, SettlementAnswer, STATES, STATUSES, toSettlement, toWithdrawal, WithdrawalAnswer } from './wire.ts'
import type { AppContext, Bindings } from '../env.ts'

export const moneyAdminRoutes = new Hono<AppContext>()
const route = routesOf(moneyAdminRoutes, 'Administration')

/** Why something was done, for who reads the audit log later. */
const Reason = plainText(3, 500)

const PendingAnswer = z.object({
  creator_id: Id,
  pending_usd: Dollars,
  oldest_day: Day,
  settles_at: Moment.describe('When the period of the oldest day is due.'),
  settlement: z.string().nullable().describe('The status of one that is being made.'),
})

const PlanAnswer = z.object({
  dry_run: z.boolean(),
  to: Day.describe('What was earned before this day is settled.'),
  settlements: z.array(
    z.object({
      creator_id: Id,
      period_start: Day,
      period_end: Day,
      lines: z.int(),
      calls: z.int(),
      gross_usd: Dollars,
      fee_usd: Dollars,
      net_usd: Dollars,
    }),
  ),
  gross_usd: Dollars,
  fee_usd: Dollars,
  net_usd: Dollars,
  is_all: z.boolean().describe('False: there are more than one request settles. Ask again after this one.'),
  token: z.string().describe('Send it with `dry_run: false` to settle exactly this.'),
})

function toPlan({ to, settlements, gross, fee, net, isAll, token }: Plan, isDry: boolean): z.input<typeof PlanAnswer> {
  return {
    dry_run: isDry,
    to,
    settlements: settlements.map((one) => ({
      creator_id: one.creatorId,
      period_start: one.from,
      period_end: to,
      lines: one.lines,
      calls: one.calls,
      gross_usd: format(one.gross),
      fee_usd: format(one.fee),
      net_usd: format(subtract(one.gross, one.fee)),
    })),
    gross_usd: format(gross),
    fee_usd: format(fee),
    net_usd: format(net),
    is_all: isAll,
    token,
  }
}

route(
  'GET /api/v1/admin/settlements/pending',
  {
    summary: 'Creators with earnings that are not settled',
    who: admin('payments:manage'),
    query: PageQuery,
    answer: pageOf(PendingAnswer),
  },
  async ({ env, query: { limit, cursor } }) => {
    const [after] = readCursor(cursor, z.tuple([z.uuid()])) ?? []
    const { items, next_cursor } = toPage(await pendingPage(env, after, limit + 1), limit, ({ id }) => [id])
    return {
      items: items.map(({ id, pending, oldestDay, settlesAt, settlement }) => ({
        creator_id: id,
        pending_usd: pending,
        oldest_day: oldestDay,
        settles_at: settlesAt,
        settlement,
      })),
      next_cursor,
    }
  },
)

route(
  'POST /api/v1/admin/settlements/trigger',
  {
    summary: 'Settle now, whatever the usual hold',
    description:
      'Without `dry_run: false` nothing happens: the answer says what would. With it, and with the token of that answer, exactly that is settled, or nothing if it would be something else by now.',
    who: admin('payments:manage'),
    body: z.object({
      creator_id: Id.optional().describe('Left out: everybody.'),
      to: Day.optional().describe(
        'Left out: the end of the latest period whose hold is over. At most tomorrow, which is all there is now.',
      ),
      dry_run: z.boolean().default(true),
      token: z.string().max(100).optional(),
      reason: Reason.optional(),
    }),
    answer: PlanAnswer,
    errors: ['settlementsChanged'],
  },
  async ({ c, env, me, body: { creator_id, to, dry_run, token, reason } }) => {
    const wanted = { creatorId: creator_id?.toLowerCase() ?? null, to: to ?? null }
    if (dry_run) return toPlan(await plan(env, wanted), true)
    if (token === undefined) throw refuseField('token', 'is needed: the one that the dry run gave')
    if (reason === undefined) throw refuseField('reason', 'is needed, for the audit log')
    const planned = await planOf(env, wanted, token)
    const { settlements, gross } = planned
    await reach(() =>
      audited(env, {
        ...causeOf(c, me, reason),
        action: 'settlement.trigger',
        subject: { type: 'settlement', id: wanted.creatorId ?? 'all' },
        details: { to: planned.to, settlements: settlements.length, gross_usd: format(gross), token },
      }),
    )
    await execute(env, planned)
    return toPlan(planned, false)
  },
)

route(
  'GET /api/v1/admin/settlements/history',
  {
    summary: 'Settlements of everybody, newest first',
    who: admin('payments:manage'),
    query: PageQuery.extend({ creator_id: Id.optional(), status: z.enum(STATUSES).optional() }),
    answer: pageOf(SettlementAnswer.extend({ creator_id: Id })),
  },
  async ({ env, query: { limit, cursor, creator_id, status } }) => {
    const after = readCursor(cursor, Place)
    const rows = await settlementRows(env, { creatorId: creator_id, status }, { limit, after })
    const { items, next_cursor } = toPage(rows, limit, ({ place, id }) => [place, id])
    return { items: items.map((row) => ({ ...toSettlement(row), creator_id: row.creatorId })), next_cursor }
  },
)

route(
  'GET /api/v1/admin/withdrawals',
  {
    summary: 'Withdrawals of everybody, newest first',
    who: admin('payments:manage'),
    query: PageQuery.extend({ creator_id: Id.optional(), state: z.enum(STATES).optional() }),
    answer: pageOf(WithdrawalAnswer.extend({ creator_id: Id })),
  },
  async ({ env, query: { limit, cursor, creator_id, state } }) => {
    const after = readCursor(cursor, Place)
    const rows = await withdrawalRows(env, { creatorId: creator_id, state }, { limit, after })
    const { items, next_cursor } = toPage(rows, limit, ({ place, id }) => [place, id])
    return { items: items.map((row) => ({ ...toWithdrawal(row), creator_id: row.creatorId })), next_cursor }
  },
)

const AdminInFull = InFull.extend({ creator_id: Id })

route(
  'GET /api/v1/admin/withdrawals/:id',
  {
    summary: 'A withdrawal, with every state it was in',
    who: admin('payments:manage'),
    params: IdParams,
    answer: AdminInFull,
    errors: ['notFound'],
  },
  async ({ env, params: { id } }) => shown(env, id),
)

route(
  'POST /api/v1/admin/withdrawals/:id/approve',
  {
    summary: 'Let a withdrawal go that is held for review',
    who: admin('payments:manage'),
    params: IdParams,
    body: z.object({ reason: Reason }),
    answer: AdminInFull,
    errors: ['notFound', 'conflict'],
  },
  async ({ c, env, me, params: { id }, body: { reason } }) => {
    await someoneElses(env, me, id)
    await approve(env, id, causeOf(c, me, reason))
    await advanceNow(env, id)
    return shown(env, id)
  },
)

route(
  'POST /api/v1/admin/withdrawals/:id/reject',
  {
    summary: 'Refuse a withdrawal that is held for review',
    description: 'The whole amount is available to its creator again, who reads the reason.',
    who: admin('payments:manage'),
    params: IdParams,
    body: z.object({ reason: Reason }),
    answer: AdminInFull,
    errors: ['notFound', 'conflict'],
  },
  async ({ c, env, me, params: { id }, body: { reason } }) => {
    await reject(env, await someoneElses(env, me, id), causeOf(c, me, reason))
    await advanceNow(env, id)
    return shown(env, id)
  },
)

route(
  'GET /api/v1/admin/differences',
  {
    summary: 'Where the books, the accounts, the payment services and the chain do not agree',
    description:
      'Looked for every hour. `freezes` says what stands still while it is there: `withdrawals`, or `withdrawals:` with the creator they are of; `calls:` with an account, and one lot of it or all that it has bought, once it was seen twice.',
    who: admin('payments:manage'),
    query: PageQuery.extend({
      open: z.enum(['true', 'false']).default('true').describe('Only those that are still there.'),
    }),
    answer: pageOf(
      z.object({
        name: z.string(),
        scope: z.string(),
        expected: z.string(),
        found: z.string(),
        freezes: z.string().nullable(),
        first_seen: Moment,
        last_seen: Moment,
        resolved_at: Moment.nullable(),
        released_at: Moment.nullable().describe('When an admin let go what it had stopped.'),
      }),
    ),
  },
  async ({ env, query: { limit, cursor, open } }) => {
    const after = readCursor(cursor, z.tuple([Micros, z.string(), z.string()]))
    const rows = await differenceRows(env, { isOpen: open === 'true' }, { limit, after })
    return toPage(rows, limit, ({ place, name, scope }) => [place, name, scope])
  },
)

route(
  'POST /api/v1/admin/differences/release',
  {
    summary: 'Let go what a difference has stopped, although it is still there',
    description:
      'What is resolved lets go by itself. The difference stays listed until it is gone; if it comes back after that, it stops again what it stopped.',
    who: admin('payments:manage'),
    body: z.object({ name: z.string().min(1).max(60), scope: z.string().min(1).max(160), reason: Reason }),
    errors: ['notFound'],
  },
  async ({ c, env, me, body: { name, scope, reason } }) => release(env, { name, scope }, causeOf(c, me, reason)),
)

async function shown(env: Bindings, id: string): Promise<z.input<typeof AdminInFull>> {
  const withdrawal = await withdrawalOf(env, id)
  if (!withdrawal) throw new AppError('notFound')
  return { ...(await inFull(env, withdrawal)), creator_id: withdrawal.creatorId }
}

/** Nobody decides on what they asked for themselves. */
async function someoneElses(env: Bindings, me: User, id: string): Promise<Withdrawal> {
  const withdrawal = await withdrawalOf(env, id)
  if (!withdrawal) throw new AppError('notFound')
  if (withdrawal.creatorId === me.id) throw new AppError('forbidden')
  return withdrawal
}

function causeOf(c: Context<AppContext>, actor: User, reason: string): Cause & { requestId: string } {
  return { actor, requestId: c.var.requestId, reason }
}
