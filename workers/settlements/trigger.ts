/** Settling by hand: what would be settled is shown first, and only exactly that is settled then. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { add, amount, format, subtract, ZERO, type Amount } from '../money/amount.ts'
import { expectedOf, totalsOf, type Totals } from './close.ts'
import { dayOf, dueEnd, settlesAt } from './periods.ts'
import { earners, type SettlementMessage } from './settle.ts'
import type { Bindings } from '../env.ts'

/** Settlements in one plan, and creators that are looked at for it. */
const PLANNED_MAX = 100
const LOOKED_AT_MAX = 500
const DAY_MS = 86_400_000
const FIRST = '00000000-0000-0000-0000-000000000000'
const TOKEN = /^(\d{1,17})\.([0-9a-f]{64})$/

export type Wanted = { creatorId: string | null; to: string | null }
export type Planned = Totals & { creatorId: string }
export type Plan = {
  to: string
  settlements: Planned[]
  gross: Amount
  fee: Amount
  net: Amount
  /** Whether there are no more of them than these. */
  isAll: boolean
  /** What this plan is executed by, as long as it would be the same. */
  token: string
}

/** What would be settled now: of one creator or of all, before a day, or before the end of the latest period that is due. */
export async function plan(env: Bindings, wanted: Wanted): Promise<Plan> {
  const { rows } = await reach(() =>
    db(env).execute<{ now: number }>(sql`SELECT (extract(epoch FROM now()) * 1000000)::float8 AS now`),
  )
  return planAsOf(env, wanted, Number(rows[0]?.now))
}

/** The plan of this token. Throws `settlementsChanged` if it would not be the same now. */
export async function planOf(env: Bindings, wanted: Wanted, token: string): Promise<Plan & { asOf: number }> {
  const [, asOf] = TOKEN.exec(token) ?? []
  if (asOf === undefined) throw refuseField('token', 'is not one that a dry run has given')
  const again = await planAsOf(env, wanted, Number(asOf))
  if (again.token !== token) throw new AppError('settlementsChanged')
  return { ...again, asOf: Number(asOf) }
}

/** Sends a plan on its way: each settlement is made only if it is still what the plan says. */
export async function execute(env: Bindings, { to, settlements, asOf }: Plan & { asOf: number }): Promise<void> {
  const messages = settlements.map(({ creatorId, ...totals }) => ({
    body: { version: 1, creatorId, to, asOf, expected: expectedOf(totals) } satisfies SettlementMessage,
  }))
  if (messages.length > 0) await env.SETTLEMENTS.sendBatch(messages)
}

async function planAsOf(env: Bindings, { creatorId, to: wantedTo }: Wanted, asOf: number): Promise<Plan> {
  const now = clock.now()
  const to = wantedTo ?? dueEnd(env, now)
  // Until tomorrow is until this moment: what comes later today waits, as what comes late always does.
  if (to > dayOf(now + DAY_MS)) throw refuseField('to', 'is a day that has not come yet')
  const settlements: Planned[] = []
  let isAll = true
  for await (const id of creatorId === null ? due(env, to) : [creatorId]) {
    const totals = await totalsOf(env, id, to, asOf)
    if (!totals) continue
    isAll = settlements.length < PLANNED_MAX
    if (!isAll) break
    settlements.push({ creatorId: id, ...totals })
  }
  const gross = settlements.map((one) => one.gross).reduce(add, ZERO)
  const fee = settlements.map((one) => one.fee).reduce(add, ZERO)
  const told = JSON.stringify([
    creatorId,
    to,
    asOf,
    settlements.map((one) => [one.creatorId, one.from, ...Object.values(expectedOf(one))]),
  ])
  const token = `${asOf}.${bytesToHex(sha256(new TextEncoder().encode(told)))}`
  return { to, settlements, gross, fee, net: subtract(gross, fee), isAll, token }
}

async function* due(env: Bindings, to: string): AsyncGenerator<string> {
  let after = FIRST
  for (let looked = 0; looked < LOOKED_AT_MAX;) {
    const some = await earners(env, { to, after, limit: PLANNED_MAX })
    for (const { id, isDue } of some) if (isDue) yield id
    looked += some.length
    const last = some.at(-1)
    if (!last || some.length < PLANNED_MAX) return
    after = last.id
  }
}

export type Pending = { id: string; pending: string; oldestDay: string; settlesAt: number; settlement: string | null }

/** Creators with earnings that are not posted yet, in the order of their ids, from the one after `after`. */
export async function pendingPage(env: Bindings, after: string | undefined, limit: number): Promise<Pending[]> {
  const found = await earners(env, { to: dayOf(clock.now()), after: after ?? FIRST, limit })
  const { rows } = await reach(() =>
    db(env).execute<{ id: string; pending: string; day: string; status: string | null }>(sql`
      SELECT id, coalesce(-balance, 0) AS pending,
        least((SELECT min(day) FROM earnings WHERE creator_id = one.id AND settlement_id IS NULL AND kind = 'calls'),
          (SELECT min(day) FROM earnings WHERE creator_id = one.id AND settlement_id IS NULL AND kind = 'reversal'))::text AS day,
        (SELECT status FROM settlements WHERE creator_id = one.id AND status <> 'posted') AS status
      FROM json_to_recordset(${JSON.stringify(found.map(({ id }) => ({ id })))}::json) AS one (id uuid)
        LEFT JOIN ledger_balances ON account = 'creator_pending:' || one.id
      ORDER BY id`),
  )
  return rows.map(({ id, pending, day, status }) => ({
    id,
    pending: format(amount(pending)),
    oldestDay: day,
    settlesAt: settlesAt(env, day),
    settlement: status,
  }))
}
