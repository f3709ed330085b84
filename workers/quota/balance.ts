/** The prepaid balance that premiums are taken from: deposits, less what charged calls took and what was taken back, in 10⁻⁸ dollars. */

export class Balance {
  readonly #sql: SqlStorage
  #deposited = 0
  /** Premiums of calls that have been charged and sent on. */
  #spent: number
  /** Premiums of calls that are held, or charged and not sent on yet. */
  open = 0
  /** What was taken back: a copy of what the reversals say. */
  taken = 0

  constructor(sql: SqlStorage, spent: number) {
    this.#sql = sql
    this.#spent = spent
    sql.exec('CREATE TABLE IF NOT EXISTS deposit (id TEXT PRIMARY KEY, amount INTEGER NOT NULL) WITHOUT ROWID')
    this.#deposited = sql.exec<{ sum: number }>('SELECT COALESCE(SUM(amount), 0) AS sum FROM deposit').one().sum
  }

  /** What a new premium may be taken from. */
  get available(): number {
    return this.#deposited - this.taken - this.#spent - this.open
  }

  get spent(): number {
    return this.#spent
  }

  /** Adds a deposit once per id. */
  deposit(id: string, amount: number): void {
    const { rowsWritten } = this.#sql.exec('INSERT OR IGNORE INTO deposit (id, amount) VALUES (?, ?)', id, amount)
    if (rowsWritten > 0) this.#deposited += amount
  }

  /** Moves premiums from the calls' rows to the account's own row, which the caller writes. */
  spend(premiums: number): void {
    this.open -= premiums
    this.#spent += premiums
  }
}
