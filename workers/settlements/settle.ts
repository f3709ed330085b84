/**
 * Settling a creator, step by step. The states of a settlement and what holds in each stand in `settlements.ts`. Every step can be
 * repeated, and two who take steps at the same time end where one would have.
 */
import { and, asc, eq, isNull, ne, or, sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, isUnchanged, isUniqueViolation, mustChange, reach } from '../base/db.ts'
import { idFrom } from '../base/ids.ts'
import { log } from '../base/log.ts'
import { amount, negate } from '../money/amount.ts'
import { isPosted, post } from '../money/ledger.ts'
import { emit } from '../webhooks/webhooks.ts'
import { attribute, begin, lockCreator, type Expected } from './close.ts'
import { startOf } from './periods.ts'
import { TextHash, type HashState } from './sha256.ts'
import { BEGINNING, page, sumsOf, type Place } from './statement.ts'
import { settlements } from './tables.ts'
import type { Bindings } from '../env.ts'

/** One creator, whose earnings before `to` are due; and how far their statement is, if it was begun. */
export type SettlementMessage = {
  version: 1
  creatorId: string
  to: string
  /** Lines that came later wait; in microseconds since 1970. Null: whatever there is. */
  asOf: number | null
  expected: Expected | null
  statement?: { id: string; place: Place; hash: HashState }
}

/** Queries in one message: then another one goes on, so that no message takes much longer than half a minute. */
const STEPS_MAX = 100

type Settlement = typeof settlements.$inferSelect

/**
 * Takes this creator's settlements as far as they can go. Gives the message that has to go on from here, or null when all is
 * done: nothing before `to` is left to settle, and whatever was settled is posted and told.
 */
export async function settle(
  env: Bindings,
  message: SettlementMessage,
  stepsMax: number = STEPS_MAX,
): Promise<SettlementMessage | null> {
  const steps = { left: stepsMax }
  let going: SettlementMessage = message
  for (;;) {
    const settlement = await unfinished(env, message.creatorId)
    if (settlement) {
      const { statement, isDone } = await stepOf(env, settlement, going.statement, steps)
      going = statement ? { ...message, statement } : message
      if (!isDone) return going
    } else {
      const { creatorId, to, asOf, expected } = message
      const begun = await beginOrLeave(env, creatorId, { to, asOf, expected })
      if (begun === null) return null
    }
  }
}

type Step = { statement?: SettlementMessage['statement']; isDone: boolean }

async function stepOf(
  env: Bindings,
  settlement: Settlement,
  statement: SettlementMessage['statement'],
  steps: { left: number },
): Promise<Step> {
  switch (settlement.status) {
    case 'closing':
      while (await attribute(env, settlement)) if (--steps.left <= 0) return { isDone: false }
      return { isDone: true }
    case 'closed':
      return compute(env, settlement, statement?.id === settlement.id ? statement : undefined, steps)
    case 'computed':
      await postOnce(env, settlement)
      return { isDone: true }
    case 'posted':
      await tell(env, settlement)
      return { isDone: true }
  }
}

/** The oldest settlement of a creator that is not posted, or of which they were not told. */
async function unfinished(env: Bindings, creatorId: string): Promise<Settlement | undefined> {
  const isOpen = or(ne(settlements.status, 'posted'), isNull(settlements.toldAt))
  const [row] = await reach(() =>
    db(env)
      .select()
      .from(settlements)
      .where(and(eq(settlements.creatorId, creatorId), isOpen))
      .orderBy(asc(settlements.periodStart))
      .limit(1),
  )
  return row
}

/** Null also if another one has begun it at this moment. */
async function beginOrLeave(
  env: Bindings,
  creatorId: string,
  period: { to: string; asOf: number | null; expected: Expected | null },
): Promise<string | null> {
  try {
    return await begin(env, creatorId, period)
  } catch (thrown) {
    if (isUniqueViolation(thrown)) return null
    throw thrown
  }
}

