/** Counts one call as it passes: when it began, when its first content came, how many tokens it took. Buffers nothing. */
import { clock } from '../base/clock.ts'
import type { Usage } from './providers/provider.ts'

export class Meter {
  readonly #startedAt: number
  #firstContentAt: number | undefined
  #usage: Usage = {}

  constructor(startedAt: number) {
    this.#startedAt = startedAt
  }

  /** Notes that content has come, the first time it is told so. */
  content(): void {
    this.#firstContentAt ??= clock.now()
  }

  /** Takes the provider's counts; a later count replaces an earlier one. */
  use(usage: Usage): void {
    this.#usage = { ...this.#usage, ...usage }
  }

  get hasContent(): boolean {
    return this.#firstContentAt !== undefined
  }

  /** The counts as OpenAI writes them, or undefined where the provider gave none. */
  get usage(): Record<string, unknown> | undefined {
    const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = this.#usage
    if (inputTokens === undefined && outputTokens === undefined) return undefined
    return {
      prompt_tokens: inputTokens ?? 0,
      completion_tokens: outputTokens ?? 0,
      total_tokens: (inputTokens ?? 0) + (outputTokens ?? 0),
      ...(cachedTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
      ...(reasoningTokens === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
    }
  }

  /** What the call log records. */
  reading(): {
    inputTokens: number | null
    outputTokens: number | null
    latencyMs: number
    firstContentMs: number | null
  } {
    return {
      inputTokens: this.#usage.inputTokens ?? null,
      outputTokens: this.#usage.outputTokens ?? null,
      latencyMs: this.#since(clock.now()),
      firstContentMs: this.#firstContentAt === undefined ? null : this.#since(this.#firstContentAt),
    }
  }

  /** A clock that was set back makes no negative duration: the call log takes none. */
  #since(time: number): number {
    return Math.max(0, time - this.#startedAt)
  }
}
