/**
 * A chain on this machine: anvil with the contracts deployed and a stand-in for USDC at the address that the real one has on
 * Base Sepolia, whose chain id this chain has too. What a Worker needs of it is given as variables.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  type Address,
  createTestClient,
  type Hex,
  http,
  parseEther,
  parseUnits,
  publicActions,
  walletActions,
} from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { baseSepolia } from 'viem/chains'
import { addressesOf, deployContracts, type Deployment } from '../../contracts/deploy.ts'
import { foundryBinary } from '../../contracts/foundry.ts'
import { mockUsdcAbi, mockUsdcBytecode } from '../../contracts/generated/mock-usdc.ts'

/** Circle's, see https://developers.circle.com/stablecoins/usdc-contract-addresses */
const USDC = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
/** The first accounts of anvil's mnemonic, which everybody knows: anvil signs for them. */
const DEPLOYER = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const ADMIN = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const PAUSER = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const FLOAT = parseUnits('250000', 6)
const GAS = parseEther('10')
const READY_MS_MAX = 10_000
const STOP_MS_MAX = 5_000
const POLL_MS = 10

export type ChainOptions = {
  /** 0: any free one. */
  port: number
  keys: SignerKeys
  /** Where the state is kept over restarts; without it, in memory only. */
  stateFile?: string
  /** Where anvil's own log goes; without it, nowhere. */
  logPath?: string
  /** Where the Worker answers: in the address of the tokens' JSON. */
  apiUrl: string
  /**
   * While a transaction is not final, a block is made so often, as on a chain where others are too. Without it, blocks are made
   * for transactions only.
   */
  blockMs?: number
  /** Told once, when the chain ends without having been stopped. */
  onCrash?: (why: string) => void
}

/** The private keys that mint and settle; each is used by one signer only. */
export type SignerKeys = { mintKey: Hex; settleKey: Hex }

export type Chain = ReturnType<typeof describeChain> & { rpcUrl: string; stop(): Promise<void> }

/** What a chain with these keys has at which address, also before it is started. */
export function describeChain({ keys, apiUrl }: Pick<ChainOptions, 'keys' | 'apiUrl'>) {
  return { chainId: baseSepolia.id, usdc: USDC as Address, ...addressesOf(deploymentFor(keys, apiUrl)), ...keys }
}

