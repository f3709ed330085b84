/** The guard of one call, and the budget that it shares with the account's other calls of the same agent. */
import { reveal, type Sealed } from '../agents/vault.ts'
import { Memory } from '../base/memory.ts'
import { expose } from '../quota/quota.ts'
import { Guard, isBudgetUsed } from './guard/guard.ts'
import { compileLeakIndex, type LeakIndex } from './guard/leak-index.ts'
import { textsOf } from './messages.ts'
import type { Bindings } from '../env.ts'
import type { Ticket } from './admit.ts'
import type { IncomingCall } from './door.ts'
import type { Expose } from './egress.ts'

/** An index takes some hundred kilobytes, an isolate has 128 MB. One is made per version and isolate, and shared by its calls. */
const INDEXES_MAX = 64

const indexes = new Memory<LeakIndex>(INDEXES_MAX)

/**
 * A guard against leaks of this agent's prompt, strict where the account has used up its drip budget for the agent, and
 * what to tell when a piece too short to block is let through.
 */
export function guardOf(
  env: Bindings,
  ticket: Ticket,
  call: IncomingCall,
  documents: string[],
): { guard: Watch; expose: Expose } {
  const { account, agent, config, admission, callId } = ticket
  const key = `${agent.id}:${agent.version}`
  const index = indexes.get(key) ?? compileLeakIndex(reveal(config.prompt), agent.publicTexts)
  indexes.set(key, index)
  const exposed = admission.kind === 'admitted' ? admission.exposed : []
  const guard = new Guard(index, { callerTexts: textsOf(call.wish), strict: isBudgetUsed(exposed, index.length) })
  return {
    guard: withDocuments(guard, documents, agent.publicTexts, call),
    expose: async (ranges) => !isBudgetUsed(await expose(env, account, { v: 1, callId, ranges }), index.length),
  }
}

/** What an answer passes through on its way out. */
export type Watch = Pick<Guard, 'push' | 'end' | 'exposures'>

/**
 * A guard, and behind it one of the documents that this call was given. It is made for the call, since each is given others; they
 * are few (recall.ts), and so it is quickly made. What it lets through in short pieces counts against no budget: the pieces of
 * another call are of other texts.
 */
function withDocuments(
  guard: Guard,
  documents: string[],
  publicTexts: string[],
  { wish }: Pick<IncomingCall, 'wish'>,
): Watch {
  if (documents.length === 0) return guard
  const index = compileLeakIndex(documents.join('\n\n'), publicTexts)
  const second = new Guard(index, { callerTexts: textsOf(wish), strict: false })
  return {
    push: (lane, text) => second.push(lane, guard.push(lane, text)),
    end: (lane) => second.push(lane, guard.end(lane)) + second.end(lane),
    get exposures() {
      return guard.exposures
    },
  }
}

/** A guard of a prompt that may not have been saved yet, with a budget of its own: what a developer's first call would meet. */
export function guardAlone(
  prompt: Sealed,
  publicTexts: string[],
  call: Pick<IncomingCall, 'wish'>,
  documents: string[],
): ReturnType<typeof guardOf> {
  const index = compileLeakIndex(reveal(prompt), publicTexts)
  const guard = new Guard(index, { callerTexts: textsOf(call.wish), strict: false })
  return {
    guard: withDocuments(guard, documents, publicTexts, call),
    expose: async (ranges) => !isBudgetUsed(ranges, index.length),
  }
}
