/** Every five minutes: asks for the tokens of published agents that have none, see `mint.ts`. Repeatable. */
import { log } from '../base/log.ts'
import { isMinting } from '../chain/chain.ts'
import { mintMissing } from './mint.ts'
import type { Bindings } from '../env.ts'

/** What is left waits for the next time. */
const AGENTS_MAX = 200

export async function mintsCron(env: Bindings): Promise<void> {
  if (!(await isMinting(env))) return
  const count = await mintMissing(env, AGENTS_MAX)
  if (count > 0) log.info('agents.minting', { count })
}
