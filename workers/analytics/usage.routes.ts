/** The developers' figures: what their accounts have called. */
import { Hono } from 'hono'
import * as z from 'zod'
import { developer } from '../auth/auth.ts'
import { csvAnswer } from '../base/csv.ts'
import { PAGE_MAX, pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { routesOf } from '../base/route.ts'
import { Day, Id } from '../base/wire.ts'
import { format, ZERO } from '../money/amount.ts'
import type { AppContext } from '../env.ts'
import { daysOf, PeriodQuery, periodOf, ShownPeriod } from './period.ts'
import { agentsByDay, GROUPINGS, shownGroup, usageCsv, UsageGroup, usageOf, UsageTotals, type Spent } from './usage.ts'

/** Groups in a CSV. There are never more days; of agents and keys the ones called most. */
const CSV_GROUPS_MAX = 10_000
const PAGES_MAX = 1_000
const TOP_STANDARD = 5
const TOP_MAX = 20

export const usage = new Hono<AppContext>()
const route = routesOf(usage, 'Usage')

const UsageQuery = PeriodQuery.extend({
  group_by: z
    .enum(GROUPINGS)
    .default('day')
    .describe('Days come newest first, everything else by the number of calls.'),
})

route(
  'GET /api/v1/developers/usage',
  {
    summary: 'What your account has called, by page numbers',
    who: developer,
    query: UsageQuery.extend({
      page: z.coerce.number().int().min(1).max(PAGES_MAX).default(1),
      per_page: z.coerce.number().int().min(1).max(PAGE_MAX).default(20),
    }),
    answer: z.object({
      period: ShownPeriod,
      group_by: z.enum(GROUPINGS),
      totals: UsageTotals,
      items: z.array(UsageGroup),
      page: z.int(),
      per_page: z.int(),
      total: z.int().describe('Groups on all pages.'),
    }),
    until: 'v1',
    deprecated: { since: '2026-11-22', sunset: '2027-11-22', successor: '/api/v2/developers/usage' },
  },
  async ({ env, me, query: { group_by, page, per_page, ...days } }) => {
    const period = periodOf(days)
    const place = { skip: (page - 1) * per_page }
    const found = await usageOf(env, me.id, { period, groupBy: group_by, place, limit: per_page })
    const items = found.groups.map((group) => shownGroup(group_by, group))
    return { period, group_by, totals: found.totals, items, page, per_page, total: found.total }
  },
)

route(
  'GET /api/v2/developers/usage',
  {
    summary: 'What your account has called',
    who: developer,
    query: PageQuery.extend(UsageQuery.shape),
    answer: pageOf(UsageGroup).extend({
      period: ShownPeriod,
      group_by: z.enum(GROUPINGS),
      totals: UsageTotals.describe('Of the whole period, on every page.'),
    }),
  },
  async ({ env, me, query: { group_by, limit, cursor, ...days } }) => {
    const period = periodOf(days)
    const last = readCursor(cursor, CURSORS[group_by])
    const place = last ? { after: { name: last[0], calls: last[1] } } : { skip: 0 }
    const found = await usageOf(env, me.id, { period, groupBy: group_by, place, limit: limit + 1 })
    const page = toPage(found.groups, limit, ({ name, figures }) => [name, figures.calls])
    const items = page.items.map((group) => shownGroup(group_by, group))
    return { items, next_cursor: page.next_cursor, period, group_by, totals: found.totals }
  },
)

/** The name and the calls of the last group that was shown. */
const CURSORS = {
  day: z.tuple([Day, z.int()]),
  agent: z.tuple([Id, z.int()]),
  key: z.tuple([Id, z.int()]),
  status: z.tuple([z.string().max(20), z.int()]),
}

route(
  'GET /api/v1/developers/usage.csv',
  {
    summary: 'What your account has called, as CSV',
    description: `At most ${CSV_GROUPS_MAX} groups.`,
    who: developer,
    query: UsageQuery,
    produces: 'text/csv',
  },
  async ({ env, me, query: { group_by, ...days } }) => {
    const period = periodOf(days)
    const place = { skip: 0 }
    const { groups } = await usageOf(env, me.id, { period, groupBy: group_by, place, limit: CSV_GROUPS_MAX })
    return csvAnswer(`usage-by-${group_by}-${period.from}-${period.to}.csv`, usageCsv(group_by, groups))
  },
)

const Calls = z.object({ calls: z.int(), cost_usd: z.string() })

route(
  'GET /api/v1/developers/analytics',
  {
    summary: 'Your calls day by day, by the agents you called most',
    who: developer,
    query: PeriodQuery.extend({ top: z.coerce.number().int().min(1).max(TOP_MAX).default(TOP_STANDARD) }),
    answer: z.object({
      period: ShownPeriod,
      agents: z.array(Id).describe('The agents called most, in that order.'),
      days: z.array(
        z.object({
          day: Day,
          agents: z
            .array(Calls.extend({ agent_id: Id }))
            .describe('In the order of `agents`; without calls, not there.'),
          others: Calls.describe('All other agents together.'),
        }),
      ),
    }),
  },
  async ({ env, me, query: { top, ...days } }) => {
    const period = periodOf(days)
    const found = await agentsByDay(env, me.id, { period, top })
    const shown = ({ calls, cost }: Spent) => ({ calls, cost_usd: format(cost) })
    return {
      period,
      agents: found.agents,
      days: daysOf(period).map((day) => {
        const { agents, others } = found.days.get(day) ?? NOTHING
        return {
          day,
          agents: found.agents.flatMap((agent_id) => {
            const spent = agents.get(agent_id)
            return spent ? [{ agent_id, ...shown(spent) }] : []
          }),
          others: shown(others),
        }
      }),
    }
  },
)

const NOTHING = { agents: new Map<string, Spent>(), others: { calls: 0, cost: ZERO } }
