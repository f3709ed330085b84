/**
 * What transactions have cost: in the chain's own coin, as its receipts say, and in the ledger at the price that `NATIVE_USD`
 * names. No price comes from the chain, so what is booked is as right as that variable; the coins themselves are kept beside it.
 */
import { and, eq, isNull } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, isUnchanged, mustChange, reach } from '../base/db.ts'
import { amount, format, fromUnits, negate, type Amount } from '../money/amount.ts'
import { isPosted, post } from '../money/ledger.ts'
import { settings, type Bindings } from '../env.ts'
import { chainCosts } from './tables.ts'
import type { CostMessage } from './states.ts'

const WEI = 10n ** 18n
/** Booked in one run of the sweep. */
const BOOKED_MAX = 100

/** Keeps what a transaction has cost, once by its hash, and books it if there is a price. Throws `storeUnavailable`. */
export async function recordCost(env: Bindings, message: CostMessage): Promise<void> {
  const { signer, chainId, hash, wei } = message
  const row = { chainId, hash, signer, wei: BigInt(wei) }
  await reach(() => db(env).insert(chainCosts).values(row).onConflictDoNothing())
  await bookCost(env, row)
}

/** Books what was spent while there was no price, or while Postgres was away. Throws `storeUnavailable`. */
export async function bookCosts(env: Bindings): Promise<void> {
  if (settings(env).NATIVE_USD === undefined) return
  const rows = await reach(() => db(env).select().from(chainCosts).where(isNull(chainCosts.usd)).limit(BOOKED_MAX))
  for (const row of rows) await bookCost(env, row)
}

/** How many transactions are not booked, as far as one run of the sweep looks. Throws `storeUnavailable`. */
export async function unbookedCosts(env: Bindings): Promise<number> {
  const isUnbooked = isNull(chainCosts.usd)
  const rows = await reach(() =>
    db(env).select({ hash: chainCosts.hash }).from(chainCosts).where(isUnbooked).limit(BOOKED_MAX),
  )
  return rows.length
}

/** Dollars for so much of the coin, rounded up: nothing that was spent is booked as nothing. */
export function costInDollars(wei: bigint, price: Amount): Amount {
  return fromUnits(Number((wei * price + WEI - 1n) / WEI))
}

async function bookCost(env: Bindings, { chainId, hash, wei }: { chainId: number; hash: string; wei: bigint }) {
  const { NATIVE_USD } = settings(env)
  if (NATIVE_USD === undefined) return
  const usd = costInDollars(wei, amount(NATIVE_USD))
  const change = db(env)
    .update(chainCosts)
    .set({ usd: format(usd), nativeUsd: NATIVE_USD, bookedAt: new Date(clock.now()) })
    .where(and(eq(chainCosts.chainId, chainId), eq(chainCosts.hash, hash), isNull(chainCosts.usd)))
    .returning({ hash: chainCosts.hash })
  const entries = [
    { account: 'gas', amount: usd },
    { account: 'cash_gas', amount: negate(usd) },
  ] as const
  try {
    await reach(() => db(env).batch([mustChange(env, change), post(env, 'gas', `${chainId}:${hash}`, entries)]))
  } catch (thrown) {
    // It is booked already.
    if (!isUnchanged(thrown) && !isPosted(thrown)) throw thrown
  }
}
