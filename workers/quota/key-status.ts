/**
 * What the account knows of its keys. A key without a row is active and free of limits: who holds it was settled when its
 * hash was found. Caps count admissions per UTC day, week (from Monday) and month; a released call is given back.
 */
import type { CapPeriod, CapUsage, KeyInput, Refusal } from './protocol.ts'

type KeyStatus = Omit<KeyInput, 'v'>

const PERIODS: readonly CapPeriod[] = ['day', 'week', 'month']
const DAY_MS = 86_400_000

export class KeyStatuses {
  readonly #sql: SqlStorage
  readonly #keys = new Map<string, KeyStatus>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS key (id TEXT PRIMARY KEY, status TEXT NOT NULL) WITHOUT ROWID')
    sql.exec(`CREATE TABLE IF NOT EXISTS key_usage (
      key_id TEXT NOT NULL, period TEXT NOT NULL, starts_at INTEGER NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (key_id, period)
    ) WITHOUT ROWID`)
    for (const row of sql.exec<{ id: string; status: string }>('SELECT id, status FROM key'))
      this.#keys.set(row.id, JSON.parse(row.status) as KeyStatus)
  }

  /** Replaces what is known of a key, unless that is newer. A revoked key stays revoked. */
  set({ v: _, ...status }: KeyInput): void {
    const known = this.#keys.get(status.keyId)
    const isOld = status.revision !== undefined && (known?.revision ?? -1) > status.revision
    if (isOld && status.state !== 'revoked') return
    const state = known?.state === 'revoked' ? 'revoked' : status.state
    const kept = { ...status, state }
    this.#sql.exec('INSERT OR REPLACE INTO key (id, status) VALUES (?, ?)', kept.keyId, JSON.stringify(kept))
    this.#keys.set(kept.keyId, kept)
  }

  /** Why this key may not call this agent now, or null. */
  refusal(keyId: string, agentId: string, now: number): Refusal | null {
    if (this.isOver(keyId, now)) return { why: 'keyRevoked' }
    const agentIds = this.#keys.get(keyId)?.agentIds
    return agentIds && !agentIds.includes(agentId) ? { why: 'keyRestricted' } : null
  }

  /** Whether this key was revoked, or has expired. */
  isOver(keyId: string, now: number): boolean {
    const key = this.#keys.get(keyId)
    return key?.state === 'revoked' || (key?.expiresAt != null && key.expiresAt <= now)
  }

  /** Which cap of this key is reached, or null. */
  capRefusal(keyId: string, now: number): Refusal | null {
    for (const { period, cap } of this.#caps(keyId)) {
      const start = periodStart(period, now)
      if (this.#used(keyId, period, start) < cap) continue
      return { why: 'keyCapReached', cap, period, retryAfterMs: periodEnd(period, start) - now }
    }
    return null
  }

  /** Counts an admission (`units` 1) or gives one back (-1), in the periods to which `admittedAt` belongs. */
  count(keyId: string, admittedAt: number, units: 1 | -1): void {
    for (const { period } of this.#caps(keyId)) {
      const start = periodStart(period, admittedAt)
      const used = this.#used(keyId, period, start) + units
      if (used < 0) continue
      this.#sql.exec(
        'INSERT OR REPLACE INTO key_usage (key_id, period, starts_at, used) VALUES (?, ?, ?, ?)',
        keyId,
        period,
        start,
        used,
      )
    }
  }

  /** How far the caps of keys that are not revoked are used in the periods that run now. */
  usage(now: number): { keyId: string; caps: CapUsage[] }[] {
    return [...this.#keys.values()].flatMap(({ keyId, state }) => {
      const caps = this.#caps(keyId).map(({ period, cap }) => {
        const start = periodStart(period, now)
        return { period, cap, used: this.#used(keyId, period, start), resetMs: periodEnd(period, start) - now }
      })
      return state === 'revoked' || caps.length === 0 ? [] : [{ keyId, caps }]
    })
  }

  #caps(keyId: string): { period: CapPeriod; cap: number }[] {
    const caps = this.#keys.get(keyId)?.caps
    if (!caps) return []
    return PERIODS.flatMap((period) => (caps[period] === undefined ? [] : [{ period, cap: caps[period] }]))
  }

  #used(keyId: string, period: CapPeriod, start: number): number {
    const [row] = this.#sql.exec<{ starts_at: number; used: number }>(
      'SELECT starts_at, used FROM key_usage WHERE key_id = ? AND period = ?',
      keyId,
      period,
    )
    return row && row.starts_at === start ? row.used : 0
  }
}

function periodStart(period: CapPeriod, now: number): number {
  const day = Math.floor(now / DAY_MS) * DAY_MS
  if (period === 'day') return day
  const date = new Date(day)
  if (period === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
  return day - ((date.getUTCDay() + 6) % 7) * DAY_MS
}

function periodEnd(period: CapPeriod, start: number): number {
  if (period === 'day') return start + DAY_MS
  if (period === 'week') return start + 7 * DAY_MS
  const date = new Date(start)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}
