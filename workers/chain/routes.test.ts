/** What anybody reads of payouts, and what admins see and do of the signers. */
import { and, eq } from 'drizzle-orm'
import { parseEther } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditLog } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { forgetFlags } from '../base/flags.ts'
import { newId } from '../base/ids.ts'
import { featureFlags } from '../base/tables.ts'
import { addressOf, config, mined, newWallet, node, settlement, signer, until, freshChain } from '../tests/chain.ts'
import { api, bindings, door, signIn, type Account } from '../tests/world.ts'
import { pay, payoutProof } from './chain.ts'
import { chainDifferences } from './differences.ts'
import { mirror } from './mirror.ts'
import { payoutKey } from './payout-work.ts'
import { settledEvents } from './tables.ts'

let superAdmin: Account
beforeAll(async () => {
  await freshChain()
  superAdmin = await signIn('admin')
})
afterAll(async () => {
  await db(bindings).delete(featureFlags)
  forgetFlags()
  await freshChain()
})

async function paid(to: string, amount: bigint): Promise<string> {
  const id = newId()
  await pay(bindings, { id, to, amount })
  await until(
    'settle',
    async () => {
      await door('/chain/mine?n=1')
      return (await payoutProof(bindings, id))?.state
    },
    (state) => state === 'final',
  )
  return id
}

