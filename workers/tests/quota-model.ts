/**
 * The reference model of an account: what admission and settlement mean, in as few lines as can say it. It knows no
 * storage, no crash and no queue; the account object has to agree with it through all of those.
 */
export class QuotaModel {
  readonly calls = new Map<
    string,
    { at: number; state: 'held' | 'charged' | 'released'; premium: number; trial: string | null }
  >()
  granted = 100
  deposited = 0
  isPaid = false
  readonly revoked = new Set<string>()

  admit(call: { id: string; key: string; agent: string; premium: number; trial: boolean }, now: number): string {
    if (this.calls.has(call.id)) return 'admitted'
    if (this.revoked.has(call.key)) return 'keyRevoked'
    if ([...this.calls.values()].filter(({ at }) => at + 60_000 > now).length >= (this.isPaid ? 1000 : 10))
      return 'rateLimited'
    const trials = this.#open().filter(({ trial }) => trial === call.agent).length
    if (call.trial && trials >= 3) return 'trialsUsed'
    if (!call.trial && this.remaining() <= 0) return 'quotaExhausted'
    const premium = call.trial ? 0 : call.premium
    if (premium > this.balance()) return 'insufficientBalance'
    this.calls.set(call.id, { at: now, state: 'held', premium, trial: call.trial ? call.agent : null })
    return 'admitted'
  }

  settle(id: string, charge: boolean): string {
    const call = this.calls.get(id)
    if (!call) return 'unknown'
    if (call.state === 'held') call.state = charge ? 'charged' : 'released'
    return call.state
  }

  remaining(): number {
    return this.granted - this.#open().filter(({ trial }) => trial === null).length
  }

  balance(): number {
    return this.deposited - this.#open().reduce((sum, { premium }) => sum + premium, 0)
  }

  #open(): { at: number; premium: number; trial: string | null }[] {
    return [...this.calls.values()].filter(({ state }) => state !== 'released')
  }
}
