/**
 * The reference model of an account: what admission, settlement and taking back mean, in as few lines as can say it. It knows
 * no storage, no crash and no queue; the account object has to agree with it through all of those.
 */
type Call = {
  at: number
  state: 'held' | 'charged' | 'released'
  premium: number
  trial: string | null
  lot: string | null
}
type Reversal = {
  lot: string | null
  taken: number
  due: number
  late: number
  state: string
  isUndone: boolean
  /** The calls that were running then. */
  calls: Call[]
}

export class QuotaModel {
  readonly calls = new Map<string, Call>()
  readonly lots = new Map([['promotional', 100]])
  readonly reversals = new Map<string, Reversal>()
  deposited = 0
  readonly revoked = new Set<string>()

  get isPaid(): boolean {
    return this.lots.size > 1
  }

  credit(lot: string, calls: number): void {
    if (!this.lots.has(lot)) this.lots.set(lot, calls)
  }

  admit(call: { id: string; key: string; agent: string; premium: number; trial: boolean }, now: number): string {
    if (this.calls.has(call.id)) return 'admitted'
    if (this.revoked.has(call.key)) return 'keyRevoked'
    if ([...this.calls.values()].filter(({ at }) => at + 60_000 > now).length >= (this.isPaid ? 1000 : 10))
      return 'rateLimited'
    const trials = this.#open().filter(({ trial }) => trial === call.agent).length
    if (call.trial && trials >= 3) return 'trialsUsed'
    const lot = [...this.lots.keys()].find((id) => this.stateOf(id) === 'active' && this.unused(id) > 0)
    if (!call.trial && lot === undefined) return 'quotaExhausted'
    const premium = call.trial ? 0 : call.premium
    if (premium > this.balance()) return 'insufficientBalance'
    const from = call.trial ? { trial: call.agent, lot: null } : { trial: null, lot: lot ?? null }
    this.calls.set(call.id, { at: now, state: 'held', premium, ...from })
    return 'admitted'
  }

  settle(id: string, charge: boolean): string {
    const call = this.calls.get(id)
    if (!call) return 'unknown'
    if (call.state !== 'held') return call.state
    call.state = charge ? 'charged' : 'released'
    const left = { unit: charge ? 0 : 1, premium: charge ? 0 : call.premium }
    for (const one of this.#standing()) {
      if (!one.calls.includes(call) || (one.lot !== null && one.lot !== call.lot)) continue
      const kind = one.lot === null ? 'premium' : 'unit'
      const late = Math.min(left[kind], one.due - one.late)
      one.late += late
      left[kind] -= late
    }
    return call.state
  }

  /** Takes what is free; what running calls give back later is promised to whoever asks first. */
  takeBack(id: string, lot: string | null, max: number, state: string): Reversal {
    const known = this.reversals.get(id)
    if (known) {
      known.state = state
      return known
    }
    const taken = Math.min(max, Math.max(0, lot === null ? this.balance() : this.unused(lot)))
    const calls = [...this.calls.values()].filter((call) => call.state === 'held')
    const promised = this.#standing()
      .filter((one) => one.lot === lot)
      .reduce((sum, one) => sum + one.due - one.late, 0)
    const holds = calls.reduce((sum, call) => sum + (lot === null ? call.premium : call.lot === lot ? 1 : 0), 0)
    const due = Math.min(max - taken, Math.max(0, holds - promised))
    const reversal = { lot, taken, due, late: 0, state, isUndone: false, calls }
    this.reversals.set(id, reversal)
    return reversal
  }

  giveBack(id: string): void {
    const known = this.reversals.get(id)
    if (known) known.isUndone = true
    else this.reversals.set(id, { lot: null, taken: 0, due: 0, late: 0, state: 'active', isUndone: true, calls: [] })
  }

  stateOf(lot: string): string {
    const states = this.#standing().filter((one) => one.lot === lot)
    return ['closed', 'frozen'].find((state) => states.some((one) => one.state === state)) ?? 'active'
  }

  unused(lot: string): number {
    const drawn = this.#open().filter((call) => call.lot === lot).length
    return (this.lots.get(lot) ?? 0) - drawn - this.#takenOf(lot)
  }

  remaining(): number {
    return [...this.lots.keys()]
      .filter((lot) => this.stateOf(lot) === 'active')
      .reduce((sum, lot) => sum + this.unused(lot), 0)
  }

  balance(): number {
    return this.deposited - this.#open().reduce((sum, { premium }) => sum + premium, 0) - this.#takenOf(null)
  }

  #takenOf(lot: string | null): number {
    return this.#standing()
      .filter((one) => one.lot === lot)
      .reduce((sum, one) => sum + one.taken + one.late, 0)
  }

  #standing(): Reversal[] {
    return [...this.reversals.values()].filter(({ isUndone }) => !isUndone)
  }

  #open(): Call[] {
    return [...this.calls.values()].filter(({ state }) => state !== 'released')
  }
}
