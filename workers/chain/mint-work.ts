/** Minting: one token for each agent. What its JSON says is bound by the hash that is minted with it. */
import { getAbiItem, type Address, type Hex } from 'viem'
import {
  decodeErrorResult,
  decodeEventLog,
  decodeFunctionResult,
  encodeFunctionData,
  getAddress,
  keccak256,
  stringToHex,
} from 'viem/utils'
import { agentTokenAbi } from '../../contracts/generated/agent-token.ts'
import { logsOf, type Judgement, type Work } from './work.ts'
import type { Job } from './book.ts'
import type { ChainConfig } from './config.ts'
import type { Log, Node, Tag } from './rpc.ts'

export const mintedEvent = getAbiItem({ abi: agentTokenAbi, name: 'AgentMinted' })

/** `createdAt` in seconds since 1970. */
export type MintFacts = { agentId: string; creator: Address; createdAt: number; metadataHash: Hex }
export type MintedEvent = { tokenId: bigint; creator: Address; agentId: string; metadataHash: Hex }
/** What the contract knows of an agent; its token's holder is its creator. */
export type OnChain = { creator: Address; createdAt: number; isRetired: boolean; metadataHash: Hex }

/** The token's id for an agent's id. */
export function tokenIdOf(agentId: string): bigint {
  return BigInt(keccak256(stringToHex(agentId)))
}

/** What a log of the contract tells of a mint, or null if it is another one. */
export function mintedOf(log: Log): MintedEvent | null {
  try {
    const { args } = decodeEventLog({ abi: [mintedEvent], topics: log.topics as [Hex, ...Hex[]], data: log.data })
    const { id, creator, agentId, metadataHash } = args
    return { tokenId: id, creator: getAddress(creator), agentId, metadataHash }
  } catch {
    return null
  }
}

/** What the contract knows of an agent, or null if it has no token. Throws when the node does not answer. */
export async function readAgent(node: Node, agentToken: Address, agentId: string, tag: Tag): Promise<OnChain | null> {
  const data = encodeFunctionData({ abi: agentTokenAbi, functionName: 'agentOf', args: [tokenIdOf(agentId)] })
  const answer = await node.read(agentToken, data, tag)
  if ('revert' in answer) {
    if (nameOf(answer.revert) !== 'NotMinted') throw new Error('The token contract does not tell of its agents.')
    return null
  }
  const agent = decodeFunctionResult({ abi: agentTokenAbi, functionName: 'agentOf', data: answer.data })
  return { ...agent, creator: getAddress(agent.creator) }
}

/** The wallet that holds an agent's token: this one, which the contract names as its creator, or null if it does not. */
export async function holds(node: Node, agentToken: Address, agentId: string, wallet: Address): Promise<boolean> {
  const args = [wallet, tokenIdOf(agentId)] as const
  const data = encodeFunctionData({ abi: agentTokenAbi, functionName: 'balanceOf', args })
  const answer = await node.read(agentToken, data, 'latest')
  if ('revert' in answer) throw new Error('The token contract does not tell its balances.')
  return decodeFunctionResult({ abi: agentTokenAbi, functionName: 'balanceOf', data: answer.data }) === 1n
}

export function mintWork(node: Node, { agentToken }: Pick<ChainConfig, 'agentToken'>): Work {
  return {
    to: agentToken,
    most: 1,
    fit: async (jobs) => ({ jobs: jobs.slice(0, 1) }),
    data: ([job]) => {
      const { creator, agentId, createdAt, metadataHash } = factsOf(job as Job)
      const args = [creator, agentId, createdAt, metadataHash] as const
      return encodeFunctionData({ abi: agentTokenAbi, functionName: 'mint', args })
    },
    harm: async () => null,
    judge: judgeMint,
    async find(job, tag) {
      const { agentId, creator, metadataHash } = factsOf(job)
      const there = await readAgent(node, agentToken, agentId, tag)
      if (!there) return null
      return there.creator === creator && there.metadataHash === metadataHash ? 'done' : 'other'
    },
    results(receipt, jobs) {
      const minted = logsOf(receipt.logs, agentToken).map(mintedOf)
      return new Map(
        jobs
          .filter((job) => minted.some((event) => isOf(event, factsOf(job))))
          .map((job) => [job.id, JSON.stringify({ tokenId: String(tokenIdOf(factsOf(job).agentId)) })]),
      )
    },
    async trace(job, from, to) {
      const logs = await node.events({ addresses: [agentToken], events: [mintedEvent], from, to })
      const log = logs.find((one) => isOf(mintedOf(one), factsOf(job)))
      return log ? { hash: log.hash, result: null } : null
    },
  }
}

/** By the name of the contract's error. */
const JUDGEMENTS: Record<string, Judgement> = {
  AlreadyMinted: { kind: 'done' },
  IncompleteAgent: { kind: 'refused', reason: 'incomplete' },
  AccessControlUnauthorizedAccount: { kind: 'paused', reason: 'role_missing' },
}

/** Whatever else reverts comes from the wallet, which is asked whether it takes the token. */
function judgeMint(revert: Hex): Judgement {
  return JUDGEMENTS[nameOf(revert)] ?? { kind: 'refused', reason: 'blocked_wallet' }
}

function nameOf(revert: Hex): string {
  try {
    return decodeErrorResult({ abi: agentTokenAbi, data: revert }).errorName
  } catch {
    return ''
  }
}

const factsOf = ({ facts }: Job): MintFacts => JSON.parse(facts) as MintFacts

function isOf(event: MintedEvent | null, { agentId, metadataHash }: MintFacts): boolean {
  return event !== null && event.tokenId === tokenIdOf(agentId) && event.metadataHash === metadataHash
}
