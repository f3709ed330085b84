/**
 * What leaves: every character of an answer passes the guard here, JSON and stream alike, and only what is listed here
 * goes on. Ids of tool calls are made anew; a tool that the caller did not declare is no answer to this call.
 */
import { newId } from '../base/ids.ts'
import { UpstreamFailure, type Delta, type FinishReason, type Tool } from './providers/provider.ts'
import { LeakBlocked, type Exposure } from './guard/guard.ts'
import type { Watch } from './guard-of.ts'
import type { Meter } from './meter.ts'
import type { Upstream } from './upstream.ts'

/** A step of an answer that may leave. `finish` is the last one, and comes only after the provider's terminal marker. */
export type SafeDelta =
  | { type: 'text'; text: string }
  | { type: 'refusal'; text: string }
  | { type: 'tool_call'; index: number; id?: string; name?: string; arguments: string }
  | { type: 'finish'; reason: FinishReason }

/** Told what the answer shows of the prompt in pieces too short to block; says whether that is still within the budget. */
export type Expose = (ranges: Exposure[]) => Promise<boolean>

/** An answer on its way out: what comes from the provider goes in, what may leave comes out. */
export class Egress {
  readonly #upstream: Upstream
  readonly #guard: Watch
  readonly #tools: Set<string>
  readonly #meter: Meter
  readonly #expose: Expose
  readonly #lanes = new Set<string>()
  #exposed: Exposure[]
  #toolCalls = 0
  #reason: FinishReason | undefined
  #isOver = false

  constructor(upstream: Upstream, guard: Watch, tools: Tool[], meter: Meter, expose: Expose) {
    this.#upstream = upstream
    this.#guard = guard
    this.#exposed = guard.exposures
    this.#tools = new Set(tools.map((tool) => tool.name))
    this.#meter = meter
    this.#expose = expose
  }

  /**
   * The next of the answer that may leave, `finish` last; null after that. Throws `LeakBlocked`, or `UpstreamFailure` where
   * the answer is not in order.
   */
  async next(): Promise<SafeDelta[] | null> {
    while (!this.#isOver) {
      const batch = await this.#upstream.next()
      if (!batch) throw new UpstreamFailure('truncated')
      const safe: SafeDelta[] = []
      for (const delta of batch) this.#take(delta, safe)
      await this.#count()
      if (safe.length > 0) return safe
    }
    return null
  }

  /** Lets go of the provider. */
  async close(): Promise<void> {
    await this.#upstream.close()
  }

  /** Pieces that are let through count against the account's budget before they leave, so that calls beside each other share it. */
  async #count(): Promise<void> {
    const { exposures } = this.#guard
    if (exposures === this.#exposed || exposures.length === 0) return
    this.#exposed = exposures
    if (!(await this.#expose(exposures))) throw new LeakBlocked()
  }

  #take(delta: Delta, safe: SafeDelta[]): void {
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
