/** What transactions cost, from the chain's receipts to the ledger. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { and, eq } from 'drizzle-orm'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { amount } from '../money/amount.ts'
import { postingsOf } from '../money/ledger.ts'
import { config, freshChain, newWallet, node, signer, until } from '../tests/chain.ts'
import { bindings, door } from '../tests/world.ts'
import { bookCosts, costInDollars, recordCost, unbookedCosts } from './costs.ts'
import { enqueue } from './signers.ts'
import { chainCosts } from './tables.ts'
import type { CostMessage } from './states.ts'
import type { Hex } from 'viem'

const UNPRICED = { ...bindings, NATIVE_USD: undefined }

beforeAll(freshChain)
afterAll(freshChain)

function spent(wei = '150000000000000'): CostMessage {
  const hash: Hex = `0x${newId().replaceAll('-', '').repeat(2)}`
  return { version: 1, kind: 'cost', signer: 'settle', chainId: config.chainId, hash, wei }
}

const booked = async ({ hash }: { hash: string }) =>
  (await postingsOf(bindings, [{ kind: 'gas', source: `${config.chainId}:${hash}` }])).map(({ entries }) => entries)

const rowOf = async ({ hash }: { hash: string }) =>
  (
    await db(bindings)
      .select()
      .from(chainCosts)
      .where(and(eq(chainCosts.chainId, config.chainId), eq(chainCosts.hash, hash)))
  )[0]

test('what a payout has cost on the chain is in the ledger, at the price that is set, once', async () => {
  const id = newId()
  await enqueue(bindings, 'settle', [{ id, facts: JSON.stringify({ to: newWallet(), amount: '5' }) }])
  const job = await until(
    'settle',
    async () => {
      await door('/chain/mine?n=1')
      return signer('settle').job(id)
    },
    (seen) => seen?.state === 'final',
  )
  const hash = job?.txHash as Hex
  const { gasUsed, effectiveGasPrice } = await node.getTransactionReceipt({ hash })
  const wei = gasUsed * effectiveGasPrice
  await expect.poll(() => booked({ hash }), { timeout: 15_000 }).toHaveLength(1)
  const usd = costInDollars(wei, amount('3000'))
  expect(usd).toBeGreaterThan(0n)
  const text = asStored(usd)
  expect(await booked({ hash })).toEqual([
    [
      { account: 'cash_gas', amount: `-${text}` },
      { account: 'gas', amount: text },
    ],
  ])
  expect(await rowOf({ hash })).toMatchObject({ wei, signer: 'settle', nativeUsd: '3000.00000000' })
})

/** As the database writes it. */
function asStored(units: bigint): string {
  const text = String(units).padStart(9, '0')
  return `${text.slice(0, -8)}.${text.slice(-8)}`
}

describe('a cost', () => {
  test('that is told again is booked once', async () => {
    const cost = spent()
    await Promise.all(Array.from({ length: 5 }, () => recordCost(bindings, cost)))
    // 0.00015 coins at 3000 dollars.
    expect(await booked(cost)).toEqual([
      [
        { account: 'cash_gas', amount: '-0.45000000' },
        { account: 'gas', amount: '0.45000000' },
      ],
    ])
  })

  test('without a price is kept, and booked when there is one', async () => {
    const cost = spent()
    await recordCost(UNPRICED, cost)
    await bookCosts(UNPRICED)
    expect([await booked(cost), (await rowOf(cost))?.usd, await unbookedCosts(bindings)]).toEqual([[], null, 1])
    await bookCosts(bindings)
    await bookCosts(bindings)
    expect([(await booked(cost)).length, (await rowOf(cost))?.usd, await unbookedCosts(bindings)]).toEqual([
      1,
      '0.45000000',
      0,
    ])
  })

  test('is rounded up: nothing that was spent is nothing', () => {
    expect([1n, 0n, 10n ** 18n].map((wei) => costInDollars(wei, amount('3000')))).toEqual([1n, 0n, 300_000_000_000n])
  })
})
