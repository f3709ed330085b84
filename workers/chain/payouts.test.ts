/** Payouts through the queue, the signer and a real chain, which loses answers, blocks and transactions as we like. */
import { abortAllDurableObjects, reset } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { parseEther } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import {
  ADMIN,
  addressOf,
  balanceOf,
  config,
  mined,
  newWallet,
  node,
  PAUSER,
  sentBy,
  settledOn,
  settlement,
  signer,
  step,
  until,
  usdc,
  freshChain,
} from '../tests/chain.ts'
import { bindings, door } from '../tests/world.ts'
import { pay, payoutProof } from './chain.ts'
import { enqueue } from './signers.ts'
import { chainPayouts } from './tables.ts'
import type { Address } from 'viem'

type Wanted = { id: string; to: Address; amount: bigint }

function wanted(amount = 1_250_000n, to = newWallet()): Wanted {
  return { id: newId(), to, amount }
}

/** How far the signer itself has it. */
async function state({ id }: Pick<Wanted, 'id'>): Promise<string> {
  return (await signer('settle').job(id))?.state ?? 'absent'
}

/** Hands payouts to the signer, as the queue does. */
async function ask(payouts: Wanted[]): Promise<void> {
  const jobs = payouts.map(({ id, to, amount }) => ({ id, facts: JSON.stringify({ to, amount: String(amount) }) }))
  await enqueue(bindings, 'settle', jobs)
}

/** Waits until the signer has all of these in this state; blocks are made meanwhile. */
async function come(payouts: Wanted[], to: string): Promise<void> {
  await until(
    'settle',
    async () => {
      if (to === 'final') await door('/chain/mine?n=1')
      return Promise.all(payouts.map(state))
    },
    (states) => states.every((one) => one === to),
  )
}

const status = async () => (await signer('settle').status())!

async function pausedFor(reason: string): Promise<void> {
  await until('settle', status, ({ paused }) => paused?.reason === reason)
}

beforeAll(freshChain)
beforeEach(async () => {
  await door('/chain/up')
  await door('/chain/automine?n=1')
})
afterEach(async () => {
  const left = await signer('settle').status()
  expect(left?.halted ?? null).toBeNull()
})
afterAll(freshChain)

