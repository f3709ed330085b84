/**
 * The only door to a node of the chain. What it answers is believed as far as `signer.ts` says; what it does not answer is
 * unknown, and throws. Every question has a time limit and is asked once: whoever asks asks again.
 */
import {
  createClient,
  http,
  BaseError,
  ExecutionRevertedError,
  InsufficientFundsError,
  NonceTooLowError,
  TransactionReceiptNotFoundError,
  type AbiEvent,
  type Address,
  type Client,
  type Hex,
} from 'viem'
import {
  call,
  estimateGas,
  estimateMaxPriorityFeePerGas,
  getBalance,
  getBlock,
  getChainId,
  getLogs,
  getTransactionCount,
  getTransactionReceipt,
  sendRawTransaction,
} from 'viem/actions'

const ANSWER_BYTES_MAX = 5_000_000
/** As nodes say that they have these very bytes already: geth, Erigon and Bor, Nethermind, anvil. */
const KNOWN = /already known|already imported|alreadyknown|known transaction|already exists/i
const REVERTED = /execution reverted|out of gas|invalid opcode/i

export type Tag = 'latest' | 'safe' | 'finalized'

/** Numbers of blocks, and what a unit of gas cost in the latest, in wei. */
export type Head = { latest: number; safe: number; finalized: number; baseFee: bigint }

export type Log = { address: Address; topics: Hex[]; data: Hex }
/** `cost` in wei of the chain's own coin: gas at the price that was paid, and what a rollup takes for its data besides. */
export type Receipt = {
  hash: Hex
  isSuccess: boolean
  blockNumber: number
  blockHash: Hex
  cost: bigint
  logs: Log[]
}
/** `known` is as good as `taken`; `used`: the nonce is spent; `poor`: no money for gas; `refused`: for another reason. */
export type Sent = 'taken' | 'known' | 'used' | 'poor' | 'refused'
export type Request = { from: Address; to: Address; data: Hex }

/** A log with its place in the chain. */
export type Placed = Log & { hash: Hex; blockNumber: number; logIndex: number; at: Date }

/** What is asked of a node. Everything throws when it does not answer, or answers nonsense. */
export type Node = {
  chainId(): Promise<number>
  head(): Promise<Head>
  /** How many transactions of this account there are. */
  nonce(address: Address, tag: Tag | 'pending'): Promise<number>
  balance(address: Address): Promise<bigint>
  tip(): Promise<bigint>
  /** The gas that a transaction would take in the latest block, or the data with which it would revert. */
  estimate(request: Request): Promise<{ gas: bigint } | { revert: Hex }>
  /** What a contract answers to nobody in particular, or to `from`; or the data with which it reverts. */
  read(to: Address, data: Hex, tag: Tag, from?: Address): Promise<{ data: Hex } | { revert: Hex }>
  send(raw: Hex): Promise<Sent>
  receipt(hash: Hex): Promise<Receipt | null>
  /** Events of these contracts in these blocks, both included, oldest first. */
  events(filter: { addresses: Address[]; events: AbiEvent[]; from: number; to: number }): Promise<Placed[]>
}

/** The node at an address. */
export function nodeAt(rpcUrl: string, timeLimitMs: number): Node {
  const client = createClient({
    transport: http(rpcUrl, { retryCount: 0, timeout: timeLimitMs, maxResponseBodySize: ANSWER_BYTES_MAX }),
  })
  return {
    chainId: () => getChainId(client),
    head: () => headOf(client),
    nonce: (address, blockTag) => getTransactionCount(client, { address, blockTag }),
    balance: (address) => getBalance(client, { address }),
    tip: () => estimateMaxPriorityFeePerGas(client, { chain: null }),
    estimate: ({ from, to, data }) =>
      orRevert(async () => ({ gas: await estimateGas(client, { account: from, to, data }) })),
    read: (to, data, blockTag, from) =>
      orRevert(async () => {
        const asked = { to, data, blockTag, ...(from === undefined ? {} : { account: from }) }
        return { data: (await call(client, asked)).data ?? '0x' }
      }),
    send: (raw) => send(client, raw),
    receipt: (hash) => receiptOf(client, hash),
    events: ({ addresses, events, from, to }) => eventsOf(client, { addresses, events, from, to }),
  }
}

