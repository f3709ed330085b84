/**
 * Hourly: the books are compared with themselves, with the account objects, with the chain, with who takes payments and with the queues. Each check stands
 * alone: one that fails says nothing, and keeps no other from running. What takes long is done in parts, from run to run.
 */
import { eq, sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { count } from '../base/metrics.ts'
import { chainAndBooks, deadLetters, paymentsAndProviders, payouts } from './around.ts'
import { balancesPart, creatorsPart, stuck, trialBalance } from './books.ts'
import { record, type Seen } from './differences.ts'
import { freezeCalls } from './freezes.ts'
import { judge, look } from './objects.ts'
import { reconciliationCursors } from './tables.ts'
import type { Bindings } from '../env.ts'

type PartOf = (env: Bindings, cursor: string) => Promise<{ seen: Seen; next: string | null }>

const WHOLE: Record<string, (env: Bindings) => Promise<Seen | Seen[]>> = {
  trialBalance,
  stuck,
  payouts,
  chainAndBooks,
  paymentsAndProviders,
  deadLetters,
  // What accounts said in an earlier run, before they are asked anew.
  judge,
}
/** Checks in parts, and how many of them in one run. */
const PARTS: Record<string, { part: PartOf; most: number }> = {
  creators: { part: creatorsPart, most: 20 },
  balances: { part: balancesPart, most: 20 },
  accounts: { part: look, most: 1 },
}

/** Repeatable. Never throws: the next hour is soon enough for what could not be compared. */
export async function reconcileCron(env: Bindings): Promise<void> {
  for (const [name, check] of Object.entries(WHOLE))
    await alone(name, async () => {
      for (const seen of [await check(env)].flat()) await record(env, seen)
    })
  for (const [name, { part, most }] of Object.entries(PARTS)) await alone(name, () => inParts(env, name, part, most))
  await alone('freezes', () => freezeCalls(env))
}

/** Goes on where the last run ended; after the last part it begins anew, in the next run. */
async function inParts(env: Bindings, name: string, part: PartOf, most: number): Promise<void> {
  const isIt = eq(reconciliationCursors.name, name)
  const [row] = await reach(() => db(env).select().from(reconciliationCursors).where(isIt))
  let cursor = row?.cursor ?? ''
  for (let parts = 0; parts < most; parts++) {
    const { seen, next } = await part(env, cursor)
    await record(env, seen)
    cursor = next ?? ''
    await reach(() =>
      db(env)
        .insert(reconciliationCursors)
        .values({ name, cursor })
        .onConflictDoUpdate({ target: reconciliationCursors.name, set: { cursor: sql`excluded.cursor` } }),
    )
    if (next === null) return
  }
}

async function alone(name: string, check: () => Promise<void>): Promise<void> {
  try {
    await check()
    count('ledger_checks_total', { check: name, outcome: 'made' })
  } catch (thrown) {
    count('ledger_checks_total', { check: name, outcome: 'failed' })
    log.error('reconcile.check_failed', { code: name, error: describe(thrown) })
  }
}