describe('a payout', () => {
  test('goes through the queues to the wallet, and is told as it goes', async () => {
    const payout = wanted()
    expect(await payoutProof(bindings, payout.id)).toBe(null)
    expect(await pay(bindings, payout)).toEqual({ state: 'queued', txHash: null, blockNumber: null, reason: null })
    const paid = await until(
      'settle',
      async () => {
        await door('/chain/mine?n=1')
        return payoutProof(bindings, payout.id)
      },
      (proof) => proof?.state === 'final',
    )
    expect(await balanceOf(payout.to)).toBe(payout.amount)
    const receipt = await node.getTransactionReceipt({ hash: paid?.txHash as `0x${string}` })
    expect([receipt.status, Number(receipt.blockNumber)]).toEqual(['success', paid?.blockNumber])
    expect(await payoutProof(bindings, payout.id)).toMatchObject({
      credited: false,
      payee: payout.to,
      contract: config.settlement,
    })
    expect(paid).toMatchObject(await pay(bindings, payout))
    expect(await sentBy('settle')).toBe(1)
  })

  test('cannot be asked for again with another amount or payee', async () => {
    const payout = wanted()
    await pay(bindings, payout)
    await expect(pay(bindings, { ...payout, amount: 1n })).rejects.toMatchObject({ kind: 'conflict' })
    await expect(pay(bindings, { ...payout, to: newWallet() })).rejects.toMatchObject({ kind: 'conflict' })
    const other = { id: payout.id, facts: JSON.stringify({ to: payout.to, amount: '1' }) }
    await come([payout], 'final')
    expect(await enqueue(bindings, 'settle', [other])).toEqual([payout.id])
    expect(await balanceOf(payout.to)).toBe(payout.amount)
  })

  test.each([
    ['nothing', { amount: 0n }],
    ['less than nothing', { amount: -1n }],
    ['more than any contract would pay', { amount: 2n ** 48n }],
    ['to no address', { to: '0x12' }],
  ])('of %s is none', async (_, change) => {
    await expect(pay(bindings, { ...wanted(), ...change })).rejects.toThrow(RangeError)
  })

  test('is the smallest unit of the token, to the unit', async () => {
    const payout = wanted(1n)
    await ask([payout])
    await come([payout], 'final')
    expect(await balanceOf(payout.to)).toBe(1n)
  })

  test('that the chain has settled already is not sent', async () => {
    const payout = wanted()
    await ask([payout])
    await come([payout], 'final')
    const sent = await sentBy('settle')
    // The object forgets everything, as if it were a new one.
    await reset()
    await ask([payout])
    await come([payout], 'final')
    expect(await sentBy('settle')).toBe(sent)
    expect(await balanceOf(payout.to)).toBe(payout.amount)
    const job = await signer('settle').job(payout.id)
    expect(job).toMatchObject({ nonce: null, txHash: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
  })
})

describe('many payouts', () => {
  test('a hundred at once are one transaction', async () => {
    const payouts = Array.from({ length: 100 }, (_, at) => wanted(BigInt(at + 1)))
    const sent = await sentBy('settle')
    await ask(payouts)
    await come(payouts, 'final')
    expect((await sentBy('settle')) - sent).toBe(1)
    expect(await Promise.all(payouts.map(({ to }) => balanceOf(to)))).toEqual(payouts.map(({ amount }) => amount))
  })

  test('fifty in parallel, one of them impossible: contiguous nonces, all others paid, no nonce lost', async () => {
    await door('/chain/automine?n=0')
    const first = await sentBy('settle')
    const poisoned = wanted(5n, config.usdc)
    const payouts = Array.from({ length: 50 }, () => wanted(7n))
    // One by one, so that they do not share a transaction.
    for (const [at, payout] of payouts.entries()) {
      await ask(at === 20 ? [poisoned, payout] : [payout])
      await step('settle')
      if (at % 10 === 9) await door('/chain/mine?n=1')
    }
    await door('/chain/automine?n=1')
    await come(payouts, 'final')
    expect(await state(poisoned)).toBe('failed')
    expect((await signer('settle').job(poisoned.id))?.reason).toBe('bad_payout')
    expect(await Promise.all(payouts.map(({ to }) => balanceOf(to)))).toEqual(payouts.map(() => 7n))
    const jobs = await Promise.all(payouts.map(({ id }) => signer('settle').job(id)))
    const nonces = [...new Set(jobs.map((job) => job?.nonce ?? -1))].toSorted((a, b) => a - b)
    expect(nonces).toEqual(nonces.map((_, at) => first + at))
    expect(await sentBy('settle')).toBe(first + nonces.length)
    expect(nonces.length).toBeGreaterThan(4)
  })

  test('a poisoned one in a batch fails alone', async () => {
    const [good, also] = [wanted(), wanted()]
    const bad = wanted(1n, config.settlement)
    await ask([good, bad, also])
    await come([good, also], 'final')
    expect(await state(bad)).toBe('failed')
  })

  test('a payee whom the token refuses is credited, and the others are paid', async () => {
    const [refused, other] = [wanted(11n), wanted(12n)]
    await mined(
      node.writeContract({ ...usdc, functionName: 'setBlacklisted', args: [refused.to, true], account: ADMIN }),
    )
    await ask([refused, other])
    await come([refused, other], 'final')
    expect([await balanceOf(refused.to), await balanceOf(other.to)]).toEqual([0n, 12n])
    expect(await node.readContract({ ...settlement, functionName: 'owed', args: [refused.to] })).toBe(11n)
    expect(JSON.parse((await signer('settle').job(refused.id))?.result ?? '')).toEqual({ amount: '11', credited: true })
  })
})

describe('a token that lets the contract send to nobody', () => {
  const block = (account: Address, isBlocked: boolean) =>
    mined(node.writeContract({ ...usdc, functionName: 'setBlacklisted', args: [account, isBlocked], account: ADMIN }))
  const paused = async () => (await signer('settle').status())?.paused?.reason ?? null

  test('holds everybody, with a reason, and all are paid when it does not any more', async () => {
    const payouts = [wanted(21n), wanted(22n), wanted(23n)]
    const sent = await sentBy('settle')
    await block(config.settlement, true)
    await ask(payouts)
    await until('settle', paused, (reason) => reason === 'usdc_refuses')
    // Neither a transaction nor a credit; and asked again it is no other.
    await step('settle')
    expect([await sentBy('settle'), await paused(), ...(await Promise.all(payouts.map(state)))]).toEqual([
      sent,
      'usdc_refuses',
      ...payouts.map(() => 'queued'),
    ])
    await block(config.settlement, false)
    await come(payouts, 'final')
    expect([await sentBy('settle'), await paused()]).toEqual([sent + 1, null])
    expect(await Promise.all(payouts.map(({ to }) => balanceOf(to)))).toEqual([21n, 22n, 23n])
  })

  test('is not what one means by payees who are all refused themselves: these are credited', async () => {
    const payouts = [wanted(31n), wanted(32n)]
    for (const { to } of payouts) await block(to, true)
    await ask(payouts)
    await come(payouts, 'final')
    for (const { id } of payouts)
      expect(JSON.parse((await signer('settle').job(id))?.result ?? '')).toMatchObject({ credited: true })
  })
})

describe('whatever breaks', () => {
  test('cut off at any of twenty moments, before or after the chain has seen the request: paid exactly once', async () => {
    for (let moment = 1; moment <= 20; moment++) {
      const payout = wanted(BigInt(moment))
      const cutsBefore = Number(await door('/chain/cuts'))
      const request = Math.ceil(moment / 2)
      await door(moment % 2 === 0 ? `/chain/cut-after?n=${request}` : `/chain/cut-before?n=${request}`)
      await ask([payout])
      const cutOff = step('settle')
      await expect.poll(async () => Number(await door('/chain/cuts')), { timeout: 10_000 }).toBeGreaterThan(cutsBefore)
      await abortAllDurableObjects()
      await cutOff
      await come([payout], 'final')
      expect([moment, await balanceOf(payout.to), await settledOn(payout.id)]).toEqual([
        moment,
        payout.amount,
        payout.amount,
      ])
    }
    const { nextNonce } = await status()
    expect(await sentBy('settle')).toBe(nextNonce)
  })

  test('the object is aborted again and again while it pays: each is paid once', async () => {
    const payouts = Array.from({ length: 12 }, (_, at) => wanted(BigInt(100 + at)))
    for (const payout of payouts) {
      await ask([payout])
      const running = step('settle')
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30))
      await abortAllDurableObjects()
      await running
    }
    await come(payouts, 'final')
    expect(await Promise.all(payouts.map(({ to }) => balanceOf(to)))).toEqual(payouts.map(({ amount }) => amount))
  })

  test.each([1, 2, 3])(
    'a reorganisation of %i blocks after it was paid: it waits again, and the same bytes are mined',
    async (depth) => {
      const payout = wanted()
      await ask([payout])
      await come([payout], 'mined')
      const hash = (await signer('settle').job(payout.id))?.txHash
      if (depth > 1) await door(`/chain/mine?n=${depth - 1}`)
      await door('/chain/automine?n=0')
      await door(`/chain/reorg?n=${depth}`)
      expect(await balanceOf(payout.to)).toBe(0n)
      await come([payout], 'broadcast')
      await door('/chain/automine?n=1')
      await door('/chain/mine?n=1')
      await come([payout], 'final')
      expect((await signer('settle').job(payout.id))?.txHash).toBe(hash)
      expect(await balanceOf(payout.to)).toBe(payout.amount)
    },
  )

  test('nobody answers for a while: nothing is failed, nothing is sent twice', async () => {
    const payout = wanted()
    const sent = await sentBy('settle')
    await door('/chain/down')
    await ask([payout])
    await pausedFor('unreachable')
    expect(await state(payout)).toBe('queued')
    await door('/chain/up')
    await come([payout], 'final')
    expect(await sentBy('settle')).toBe(sent + 1)
    expect((await status()).paused).toBeNull()
  })

  test('a transaction that nobody mines is offered for more, in both fees, until it is', async () => {
    await door('/chain/automine?n=0')
    const payout = wanted()
    await ask([payout])
    await come([payout], 'broadcast')
    const [first] = (await status()).unmined.hashes
    // Far dearer than what was offered.
    await node.setNextBlockBaseFeePerGas({ baseFeePerGas: 20_000_000_000n })
    for (let block = 0; block < 6; block++) await door('/chain/mine?n=1')
    const hashes = await until(
      'settle',
      async () => (await status()).unmined.hashes,
      (hashes) => hashes.length > 1,
    )
    expect(hashes).toContain(first)
    await node.setNextBlockBaseFeePerGas({ baseFeePerGas: 1_000_000_000n })
    await come([payout], 'final')
    expect(await balanceOf(payout.to)).toBe(payout.amount)
    await door('/chain/automine?n=1')
  })
})

