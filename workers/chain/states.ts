/**
 * The queue messages of this room. A signer tells its jobs' states to the room's own queues, whose consumers write them down;
 * payouts go on from there to `payout-states`.
 */
import type { Address, Hex } from 'viem'
import type { Bindings } from '../env.ts'
import type { Cost, Job, JobState } from './book.ts'
import type { SignerName } from './config.ts'

/** What is known of a payout. `absent`: nothing was ever asked. */
export type PayoutState = {
  state: 'absent' | JobState
  txHash: string | null
  blockNumber: number | null
  reason: string | null
}

/**
 * A change of a payout, on the queue `payout-states`. Messages may come twice and out of order: one whose `revision` is not
 * above the last one seen of its payout says nothing new. `credited`: the token refused the payee, and the contract holds
 * the amount for him; null before it is mined.
 */
export type PayoutStateMessage = PayoutState & {
  version: 1
  id: string
  revision: number
  credited: boolean | null
}

/** On the queue of either signer: what a transaction has cost for good, in wei as text. It may come twice. */
export type CostMessage = { version: 1; kind: 'cost'; signer: SignerName; chainId: number; hash: Hex; wei: string }

/** On the queue `payouts`: a payout that is asked for, amount in millionths of a USDC, or the state of one. */
export type PayoutMessage =
  | { version: 1; kind: 'pay'; id: string; to: Address; amount: string }
  | ({ kind: 'state' } & PayoutStateMessage)
  | CostMessage

/** What is minted for an agent. `createdAt` in seconds since 1970. */
export type MintRequest = {
  agentId: string
  creatorId: string
  creatorWallet: string | null
  name: string
  description: string
  createdAt: number
}

/** On the queue `mints`: an agent that is published, a wallet that is proven, or the state of a mint. */
export type MintMessage =
  | ({ version: 1; kind: 'agent' } & MintRequest)
  | { version: 1; kind: 'wallet'; creatorId: string; wallet: string }
  | {
      version: 1
      kind: 'state'
      agentId: string
      metadataHash: Hex
      revision: number
      state: JobState
      txHash: string | null
      blockNumber: number | null
      reason: string | null
    }
  | CostMessage

/** A mint is known by its agent and what is minted: after a wallet has refused it, another one is another job. */
export function mintJobId(agentId: string, metadataHash: Hex): string {
  return `${agentId}:${metadataHash}`
}

/** Tells the states of a signer's jobs. Throws when the queue does not take them. */
export async function tellStates(env: Bindings, name: SignerName, jobs: Job[]): Promise<void> {
  if (name === 'settle') await env.PAYOUTS.sendBatch(jobs.map((job) => ({ body: payoutState(job) })))
  else await env.MINTS.sendBatch(jobs.map((job) => ({ body: mintState(job) })))
}

/** Tells what a signer's transactions have cost. Throws when the queue does not take it. */
export async function tellCosts(env: Bindings, signer: SignerName, chainId: number, costs: Cost[]): Promise<void> {
  const queue: Queue<CostMessage> = signer === 'settle' ? env.PAYOUTS : env.MINTS
  await queue.sendBatch(
    costs.map(({ hash, wei }) => ({ body: { version: 1, kind: 'cost', signer, chainId, hash, wei: String(wei) } })),
  )
}

function payoutState(job: Job): PayoutMessage {
  const { id, result } = job
  const credited = result === null ? null : (JSON.parse(result) as { credited: boolean }).credited
  return { version: 1, kind: 'state', id, credited, ...told(job) }
}

function mintState(job: Job): MintMessage {
  const [agentId, metadataHash] = job.id.split(':') as [string, Hex]
  return { version: 1, kind: 'state', agentId, metadataHash, ...told(job) }
}

const told = ({ revision, state, txHash, blockNumber, reason }: Job) => ({
  revision,
  state,
  txHash,
  blockNumber,
  reason,
})
