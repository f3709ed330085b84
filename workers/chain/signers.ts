/** The two signers' objects, by the names under which there is one for each chain and key. */
import { privateKeyToAddress } from 'viem/accounts'
import { chainOf, type ChainConfig, type SignerName } from './config.ts'
import type { Bindings } from '../env.ts'
import type { Address } from 'viem'
import type { Job } from './book.ts'
import type { SignerObject } from './signer.object.ts'

/** Jobs that one call hands over. */
const JOBS_MAX = 100

/** The object of a signer. A stub whose object was aborted is broken for good, so each use takes a new one. */
export function signerOf(env: Bindings, chain: ChainConfig, name: SignerName): DurableObjectStub<SignerObject> {
  return env.SIGNER.get(env.SIGNER.idFromName(`${name}:${chain.chainId}:${addressOf(chain, name)}`))
}

/** The account that a signer signs for. */
export function addressOf(chain: ChainConfig, name: SignerName): Address {
  return privateKeyToAddress(chain.keys[name])
}

/** Hands jobs over. Once it has resolved they are done whatever happens, or said to have failed. Throws while nobody takes them. */
export async function enqueue(env: Bindings, name: SignerName, jobs: Pick<Job, 'id' | 'facts'>[]): Promise<string[]> {
  const chain = chainOf(env)
  if (!chain) throw new Error('There is no chain to sign for.')
  const owner = { name, chainId: chain.chainId, address: addressOf(chain, name) }
  const differing: string[] = []
  for (let from = 0; from < jobs.length; from += JOBS_MAX)
    differing.push(...(await signerOf(env, chain, name).enqueue(owner, jobs.slice(from, from + JOBS_MAX))).differing)
  return differing
}
