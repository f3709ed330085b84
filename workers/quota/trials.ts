/** Trial calls: exactly three per developer and agent, running ones included. A released one is given back. */

export const TRIALS_PER_AGENT = 3

export class Trials {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(
      'CREATE TABLE IF NOT EXISTS trial (agent_id TEXT PRIMARY KEY, used INTEGER NOT NULL CHECK (used >= 0)) WITHOUT ROWID',
    )
  }

  remaining(agentId: string): number {
    const [row] = this.#sql.exec<{ used: number }>('SELECT used FROM trial WHERE agent_id = ?', agentId)
    return TRIALS_PER_AGENT - (row?.used ?? 0)
  }

  take(agentId: string): void {
    this.#sql.exec(
      'INSERT INTO trial (agent_id, used) VALUES (?, 1) ON CONFLICT (agent_id) DO UPDATE SET used = used + 1',
      agentId,
    )
  }

  giveBack(agentId: string): void {
    this.#sql.exec('UPDATE trial SET used = used - 1 WHERE agent_id = ?', agentId)
  }
}
