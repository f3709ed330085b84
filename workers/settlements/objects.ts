/**
 * Account objects and the books. An object knows of a call before the books do: the call lies in its outbox, then in a queue. So it
 * is asked first what it has, and compared an hour later, when every call of that time must have come in: what the books have
 * now, with what was booked since then put back, is what the object had.
 */
import { sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { quotaOf } from '../quota/quota.ts'
import { add, amount, format, fromUnits } from '../money/amount.ts'
import type { Bindings } from '../env.ts'
import type { Difference, Seen } from './differences.ts'

/** Objects asked in one run, and at once. */
const LOOKS = 200
const AT_ONCE = 20
/** Accounts that are passed over for it, because nothing was ever paid there. */
const USERS = 5_000
/** A call has reached the books after so long, or never will. */
const SETTLED_MS = 50 * 60_000
/** How far apart the clocks of objects, Workers and Postgres may be. */
const SKEW_MS = 5_000

type Look = {
  held: number
  /** 10⁻⁸ dollars. */
  balance: number
  lots: { id: string; remaining: number }[]
}

/** Asks some accounts with paid calls or money what they have. Gives where the next run begins, or null after the last. */
export async function look(env: Bindings, cursor: string): Promise<{ seen: Seen; next: string | null }> {
  const { rows } = await reach(() =>
    db(env).execute<{ id: string; last: string | null }>(sql`
      WITH page AS MATERIALIZED (
        SELECT id FROM users WHERE id > ${cursor || '00000000-0000-0000-0000-000000000000'}::uuid ORDER BY id LIMIT ${USERS}
      ),
      paying AS MATERIALIZED (
        SELECT id FROM page WHERE EXISTS (SELECT FROM quota_lots WHERE user_id = page.id)
          OR EXISTS (SELECT FROM ledger_balances WHERE account = 'prepaid:' || page.id)
        ORDER BY id LIMIT ${LOOKS}
      )
      SELECT id, NULL AS last FROM paying
      UNION ALL
      SELECT NULL, CASE WHEN (SELECT count(*) FROM paying) = ${LOOKS} THEN (SELECT max(id::text) FROM paying)
        WHEN (SELECT count(*) FROM page) = ${USERS} THEN (SELECT max(id::text) FROM page) END`),
  )
  const ids = rows.flatMap(({ id }) => id ?? [])
  const overdue: Difference[] = []
  const asked: string[] = []
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => lookAt(env, id)))
    for (const one of some) {
      if (!one) continue
      asked.push(`account:${one.id}`)
      if (one.overdue > 0)
        overdue.push({
          name: 'leases',
          scope: `account:${one.id}`,
          expected: '0 calls after their lease',
          found: String(one.overdue),
          freezes: null,
        })
    }
  }
  return { seen: { names: ['leases'], scopes: asked, found: overdue }, next: rows.at(-1)?.last ?? null }
}

async function lookAt(env: Bindings, id: string): Promise<{ id: string; overdue: number } | null> {
  try {
    const at = new Date(clock.now()).toISOString()
    const { held, balance, lots, overdue = 0 } = await quotaOf(env, id)
    const paid = lots.filter(({ kind }) => kind === 'paid').map((lot) => ({ id: lot.id, remaining: lot.remaining }))
    const state = JSON.stringify({ held, balance, lots: paid } satisfies Look)
    await reach(() =>
      db(env).execute(sql`
        INSERT INTO account_looks (user_id, at, state) VALUES (${id}, ${at}, ${state}::jsonb) ON CONFLICT (user_id) DO NOTHING`),
    )
    return { id, overdue }
  } catch (thrown) {
    log.warn('reconcile.account_unreachable', { account_id: id, error: describe(thrown) })
    return null
  }
}

/** What an account said of a lot, and what the books say. `ledger` null: they do not know it; `remaining` null: the account does not. */
type LotRow = {
  user_id: string
  lot: string
  held: number
  remaining: number | null
  ledger: string | null
  /** Calls that were booked since, leaving out and counting those within the skew of the clocks. */
  least: number
  most: number
}
type BalanceRow = { user_id: string; held: number; balance: string; ledger: string; least: string; most: string }

