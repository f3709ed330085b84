/**
 * The end of an admitted call: exactly one of charge and release reaches the account, whatever happens and however often
 * it is asked for. If the account cannot be told, the lease of the call decides, and nobody pays for a call twice.
 */
import { describe, log } from '../base/log.ts'
import { settle, type Account } from '../quota/quota.ts'
import type { AppError } from '../base/errors.ts'
import type { Bindings } from '../env.ts'
import type { CallStatus } from '../quota/call-log.ts'
import type { KeptResponse, SettleRequest } from '../quota/protocol.ts'
import type { Trace } from '../base/trace.ts'
import type { Ticket } from './admit.ts'
import type { Meter } from './meter.ts'

export class Bill {
  readonly #env: Bindings
  readonly #account: Account
  readonly #callId: string
  readonly #meter: Meter
  readonly #trace: Trace
  #settled: Promise<void> | undefined

  constructor(env: Bindings, ticket: Ticket, meter: Meter, trace: Trace) {
    this.#env = env
    this.#account = ticket.account
    this.#callId = ticket.callId
    this.#meter = meter
    this.#trace = trace
  }

  /** The call is due: its answer is complete, and `response` is kept for its idempotency key, if it has one. */
  async charge(response?: Omit<KeptResponse, 'callId'>): Promise<void> {
    await this.#settle({ charge: true, status: 'success', errorCode: null, ...(response ? { response } : {}) })
  }

  /** The call is due although it did not end: its caller left after content had come. */
  async chargeUnfinished(error: AppError): Promise<void> {
    await this.#settle({ charge: true, status: 'success', errorCode: error.code })
  }

  /** The call failed and costs nothing. */
  async release(error: AppError): Promise<void> {
    const status: CallStatus = error.kind === 'upstreamTimeout' ? 'timeout' : 'error'
    await this.#settle({ charge: false, status, errorCode: error.code })
  }

  #settle(outcome: Pick<SettleRequest, 'charge' | 'status' | 'errorCode' | 'response'>): Promise<void> {
    this.#settled ??= this.#tell({
      v: 1,
      callId: this.#callId,
      ...this.#meter.reading(),
      ...outcome,
    })
    return this.#settled
  }

  async #tell(request: SettleRequest): Promise<void> {
    this.#trace.use(request)
    try {
      await this.#trace.during('settle', () => settle(this.#env, this.#account, request))
    } catch (thrown) {
      log.error('gateway.unsettled', { call_id: this.#callId, account_id: this.#account.id, error: describe(thrown) })
    }
  }
}
