import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestClient, http, keccak256, publicActions, stringToHex, walletActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { baseSepolia } from 'viem/chains'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { agentTokenAbi } from '../../contracts/generated/agent-token.ts'
import { mockUsdcAbi } from '../../contracts/generated/mock-usdc.ts'
import { settlementAbi } from '../../contracts/generated/settlement.ts'
import { type ChainDoor, openChainDoor } from './chain-door.ts'
import { type Chain, startChain } from './chain.ts'

const KEYS = { mintKey: `0x${'11'.repeat(32)}`, settleKey: `0x${'22'.repeat(32)}` } as const
const API = 'http://127.0.0.1:8787'
const PAYEE = '0x000000000000000000000000000000000000dEaD'

let folder: string
let chain: Chain | undefined
let door: ChainDoor | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chain-'))
})
afterEach(async () => {
  await chain?.stop()
  await door?.stop()
  chain = door = undefined
})
afterAll(() => rm(folder, { recursive: true }))

function clientOf({ rpcUrl }: { rpcUrl: string }) {
  const transport = http(rpcUrl, { retryCount: 0, timeout: 2_000 })
  return createTestClient({ mode: 'anvil', chain: baseSepolia, transport, pollingInterval: 10 })
    .extend(publicActions)
    .extend(walletActions)
}

/** Pays one dollar under the id of this name; gives the transaction once it is mined. */
async function pay(on: Omit<Chain, 'stop' | 'pid'>, name: string) {
  const client = clientOf(on)
  const payouts = [{ id: keccak256(stringToHex(name)), to: PAYEE, amount: 1_000_000n }] as const
  const settle = { address: on.settlement, abi: settlementAbi, functionName: 'settle', args: [payouts] } as const
  return client.writeContract({ ...settle, account: privateKeyToAccount(KEYS.settleKey) })
}

async function paidTo({ usdc, ...on }: Omit<Chain, 'stop' | 'pid'>, blockTag: 'latest' | 'finalized' = 'latest') {
  const balance = { address: usdc, abi: mockUsdcAbi, functionName: 'balanceOf', args: [PAYEE], blockTag } as const
  return clientOf(on).readContract(balance)
}

test('both signers can do their work, and what they did outlives a restart, also of a Worker elsewhere', async () => {
  const options = { port: 0, keys: KEYS, stateFile: join(folder, 'chain.json') }
  chain = await startChain({ ...options, apiUrl: API })
  const client = clientOf(chain)
  await client.waitForTransactionReceipt({ hash: await pay(chain, 'first') })
  const tokens = { address: chain.agentToken, abi: agentTokenAbi } as const
  const args = [PAYEE, 'an agent', 1_700_000_000, keccak256('0x01')] as const
  const mint = { ...tokens, functionName: 'mint', args, account: privateKeyToAccount(KEYS.mintKey) } as const
  await client.waitForTransactionReceipt({ hash: await client.writeContract(mint) })
  expect(await client.readContract({ ...tokens, functionName: 'uri', args: [0n] })).toBe(
    `${API}/api/v1/chain/tokens/{id}.json`,
  )
  await client.mine({ blocks: 2 })
  await chain.stop()

  const addresses = { agentToken: chain.agentToken, settlement: chain.settlement }
  chain = await startChain({ ...options, apiUrl: 'http://127.0.0.1:9999' })
  expect(chain).toMatchObject(addresses)
  expect(await paidTo(chain)).toBe(1_000_000n)
  expect(await paidTo(chain, 'finalized')).toBe(1_000_000n)
  const again = clientOf(chain)
  const id = await again.readContract({ ...tokens, functionName: 'idOf', args: ['an agent'] })
  expect(await again.readContract({ ...tokens, functionName: 'agentOf', args: [id] })).toMatchObject({ creator: PAYEE })
  expect(await again.readContract({ ...tokens, functionName: 'contractURI' })).toBe(
    'http://127.0.0.1:9999/api/v1/chain/collection.json',
  )
})

test('USDC is where and what it is on Base Sepolia', async () => {
  chain = await startChain({ port: 0, keys: KEYS, apiUrl: API })
  const usdc = { address: '0x036CbD53842c5426634e7929541eC2318f3dCF7e', abi: mockUsdcAbi } as const
  const client = clientOf(chain)
  expect(await client.readContract({ ...usdc, functionName: 'decimals' })).toBe(6)
  // What Base Sepolia answers, where the domain has the name "USDC", version "2", this chain id and this address.
  expect(await client.readContract({ ...usdc, functionName: 'DOMAIN_SEPARATOR' })).toBe(
    '0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818',
  )
})

test('a transaction becomes final by itself where blocks are made, and the chain then rests', async () => {
  chain = await startChain({ port: 0, keys: KEYS, apiUrl: API, blockMs: 20 })
  await pay(chain, 'final')
  const on = chain
  await vi.waitFor(async () => expect(await paidTo(on, 'finalized')).toBe(1_000_000n))
  const client = clientOf(chain)
  const rest = await vi.waitFor(async () => {
    const before = await client.getBlock()
    expect(before.transactions).toEqual([])
    return before.number
  })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await client.getBlockNumber({ cacheTime: 0 })).toBeLessThanOrEqual(rest + 1n)
})

test('a chain that ends by itself is told, one that is stopped is not', async () => {
  const onCrash = vi.fn<(why: string) => void>()
  chain = await startChain({ port: 0, keys: KEYS, apiUrl: API, onCrash })
  await chain.stop()
  expect(onCrash).not.toHaveBeenCalled()
  chain = await startChain({ port: 0, keys: KEYS, apiUrl: API, onCrash })
  process.kill(chain.pid, 'SIGKILL')
  await vi.waitFor(() => expect(onCrash).toHaveBeenCalledOnce())
  // Nothing of it is left.
  const { rpcUrl } = chain
  await vi.waitFor(() => expect(clientOf({ rpcUrl }).getBlockNumber()).rejects.toThrow(/HTTP request failed/))
})

test('a port that is taken is refused as by every other door', async () => {
  chain = await startChain({ port: 0, keys: KEYS, apiUrl: API })
  const port = Number(new URL(chain.rpcUrl).port)
  await expect(startChain({ port, keys: KEYS, apiUrl: API })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('through the door, a chain is started by who asks, loses blocks, falls silent and comes back', async () => {
  door = await openChainDoor(KEYS, API)
  const client = clientOf(door)
  const hash = await pay(door, 'reorg')
  await client.waitForTransactionReceipt({ hash })
  await door.control('/chain/reorg', 1)
  expect(await paidTo(door)).toBe(0n)
  await expect(client.getTransactionReceipt({ hash })).rejects.toThrow(/could not be found/)

  await door.control('/chain/down', 1)
  await expect(client.getBlockNumber({ cacheTime: 0 })).rejects.toThrow(/HTTP request failed/)
  await door.control('/chain/up', 1)

  await door.control('/chain/automine', 0)
  await door.control('/chain/deaf', 1)
  await expect(client.setNonce({ address: PAYEE, nonce: 7 })).rejects.toThrow(/took too long/)
  await door.control('/chain/up', 1)
  // It was done all the same.
  expect(await client.getTransactionCount({ address: PAYEE })).toBe(7)
  const waiting = await pay(door, 'waiting')
  await expect(client.getTransactionReceipt({ hash: waiting })).rejects.toThrow(/could not be found/)
  await door.control('/chain/mine', 1)
  expect((await client.getTransactionReceipt({ hash: waiting })).status).toBe('success')

  await door.control('/chain/reset', 1)
  expect(await paidTo(door)).toBe(0n)
})
