/**
 * What a signer works at: `payout-work.ts` and `mint-work.ts`. The signer knows transactions and nonces; only these know
 * what a job says, how the contract is told, and what it means when it refuses.
 */
import type { Address, Hex } from 'viem'
import type { Job } from './book.ts'
import type { Log, Receipt, Tag } from './rpc.ts'

/** What a refusal of a job by the contract comes to. */
export type Judgement =
  /** The chain has done it already, or another one under its id. */
  | { kind: 'done' }
  /** It can never be done. */
  | { kind: 'refused'; reason: string }
  /** This job has to wait, the others need not. */
  | { kind: 'held'; reason: string }
  /** Everybody has to wait. */
  | { kind: 'paused'; reason: string }

export type Work = {
  /** The contract. */
  to: Address
  /** How many jobs go into one transaction. */
  most: number
  /** Of `jobs`, first come first, those that one transaction may do now; or why none can. `unmined` are those on their way. */
  fit(jobs: Job[], unmined: Job[]): Promise<{ jobs: Job[]; paused?: string; held?: { job: Job; reason: string } }>
  /** What the contract is told to do them. */
  data(jobs: Job[]): Hex
  /** Why it would do harm to send these now, though the contract would do them; null: it would not. Everybody waits then. */
  harm(jobs: Job[], from: Address): Promise<string | null>
  /** What it means that it would revert with this. */
  judge(revert: Hex): Judgement
  /** Whether the chain has this job as done; `other`: something else was done under its id, and never can this be. */
  find(job: Job, tag: Tag): Promise<'done' | 'other' | null>
  /** What a receipt of success says of each job, as JSON; a job it says nothing of was not done. */
  results(receipt: Receipt, jobs: Job[]): Map<string, string>
  /** The transaction in one of these blocks that did the job, as far as the node can say. */
  trace(job: Job, from: number, to: number): Promise<{ hash: Hex; result: string | null } | null>
}

/** The logs of one contract. */
export function logsOf<L extends Log>(logs: L[], address: Address): L[] {
  return logs.filter((log) => log.address.toLowerCase() === address.toLowerCase())
}
