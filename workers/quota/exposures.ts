/**
 * The drip budget: which parts of which agent's prompt have reached this account in matches too short to block, over a
 * rolling day. Rows exist only for the rare answers that let such a match through.
 */
import type { ExposedRange } from './protocol.ts'

const REMEMBER_MS = 24 * 3_600_000
/** More ranges than this are joined into one that covers them all: the budget is long used up by then. */
const RANGES_MAX = 64

type Exposed = { since: number; ranges: ExposedRange[] }

export class Exposures {
  readonly #sql: SqlStorage
  readonly #byAgent = new Map<string, Exposed>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(
      'CREATE TABLE IF NOT EXISTS exposure (agent TEXT PRIMARY KEY, since INTEGER NOT NULL, ranges TEXT NOT NULL) WITHOUT ROWID',
    )
    for (const row of sql.exec<{ agent: string; since: number; ranges: string }>(
      'SELECT agent, since, ranges FROM exposure',
    ))
      this.#byAgent.set(row.agent, { since: row.since, ranges: JSON.parse(row.ranges) as ExposedRange[] })
  }

  /** What has been let through of this version of the agent since the day began that the first match began. */
  of(agentId: string, version: number, now: number): ExposedRange[] {
    const exposed = this.#byAgent.get(`${agentId}:${version}`)
    return exposed && exposed.since + REMEMBER_MS > now ? exposed.ranges : []
  }

  add(agentId: string, version: number, ranges: ExposedRange[], now: number): void {
    if (ranges.length === 0) return
    const agent = `${agentId}:${version}`
    const before = this.of(agentId, version, now)
    const since = before.length > 0 ? (this.#byAgent.get(agent)?.since ?? now) : now
    const joined = join([...before, ...ranges])
    this.#sql.exec(
      'INSERT OR REPLACE INTO exposure (agent, since, ranges) VALUES (?, ?, ?)',
      agent,
      since,
      JSON.stringify(joined),
    )
    this.#byAgent.set(agent, { since, ranges: joined })
  }
}

/** The union of ranges, in rising order. */
function join(ranges: ExposedRange[]): ExposedRange[] {
  const joined: ExposedRange[] = []
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else joined.push({ ...range })
  }
  const [first] = joined
  const last = joined.at(-1)
  return joined.length > RANGES_MAX && first && last ? [{ start: first.start, end: last.end }] : joined
}
