/**
 * Idempotency keys of an account. A key is claimed by a call at admission; a charged call keeps it for 24 hours together
 * with its answer, a released one gives it back, so that a call that cost nothing may be tried again.
 */
import { KEPT_CHARS_MAX, type KeptResponse } from './protocol.ts'

const KEEP_MS = 24 * 3_600_000
/** How many expired keys one sweep removes. */
const SWEEP_MAX = 500

export type Claim =
  | { state: 'free' }
  | { state: 'mismatch' }
  | { state: 'running'; callId: string }
  | { state: 'kept'; response: KeptResponse }
  | { state: 'not-kept' }

type Row = {
  fingerprint: string
  call_id: string
  is_done: number
  content_type: string | null
  body: string | null
  expires_at: number | null
}

export class IdempotencyKeys {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS idempotency (
      key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, call_id TEXT NOT NULL, is_done INTEGER NOT NULL, content_type TEXT, body TEXT, expires_at INTEGER
    ) WITHOUT ROWID`)
  }

  look(key: string, fingerprint: string, now: number): Claim {
    const [row] = this.#sql.exec<Row>('SELECT * FROM idempotency WHERE key = ?', key)
    if (!row || (row.expires_at !== null && row.expires_at <= now)) return { state: 'free' }
    if (row.fingerprint !== fingerprint) return { state: 'mismatch' }
    if (!row.is_done) return { state: 'running', callId: row.call_id }
    if (row.body === null || row.content_type === null) return { state: 'not-kept' }
    return { state: 'kept', response: { contentType: row.content_type, body: row.body, callId: row.call_id } }
  }

  claim(key: string, fingerprint: string, callId: string): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO idempotency (key, fingerprint, call_id, is_done) VALUES (?, ?, ?, 0)',
      key,
      fingerprint,
      callId,
    )
  }

  /** Keeps the answer of a charged call. Returns when it may be forgotten. */
  keep(key: string, response: Omit<KeptResponse, 'callId'> | undefined, now: number): number {
    const expiresAt = now + KEEP_MS
    const isSmall = response && response.body.length <= KEPT_CHARS_MAX
    this.#sql.exec(
      'UPDATE idempotency SET is_done = 1, content_type = ?, body = ?, expires_at = ? WHERE key = ?',
      isSmall ? response.contentType : null,
      isSmall ? response.body : null,
      expiresAt,
      key,
    )
    return expiresAt
  }

  giveBack(key: string): void {
    this.#sql.exec('DELETE FROM idempotency WHERE key = ?', key)
  }

  /** Removes what has expired. */
  sweep(now: number): void {
    this.#sql.exec(
      'DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE expires_at <= ? LIMIT ?)',
      now,
      SWEEP_MAX,
    )
  }

  /** When the next answer expires, or Infinity. */
  nextExpiry(): number {
    const [row] = this.#sql.exec<{ first: number | null }>('SELECT MIN(expires_at) AS first FROM idempotency')
    return row?.first ?? Infinity
  }
}
