/** What reached the stand-ins and how it ended, for tests that must know what a provider saw. */
import type { ServerResponse } from 'node:http'
import type { ProviderName } from './wire.ts'

const KEPT_MAX = 50

/** `elsewhere` is where redirects lead: nothing should ever arrive there. */
export type Party = ProviderName | 'elsewhere'

export type Call = {
  party: Party
  path: string
  headers: Record<string, unknown>
  body: string
  /** Milliseconds since 1970. */
  receivedAt: number
  endedAt: number | null
  /** `aborted`: the client left before the answer was out. `cut`: a fault ended it. */
  outcome: 'open' | 'completed' | 'aborted' | 'cut'
}

export type Counts = { received: number; open: number; completed: number; aborted: number; cut: number }

export class Calls {
  /** TCP connections open now, kept-alive ones included. */
  sockets = 0
  readonly counts: Record<Party, Counts> = { openai: zero(), anthropic: zero(), google: zero(), elsewhere: zero() }
  /** The last calls, oldest first. */
  readonly last: Call[] = []

  /** Notes a request and follows its answer to the end. */
  follow(
    party: Party,
    request: { path: string; headers: Record<string, unknown>; body: string },
    response: ServerResponse,
  ): Call {
    const counts = this.counts[party]
    const call: Call = { party, ...request, receivedAt: Date.now(), endedAt: null, outcome: 'open' }
    counts.received += 1
    counts.open += 1
    this.last.push(call)
    if (this.last.length > KEPT_MAX) this.last.shift()
    response.once('close', () => {
      if (call.outcome === 'open') call.outcome = response.writableFinished ? 'completed' : 'aborted'
      call.endedAt = Date.now()
      counts.open -= 1
      counts[call.outcome] += 1
    })
    return call
  }

  /** All received requests, over the three providers. */
  get received(): number {
    return this.counts.openai.received + this.counts.anthropic.received + this.counts.google.received
  }

  /** Answers under way, over the three providers. */
  get open(): number {
    return this.counts.openai.open + this.counts.anthropic.open + this.counts.google.open
  }

  /** Counts from zero again; calls under way stay counted as open. */
  reset(): void {
    for (const counts of Object.values(this.counts)) Object.assign(counts, zero(), { open: counts.open })
    this.last.length = 0
  }

  toJSON(): object {
    return { sockets: this.sockets, received: this.received, open: this.open, providers: this.counts, last: this.last }
  }
}

function zero(): Counts {
  return { received: 0, open: 0, completed: 0, aborted: 0, cut: 0 }
}