describe('what is short or forbidden', () => {
  test('without money for gas it waits, and says so', async () => {
    const address = addressOf('settle')
    const before = await node.getBalance({ address })
    await node.setBalance({ address, value: 1n })
    const payout = wanted()
    await ask([payout])
    await pausedFor('gas_short')
    expect(await state(payout)).toBe('queued')
    await node.setBalance({ address, value: before })
    await come([payout], 'final')
    expect((await status()).paused).toBeNull()
  })

  test('without money to pay it waits whole, and the next one does not overtake it', async () => {
    const owed = await node.readContract({ ...settlement, functionName: 'totalOwed' })
    const balance = await balanceOf(config.settlement)
    const keep = 10n
    const args = [PAUSER, balance - owed - keep] as const
    await mined(node.writeContract({ ...settlement, functionName: 'withdrawFloat', args, account: ADMIN }))
    const [large, small] = [wanted(keep + 1n), wanted(1n)]
    await ask([large, small])
    await pausedFor('usdc_short')
    expect([await state(large), await state(small)]).toEqual(['queued', 'queued'])
    await mined(
      node.writeContract({ ...usdc, functionName: 'mint', args: [config.settlement, balance], account: ADMIN }),
    )
    await come([large, small], 'final')
  })

  test('while the contract is paused it waits', async () => {
    await mined(node.writeContract({ ...settlement, functionName: 'pause', account: PAUSER }))
    const payout = wanted()
    await ask([payout])
    await pausedFor('contract_paused')
    await mined(node.writeContract({ ...settlement, functionName: 'unpause', account: ADMIN }))
    await come([payout], 'final')
  })

  test('above the cap of a batch it waits by itself', async () => {
    const [large, small] = [wanted(25_000_000_001n), wanted(1n)]
    await ask([large, small])
    await come([small], 'final')
    expect(await signer('settle').job(large.id)).toMatchObject({ state: 'queued', reason: 'above_batch_cap' })
    expect((await status()).held).toEqual({ above_batch_cap: 1 })
  })

  test('somebody else with the key halts it; let go on, it gives up no payout', async () => {
    const before = wanted()
    await ask([before])
    await come([before], 'final')
    const account = addressOf('settle')
    await node.impersonateAccount({ address: account })
    await mined(node.sendTransaction({ account, to: newWallet(), value: parseEther('0.001') }))
    const payout = wanted()
    await ask([payout])
    await until('settle', status, ({ halted }) => halted?.reason === 'foreign_transaction')
    expect(await state(payout)).toBe('queued')
    await signer('settle').resume()
    await come([payout], 'final')
    expect(await balanceOf(payout.to)).toBe(payout.amount)
  })
})

test('every payout that was asked for by its face has its row', async () => {
  const rows = await db(bindings).select().from(chainPayouts).where(eq(chainPayouts.state, 'final'))
  for (const { matched, blockNumber } of rows) expect([matched, blockNumber !== null]).toEqual([true, true])
})
