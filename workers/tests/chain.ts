/** What tests of the chain share: the chain itself, as somebody with a wallet has it, and signers that are driven by hand. */
import { reset, runDurableObjectAlarm } from 'cloudflare:test'
import { createTestClient, http, publicActions, walletActions, type Address, type Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { baseSepolia } from 'viem/chains'
import { agentTokenAbi } from '../../contracts/generated/agent-token.ts'
import { mockUsdcAbi } from '../../contracts/generated/mock-usdc.ts'
import { settlementAbi } from '../../contracts/generated/settlement.ts'
import { db } from '../base/db.ts'
import { chainOf, type ChainConfig, type SignerName } from '../chain/config.ts'
import { payoutKey } from '../chain/payout-work.ts'
import { signerOf } from '../chain/signers.ts'
import { agentTokens, chainCursors, chainPayouts, mintedEvents, settledEvents } from '../chain/tables.ts'
import { bindings, door } from './world.ts'

/** As workers/local/chain.ts hands out the roles: the accounts of anvil, which signs for them. */
export const ADMIN = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
export const PAUSER = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'

export const config = chainOf(bindings) as ChainConfig

export const node = createTestClient({
  mode: 'anvil',
  chain: baseSepolia,
  transport: http(config.rpcUrl, { retryCount: 0 }),
  pollingInterval: 10,
  cacheTime: 0,
})
  .extend(publicActions)
  .extend(walletActions)

export const settlement = { address: config.settlement, abi: settlementAbi } as const
export const agentToken = { address: config.agentToken, abi: agentTokenAbi } as const
export const usdc = { address: config.usdc, abi: mockUsdcAbi } as const

/** A new chain, of which nothing is known yet: neither what was asked of the one before, nor how far its blocks were read. */
export async function freshChain(): Promise<void> {
  await door('/chain/reset')
  await reset()
  for (const table of [settledEvents, mintedEvents, chainCursors, chainPayouts, agentTokens])
    await db(bindings).delete(table)
}

/** A wallet that nobody has used. */
export function newWallet(): Address {
  return privateKeyToAccount(generatePrivateKey()).address
}

export function balanceOf(wallet: Address): Promise<bigint> {
  return node.readContract({ ...usdc, functionName: 'balanceOf', args: [wallet] })
}

export function settledOn(id: string): Promise<bigint> {
  return node.readContract({ ...settlement, functionName: 'settled', args: [payoutKey(config, id)] })
}

/** How many transactions a signer's account has made. */
export function sentBy(name: SignerName): Promise<number> {
  return node.getTransactionCount({ address: addressOf(name) })
}

export function addressOf(name: SignerName): Address {
  return privateKeyToAccount(config.keys[name]).address
}

/** A transaction of one of anvil's accounts, mined. */
export async function mined(hash: Promise<Hex>): Promise<void> {
  await node.waitForTransactionReceipt({ hash: await hash })
}

/** A signer as it is now. A stub whose object was aborted is broken for good, so each use takes a new one. */
export const signer = (name: SignerName) => signerOf(bindings, config, name)

/** Makes a signer take its next step now, if it has one to take. What becomes of the step is not ours. */
export async function step(name: SignerName): Promise<void> {
  await runDurableObjectAlarm(signer(name)).catch(() => false)
}

const WAIT_MS_MAX = 20_000

/** What `look` gives, once it is as wanted; between looks the signer takes its steps. */
export async function until<T>(name: SignerName, look: () => Promise<T>, isWanted: (seen: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + WAIT_MS_MAX; ;) {
    await step(name)
    const seen = await look()
    if (isWanted(seen)) return seen
    if (Date.now() > deadline) throw new Error(`It came only to ${JSON.stringify(seen)}.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