async function headOf(client: Client): Promise<Head> {
  const [latest, safe, finalized] = await Promise.all([
    getBlock(client, { blockTag: 'latest' }),
    getBlock(client, { blockTag: 'safe' }),
    getBlock(client, { blockTag: 'finalized' }),
  ])
  return {
    latest: Number(latest.number),
    safe: Number(safe.number),
    finalized: Number(finalized.number),
    baseFee: latest.baseFeePerGas ?? 0n,
  }
}

async function send(client: Client, raw: Hex): Promise<Sent> {
  try {
    await sendRawTransaction(client, { serializedTransaction: raw })
    return 'taken'
  } catch (thrown) {
    const said = answerOf(thrown)
    if (said === null) throw thrown
    if (KNOWN.test(said)) return 'known'
    if (NonceTooLowError.nodeMessage.test(said)) return 'used'
    return InsufficientFundsError.nodeMessage.test(said) ? 'poor' : 'refused'
  }
}

async function receiptOf(client: Client, hash: Hex): Promise<Receipt | null> {
  try {
    const receipt = await getTransactionReceipt(client, { hash })
    return {
      hash,
      isSuccess: receipt.status === 'success',
      blockNumber: Number(receipt.blockNumber),
      blockHash: receipt.blockHash,
      cost: receipt.gasUsed * receipt.effectiveGasPrice + dataFeeOf(receipt),
      logs: receipt.logs.map(({ address, topics, data }) => ({ address, topics, data })),
    }
  } catch (thrown) {
    if (thrown instanceof TransactionReceiptNotFoundError) return null
    throw thrown
  }
}

/** Base and other chains of the OP stack name it in the receipt: https://docs.optimism.io/op-stack/transactions/fees */
function dataFeeOf(receipt: object): bigint {
  const { l1Fee } = receipt as { l1Fee?: unknown }
  return typeof l1Fee === 'string' && /^0x[0-9a-f]+$/i.test(l1Fee) ? BigInt(l1Fee) : 0n
}

type Filter = { addresses: Address[]; events: AbiEvent[]; from: number; to: number }

async function eventsOf(client: Client, { addresses, events, from, to }: Filter): Promise<Placed[]> {
  const logs = await getLogs(client, {
    address: addresses,
    events,
    fromBlock: BigInt(from),
    toBlock: BigInt(to),
  })
  const times = new Map<bigint, Date>()
  for (const number of new Set(logs.map(({ blockNumber }) => blockNumber)))
    times.set(number, new Date(Number((await getBlock(client, { blockNumber: number })).timestamp) * 1_000))
  return logs.map(({ address, topics, data, transactionHash, blockNumber, logIndex }) => ({
    address,
    topics,
    data,
    hash: transactionHash,
    blockNumber: Number(blockNumber),
    logIndex,
    at: times.get(blockNumber) ?? new Date(0),
  }))
}

async function orRevert<T>(ask: () => Promise<T>): Promise<T | { revert: Hex }> {
  try {
    return await ask()
  } catch (thrown) {
    const revert = revertOf(thrown)
    if (revert === null) throw thrown
    return { revert }
  }
}

/** The data with which a call reverted, or null if it was not that which failed. */
function revertOf(thrown: unknown): Hex | null {
  if (!(thrown instanceof BaseError)) return null
  const bottom = thrown.walk((error) => typeof (error as { data?: unknown } | null)?.data !== 'undefined') as {
    data?: Hex | { data?: Hex }
  } | null
  const data = typeof bottom?.data === 'object' ? bottom.data.data : bottom?.data
  if (typeof data === 'string' && data.startsWith('0x')) return data
  const isRevert = thrown.walk((error) => (error as { code?: number } | null)?.code === ExecutionRevertedError.code)
  return isRevert || REVERTED.test(answerOf(thrown) ?? '') ? '0x' : null
}

/** What the node itself said is wrong, or null if it said nothing. */
function answerOf(thrown: unknown): string | null {
  if (!(thrown instanceof BaseError)) return null
  const answer = thrown.walk((error) => typeof (error as { code?: unknown } | null)?.code === 'number')
  return answer instanceof BaseError ? `${answer.details} ${answer.shortMessage}`.toLowerCase() : null
}
