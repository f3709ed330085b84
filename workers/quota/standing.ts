/** Whether the account may call at all. Without a row it may; a suspended one is refused every call, with whatever key. */
import type { AccountInput, Refusal } from './protocol.ts'

type State = AccountInput['state']

export class Standing {
  readonly #sql: SqlStorage
  #state: State

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS standing (one INTEGER PRIMARY KEY CHECK (one = 1), state TEXT NOT NULL)')
    const [row] = sql.exec<{ state: State }>('SELECT state FROM standing')
    this.#state = row?.state ?? 'active'
  }

  set(state: State): void {
    this.#sql.exec('INSERT OR REPLACE INTO standing (one, state) VALUES (1, ?)', state)
    this.#state = state
  }

  refusal(): Refusal | null {
    return this.#state === 'suspended' ? { why: 'accountSuspended' } : null
  }
}
