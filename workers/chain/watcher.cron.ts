/** Every two minutes: books what was spent there, copies what the chain says, and tells the log of what we hold and it does not say, or the reverse. */
import { log } from '../base/log.ts'
import { chainOf } from './config.ts'
import { bookCosts } from './costs.ts'
import { chainDifferences } from './differences.ts'
import { mirror } from './mirror.ts'
import type { Bindings } from '../env.ts'

/** Repeatable. Throws when the node or Postgres is away; in two minutes is soon enough then. */
export async function watcherCron(env: Bindings): Promise<void> {
  if (!chainOf(env)) return
  await bookCosts(env)
  await mirror(env)
  const differences = await chainDifferences(env)
  for (const kind of new Set(differences.map((one) => one.kind)))
    log.error('chain.differs', { code: kind, count: differences.filter((one) => one.kind === kind).length })
}
