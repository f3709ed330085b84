/**
 * Paying creators. This room owns settlements with their statements, withdrawals, and what was found to differ. It promises that
 * every dollar of revenue is settled once and paid once, to the last digit of the calls it comes from. It never pays what was
 * not settled, and never takes silence of the chain for an answer.
 *
 * States of a settlement (`settle.ts` takes the steps, `close.ts` the first of them)
 *
 *     (open lines) ──begin──▶ closing ──after the last line──▶ closed ──statement adds up──▶ computed ──ledger──▶ posted
 *                                └──corrections have left nothing──▶ (none)
 *
 *  1. A line of earnings is attributed to one settlement, once; what is left open comes to nothing or more at every rate.
 *  2. A creator has at most one settlement that is not posted. Periods are half open, meet, and do not overlap; a line that comes
 *     late falls into the next one.
 *  3. A closed settlement is the sum of its lines: gross, fee, and net as what is between them. It never changes again.
 *  4. A computed settlement's statement lists its calls and corrections, comes to the same figures, and has the hash that is kept.
 *  5. Posting moves the gross from pending to available, in the batch that changes the state. A posted settlement stays as it is.
 *
 * States of a withdrawal (`withdrawals.ts` begins it, `payouts.ts` follows the chain)
 *
 *     (asked) ─┬─▶ requested ──▶ queued ──▶ signed ──▶ broadcast ──▶ mined ──▶ safe ──▶ final
 *              │      ▲                        ▲◀── lost again ──┴──────┴────────┘
 *              └─▶ held ─┬─▶ rejected          └── proven to have failed, wherever it was ──▶ returned
 *                        └─▶ canceled
 *
 *  6. Asking reserves: the parts of settlements it is taken from, the row and the ledger's move to `payout_in_flight` are one batch.
 *  7. Of a creator's withdrawals one at most is neither paid nor over.
 *  8. It is booked as paid once, when the chain first says `safe`. Should the chain take that back it is shown as on its way again,
 *     and the books stay: the same signed transaction is sent again, and nearly always mined again. They change only if the chain
 *     proves that it failed; then what was booked is undone and the whole amount is available again.
 *  9. The whole amount comes back exactly once, and only from `held` or when failure is proven. What is not known is not failed.
 * 10. Where it was paid to was proven 72 hours before, is fixed when it is asked for, and does not change any more.
 *
 * Two who change what belongs to one creator wait for each other at the creator's row (`lockCreator`).
 */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { add, amount, subtract, type Amount } from '../money/amount.ts'
import type { Bindings } from '../env.ts'

/** What somebody has earned, before the fee: everything that was ever earned is in exactly one of the four. */
export type Earnings = {
  pending: Amount
  available: Amount
  inFlight: Amount
  paid: { gross: Amount; fee: Amount; net: Amount }
  /** All of it together, what is taken for it when it is paid, and what is left. */
  lifetime: { gross: Amount; fee: Amount; net: Amount }
  /** The first UTC day of which something is not settled. */
  oldestDay: string | null
}

/** What a creator has earned and where it is, at one moment, as the ledger has it. Throws `storeUnavailable`. */
export async function earningsOf(env: Bindings, creatorId: string): Promise<Earnings> {
  const balance = (account: string) =>
    sql`coalesce((SELECT -balance FROM ledger_balances WHERE account = ${`${account}:${creatorId}`}), 0)`
  const { rows } = await reach(() =>
    db(env).execute<
      Record<'pending' | 'available' | 'in_flight' | 'paid' | 'paid_fee' | 'fee', string> & { day: string }
    >(sql`
      SELECT ${balance('creator_pending')} AS pending, ${balance('creator_available')} AS available,
        ${balance('payout_in_flight')} AS in_flight, paid.amount AS paid, paid.fee AS paid_fee,
        settled.fee + open.fee AS fee, open.day::text AS day
      FROM (SELECT coalesce(sum(amount_usd), 0) AS amount, coalesce(sum(fee_usd), 0) AS fee FROM withdrawals
          WHERE creator_id = ${creatorId} AND paid_at IS NOT NULL AND state <> 'returned') AS paid,
        (SELECT coalesce(sum(platform_fee), 0) AS fee FROM settlements WHERE creator_id = ${creatorId}) AS settled,
        (SELECT coalesce(sum(fee_usd), 0) AS fee, min(day) AS day FROM earnings
          WHERE creator_id = ${creatorId} AND settlement_id IS NULL) AS open`),
  )
  const [row] = rows
  const of = (name: Exclude<keyof NonNullable<typeof row>, 'day'>): Amount => amount(row?.[name] ?? '0')
  const [pending, available, inFlight, fee] = [of('pending'), of('available'), of('in_flight'), of('fee')]
  const gross = [pending, available, inFlight].reduce(add, of('paid'))
  return {
    pending,
    available,
    inFlight,
    paid: { gross: of('paid'), fee: of('paid_fee'), net: subtract(of('paid'), of('paid_fee')) },
    lifetime: { gross, fee, net: subtract(gross, fee) },
    oldestDay: row?.day ?? null,
  }
}
