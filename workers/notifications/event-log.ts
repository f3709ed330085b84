/**
 * The last events of a user, numbered in the order in which they came, as the live object keeps them. Numbers increase
 * for ever: the newest event is never removed, and what is added later counts on from it.
 *
 * A log falls asleep when nobody has looked for longer than it keeps anything. Then it takes nothing, which costs
 * nothing, and skips one number: whoever comes back with an older one learns that something was missed.
 */
import { eventFrame, FRAME_CHARS_MAX, type LiveEvent } from './live-protocol.ts'

export const EVENTS_KEPT = 500
export const KEPT_MS = 24 * 3_600_000

export type Numbered = { seq: number; frame: string }

type StateRow = { skipped_to: number; asleep: number; left_at: number | null }

export class EventLog {
  readonly #sql: SqlStorage
  /** The number of the newest event, or one that was skipped after it. */
  #last: number
  /** The oldest number from which one can go on without missing anything. */
  #floor: number
  #asleep: boolean
  /** When the last window went, or null while there is one. */
  #leftAt: number | null

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS event (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, pushed_at INTEGER NOT NULL, frame TEXT NOT NULL
    )`)
    sql.exec(`CREATE TABLE IF NOT EXISTS log (
      one INTEGER PRIMARY KEY CHECK (one = 1), skipped_to INTEGER NOT NULL, asleep INTEGER NOT NULL, left_at INTEGER
    )`)
    const [state] = sql.exec<StateRow>('SELECT skipped_to, asleep, left_at FROM log').toArray()
    const { first, last } = sql
      .exec<{ first: number | null; last: number | null }>('SELECT MIN(seq) AS first, MAX(seq) AS last FROM event')
      .one()
    this.#last = Math.max(last ?? 0, state?.skipped_to ?? 0)
    this.#floor = first === null ? this.#last : first - 1
    this.#asleep = state === undefined || state.asleep === 1
    this.#leftAt = state?.left_at ?? null
  }

  get last(): number {
    return this.#last
  }

  /** Notes that a window is open: from here on events are kept. */
  open(): void {
    if (!this.#asleep && this.#leftAt === null) return
    this.#asleep = false
    this.#leftAt = null
    this.#writeState()
  }

  /** Notes that no window is open any more. */
  leave(now: number): void {
    if (this.#asleep || this.#leftAt !== null) return
    this.#leftAt = now
    this.#writeState()
  }

  /** Adds events that are not there yet; gives those that were, numbered. */
  add(events: LiveEvent[], now: number): Numbered[] {
    if (this.#leftAt !== null && this.#leftAt + KEPT_MS <= now) this.#fallAsleep()
    if (this.#asleep) return []
    const added: Numbered[] = []
    for (const event of events) {
      const seq = this.#last + 1
      const frame = eventFrame(seq, event)
      if (frame.length > FRAME_CHARS_MAX || this.#has(event.id)) continue
      this.#sql.exec('INSERT INTO event (seq, id, pushed_at, frame) VALUES (?, ?, ?, ?)', seq, event.id, now, frame)
      this.#last = seq
      added.push({ seq, frame })
    }
    if (added.length > 0) this.trim(now)
    return added
  }

  /** Everything after `seq` in order, or null if some of that is not kept any more, or `seq` is not one of ours. */
  after(seq: number): Numbered[] | null {
    if (seq < this.#floor || seq > this.#last) return null
    return this.#sql.exec<Numbered>('SELECT seq, frame FROM event WHERE seq > ? ORDER BY seq', seq).toArray()
  }

  /** Removes what is too much or too old, all but the newest event. */
  trim(now: number): void {
    const oldest = Math.max(this.#last - EVENTS_KEPT, this.#newestOlderThan(now - KEPT_MS))
    const floor = Math.min(oldest, this.#last - 1)
    if (floor <= this.#floor) return
    this.#sql.exec('DELETE FROM event WHERE seq <= ?', floor)
    this.#floor = floor
  }

  #has(id: string): boolean {
    return this.#sql.exec('SELECT 1 FROM event WHERE id = ?', id).toArray().length > 0
  }

  /** Events are in the order of their coming, so from the oldest on one looks only at those that go. */
  #newestOlderThan(time: number): number {
    let seq = 0
    for (const row of this.#sql.exec<{ seq: number; pushed_at: number }>(
      'SELECT seq, pushed_at FROM event ORDER BY seq',
    )) {
      if (row.pushed_at > time) break
      seq = row.seq
    }
    return seq
  }

  #fallAsleep(): void {
    this.#sql.exec('DELETE FROM event')
    this.#last++
    this.#floor = this.#last
    this.#asleep = true
    this.#writeState()
  }

  #writeState(): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO log (one, skipped_to, asleep, left_at) VALUES (1, ?, ?, ?)',
      // Read only while there are no events; then the number counts on from here.
      this.#last,
      this.#asleep ? 1 : 0,
      this.#leftAt,
    )
  }
}
