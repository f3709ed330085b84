/** Paying out: many payouts in one transaction, each under an id that the contract settles once and never again. */
import { getAbiItem, type Address, type Hex } from 'viem'
import {
  decodeErrorResult,
  decodeEventLog,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  getAddress,
  keccak256,
} from 'viem/utils'
import { settlementAbi } from '../../contracts/generated/settlement.ts'
import { logsOf, type Judgement, type Work } from './work.ts'
import type { Job } from './book.ts'
import type { ChainConfig } from './config.ts'
import type { Log, Node } from './rpc.ts'

/** As the contract allows. */
const BATCH_MAX = 100

export const settledEvent = getAbiItem({ abi: settlementAbi, name: 'Settled' })

/** `amount` in millionths of a USDC. As JSON, so no bigint. */
export type PayoutFacts = { to: Address; amount: string }
export type PayoutResult = { amount: string; credited: boolean }
export type SettledEvent = { id: Hex; payee: Address; amount: bigint; credited: boolean }

/** The id of a payout on this chain, at this contract, and nowhere else; as `Settlement.idOf` makes it. */
export function payoutKey({ chainId, settlement }: Pick<ChainConfig, 'chainId' | 'settlement'>, id: string): Hex {
  return keccak256(
    encodeAbiParameters(
      [{ type: 'uint256' }, { type: 'address' }, { type: 'bytes16' }],
      [BigInt(chainId), settlement, `0x${id.replaceAll('-', '').toLowerCase()}`],
    ),
  )
}

/** What a log of the contract tells of a payout, or null if it is another one. */
export function settledOf(log: Log): SettledEvent | null {
  try {
    const { args } = decodeEventLog({
      abi: [settledEvent],
      topics: log.topics as [Hex, ...Hex[]],
      data: log.data,
    })
    return { id: args.id, payee: getAddress(args.creator), amount: args.amount, credited: args.credited }
  } catch {
    return null
  }
}