/** Starts the chain on 127.0.0.1 and puts on it what is missing. Rejects with the reason when it ends or stays silent. */
export async function startChain(options: ChainOptions): Promise<Chain> {
  const { keys, apiUrl, logPath, onCrash } = options
  const port = await freePort(options.port)
  const log = logPath === undefined ? 'ignore' : openSync(logPath, 'w')
  const child = fork(
    join(import.meta.dirname, 'anvil-with-parent.ts'),
    [foundryBinary('anvil'), ...anvilArgs(port, options.stateFile)],
    // A group of its own: a Ctrl-C meant for us must not end it before we say so.
    { detached: true, execArgv: ['--no-warnings'], stdio: ['ignore', log, log, 'ipc'] },
  )
  if (typeof log === 'number') closeSync(log)
  const rpcUrl = `http://127.0.0.1:${port}`
  let isStopping = false
  let ticking: NodeJS.Timeout | undefined
  const stop = (): Promise<void> => {
    isStopping = true
    clearInterval(ticking)
    return end(child)
  }
  child.once('exit', (code, signal) => {
    if (!isStopping) onCrash?.(`it ended with ${signal ?? `code ${code}`}`)
  })
  try {
    const client = clientOf(rpcUrl)
    await ready(child, client)
    await furnish(client, deploymentFor(keys, apiUrl), keys)
    if (options.blockMs !== undefined) ticking = setInterval(() => void moveOn(client).catch(() => {}), options.blockMs)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { ...describeChain({ keys, apiUrl }), rpcUrl, stop }
}

/** The variables of workers/env.ts that point a Worker at a chain. */
export function chainVariables(chain: Omit<Chain, 'stop'>): Record<string, string> {
  return {
    CHAIN_RPC_URL: chain.rpcUrl,
    CHAIN_ID: String(chain.chainId),
    USDC_ADDRESS: chain.usdc,
    AGENT_TOKEN_ADDRESS: chain.agentToken,
    SETTLEMENT_ADDRESS: chain.settlement,
    MINT_SIGNER_KEY: chain.mintKey,
    SETTLE_SIGNER_KEY: chain.settleKey,
  }
}

function anvilArgs(port: number, stateFile: string | undefined): string[] {
  const args = ['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(baseSepolia.id)]
  // So that `safe` is the block before the latest and `finalized` the one before that; otherwise both stay at block 0 for long.
  args.push('--slots-in-an-epoch', '1', '--quiet')
  // With the states of earlier blocks: who reads at `safe` reads one of them.
  if (stateFile !== undefined) args.push('--state', stateFile, '--preserve-historical-states')
  return args
}

function clientOf(rpcUrl: string) {
  return createTestClient({ mode: 'anvil', chain: baseSepolia, transport: http(rpcUrl), pollingInterval: POLL_MS })
    .extend(publicActions)
    .extend(walletActions)
}

type ChainClient = ReturnType<typeof clientOf>

async function ready(child: ChildProcess, client: ChainClient): Promise<void> {
  const deadline = Date.now() + READY_MS_MAX
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended while starting')
    const chainId = await client.getChainId().catch(() => undefined)
    if (chainId !== undefined) return
    await setTimeout(POLL_MS)
  }
  throw new Error(`it did not answer within ${READY_MS_MAX / 1000} s`)
}

/** Makes a block if one of those that are not final yet has transactions. */
async function moveOn(client: ChainClient): Promise<void> {
  const latest = await client.getBlock()
  const before = latest.number > 0n ? await client.getBlock({ blockNumber: latest.number - 1n }) : latest
  if (latest.transactions.length + before.transactions.length > 0) await client.mine({ blocks: 1 })
}

/** Puts USDC and the contracts there, with money in them and gas for the signers. What is there already is left alone. */
async function furnish(client: ChainClient, deployment: Deployment, keys: SignerKeys): Promise<void> {
  if ((await client.getCode({ address: USDC })) === undefined) {
    const hash = await client.deployContract({ account: DEPLOYER, abi: mockUsdcAbi, bytecode: mockUsdcBytecode })
    const { contractAddress } = await client.waitForTransactionReceipt({ hash })
    const bytecode = await client.getCode({ address: contractAddress as Address })
    await client.setCode({ address: USDC, bytecode: bytecode as Hex })
  }
  const { settlement, transactions } = await deployContracts(client, DEPLOYER, deployment)
  if (transactions.length === 0) return
  for (const key of [keys.mintKey, keys.settleKey]) {
    await client.setBalance({ address: privateKeyToAddress(key), value: GAS })
  }
  const mint = { account: DEPLOYER, address: USDC, abi: mockUsdcAbi, functionName: 'mint' } as const
  const hash = await client.writeContract({ ...mint, args: [settlement, FLOAT] })
  await client.waitForTransactionReceipt({ hash })
}

function deploymentFor({ mintKey, settleKey }: SignerKeys, apiUrl: string): Deployment {
  return {
    usdc: USDC,
    roles: {
      admin: ADMIN,
      minter: privateKeyToAddress(mintKey),
      settler: privateKeyToAddress(settleKey),
      pauser: PAUSER,
    },
    adminDelaySeconds: 24 * 60 * 60,
    batchCap: parseUnits('25000', 6),
    dayCap: parseUnits('100000', 6),
    template: `${apiUrl}/api/v1/chain/tokens/{id}.json`,
    collection: `${apiUrl}/api/v1/chain/collection.json`,
  }
}

/** The port that was asked for if it is free, else rejects with EADDRINUSE; for 0 a free one. */
async function freePort(preferred: number): Promise<number> {
  const server = createServer().listen(preferred, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Ends the chain, which writes its state first; harmless when it is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await Promise.race([gone, setTimeout(STOP_MS_MAX, undefined, { ref: false })])
  if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGKILL')
  await gone
}
