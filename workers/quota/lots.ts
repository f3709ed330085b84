/**
 * The lots of an account: what was granted, what is spent, what was taken back. Promotional ones are drawn first, then the
 * oldest paid one; a lot that is frozen or closed is not drawn at all.
 */
import type { LotState } from './protocol.ts'

export type Lot = {
  id: string
  kind: 'paid' | 'promotional'
  calls: number
  /** Units of calls that have been charged and sent on: the part that stands in the lot's row. */
  spent: number
  /** Units of calls that are held, or charged and not sent on yet: the part that stands in the calls' rows. */
  open: number
  /** Units that were taken back, and the state that this left the lot in: copies of what the reversals say. */
  taken: number
  state: LotState
  /** In 10⁻⁸ dollars. */
  unitValue: number
}

const UNTOUCHED = { open: 0, taken: 0, state: 'active' } as const

export class Lots {
  readonly #sql: SqlStorage
  readonly #lots = new Map<string, Lot>()
  #isPaid = false

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS lot (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL, calls INTEGER NOT NULL, spent INTEGER NOT NULL, unit_value INTEGER NOT NULL,
      place INTEGER NOT NULL, CHECK (spent >= 0 AND spent <= calls)
    ) WITHOUT ROWID`)
    type Row = { id: string; kind: Lot['kind']; calls: number; spent: number; unit_value: number }
    const rows = sql.exec<Row>("SELECT id, kind, calls, spent, unit_value FROM lot ORDER BY kind = 'paid', place")
    for (const row of rows) this.#remember({ ...row, ...UNTOUCHED, unitValue: row.unit_value })
  }

  /** Adds a lot once; a lot with this id that is already there stays as it is. Says whether it was added. */
  add(lot: Pick<Lot, 'id' | 'kind' | 'calls' | 'unitValue'>): boolean {
    if (this.#lots.has(lot.id)) return false
    this.#sql.exec(
      'INSERT INTO lot (id, kind, calls, spent, unit_value, place) VALUES (?, ?, ?, 0, ?, ?)',
      lot.id,
      lot.kind,
      lot.calls,
      lot.unitValue,
      this.#lots.size,
    )
    this.#remember({ ...lot, ...UNTOUCHED, spent: 0 })
    return true
  }

  /** The lot that the next unit comes from, or undefined when nothing is left. */
  next(): Lot | undefined {
    let firstPaid: Lot | undefined
    for (const lot of this.#lots.values()) {
      if (lot.state !== 'active' || unused(lot) <= 0) continue
      if (lot.kind === 'promotional') return lot
      firstPaid ??= lot
    }
    return firstPaid
  }

  /** The lot that is drawn last of those that have units which no charged call has drawn. */
  last(): Lot | undefined {
    const withUnits = this.all().filter((lot) => lot.state === 'active' && lot.taken + lot.spent < lot.calls)
    return withUnits.findLast((lot) => lot.kind === 'paid') ?? withUnits.at(-1)
  }

  get(id: string): Lot | undefined {
    return this.#lots.get(id)
  }

  /** Moves units from the calls' rows into the lot's row. */
  spend(id: string, units: number): void {
    const lot = this.#lots.get(id)
    if (!lot) return
    lot.spent += units
    lot.open -= units
    this.#sql.exec('UPDATE lot SET spent = ? WHERE id = ?', lot.spent, id)
  }

  all(): Lot[] {
    return [...this.#lots.values()]
  }

  /** Whether the account has ever bought calls. */
  get isPaid(): boolean {
    return this.#isPaid
  }

  #remember(lot: Lot): void {
    this.#lots.set(lot.id, lot)
    if (lot.kind === 'paid') this.#isPaid = true
  }
}

/** Units that can still be admitted. */
export function remaining(lots: Lots): number {
  let units = 0
  for (const lot of lots.all()) if (lot.state === 'active') units += unused(lot)
  return units
}

/** Units of a lot that nobody has drawn or taken back, whatever state it is in. */
export function unused(lot: Lot): number {
  return lot.calls - lot.taken - lot.spent - lot.open
}
