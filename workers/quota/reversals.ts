/**
 * What was taken back of an account, because the payment it came from went back or is disputed: unused units of a lot, or
 * prepaid money. Everything about a reversal hangs on its id, so that it may be asked for again at any time.
 *
 *     (none) ──take──▶ taken ──give back──▶ undone
 *        └──────────give back──────────────▶ undone: whoever asks to take under this id later takes nothing
 *
 * Only what is free can be taken at once. What running calls hold of it is *due*: a call that is released gives what is due
 * to the reversal and not back to the lot or the balance, so that nothing comes to life again; one that is charged is
 * charged. `taken` and `due` are decided once; `late` grows from 0 up to `due` while calls end.
 *
 * A reversal may also stop its lot. Frozen for as long as it is undecided, closed for good, open again when it is undone:
 * a lot is in the strictest state that any of its reversals asks for.
 */
import type { LotState, Reversal, ReversalInput } from './protocol.ts'

type Kept = Omit<Reversal, 'isWaiting'> & {
  id: string
  /** Null: the prepaid balance. */
  lotId: string | null
  lot: LotState
  /** The calls that were running when it was asked for, and hold what is due. */
  waiting: Set<string>
}

/** A call that holds something of what is taken back, and how much: units, or 10⁻⁸ dollars. */
export type Hold = { callId: string; amount: number }

const STRICTNESS: LotState[] = ['active', 'frozen', 'closed']

export class Reversals {
  readonly #sql: SqlStorage
  readonly #byId = new Map<string, Kept>()
  #waiting = 0

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS reversal (
      id TEXT PRIMARY KEY, lot_id TEXT, taken INTEGER NOT NULL, due INTEGER NOT NULL, late INTEGER NOT NULL, lot TEXT NOT NULL,
      undone INTEGER NOT NULL, waiting TEXT NOT NULL, CHECK (taken >= 0 AND late >= 0 AND late <= due)
    ) WITHOUT ROWID`)
    type Row = {
      id: string
      lot_id: string | null
      taken: number
      due: number
      late: number
      lot: LotState
      undone: number
      waiting: string
    }
    for (const { lot_id, undone, waiting, ...row } of sql.exec<Row>('SELECT * FROM reversal'))
      this.#remember({
        ...row,
        lotId: lot_id,
        isUndone: undone === 1,
        waiting: new Set(JSON.parse(waiting) as string[]),
      })
  }

  /** Takes what is free of what is wanted, once per id; of one that is known only the state of its lot can still change. */
  take({ id, lotId, max, lot = 'active' }: ReversalInput, free: number, holds: Hold[]): Reversal {
    const known = this.#byId.get(id)
    if (known) {
      if (!known.isUndone && known.lot !== lot) this.#write({ ...known, lot })
      return this.#shown(id)
    }
    const taken = Math.min(max, Math.max(0, free))
    const owed = this.#of(lotId).reduce((sum, one) => sum + one.due - one.late, 0)
    const held = holds.reduce((sum, { amount }) => sum + amount, 0)
    const due = Math.min(max - taken, Math.max(0, held - owed))
    const waiting = new Set(due > 0 ? holds.map(({ callId }) => callId) : [])
    this.#write({ id, lotId, taken, due, late: 0, lot, isUndone: false, waiting })
    return this.#shown(id)
  }

  /** Undoes a reversal for good. Its answer says what it had taken. */
  giveBack(id: string): Reversal {
    const known = this.#byId.get(id)
    const none = { id, lotId: null, taken: 0, due: 0, late: 0, lot: 'active' as const }
    if (!known?.isUndone) this.#write({ ...(known ?? none), isUndone: true, waiting: new Set() })
    return this.#shown(id)
  }

  /** A call has ended that held one unit of a lot, or `amount` of the balance: how much of that goes to reversals. */
  end({ callId, lotId, amount, isCharged }: Hold & { lotId: string | null; isCharged: boolean }): number {
    if (this.#waiting === 0) return 0
    let left = isCharged ? 0 : amount
    for (const one of this.#of(lotId)) {
      if (!one.waiting.has(callId)) continue
      const late = Math.min(left, one.due - one.late)
      left -= late
      const waiting = one.waiting.difference(new Set([callId]))
      this.#write({ ...one, late: one.late + late, waiting })
    }
    return isCharged ? 0 : amount - left
  }

  /** What is taken back of a lot, or of the balance, at this moment. */
  takenOf(lotId: string | null): number {
    return this.#of(lotId).reduce((sum, { taken, late }) => sum + taken + late, 0)
  }

  stateOf(lotId: string): LotState {
    return this.#of(lotId).reduce<LotState>(
      (strictest, { lot }) => (STRICTNESS.indexOf(lot) > STRICTNESS.indexOf(strictest) ? lot : strictest),
      'active',
    )
  }

  /** The reversals of a lot, or of the balance, that stand. */
  #of(lotId: string | null): Kept[] {
    return [...this.#byId.values()].filter((one) => one.lotId === lotId && !one.isUndone)
  }

  #shown(id: string): Reversal {
    const { taken = 0, due = 0, late = 0, isUndone = false, waiting } = this.#byId.get(id) ?? {}
    return { taken, due, late, isUndone, isWaiting: waiting !== undefined && waiting.size > 0 }
  }

  #write(kept: Kept): void {
    this.#remember(kept)
    this.#sql.exec(
      'INSERT OR REPLACE INTO reversal (id, lot_id, taken, due, late, lot, undone, waiting) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      kept.id,
      kept.lotId,
      kept.taken,
      kept.due,
      kept.late,
      kept.lot,
      kept.isUndone ? 1 : 0,
      JSON.stringify([...kept.waiting]),
    )
  }

  #remember(kept: Kept): void {
    this.#waiting += kept.waiting.size - (this.#byId.get(kept.id)?.waiting.size ?? 0)
    this.#byId.set(kept.id, kept)
  }
}
