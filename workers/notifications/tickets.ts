/** The tickets that a live object has taken: each opens one connection, and so many in a minute are enough for anybody. */
import { TICKET_SECONDS, type Ticket } from './ticket.ts'

/** Connections opened within the life of a ticket. */
const TAKEN_MAX = 60
/** A ticket's life, and the second for which another isolate may still give one out. */
const ENDED_MS = 2 * TICKET_SECONDS * 1_000

export class Tickets {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS ticket (id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID')
    sql.exec('CREATE TABLE IF NOT EXISTS ended (session_id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID')
  }

  /** Takes a ticket that is in time, once. A taken one is remembered for as long as it would be good. */
  redeem({ jti, sid, exp }: Ticket, now: number): 'used' | 'limitReached' | null {
    this.#sql.exec('DELETE FROM ticket WHERE until <= ?', now)
    const isOver =
      this.#sql.exec('SELECT 1 FROM ticket WHERE id = ?', jti).toArray().length > 0 ||
      this.#sql.exec('SELECT 1 FROM ended WHERE session_id = ?', sid).toArray().length > 0
    if (exp * 1_000 <= now || isOver) return 'used'
    const { taken } = this.#sql.exec<{ taken: number }>('SELECT COUNT(*) AS taken FROM ticket').one()
    if (taken >= TAKEN_MAX) return 'limitReached'
    this.#sql.exec('INSERT INTO ticket (id, until) VALUES (?, ?)', jti, now + TICKET_SECONDS * 1_000)
    return null
  }

  /** Takes no ticket of these sessions any more. They are remembered for longer than a ticket that they were given is good. */
  refuse(sessionIds: string[], now: number): void {
    this.#sql.exec('DELETE FROM ended WHERE until <= ?', now)
    for (const id of sessionIds)
      this.#sql.exec('INSERT OR REPLACE INTO ended (session_id, until) VALUES (?, ?)', id, now + ENDED_MS)
  }
}