export function payoutWork(node: Node, chain: Pick<ChainConfig, 'chainId' | 'settlement' | 'usdc'>): Work {
  const { settlement, usdc } = chain
  const keyOf = ({ id }: Job): Hex => payoutKey(chain, id)

  async function readNumber(name: 'batchCap' | 'dayLeft' | 'totalOwed'): Promise<bigint> {
    const answer = await node.read(settlement, encodeFunctionData({ abi: settlementAbi, functionName: name }), 'latest')
    if ('revert' in answer) throw new Error(`The settlement contract does not tell its ${name}.`)
    return BigInt(decodeFunctionResult({ abi: settlementAbi, functionName: name, data: answer.data }))
  }

  async function balance(): Promise<bigint> {
    const data = encodeFunctionData({ abi: TOKEN, functionName: 'balanceOf', args: [settlement] })
    const answer = await node.read(usdc, data, 'latest')
    if ('revert' in answer) throw new Error('The token does not tell its balance.')
    return decodeFunctionResult({ abi: TOKEN, functionName: 'balanceOf', data: answer.data })
  }

  const settleData = (jobs: Job[]): Hex =>
    encodeFunctionData({
      abi: settlementAbi,
      functionName: 'settle',
      args: [jobs.map((job) => ({ id: keyOf(job), to: factsOf(job).to, amount: amountOf(job) }))],
    })

  /** Whether the token would not even let the contract send the least there is to ourselves. */
  async function isRefused(us: Address): Promise<boolean> {
    const data = encodeFunctionData({ abi: TOKEN, functionName: 'transfer', args: [us, 1n] })
    const answer = await node.read(usdc, data, 'latest', settlement)
    return 'revert' in answer || !decodeFunctionResult({ abi: TOKEN, functionName: 'transfer', data: answer.data })
  }

  return {
    to: settlement,
    most: BATCH_MAX,
    // In the order in which they came, so that a large one is not overtaken for ever by small ones.
    async fit(jobs, unmined) {
      const [batchCap, dayLeft, totalOwed, held] = await Promise.all([
        readNumber('batchCap'),
        readNumber('dayLeft'),
        readNumber('totalOwed'),
        balance(),
      ])
      const onTheirWay = sum(unmined)
      const day = dayLeft - onTheirWay
      const float = held - totalOwed - onTheirWay
      const fitting: Job[] = []
      let total = 0n
      for (const job of jobs) {
        const amount = amountOf(job)
        if (fitting.length === 0 && amount > batchCap) return { jobs: [], held: { job, reason: 'above_batch_cap' } }
        if (fitting.length === 0 && amount > day) return { jobs: [], paused: 'day_cap' }
        if (fitting.length === 0 && amount > float) return { jobs: [], paused: 'usdc_short' }
        if (total + amount > least(batchCap, day, float)) break
        fitting.push(job)
        total += amount
      }
      return { jobs: fitting }
    },
    data: settleData,
    // Where all would be credited it may be that each of them is refused, or that we are. Whoever is credited has to fetch the
    // money with gas of their own, so nobody shall be only because the token stands still.
    async harm(jobs, from) {
      const answer = await node.read(settlement, settleData(jobs), 'latest', from)
      // What has changed since it was estimated is seen at the next step.
      if ('revert' in answer) return null
      const credited = decodeFunctionResult({ abi: settlementAbi, functionName: 'settle', data: answer.data })
      return credited === sum(jobs) && (await isRefused(from)) ? 'usdc_refuses' : null
    },
    judge: (revert) => JUDGEMENTS[nameOf(revert)] ?? { kind: 'held', reason: 'contract_reverts' },
    async find(job, tag) {
      const data = encodeFunctionData({ abi: settlementAbi, functionName: 'settled', args: [keyOf(job)] })
      const answer = await node.read(settlement, data, tag)
      if ('revert' in answer) throw new Error('The settlement contract does not tell what it settled.')
      const amount = decodeFunctionResult({ abi: settlementAbi, functionName: 'settled', data: answer.data })
      if (amount === 0n) return null
      return amount === amountOf(job) ? 'done' : 'other'
    },
    results(receipt, jobs) {
      const settled = new Map(
        logsOf(receipt.logs, settlement)
          .map(settledOf)
          .filter((event) => event !== null)
          .map((event) => [event.id, event]),
      )
      return new Map(
        jobs.flatMap((job) => {
          const event = settled.get(keyOf(job))
          const isThis = event && event.amount === amountOf(job) && event.payee === factsOf(job).to
          return isThis ? [[job.id, JSON.stringify(toResult(event))] as const] : []
        }),
      )
    },
    async trace(job, from, to) {
      const logs = await node.events({ addresses: [settlement], events: [settledEvent], from, to })
      for (const log of logs) {
        const event = settledOf(log)
        if (event?.id === keyOf(job)) return { hash: log.hash, result: JSON.stringify(toResult(event)) }
      }
      return null
    },
  }
}

const TOKEN = [
  {
    type: 'function',
    name: 'balanceOf',
    stateMutability: 'view',
    inputs: [{ name: 'account', type: 'address' }],
    outputs: [{ name: '', type: 'uint256' }],
  },
  {
    type: 'function',
    name: 'transfer',
    stateMutability: 'nonpayable',
    inputs: [
      { name: 'to', type: 'address' },
      { name: 'value', type: 'uint256' },
    ],
    outputs: [{ name: '', type: 'bool' }],
  },
] as const

/** By the name of the contract's error. Only what no change of caps, money or roles could make possible is refused for good. */
const JUDGEMENTS: Record<string, Judgement> = {
  AlreadySettled: { kind: 'done' },
  BadPayout: { kind: 'refused', reason: 'bad_payout' },
  BatchCapExceeded: { kind: 'held', reason: 'above_batch_cap' },
  DayCapExceeded: { kind: 'paused', reason: 'day_cap' },
  FloatTooSmall: { kind: 'paused', reason: 'usdc_short' },
  EnforcedPause: { kind: 'paused', reason: 'contract_paused' },
  AccessControlUnauthorizedAccount: { kind: 'paused', reason: 'role_missing' },
}

function nameOf(revert: Hex): string {
  try {
    return decodeErrorResult({ abi: settlementAbi, data: revert }).errorName
  } catch {
    return ''
  }
}

const factsOf = ({ facts }: Job): PayoutFacts => JSON.parse(facts) as PayoutFacts
const amountOf = (job: Job): bigint => BigInt(factsOf(job).amount)
const sum = (jobs: Job[]): bigint => jobs.reduce((total, job) => total + amountOf(job), 0n)
const least = (...values: bigint[]): bigint => values.reduce((a, b) => (a < b ? a : b))
const toResult = ({ amount, credited }: SettledEvent): PayoutResult => ({ amount: String(amount), credited })
