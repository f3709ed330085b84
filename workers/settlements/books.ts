/** What the books say twice must be the same: balances and entries, the ledger and this room's rows. */
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { amount, format, ZERO } from '../money/amount.ts'
import type { Bindings } from '../env.ts'
import type { Difference, Freezes, Seen } from './differences.ts'

const ACCOUNTS = 500
/** What an account with more entries comes to follows from all the others and the trial balance. */
const ENTRIES_MAX = 100_000
const USERS = 1_000
const ROWS = 1_000
/** What has not gone on for so long has a reason that somebody should know. */
const SETTLEMENT_HOURS = 24
const WITHDRAWAL_HOURS = 1

/** A part of a check that takes many parts: where the next one begins, or null after the last. */
export type Part = { seen: Seen; next: string | null }

/** Everything that there is and everything that is owed come to nothing. */
export async function trialBalance(env: Bindings): Promise<Seen> {
  const { rows } = await reach(() =>
    db(env).execute<{ sum: string }>(sql`SELECT coalesce(sum(balance), 0) AS sum FROM ledger_balances`),
  )
  const sum = amount(rows[0]?.sum ?? '0')
  const found: Difference[] =
    sum === ZERO
      ? []
      : [{ name: 'trial_balance', scope: 'ledger', expected: '0.00', found: format(sum), freezes: 'withdrawals' }]
  return { names: ['trial_balance'], scopes: null, found }
}

/** The balances of some accounts are the sums of their entries. */
export async function balancesPart(env: Bindings, cursor: string): Promise<Part> {
  const { rows } = await reach(() =>
    db(env).execute<{ account: string; balance: string; sum: string; is_all: boolean }>(sql`
      SELECT account, balance, entries.sum, entries.count <= ${ENTRIES_MAX} AS is_all
      FROM (SELECT * FROM ledger_balances WHERE account > ${cursor} ORDER BY account LIMIT ${ACCOUNTS}) AS page,
        LATERAL (
          SELECT coalesce(sum(amount), 0) AS sum, count(*) AS count
          FROM (SELECT amount FROM ledger_entries WHERE ledger_entries.account = page.account LIMIT ${ENTRIES_MAX + 1}) AS first
        ) AS entries
      ORDER BY account`),
  )
  const found = rows
    .filter(({ balance, sum, is_all }) => is_all && amount(balance) !== amount(sum))
    .map(({ account, balance, sum }) => ({
      name: 'balance',
      scope: `account:${account}`,
      expected: format(amount(sum)),
      found: format(amount(balance)),
      freezes: frozenBy(account),
    }))
  const scopes = rows.map(({ account }) => `account:${account}`)
  return { seen: { names: ['balance'], scopes, found }, next: rows[ACCOUNTS - 1]?.account ?? null }
}

function frozenBy(account: string): Freezes | null {
  const [kind = '', id = ''] = account.split(':')
  return /^(creator_|payout_)/.test(kind) ? `withdrawals:${id}` : null
}

type CreatorRow = { last: string | null; id: string | null } & Record<
  'pending' | 'open' | 'available' | 'left' | 'in_flight' | 'running' | 'withdrawn' | 'taken' | 'lowest',
  string
>

/**
 * Of some creators: what is pending is what lies in open lines and unposted settlements, what is available is what is left of posted
 * ones, what is in flight is what running withdrawals asked for, and these took what parts of settlements say.
 */
