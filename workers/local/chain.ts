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
  type Hash,
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
import { agentTokenAbi } from '../../contracts/generated/agent-token.ts'
import { mockUsdcAbi, mockUsdcBytecode } from '../../contracts/generated/mock-usdc.ts'

/** Circle's, see https://developers.circle.com/stablecoins/usdc-contract-addresses */
const USDC = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
/** The first accounts of anvil's mnemonic, which everybody knows: anvil signs for them. */
const DEPLOYER = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const ADMIN = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const PAUSER = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const TEMPLATE_PATH = '/api/v1/chain/tokens/{id}.json'
const COLLECTION_PATH = '/api/v1/chain/collection.json'
const FLOAT = parseUnits('250000', 6)
const GAS = parseEther('10')
/** A round figure, which no market has named. */
const NATIVE_USD = '3000'
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

export type Chain = ReturnType<typeof describeChain> & { rpcUrl: string; pid: number; stop(): Promise<void> }

/** What a chain with these keys has at which address, also before it is started. */
export function describeChain({ mintKey, settleKey }: SignerKeys) {
  const keys = { mintKey, settleKey }
  return { chainId: baseSepolia.id, usdc: USDC as Address, ...addressesOf(deploymentFor(keys)), ...keys }
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
  const pid = child.pid as number
  const rpcUrl = `http://127.0.0.1:${port}`
  let isStopping = false
  let ticking: NodeJS.Timeout | undefined
  const stop = (): Promise<void> => {
    isStopping = true
    clearInterval(ticking)
    return end(child)
  }
  child.once('exit', (code, signal) => {
    killGroup(pid)
    if (!isStopping) onCrash?.(`it ended with ${signal ?? `code ${code}`}`)
  })
  try {
    const client = clientOf(rpcUrl)
    await ready(child, client)
    await furnish(client, keys, apiUrl)
    if (options.blockMs !== undefined) ticking = setInterval(() => void moveOn(client).catch(() => {}), options.blockMs)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { ...describeChain(keys), rpcUrl, pid, stop }
}

/** The variables of workers/env.ts that point a Worker at a chain. */
export function chainVariables(chain: Omit<Chain, 'stop' | 'pid'>): Record<string, string> {
  return {
    CHAIN_RPC_URL: chain.rpcUrl,
    CHAIN_ID: String(chain.chainId),
    USDC_ADDRESS: chain.usdc,
    AGENT_TOKEN_ADDRESS: chain.agentToken,
    SETTLEMENT_ADDRESS: chain.settlement,
    MINT_SIGNER_KEY: chain.mintKey,
    SETTLE_SIGNER_KEY: chain.settleKey,
    NATIVE_USD: NATIVE_USD,
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
async function furnish(client: ChainClient, keys: SignerKeys, apiUrl: string): Promise<void> {
  if ((await client.getCode({ address: USDC })) === undefined) {
    const deploy = { account: DEPLOYER, abi: mockUsdcAbi, bytecode: mockUsdcBytecode } as const
    const bytecode = await client.getCode({ address: await mined(client, await client.deployContract(deploy)) })
    await client.setCode({ address: USDC, bytecode: bytecode as Hex })
  }
  const { agentToken, settlement } = await deployContracts(client, DEPLOYER, deploymentFor(keys))
  for (const key of [keys.mintKey, keys.settleKey]) {
    const address = privateKeyToAddress(key)
    if ((await client.getBalance({ address })) < GAS / 2n) await client.setBalance({ address, value: GAS })
  }
  const usdc = { address: USDC, abi: mockUsdcAbi } as const
  if ((await client.readContract({ ...usdc, functionName: 'balanceOf', args: [settlement] })) < FLOAT / 2n) {
    const mint = { ...usdc, functionName: 'mint', args: [settlement, FLOAT] } as const
    await mined(client, await client.writeContract({ ...mint, account: DEPLOYER }))
  }
  const tokens = { address: agentToken, abi: agentTokenAbi } as const
  const template = `${apiUrl}${TEMPLATE_PATH}`
  if ((await client.readContract({ ...tokens, functionName: 'uri', args: [0n] })) === template) return
  const set = { ...tokens, account: ADMIN } as const
  await mined(client, await client.writeContract({ ...set, functionName: 'setTemplate', args: [template] }))
  const args = [`${apiUrl}${COLLECTION_PATH}`] as const
  await mined(client, await client.writeContract({ ...set, functionName: 'setContractURI', args }))
}

async function mined(client: ChainClient, hash: Hash): Promise<Address> {
  const { status, contractAddress } = await client.waitForTransactionReceipt({ hash })
  if (status !== 'success') throw new Error(`transaction ${hash} reverted`)
  return contractAddress as Address
}

function deploymentFor({ mintKey, settleKey }: SignerKeys): Deployment {
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
    // Set afterwards: where the Worker answers may change from one start to the next, and the contract's address may not.
    template: TEMPLATE_PATH,
    collection: COLLECTION_PATH,
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
  killGroup(child.pid as number)
  await gone
}

/** Ends what is left of the child and of what it started. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nobody is left, as it should be.
  }
}
