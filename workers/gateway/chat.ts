/**
 * A chat call, as a story. The caller has come through the door (`door.ts`). Now the call is admitted; what the agent's documents
 * say to the question is looked up, if it has any; the provider is asked with the hidden prompt; the answer passes guard and meter
 * on its way out; and in the end exactly one of charge and release is told to the account.
 *
 * The rule of the house: a call is due when the provider's answer is complete, or when its caller left after content had
 * come. Everything else costs nothing.
 */
import { clock } from '../base/clock.ts'
import { settings, type Bindings } from '../env.ts'
import { admit, limitHeaders, type Ticket } from './admit.ts'
import { Bill } from './bill.ts'
import { Clocks } from './clocks.ts'
import { completion, type Head } from './completion.ts'
import { Egress, type SafeDelta } from './egress.ts'
import { callError } from './failure.ts'
import { guardOf } from './guard-of.ts'
import { Meter } from './meter.ts'
import { recall } from './recall.ts'
import { stream } from './stream.ts'
import { askProvider } from './upstream.ts'
import { chatCall } from './wish.ts'
import type { Agent } from '../agents/agents.ts'
import type { OpenedConfig } from '../agents/vault.ts'
import type { IncomingCall } from './door.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const STREAM_TYPE = 'text/event-stream; charset=utf-8'

/** What is said to a model on somebody's behalf: the call, the agent's configuration, and who watches, counts and pays. */
export type Conversation = {
  call: Pick<IncomingCall, 'dialect' | 'requestId' | 'trace' | 'idempotency' | 'includeUsage' | 'wish' | 'signal'>
  agentId: string
  config: OpenedConfig
  head: Head
  meter: Meter
  bill: Pick<Bill, 'charge' | 'chargeUnfinished' | 'release'>
  /** `documents`: what the answer must not repeat besides the prompt. */
  watch: (documents: string[]) => ReturnType<typeof guardOf>
  /** Go with the answer. */
  headers: Record<string, string>
}

/** A running call: what was asked, and who counts, times and pays. */
export type Run = Pick<Conversation, 'call' | 'head' | 'meter' | 'bill'> & { clocks: Clocks; answer: Egress }

/** Answers a call. Throws `AppError` as long as nothing has been sent; a stream that has begun ends in an error event of its own. */
export async function chat(
  env: Bindings,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  call: IncomingCall,
): Promise<Response> {
  const startedAt = clock.now()
  const ticket = await call.trace.during('admit', () => admit(env, call))
  if (ticket.admission.kind === 'replay') return replay(ticket.admission)

  const meter = new Meter(startedAt)
  return converse(env, ctx, {
    call,
    agentId: ticket.agent.id,
    config: ticket.config,
    head: head(ticket.callId, ticket.agent, startedAt),
    meter,
    bill: new Bill(env, ticket, meter, call.trace),
    watch: (documents) => guardOf(env, ticket, call, documents),
    headers: limitHeaders(ticket.admission),
  })
}

/** Asks the provider, and lets the answer pass on its way out. Whatever happens, the bill is told once. Throws as `chat` does. */
export async function converse(
  env: Bindings,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  { call, agentId, config, head, meter, bill, watch, headers }: Conversation,
): Promise<Response> {
  const limits = settings(env)
  const clocks = new Clocks(call.signal, clockLimits(limits, call.wish.stream))
  let answer: Egress | undefined
  try {
    const wished = chatCall(config, call.wish)
    const knowledge = config.knowledge_base?.enabled ? config.knowledge_base : null
    const recalled = knowledge && (await call.trace.during('retrieve', () => recall(env, agentId, knowledge, call)))
    const asked = recalled ? { ...wished, messages: recalled.messages } : wished
    const { guard, expose } = watch(recalled?.guarded ?? [])
    const upstream = await askProvider(env, config.provider, asked, config.prompt, { clocks, trace: call.trace })
    answer = new Egress(upstream, guard, asked.tools, meter, expose)
    const run = { call, head: { ...head, citations: recalled?.citations }, meter, clocks, bill, answer }
    const told = { ...headers, ...recalled?.headers }
    if (!call.wish.stream) return respond(await whole(run), JSON_TYPE, told)
    return respond(await stream(ctx, run, limits.HEARTBEAT_MS), STREAM_TYPE, told)
  } catch (thrown) {
    const error = callError(thrown, clocks)
    await Promise.all([bill.release(error), answer?.close()])
    clocks.end()
    throw error
  }
}

/** What is the same in everything that is said of an answer. */
export function head(callId: string, agent: Pick<Agent, 'slug'>, startedAt: number): Head {
  return { id: `chatcmpl-${callId}`, created: Math.floor(startedAt / 1_000), model: agent.slug }
}

/** The whole answer as JSON text. It is charged before it is sent: what a caller has seen is in the books. */
async function whole({ call, head, meter, clocks, bill, answer }: Run): Promise<string> {
  const deltas: SafeDelta[] = []
  for (let batch = await answer.next(); batch; batch = await answer.next()) deltas.push(...batch)
  call.trace.answered()
  await answer.close()
  clocks.end()
  const body = completion(head, deltas, meter.usage)
  await bill.charge(call.idempotency && { contentType: JSON_TYPE, body })
  return body
}

/** The answer that was kept under this idempotency key, as it was. */
function replay(admission: Extract<Ticket['admission'], { kind: 'replay' }>): Response {
  const { body, contentType } = admission.response
  const headers = {
    'content-type': contentType,
    'cache-control': 'no-store',
    'idempotent-replayed': 'true',
    ...limitHeaders(admission),
  }
  return new Response(body, { headers })
}

function respond(body: string | ReadableStream, contentType: string, headers: Record<string, string>): Response {
  // A proxy that collects or compresses events would hold them back.
  const caching =
    contentType === STREAM_TYPE
      ? { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' }
      : { 'cache-control': 'no-store' }
  return new Response(body, { headers: { 'content-type': contentType, ...caching, ...headers } })
}

function clockLimits(limits: ReturnType<typeof settings>, isStream: boolean): ConstructorParameters<typeof Clocks>[1] {
  if (!isStream) return { firstMs: limits.JSON_TOTAL_MS, idleMs: limits.JSON_TOTAL_MS, totalMs: limits.JSON_TOTAL_MS }
  return { firstMs: limits.FIRST_CONTENT_MS, idleMs: limits.IDLE_MS, totalMs: limits.STREAM_TOTAL_MS }
}
