/** Faults that stand until they are cleared, for tests that cannot or will not write into the message. */
import { type Fault, readFault } from './faults.ts'
import type { ProviderName } from './wire.ts'

const HEALING_MAX = 10_000

export type StandingFault = {
  /** Only requests whose body contains this text. */
  match?: string
  provider?: ProviderName
  /** Directives, with or without their brackets. */
  directive: string
}

export class Faults {
  #standing: { match: string | undefined; provider: ProviderName | undefined; fault: Fault }[] = []
  readonly #failed = new Map<string, number>()

  /** Adds a standing fault. Throws on a word it does not know. */
  add({ match, provider, directive }: StandingFault): void {
    const written = directive.includes('[[fault:') ? directive : `[[fault:${directive}]]`
    this.#standing.push({ match, provider, fault: readFault(written) ?? {} })
  }

  /** Removes all standing faults and forgets what has healed. */
  clear(): void {
    this.#standing = []
    this.#failed.clear()
  }

  /** The fault that this request meets, or undefined. The words of the message go before the standing ones. */
  for(request: { provider: ProviderName; body: string; lastUserTurn: string }): Fault | undefined {
    const asked = readFault(request.lastUserTurn)
    if (!asked && this.#standing.length === 0) return undefined
    const standing = this.#standing.filter(
      ({ match, provider }) =>
        (provider ?? request.provider) === request.provider && request.body.includes(match ?? ''),
    )
    if (!asked && standing.length === 0) return undefined
    const fault: Fault = Object.assign({}, ...standing.map((one) => one.fault), asked)
    const isHealed = fault.healAfter !== undefined && this.#hasHealed(JSON.stringify(fault), fault.healAfter)
    return isHealed ? undefined : fault
  }

  #hasHealed(key: string, after: number): boolean {
    const failed = this.#failed.get(key) ?? 0
    if (failed >= after) return true
    if (this.#failed.size >= HEALING_MAX) this.#failed.clear()
    this.#failed.set(key, failed + 1)
    return false
  }
}
