/** Which chain there is, if there is one: its node, its contracts, its signers' keys, and the rules it is treated by. */
import { getAddress } from 'viem/utils'
import { AppError } from '../base/errors.ts'
import { flags } from '../base/flags.ts'
import { settings, type Bindings } from '../env.ts'
import type { Address, Hex } from 'viem'

const GWEI = 1_000_000_000n

type Network = {
  name: string
  explorer: string | null
  /** From which of the two a transaction counts as settled. */
  books: 'safe' | 'finalized'
  /** Wei. Less than this tip is not taken, and more than this fee is never offered unless a variable says so. */
  tipMin: bigint
  feeMax: bigint
}

/**
 * Base is settled once a block's data is on Ethereum (`safe`, about two minutes): https://docs.base.org/base-chain/network-information/transaction-finality
 * Polygon's `safe` promises nothing, its milestones do (`finalized`); it takes no tip below 25 gwei.
 */
const NETWORKS: Record<number, Network> = {
  8453: { name: 'Base', explorer: 'https://basescan.org', books: 'safe', tipMin: 0n, feeMax: 5n * GWEI },
  84532: {
    name: 'Base Sepolia',
    explorer: 'https://sepolia.basescan.org',
    books: 'safe',
    tipMin: 0n,
    feeMax: 5n * GWEI,
  },
  137: {
    name: 'Polygon',
    explorer: 'https://polygonscan.com',
    books: 'finalized',
    tipMin: 30n * GWEI,
    feeMax: 1_500n * GWEI,
  },
  80002: {
    name: 'Polygon Amoy',
    explorer: 'https://amoy.polygonscan.com',
    books: 'finalized',
    tipMin: 30n * GWEI,
    feeMax: 1_500n * GWEI,
  },
}

/** The two signers. Each has a key of its own, so that neither waits for the other. */
export const SIGNERS = ['mint', 'settle'] as const
export type SignerName = (typeof SIGNERS)[number]

export type ChainConfig = Network & {
  chainId: number
  rpcUrl: string
  /** A node gets this long for each answer. */
  timeLimitMs: number
  /** A second node that is asked before money is booked, if there is one. */
  checkRpcUrl: string | undefined
  usdc: Address
  agentToken: Address
  settlement: Address
  keys: Record<SignerName, Hex>
  /** The first block that can hold events of these contracts. */
  fromBlock: number
}

/** The chain, or null where one of its variables is missing. */
export function chainOf(env: Bindings): ChainConfig | null {
  const all = settings(env)
  const { CHAIN_RPC_URL, CHAIN_ID, USDC_ADDRESS, AGENT_TOKEN_ADDRESS, SETTLEMENT_ADDRESS } = all
  const { MINT_SIGNER_KEY, SETTLE_SIGNER_KEY, CHAIN_FEE_MAX_GWEI } = all
  if (!CHAIN_RPC_URL || !CHAIN_ID || !USDC_ADDRESS || !AGENT_TOKEN_ADDRESS || !SETTLEMENT_ADDRESS) return null
  if (!MINT_SIGNER_KEY || !SETTLE_SIGNER_KEY) return null
  const network = NETWORKS[CHAIN_ID] ?? {
    name: `Chain ${CHAIN_ID}`,
    explorer: null,
    books: 'finalized',
    tipMin: 0n,
    feeMax: 100n * GWEI,
  }
  return {
    ...network,
    ...(CHAIN_FEE_MAX_GWEI === undefined ? {} : { feeMax: BigInt(CHAIN_FEE_MAX_GWEI) * GWEI }),
    chainId: CHAIN_ID,
    rpcUrl: CHAIN_RPC_URL,
    timeLimitMs: all.CHAIN_TIMEOUT_MS,
    checkRpcUrl: all.CHAIN_CHECK_RPC_URL,
    usdc: getAddress(USDC_ADDRESS),
    agentToken: getAddress(AGENT_TOKEN_ADDRESS),
    settlement: getAddress(SETTLEMENT_ADDRESS),
    keys: { mint: MINT_SIGNER_KEY as Hex, settle: SETTLE_SIGNER_KEY as Hex },
    fromBlock: all.CHAIN_FROM_BLOCK,
  }
}

/** The flag that switches off what each signer does. */
const FLAG_OF = { mint: 'enable_blockchain_mint', settle: 'enable_crypto_payments' } as const

/** Whether there is a chain, and what this signer does on it is switched on. */
export async function isOn(env: Bindings, what: SignerName): Promise<boolean> {
  return chainOf(env) !== null && (await flags(env))[FLAG_OF[what]]
}

/** The chain. Throws `chainOff` where there is none, or where an admin has switched off what is wanted of it. */
export async function needChain(env: Bindings, what?: SignerName): Promise<ChainConfig> {
  const chain = chainOf(env)
  if (!chain) throw new AppError('chainOff', { details: { because: 'not_configured' } })
  if (what !== undefined && !(await isOn(env, what)))
    throw new AppError('chainOff', { details: { because: FLAG_OF[what] } })
  return chain
}
