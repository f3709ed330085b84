/**
 * Telling an account that its quota runs low.
 *
 * The model. Units are drawn from promotional lots first, then from paid ones, the oldest first. The *last lot* is the last in
 * this order that has units which no charged call has taken. When charged calls take units of the lot that was the last one
 * before, its *mark* is the lowest of 50, 20, 10 and 0 that is not below what is left of it, in percent. A mark only falls.
 * Each fall is told, at least once, under an id that is made of account, lot and mark; a fall over several marks at once is
 * told as the lowest. A lot that is added later is a new last lot with marks of its own. Calls that are held, and calls that
 * cost nothing, move no mark.
 *
 * The marks are moved in the transaction that moves units from the calls' rows into the lots, once for a whole batch, and
 * have a row only while and after there is something to tell: at most four writes in the life of a lot, and four more when
 * they have been told.
 */
import type { Lot } from './lots.ts'

const MARKS = [0, 10, 20, 50] as const
/** The mark of a lot that has none. */
const FULL = 100

/** A mark that is to be told. `remaining` counts the units of all lots; `at` is when the mark fell. */
export type LowMark = { lotId: string; userId: string; percent: number; remaining: number; at: number }

type Row = { lot_id: string; user_id: string; percent: number; told: number; remaining: number; at: number }

export class LowMarks {
  readonly #sql: SqlStorage
  readonly #rows = new Map<string, Row>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS low_mark (
      lot_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, percent INTEGER NOT NULL, told INTEGER NOT NULL,
      remaining INTEGER NOT NULL, at INTEGER NOT NULL
    ) WITHOUT ROWID`)
    for (const row of sql.exec<Row>('SELECT * FROM low_mark')) this.#rows.set(row.lot_id, row)
  }

  /** Lets the mark of a lot fall to what is left of it, if it is the last one and charged calls have just taken units of it. */
  note(lot: Lot, { userId, remaining, at }: Pick<LowMark, 'userId' | 'remaining' | 'at'>): void {
    const known = this.#rows.get(lot.id)
    const left = lot.calls - lot.taken - lot.spent
    const percent = MARKS.find((mark) => left * 100 <= lot.calls * mark) ?? FULL
    if (percent >= (known?.percent ?? FULL)) return
    this.#write({ lot_id: lot.id, user_id: userId, percent, told: known?.told ?? FULL, remaining, at })
  }

  /** The marks that nobody has been told of. */
  untold(): LowMark[] {
    return [...this.#rows.values()]
      .filter((row) => row.percent < row.told)
      .map(({ lot_id, user_id, ...row }) => ({ ...row, lotId: lot_id, userId: user_id }))
  }

  /** Notes that a mark has been told. */
  markTold({ lotId, percent }: LowMark): void {
    const row = this.#rows.get(lotId)
    if (row) this.#write({ ...row, told: percent })
  }

  #write(row: Row): void {
    this.#rows.set(row.lot_id, row)
    this.#sql.exec(
      'INSERT OR REPLACE INTO low_mark (lot_id, user_id, percent, told, remaining, at) VALUES (?, ?, ?, ?, ?, ?)',
      row.lot_id,
      row.user_id,
      row.percent,
      row.told,
      row.remaining,
      row.at,
    )
  }
}
