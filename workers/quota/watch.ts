/**
 * Whether somebody watches an account's calls, and showing these to them. A window that is open says so once a minute; an
 * account that nobody watches does nothing of this, and its calls cost nothing more.
 */
import { describe, log } from '../base/log.ts'
import { within } from '../base/within.ts'
import { pushLive } from '../notifications/notifications.ts'
import { callEvent } from './call-event.ts'
import type { Bindings } from '../env.ts'
import type { CallLog } from './call-log.ts'

/** How long a settled call waits for others while somebody watches: short beside the second within which they see it. */
const LINGER_MS = 150
/** However long somebody says that they will watch. */
const WATCH_MS_MAX = 300_000
/** What is shown in vain must not hold up the log. */
const SHOW_MS = 1_000

export class Watch {
  readonly #sql: SqlStorage
  readonly #env: Bindings
  #until: number

  constructor(sql: SqlStorage, env: Bindings) {
    this.#sql = sql
    this.#env = env
    sql.exec('CREATE TABLE IF NOT EXISTS watch (one INTEGER PRIMARY KEY CHECK (one = 1), until INTEGER NOT NULL)')
    this.#until = sql.exec<{ until: number }>('SELECT until FROM watch').toArray()[0]?.until ?? 0
  }

  isOn(now: number): boolean {
    return this.#until > now
  }

  set(until: number, now: number): void {
    this.#until = Math.min(until, now + WATCH_MS_MAX)
    this.#sql.exec('INSERT OR REPLACE INTO watch (one, until) VALUES (1, ?)', this.#until)
  }

  /** How long a settled call waits for others, where `usualMs` is usual. */
  lingerMs(now: number, usualMs: number): number {
    return this.isOn(now) ? Math.min(LINGER_MS, usualMs) : usualMs
  }

  /** Shows settled calls to whoever watches. Never throws: the log is the truth, and this only a glance at it. */
  async show(accountId: string, logs: CallLog[], now: number): Promise<void> {
    if (!this.isOn(now)) return
    try {
      await within(SHOW_MS, pushLive(this.#env, accountId, logs.map(callEvent)))
    } catch (thrown) {
      log.warn('quota.not_shown', { account_id: accountId, error: describe(thrown) })
    }
  }
}