/** Compares what accounts said of themselves an hour ago with the books. */
export async function judge(env: Bindings): Promise<Seen> {
  const before = new Date(clock.now() - SETTLED_MS).toISOString()
  // Where something else than calls was booked meanwhile, such as a refund, nothing is said this time.
  const looks = sql`
    old AS MATERIALIZED (
      SELECT user_id, at, (state ->> 'held')::int AS held, (state ->> 'balance')::bigint AS balance, state -> 'lots' AS lots
      FROM account_looks WHERE at < ${before} ORDER BY at LIMIT ${LOOKS}
    ),
    others AS MATERIALIZED (
      SELECT entry.account FROM ledger_transactions t JOIN ledger_entries entry ON entry.transaction_id = t.id
      WHERE t.posted_at > (SELECT min(at) - interval '1 minute' FROM old) AND t.kind <> 'calls'
    )`
  const since = (what: string, where: string, skewMs: number) =>
    sql`(SELECT ${sql.raw(what)} FROM call_logs c WHERE ${sql.raw(where)} AND c.created_at > old.at + ${skewMs} * interval '1 millisecond')`
  const drawn = (skewMs: number) => since('count(*)::int', "c.lot_id = had.id AND c.funding = 'paid'", skewMs)
  const premiums = (skewMs: number) => since('coalesce(sum(c.premium_usd), 0)', 'c.user_id = old.user_id', skewMs)
  const [lots, balances] = await reach(() =>
    db(env).batch([
      db(env).execute<LotRow>(sql`
        WITH ${looks}
        SELECT old.user_id, had.id AS lot, old.held, had.remaining,
          CASE WHEN lot.id IS NOT NULL THEN coalesce(-b.balance, 0) / lot.unit_value_usd END::text AS ledger,
          ${drawn(SKEW_MS)} AS least, ${drawn(-SKEW_MS)} AS most
        FROM old CROSS JOIN jsonb_to_recordset(old.lots) AS had (id text, remaining int)
          LEFT JOIN quota_lots lot ON lot.id = had.id AND lot.user_id = old.user_id
          LEFT JOIN ledger_balances b ON b.account = 'lot:' || lot.id
        WHERE 'lot:' || had.id NOT IN (SELECT account FROM others)
        UNION ALL
        SELECT old.user_id, lot.id, old.held, NULL, lot.calls::text, 0, 0
        FROM old JOIN quota_lots lot ON lot.user_id = old.user_id
        WHERE 'lot:' || lot.id NOT IN (SELECT account FROM others)
          AND lot.id NOT IN (SELECT had.id FROM jsonb_to_recordset(old.lots) AS had (id text))`),
      db(env).execute<BalanceRow>(sql`
        WITH ${looks}
        SELECT old.user_id, old.held, old.balance::text AS balance, coalesce(-b.balance, 0) AS ledger,
          ${premiums(SKEW_MS)} AS least, ${premiums(-SKEW_MS)} AS most
        FROM old LEFT JOIN ledger_balances b ON b.account = 'prepaid:' || old.user_id
        WHERE 'prepaid:' || old.user_id NOT IN (SELECT account FROM others)`),
      db(env).execute(sql`DELETE FROM account_looks WHERE user_id IN (
        SELECT user_id FROM account_looks WHERE at < ${before} ORDER BY at LIMIT ${LOOKS})`),
    ]),
  )
  return {
    names: ['lot_units', 'lot_missing', 'lot_unknown', 'prepaid_balance'],
    scopes: [...lots.rows.map(({ lot }) => `lot:${lot}`), ...balances.rows.map(({ user_id }) => `account:${user_id}`)],
    found: [...lots.rows.flatMap(ofLot), ...balances.rows.flatMap(ofBalance)],
  }
}

/** At that time the books had between `ledger + least` and `ledger + most` units; the account had `remaining` and perhaps some that it held. */
function ofLot({ user_id, lot, held, remaining, ledger, least, most }: LotRow): Difference[] {
  const is = (name: string, expected: string, found: string, isMore: boolean): Difference[] => [
    { name, scope: `lot:${lot}`, expected, found, freezes: isMore ? `calls:${user_id}:${lot}` : null },
  ]
  if (remaining === null) return is('lot_missing', `${ledger} calls`, 'no such lot in the account', false)
  if (ledger === null) return is('lot_unknown', 'no such lot in the books', `${remaining} calls`, true)
  const units = Number(ledger)
  if (units + most >= remaining && units + least <= remaining + held) return []
  const found = held > 0 ? `${remaining} calls, ${held} held` : `${remaining} calls`
  return is('lot_units', `${units + least} calls`, found, remaining > units + most)
}

function ofBalance({ user_id, held, balance, ledger, least, most }: BalanceRow): Difference[] {
  const had = fromUnits(Number(balance))
  const [low, high] = [add(amount(ledger), amount(least)), add(amount(ledger), amount(most))]
  // What a running call holds of the balance is not told, only that there is one.
  if (high >= had && (held > 0 || low <= had)) return []
  return [
    {
      name: 'prepaid_balance',
      scope: `account:${user_id}`,
      expected: format(low),
      found: format(had),
      freezes: had > high ? `calls:${user_id}` : null,
    },
  ]
}
