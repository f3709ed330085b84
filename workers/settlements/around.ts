/** What lies outside the books: the chain, who takes payments, and what queues gave up on. */
import { inArray, sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { chainDifferences, type ChainDifference } from '../chain/differences.ts'
import { isUuid } from '../base/ids.ts'
import { paymentDifferences } from '../payments/differences.ts'
import { withdrawals } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { Freezes, Seen } from './differences.ts'

const ROWS = 1_000

/** The contracts' events are what was asked for, and nothing else. */
export async function chainAndBooks(env: Bindings): Promise<Seen> {
  const differences = await chainDifferences(env)
  const creators = await creatorsOf(
    env,
    differences.map(({ id }) => id),
  )
  const found = differences.map(({ kind, id, txHash, blockNumber }) => ({
    name: `chain_${kind}`,
    scope: `${kind.startsWith('token') ? 'token' : 'payout'}:${id}`,
    expected: EXPECTED[kind],
    found: txHash === null ? `nothing up to block ${blockNumber}` : `${txHash} in block ${blockNumber}`,
    freezes: frozenBy(kind, creators.get(id)),
  }))
  return { names: Object.keys(EXPECTED).map((kind) => `chain_${kind}`), scopes: null, found }
}

const EXPECTED: Record<ChainDifference['kind'], string> = {
  settlement_unknown: 'only payouts that were asked for',
  settlement_altered: 'the amount and payee that were asked for',
  settlement_missing: 'an event of this payout',
  token_unknown: 'only tokens that were asked for',
  token_altered: 'the creator and metadata that were asked for',
  token_missing: 'an event of this token',
}

/** A payout of somebody known concerns them alone; one that nobody asked for may mean that the key is in other hands. */
function frozenBy(kind: ChainDifference['kind'], creatorId: string | undefined): Freezes | null {
  if (kind.startsWith('token')) return null
  return creatorId === undefined ? 'withdrawals' : `withdrawals:${creatorId}`
}

async function creatorsOf(env: Bindings, ids: string[]): Promise<Map<string, string>> {
  const known = ids.filter(isUuid)
  if (known.length === 0) return new Map()
  const rows = await reach(() =>
    db(env)
      .select({ id: withdrawals.id, creatorId: withdrawals.creatorId })
      .from(withdrawals)
      .where(inArray(withdrawals.id, known)),
  )
  return new Map(rows.map(({ id, creatorId }) => [id, creatorId]))
}

/** Payments are what their providers say of them, some of them at a time; and none of them stands still. */
export async function paymentsAndProviders(env: Bindings): Promise<Seen[]> {
  const { looked, found } = await paymentDifferences(env)
  const all = found.map(({ kind, id, expected, found: is }) => ({
    name: kind,
    scope: `payment:${id}`,
    expected,
    found: is,
    freezes: null,
  }))
  const isCash = ({ name }: { name: string }): boolean => name === 'payment_cash'
  return [
    { names: ['payment_cash'], scopes: looked.map((id) => `payment:${id}`), found: all.filter(isCash) },
    {
      names: ['payment_uncredited', 'reversal_waiting', 'payment_event_waiting'],
      scopes: null,
      found: all.filter((one) => !isCash(one)),
    },
  ]
}

/** The newest withdrawals that are paid are payouts of their amount to their wallet; those that came back are none. */
export async function payouts(env: Bindings): Promise<Seen> {
  const { rows } = await reach(() =>
    db(env).execute<{ id: string; creator_id: string; expected: string; found: string | null }>(sql`
      SELECT w.id, w.creator_id, w.net_usd || ' to ' || w.wallet AS expected,
        (p.amount::decimal / 1000000)::decimal(18, 8) || ' to ' || p.payee || ', ' || p.state AS found
      FROM (SELECT * FROM withdrawals ORDER BY created_at DESC, id DESC LIMIT ${ROWS}) AS w LEFT JOIN chain_payouts p ON p.id = w.id
      WHERE (w.paid_at IS NOT NULL AND w.state <> 'returned'
          AND (p.amount, lower(p.payee)) IS DISTINCT FROM ((w.net_usd * 1000000)::bigint, lower(w.wallet)))
        OR (w.state IN ('returned', 'rejected', 'canceled') AND p.state IN ('mined', 'safe', 'final'))
        OR (w.state IN ('safe', 'final') AND p.state = 'failed')`),
  )
  const found = rows.map((row) => ({
    name: 'payout',
    scope: `withdrawal:${row.id}`,
    expected: row.expected,
    found: row.found ?? 'no payout',
    freezes: `withdrawals:${row.creator_id}` as const,
  }))
  return { names: ['payout'], scopes: null, found }
}

/** Messages that a queue gave up on, and that nobody has sent again. */
export async function deadLetters(env: Bindings): Promise<Seen> {
  const { rows } = await reach(() =>
    db(env).execute<{ queue: string; count: number }>(sql`
      SELECT queue, count(*)::int AS count
      FROM (SELECT queue FROM dead_letters WHERE replayed_at IS NULL ORDER BY received_at LIMIT ${ROWS}) AS waiting GROUP BY queue`),
  )
  const found = rows.map(({ queue, count }) => ({
    name: 'dead_letters',
    scope: `queue:${queue}`,
    expected: '0',
    found: String(count),
    freezes: null,
  }))
  return { names: ['dead_letters'], scopes: null, found }
}