/** Reads the statement through, page by page, and notes its hash if it comes to what the settlement comes to. */
async function compute(
  env: Bindings,
  settlement: Settlement,
  statement: SettlementMessage['statement'],
  steps: { left: number },
): Promise<Step> {
  const { id } = settlement
  const hash = new TextHash(statement?.hash)
  let place: Place = statement?.place ?? BEGINNING
  for (;;) {
    const { text, next } = await page(env, settlement, place)
    hash.add(text)
    if (next === null) break
    place = next
    if (--steps.left <= 0) return { isDone: false, statement: { id, place, hash: hash.state } }
  }
  const { calls, gross, fee } = sumsOf(place)
  const isSame =
    calls === settlement.calls && gross === amount(settlement.amount) && fee === amount(settlement.platformFee)
  if (!isSame) {
    log.error('settlement.statement_differs', { count: calls })
    throw new Error('A statement does not come to what its settlement comes to.')
  }
  const { bytes } = hash.state
  await reach(() =>
    db(env)
      .update(settlements)
      .set({ status: 'computed', statementSha256: hash.digest(), statementBytes: bytes })
      .where(and(eq(settlements.id, id), eq(settlements.status, 'closed'))),
  )
  return { isDone: true }
}

/** Makes the amount available, once: the change of state and the ledger's transaction stand or fall together. */
async function postOnce(env: Bindings, { id, creatorId, amount: gross }: Settlement): Promise<void> {
  const isComputed = and(eq(settlements.id, id), eq(settlements.status, 'computed'))
  const change = db(env)
    .update(settlements)
    .set({ status: 'posted', settledAt: sql`now()` })
    .where(isComputed)
    .returning({ id: settlements.id })
  const entries = [
    { account: `creator_pending:${creatorId}`, amount: amount(gross) },
    { account: `creator_available:${creatorId}`, amount: negate(amount(gross)) },
  ] as const
  try {
    await reach(() =>
      db(env).batch([lockCreator(env, creatorId), mustChange(env, change), post(env, 'settlement', id, entries)]),
    )
  } catch (thrown) {
    if (!isUnchanged(thrown) && !isPosted(thrown)) throw thrown
  }
}

/** Emitted before it is noted: an event may go out twice, under one id, but is never left out. */
async function tell(env: Bindings, { id, creatorId, netAmount, periodEnd, settledAt }: Settlement): Promise<void> {
  await emit(env, [
    {
      v: 1,
      id: await idFrom('settlement.closed', id),
      type: 'settlement.closed',
      userId: creatorId,
      at: settledAt?.getTime() ?? clock.now(),
      data: { settlement_id: id, net_usd: netAmount, period_end: startOf(periodEnd) },
    },
  ])
  await reach(() =>
    db(env)
      .update(settlements)
      .set({ toldAt: new Date(clock.now()) })
      .where(eq(settlements.id, id)),
  )
}

/** Creators of whom a settlement lies unfinished since before `before`, at most `limit`. */
export async function unfinishedCreators(env: Bindings, before: Date, limit: number): Promise<string[]> {
  const { rows } = await reach(() =>
    db(env).execute<{ creator_id: string }>(sql`
      SELECT creator_id FROM settlements
      WHERE (status <> 'posted' OR told_at IS NULL) AND created_at < ${before.toISOString()}
      ORDER BY created_at LIMIT ${limit}`),
  )
  return rows.map(({ creator_id }) => creator_id)
}

/** One creator with open lines, and whether some of them can be settled. */
export type Earner = { id: string; isDue: boolean }

/** Those with open lines, in the order of their ids, from the one after `after`; due are those who earned before `to`. */
export async function earners(
  env: Bindings,
  { to, after, limit }: { to: string; after: string; limit: number },
): Promise<Earner[]> {
  const { rows } = await reach(() =>
    // From creator to creator along the index, however many lines each of them has.
    db(env).execute<{ id: string; is_due: boolean }>(sql`
      WITH RECURSIVE creators (id, number) AS (
        (SELECT creator_id, 1 FROM earnings WHERE settlement_id IS NULL AND creator_id > ${after}::uuid ORDER BY creator_id LIMIT 1)
        UNION ALL
        SELECT (SELECT creator_id FROM earnings WHERE settlement_id IS NULL AND creator_id > creators.id ORDER BY creator_id LIMIT 1),
          number + 1
        FROM creators WHERE creators.id IS NOT NULL AND number < ${limit}
      )
      SELECT id, EXISTS (
          SELECT FROM earnings WHERE settlement_id IS NULL AND creator_id = creators.id AND kind = 'calls' AND day < ${to}::date
        ) AS is_due
      FROM creators WHERE id IS NOT NULL ORDER BY id`),
  )
  return rows.map(({ id, is_due }) => ({ id, isDue: is_due }))
}
