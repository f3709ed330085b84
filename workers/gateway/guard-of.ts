/** The guard of one call. An agent's leak index is made once per version and isolate, and shared by its calls. */
import { Memory } from '../base/memory.ts'
import { reveal } from '../agents/vault.ts'
import { Guard, isBudgetUsed } from './guard/guard.ts'
import { compileLeakIndex, type LeakIndex } from './guard/leak-index.ts'
import { textsOf } from './messages.ts'
import type { Ticket } from './admit.ts'
import type { IncomingCall } from './door.ts'

/** An index takes some hundred kilobytes, an isolate has 128 MB. */
const INDEXES_MAX = 64

const indexes = new Memory<LeakIndex>(INDEXES_MAX)

/** A guard against leaks of this agent's prompt, strict where the account has used up its drip budget for the agent. */
export function guardOf({ agent, config, admission }: Ticket, call: IncomingCall): Guard {
  const key = `${agent.id}:${agent.version}`
  const index = indexes.get(key) ?? compileLeakIndex(reveal(config.prompt), agent.publicTexts)
  indexes.set(key, index)
  const exposed = admission.kind === 'admitted' ? admission.exposed : []
  return new Guard(index, { callerTexts: textsOf(call.wish), strict: isBudgetUsed(exposed, index.length) })
}
