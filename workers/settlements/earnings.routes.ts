/** What creators have earned, and the settlements of it with their statements. */
import { Hono } from 'hono'
import * as z from 'zod'
import { creator } from '../auth/auth.ts'
import { AppError } from '../base/errors.ts'
import { pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { IdParams, Moment } from '../base/wire.ts'
import { format } from '../money/amount.ts'
import { Dollars } from '../money/dollars.ts'
import { settlementDetails, settlementOf, settlementRows } from './lists.ts'
import { settlesAt } from './periods.ts'
import { earningsOf } from './settlements.ts'
import { statementAnswer } from './download.ts'
import { Place, SettlementAnswer, toSettlement } from './wire.ts'
import { withdrawable } from './allocate.ts'
import { partsOf, payableFrom } from './withdrawals.ts'
import type { AppContext } from '../env.ts'

export const earningsRoutes = new Hono<AppContext>()
const route = routesOf(
  earningsRoutes,
  'Earnings',
  'What your agents have earned, when it is settled, and how it is paid out. Amounts are before the fee unless they say `net`; the fee is taken once, when a withdrawal is paid.',
)

const Three = z.object({ gross_usd: Dollars, fee_usd: Dollars, net_usd: Dollars })

const EarningsAnswer = z.object({
  pending_usd: Dollars.describe('Earned, and not settled yet.'),
  available_usd: Dollars.describe('Settled, and not withdrawn yet.'),
  withdrawable_usd: Dollars.describe('The most that a withdrawal can be of at this moment: whole cents.'),
  payable_from: Moment.nullable().describe('From when your wallet may be paid. Null: you have none.'),
  in_flight_usd: Dollars.describe('Asked to be paid out, and on its way.'),
  paid_out: Three,
  lifetime: Three.describe('All of it together.'),
  next_settlement_at: Moment.nullable().describe('When the oldest of what is pending is due. Null: nothing is.'),
})

const WithDetails = SettlementAnswer.extend({
  corrections_usd: Dollars.describe(
    'What refunds and disputes took back before it was settled; `gross_usd` is without it.',
  ),
  parts: z.array(z.object({ fee_percent: z.int(), gross_usd: Dollars, withdrawn_usd: Dollars })),
})

route(
  'GET /api/v1/creators/me/earnings',
  { summary: 'What you have earned, and where it is', who: creator, answer: EarningsAnswer },
  async ({ env, me }) => {
    const [earnings, parts, payableAt] = await Promise.all([
      earningsOf(env, me.id),
      partsOf(env, me.id),
      payableFrom(env, me.id),
    ])
    const { pending, available, inFlight, paid, lifetime, oldestDay } = earnings
    const three = ({ gross, fee, net }: typeof paid) => ({
      gross_usd: format(gross),
      fee_usd: format(fee),
      net_usd: format(net),
    })
    return {
      pending_usd: format(pending),
      available_usd: format(available),
      withdrawable_usd: format(withdrawable(parts)),
      payable_from: payableAt,
      in_flight_usd: format(inFlight),
      paid_out: three(paid),
      lifetime: three(lifetime),
      next_settlement_at: oldestDay === null ? null : settlesAt(env, oldestDay),
    }
  },
)

route(
  'GET /api/v1/creators/me/settlements',
  { summary: 'Your settlements, newest first', who: creator, query: PageQuery, answer: pageOf(SettlementAnswer) },
  async ({ env, me, query: { limit, cursor } }) => {
    const rows = await settlementRows(env, { creatorId: me.id }, { limit, after: readCursor(cursor, Place) })
    const { items, next_cursor } = toPage(rows, limit, ({ place, id }) => [place, id])
    return { items: items.map(toSettlement), next_cursor }
  },
)

route(
  'GET /api/v1/creators/me/settlements/:id',
  { summary: 'A settlement', who: creator, params: IdParams, answer: WithDetails, errors: ['notFound'] },
  async ({ env, me, params: { id } }) => {
    const settlement = await settlementOf(env, me.id, id)
    if (!settlement) throw new AppError('notFound')
    const { parts, corrections } = await settlementDetails(env, id)
    return {
      ...toSettlement(settlement),
      corrections_usd: corrections,
      parts: parts.map(({ feePercent, grossUsd, withdrawnUsd }) => ({
        fee_percent: feePercent,
        gross_usd: grossUsd,
        withdrawn_usd: withdrawnUsd,
      })),
    }
  },
)

route(
  'GET /api/v1/creators/me/settlements/:id/statement.csv',
  {
    summary: 'The statement of a settlement: every call that it pays for',
    description:
      'One line a call, one for each correction, and a last one with what they come to. The bytes never change; `Repr-Digest` and the settlement itself have their SHA-256.',
    who: creator,
    params: IdParams,
    produces: 'text/csv',
    errors: ['notFound', 'conflict'],
  },
  async ({ env, me, params: { id } }) => {
    const settlement = await settlementOf(env, me.id, id)
    if (!settlement) throw new AppError('notFound')
    return statementAnswer(env, settlement)
  },
)
