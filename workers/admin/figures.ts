/** The platform in figures. They are counted at most twice a minute in an isolate, however many admins look. */
import { platformFigures } from '../analytics/analytics.ts'
import { clock } from '../base/clock.ts'
import { Flights } from '../base/flights.ts'
import { format } from '../money/amount.ts'
import { REPORTS_TO_QUEUE } from '../reviews/reviews.ts'
import { countAll } from './counts.ts'
import { backlogs, type Backlog } from './queues.ts'
import type { Bindings } from '../env.ts'

const COPY_MS = 30_000
const MONTH_DAYS = 30

const people = (type: string): string => `users WHERE user_type = '${type}' AND status = 'active'`
const are = (table: string, status: string): string => `${table} WHERE status = '${status}'`

/** What is counted, by its name in the answer. */
const QUESTIONS = {
  'users.creators': people('creator'),
  'users.developers': people('developer'),
  'users.admins': people('admin'),
  'users.suspended': are('users', 'suspended'),
  'users.deleted': are('users', 'deleted'),
  'agents.draft': are('agents', 'draft'),
  'agents.active': are('agents', 'active'),
  'agents.inactive': are('agents', 'inactive'),
  'agents.archived': are('agents', 'archived'),
  reviews_waiting: `reviews WHERE status = 'pending' OR reports >= ${REPORTS_TO_QUEUE}`,
  dead_letters_waiting: 'dead_letters WHERE replayed_at IS NULL',
}

type Calls = { calls: number; successful: number; revenue_usd: string }

type Figures = {
  /** Milliseconds since 1970. */
  measured_at: number
  users: Record<'creators' | 'developers' | 'admins' | 'suspended' | 'deleted', number>
  agents: Record<'draft' | 'active' | 'inactive' | 'archived', number>
  calls: { today: Calls; last_30_days: Calls }
  reviews_waiting: number
  dead_letters_waiting: number
  queues: Backlog[]
  /** Which of the counts are estimates. */
  estimates: string[]
}

let copy: Figures | null = null
const flights = new Flights<Figures>()

/** Accounts, agents, calls, and what waits for somebody, as they were at most half a minute ago. Throws `storeUnavailable`. */
export async function dashboardFigures(env: Bindings): Promise<Figures> {
  if (copy && clock.now() - copy.measured_at < COPY_MS) return copy
  return flights.join('figures', () => read(env))
}

async function read(env: Bindings): Promise<Figures> {
  const measured_at = clock.now()
  const [counts, today, month, queues] = await Promise.all([
    countAll(env, QUESTIONS),
    callsOf(env, 1),
    callsOf(env, MONTH_DAYS),
    backlogs(env),
  ])
  const count = (name: keyof typeof QUESTIONS): number => counts[name].count
  copy = {
    measured_at,
    users: {
      creators: count('users.creators'),
      developers: count('users.developers'),
      admins: count('users.admins'),
      suspended: count('users.suspended'),
      deleted: count('users.deleted'),
    },
    agents: {
      draft: count('agents.draft'),
      active: count('agents.active'),
      inactive: count('agents.inactive'),
      archived: count('agents.archived'),
    },
    calls: { today, last_30_days: month },
    reviews_waiting: count('reviews_waiting'),
    dead_letters_waiting: count('dead_letters_waiting'),
    queues,
    estimates: Object.entries(counts).flatMap(([name, { isEstimate }]) => (isEstimate ? [name] : [])),
  }
  return copy
}

async function callsOf(env: Bindings, days: number): Promise<Calls> {
  const { calls, successful, revenue } = await platformFigures(env, days)
  return { calls, successful, revenue_usd: format(revenue) }
}
