/**
 * What leaves: every character of an answer passes the guard here, JSON and stream alike, and only what is listed here
 * goes on. Ids of tool calls are made anew; a tool that the caller did not declare is no answer to this call.
 */
import { newId } from '../base/ids.ts'
import { UpstreamFailure, type Delta, type FinishReason, type Tool } from './providers/provider.ts'
import type { Guard } from './guard/guard.ts'
import type { Meter } from './meter.ts'

/** A step of an answer that may leave. `finish` is the last one, and comes only after the provider's terminal marker. */
export type SafeDelta =
  | { type: 'text'; text: string }
  | { type: 'refusal'; text: string }
  | { type: 'tool_call'; index: number; id?: string; name?: string; arguments: string }
  | { type: 'finish'; reason: FinishReason }

/** Filters the batches of an answer. Throws `LeakBlocked`, or `UpstreamFailure` where the answer is not in order. */
export async function* filter(
  batches: AsyncIterable<Delta[]>,
  guard: Guard,
  tools: Tool[],
  meter: Meter,
): AsyncGenerator<SafeDelta[]> {
  const answer = new Egress(guard, tools, meter)
  for await (const batch of batches) {
    const safe: SafeDelta[] = []
    for (const delta of batch) answer.take(delta, safe)
    if (safe.length > 0) yield safe
  }
}

class Egress {
  readonly #guard: Guard
  readonly #tools: Set<string>
  readonly #meter: Meter
  readonly #lanes = new Set<string>()
  #toolCalls = 0
  #reason: FinishReason | undefined
  #isOver = false

  constructor(guard: Guard, tools: Tool[], meter: Meter) {
    this.#guard = guard
    this.#tools = new Set(tools.map((tool) => tool.name))
    this.#meter = meter
  }

  take(delta: Delta, safe: SafeDelta[]): void {
    // After the terminal marker a provider may still count, but has nothing more to say.
    if (this.#isOver && delta.type !== 'usage') return
    switch (delta.type) {
      case 'text':
      case 'refusal':
        this.#add(delta.type, delta.text, safe)
        break
      case 'tool_call':
        this.#callTool(delta, safe)
        break
      case 'usage':
        this.#meter.use(delta.usage)
        break
      case 'finish':
        this.#reason = delta.reason
        break
      case 'end':
        if (!this.#reason) throw new UpstreamFailure('truncated')
        this.#isOver = true
        for (const lane of this.#lanes) this.#release(lane, this.#guard.end(lane), safe)
        safe.push({ type: 'finish', reason: this.#reason })
        break
    }
  }

  #callTool(delta: Extract<Delta, { type: 'tool_call' }>, safe: SafeDelta[]): void {
    if (delta.index === this.#toolCalls) {
      if (delta.name === undefined || !this.#tools.has(delta.name)) throw new UpstreamFailure('malformed')
      this.#toolCalls++
      this.#meter.content()
      safe.push({
        type: 'tool_call',
        index: delta.index,
        id: `call_${newId().replaceAll('-', '')}`,
        name: delta.name,
        arguments: '',
      })
    }
    if (delta.index < 0 || delta.index >= this.#toolCalls) throw new UpstreamFailure('malformed')
    this.#add(`tool:${delta.index}`, delta.arguments, safe)
  }

  #add(lane: string, text: string, safe: SafeDelta[]): void {
    this.#lanes.add(lane)
    this.#release(lane, this.#guard.push(lane, text), safe)
  }

  #release(lane: string, text: string, safe: SafeDelta[]): void {
    if (text === '') return
    this.#meter.content()
    if (lane === 'text' || lane === 'refusal') safe.push({ type: lane, text })
    else safe.push({ type: 'tool_call', index: Number(lane.slice('tool:'.length)), arguments: text })
  }
}