describe('what was paid to a wallet', () => {
  test('is listed newest first, page by page, once each', async () => {
    const wallet = newWallet()
    const ids = [await paid(wallet, 1n), await paid(wallet, 2_000_000n), await paid(wallet, 12_345_678n)]
    await paid(newWallet(), 5n)
    await mirror(bindings)
    const path = `GET /api/v1/chain/settlements?creator=${wallet.toLowerCase()}`
    const all = await api(path)
    expect(all.body.items.map((item: { amount_usdc: string }) => item.amount_usdc)).toEqual([
      '12.345678',
      '2.000000',
      '0.000001',
    ])
    expect(all.body.items.map(({ id }: { id: string }) => id)).toEqual(
      ids.toReversed().map((id) => payoutKey(config, id)),
    )
    expect(all.body.items[0]).toMatchObject({ credited: false, tx_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
    const first = await api(`${path}&limit=2`)
    const rest = await api(`${path}&limit=2&cursor=${first.body.next_cursor}`)
    expect([...first.body.items, ...rest.body.items]).toEqual(all.body.items)
    expect(rest.body.next_cursor).toBeNull()
    expect((await api(`GET /api/v1/chain/settlements?creator=${newWallet()}`)).body.items).toEqual([])
  })

  test.each([
    '',
    '?creator=0x12',
    '?creator=nobody',
    `?creator=${newWallet()}&cursor=nonsense`,
    `?creator=${newWallet()}&limit=101`,
  ])('is not told to a malformed question: %s', async (query) => {
    const { status, body } = await api(`GET /api/v1/chain/settlements${query}`)
    expect([status, body.error.code]).toEqual([400, '40002'])
  })

  test('is not told while payments in crypto are switched off, and nothing is paid', async () => {
    await db(bindings).delete(featureFlags)
    await db(bindings).insert(featureFlags).values({ name: 'enable_crypto_payments', enabled: false })
    forgetFlags()
    const { status, body } = await api(`GET /api/v1/chain/settlements?creator=${newWallet()}`)
    expect([status, body.error.code]).toEqual([503, '50308'])
    await expect(pay(bindings, { id: newId(), to: newWallet(), amount: 1n })).rejects.toMatchObject({
      kind: 'chainOff',
    })
    await db(bindings).delete(featureFlags)
    forgetFlags()
  })
})

test('the status names the chain and the contracts, for anybody', async () => {
  const { status, body } = await api('GET /api/v1/chain/status')
  expect(status).toBe(200)
  expect(body).toEqual({
    chain: { id: 84532, name: 'Base Sepolia', explorer: 'https://sepolia.basescan.org' },
    agent_token: config.agentToken,
    settlement: config.settlement,
    usdc: config.usdc,
    signers: { mint: addressOf('mint'), settle: addressOf('settle') },
    is_minting: true,
    is_paying: true,
    next_block: expect.any(Number),
  })
})

test('an agent that was never published has no page here', async () => {
  const nothing = await api(`GET /api/v1/chain/agents/${newId()}`)
  expect([nothing.status, nothing.body.error.code]).toEqual([404, '40404'])
  expect((await api('GET /api/v1/chain/agents/nothing')).status).toBe(400)
})

describe('the signers', () => {
  const list = (as: Account) => api('GET /api/v1/admin/chain/signers', { as })
  const resume = (as: Account, name: string, body: unknown = { reason: 'We have found out.' }) =>
    api(`POST /api/v1/admin/chain/signers/${name}/resume`, { as, body })

  test('are shown to admins who manage payments, and to nobody else', async () => {
    const { body } = await list(superAdmin)
    expect(body.signers.map(({ name }: { name: string }) => name)).toEqual(['mint', 'settle'])
    expect(body.signers[1]).toMatchObject({
      address: addressOf('settle'),
      next_nonce: await node.getTransactionCount({ address: addressOf('settle') }),
      jobs: {},
      held: {},
      unmined: { count: 0, nonce: null, hashes: [] },
      gas_gwei: expect.stringMatching(/^\d+$/),
      halted: null,
      paused: null,
    })
    for (const other of [await signIn('creator'), await signIn('developer'), await signIn('admin', 'support')])
      expect((await list(other)).status).toBe(403)
    expect((await api('GET /api/v1/admin/chain/signers')).status).toBe(401)
  })

  test('without an answer of the node are shown all the same', async () => {
    await door('/chain/down')
    const { status, body } = await list(superAdmin)
    expect([status, body.signers[0].gas_gwei]).toEqual([200, null])
    await door('/chain/up')
  })

  test('that have halted go on at an admin’s word, which is on record', async () => {
    const account = addressOf('settle')
    await node.impersonateAccount({ address: account })
    await mined(node.sendTransaction({ account, to: newWallet(), value: parseEther('0.001') }))
    const id = newId()
    await pay(bindings, { id, to: newWallet(), amount: 9n })
    await until(
      'settle',
      async () => (await signer('settle').status())?.halted ?? null,
      (halted) => halted !== null,
    )
    expect((await list(superAdmin)).body.signers[1].halted).toMatchObject({ reason: 'foreign_transaction' })
    expect((await resume(superAdmin, 'settle', {})).status).toBe(400)
    expect((await resume(superAdmin, 'nobody')).status).toBe(400)
    expect((await resume(await signIn('admin', 'support'), 'settle')).status).toBe(403)
    expect((await resume(superAdmin, 'settle')).status).toBe(204)
    await until(
      'settle',
      async () => (await payoutProof(bindings, id))?.state,
      (state) => state === 'mined',
    )
    const entries = await db(bindings)
      .select()
      .from(auditLog)
      .where(and(eq(auditLog.subjectId, 'signer:settle'), eq(auditLog.actorId, superAdmin.id)))
    expect(entries).toMatchObject([{ action: 'signer.resume', reason: 'We have found out.' }])
  })

  test('do not hide what the chain has settled and nobody has asked for', async () => {
    const settler = addressOf('settle')
    await node.impersonateAccount({ address: settler })
    const payouts = [{ id: payoutKey(config, newId()), to: newWallet(), amount: 3n }] as const
    await mined(node.writeContract({ ...settlement, functionName: 'settle', args: [payouts], account: settler }))
    await door('/chain/mine?n=3')
    await mirror(bindings)
    const { body } = await list(superAdmin)
    expect(body.differences).toMatchObject([{ kind: 'settlement_unknown', id: payouts[0].id }])
    // What we hold for final, and the events do not have.
    const id = await (async () => {
      await signer('settle').resume()
      return paid(newWallet(), 4n)
    })()
    await mirror(bindings)
    await db(bindings)
      .update(settledEvents)
      .set({ amount: 5n })
      .where(eq(settledEvents.key, payoutKey(config, id)))
    await db(bindings).execute(`UPDATE settled_events SET matched = FALSE WHERE key = '${payoutKey(config, id)}'`)
    await mirror(bindings)
    expect(await chainDifferences(bindings)).toMatchObject([
      { kind: 'settlement_unknown' },
      { kind: 'settlement_altered', id },
    ])
  })
})