export async function creatorsPart(env: Bindings, cursor: string): Promise<Part> {
  const balance = (kind: string) =>
    sql`coalesce((SELECT -balance FROM ledger_balances WHERE account = ${`${kind}:`} || id), 0)`
  const sumOf = (what: string, from: string) => sql.raw(`coalesce((SELECT sum(${what}) FROM ${from}), 0)`)
  const { rows } = await reach(() =>
    db(env).execute<CreatorRow>(sql`
      WITH page AS MATERIALIZED (
        SELECT id, user_type FROM users WHERE id > ${cursor || FIRST}::uuid ORDER BY id LIMIT ${USERS}
      )
      SELECT (SELECT CASE WHEN count(*) = ${USERS} THEN max(id::text) END FROM page) AS last, id, ${balance('creator_pending')} AS pending,
        ${sumOf('revenue_usd', 'earnings WHERE creator_id = page.id AND settlement_id IS NULL')}
          + ${sumOf('amount', "settlements WHERE creator_id = page.id AND status <> 'posted'")} AS open,
        ${balance('creator_available')} AS available,
        ${sumOf('gross_usd - withdrawn_usd', "settlement_parts p JOIN settlements s ON s.id = p.settlement_id WHERE p.creator_id = page.id AND s.status = 'posted'")} AS left,
        ${balance('payout_in_flight')} AS in_flight,
        ${sumOf('amount_usd', 'withdrawals WHERE creator_id = page.id AND paid_at IS NULL AND ended_at IS NULL')} AS running,
        ${sumOf('withdrawn_usd', 'settlement_parts WHERE creator_id = page.id')} AS withdrawn,
        ${sumOf('p.amount_usd', "withdrawals w JOIN withdrawal_parts p ON p.withdrawal_id = w.id WHERE w.creator_id = page.id AND w.state NOT IN ('returned', 'rejected', 'canceled')")} AS taken,
        coalesce((SELECT min(sum) FROM (SELECT sum(revenue_usd) FROM earnings
          WHERE creator_id = page.id AND settlement_id IS NULL GROUP BY fee_percent) AS rates), 0) AS lowest
      FROM page WHERE user_type = 'creator'
      UNION ALL SELECT CASE WHEN count(*) = ${USERS} THEN max(id::text) END, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM page`),
  )
  const creators = rows.filter((row): row is CreatorRow & { id: string } => row.id !== null)
  const found = creators.flatMap((row) => [
    ...differing('creator_pending', row.id, row.open, row.pending),
    ...differing('creator_available', row.id, row.left, row.available),
    ...differing('payout_in_flight', row.id, row.running, row.in_flight),
    ...differing('settlement_parts', row.id, row.taken, row.withdrawn),
    ...(amount(row.lowest) < ZERO ? differing('open_earnings', row.id, '0', row.lowest) : []),
  ])
  const names = ['creator_pending', 'creator_available', 'payout_in_flight', 'settlement_parts', 'open_earnings']
  const scopes = creators.map(({ id }) => `creator:${id}`)
  return { seen: { names, scopes, found }, next: rows[0]?.last ?? null }
}

const FIRST = '00000000-0000-0000-0000-000000000000'

function differing(name: string, creatorId: string, expected: string, found: string): Difference[] {
  if (amount(expected) === amount(found)) return []
  return [
    {
      name,
      scope: `creator:${creatorId}`,
      expected: format(amount(expected)),
      found: format(amount(found)),
      freezes: `withdrawals:${creatorId}`,
    },
  ]
}

/** Settlements and withdrawals that have not gone on for long. Silence is no failure: nothing is done about them here. */
export async function stuck(env: Bindings): Promise<Seen> {
  const { rows } = await reach(() =>
    db(env).execute<{ name: string; scope: string; expected: string; found: string }>(sql`
      (SELECT 'settlement_stuck' AS name, 'settlement:' || id AS scope, 'posted' AS expected, status AS found FROM settlements
        WHERE (status <> 'posted' OR told_at IS NULL) AND created_at < now() - ${SETTLEMENT_HOURS} * interval '1 hour'
        ORDER BY created_at LIMIT ${ROWS})
      UNION ALL
      (SELECT 'withdrawal_stuck', 'withdrawal:' || w.id, 'final', w.state FROM withdrawals w
        WHERE w.ended_at IS NULL AND w.state <> 'held' AND NOT EXISTS (
          SELECT FROM withdrawal_steps s WHERE s.withdrawal_id = w.id AND s.at > now() - ${WITHDRAWAL_HOURS} * interval '1 hour')
        ORDER BY w.updated_at LIMIT ${ROWS})`),
  )
  return {
    names: ['settlement_stuck', 'withdrawal_stuck'],
    scopes: null,
    found: rows.map((row) => ({ ...row, freezes: null })),
  }
}
