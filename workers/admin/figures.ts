/** The platform in figures. They are counted at most twice a minute in an isolate, however many admins look. */
import { count, sql } from 'drizzle-orm'
import { agents } from '../agents/tables.ts'
import { users } from '../auth/tables.ts'
import { deadLetters } from '../base/tables.ts'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { Flights } from '../base/flights.ts'
import { REPORTS_TO_QUEUE } from '../reviews/reviews.ts'
import { reviews } from '../reviews/tables.ts'
import type { Bindings } from '../env.ts'

const COPY_MS = 30_000

type Figures = {
  /** Milliseconds since 1970. */
  measured_at: number
  users: Record<'creators' | 'developers' | 'admins' | 'suspended' | 'deleted', number>
  agents: Record<'draft' | 'active' | 'inactive', number>
  reviews_waiting: number
  dead_letters_waiting: number
}

let copy: Figures | null = null
const flights = new Flights<Figures>()

/** Accounts, agents, and what waits for somebody, as they were at most half a minute ago. Throws `storeUnavailable`. */
export async function platformFigures(env: Bindings): Promise<Figures> {
  if (copy && clock.now() - copy.measured_at < COPY_MS) return copy
  return flights.join('figures', () => read(env))
}

async function read(env: Bindings): Promise<Figures> {
  const measured_at = clock.now()
  const [people, catalogue, [queue], [dead]] = await reach(() =>
    db(env).batch([
      db(env)
        .select({ type: users.userType, status: users.status, count: count() })
        .from(users)
        .groupBy(users.userType, users.status),
      db(env).select({ status: agents.status, count: count() }).from(agents).groupBy(agents.status),
      db(env)
        .select({ count: count() })
        .from(reviews)
        .where(sql`${reviews.status} = 'pending' OR ${reviews.reports} >= ${sql.raw(String(REPORTS_TO_QUEUE))}`),
      db(env)
        .select({ count: count() })
        .from(deadLetters)
        .where(sql`${deadLetters.replayedAt} IS NULL`),
    ]),
  )
  const usersWhere = (is: (row: (typeof people)[number]) => boolean): number =>
    people.filter(is).reduce((all, row) => all + row.count, 0)
  const agentsOf = (status: string): number => catalogue.find((row) => row.status === status)?.count ?? 0
  copy = {
    measured_at,
    users: {
      creators: usersWhere(({ type, status }) => type === 'creator' && status === 'active'),
      developers: usersWhere(({ type, status }) => type === 'developer' && status === 'active'),
      admins: usersWhere(({ type, status }) => type === 'admin' && status === 'active'),
      suspended: usersWhere(({ status }) => status === 'suspended'),
      deleted: usersWhere(({ status }) => status === 'deleted'),
    },
    agents: { draft: agentsOf('draft'), active: agentsOf('active'), inactive: agentsOf('inactive') },
    reviews_waiting: queue?.count ?? 0,
    dead_letters_waiting: dead?.count ?? 0,
  }
  return copy
}
