/** Every three minutes: files whose next step was lost, or killed by the platform, are put on their way again. */
import { log } from '../base/log.ts'
import { send, waiting } from './steps.ts'
import type { Bindings } from '../env.ts'

const MOST = 100

export async function sweepKnowledgeCron(env: Bindings): Promise<void> {
  const ids = await waiting(env, MOST)
  if (ids.length > 0) log.info('knowledge.swept', { count: ids.length })
  await Promise.all(ids.map((id) => send(env, id)))
}
