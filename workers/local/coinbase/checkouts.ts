/**
 * The state machine of a checkout: ACTIVE → PROCESSING → COMPLETED or FAILED; ACTIVE → EXPIRED or DEACTIVATED;
 * COMPLETED → PARTIALLY_REFUNDED → REFUNDED. Steps that have been taken are not taken again, whoever clicks twice.
 */
import { randomBytes } from 'node:crypto'
import type { Courier } from '../courier.ts'
import type { Shelf, Shelves } from '../shelves.ts'
import { RefusedError } from './refused.ts'

const FEE_PER_MILLION = 12_500n
const ADDRESS = '0xC00Bb0ac72F15C3dBFc6eb58B257887b529fEF57'
const USDC = '0x833589fcd6edb6e08f4c7c32d4f71b54bda02913'

export const STATUSES = [
  'ACTIVE',
  'PROCESSING',
  'DEACTIVATED',
  'EXPIRED',
  'COMPLETED',
  'FAILED',
  'REFUNDED',
  'PARTIALLY_REFUNDED',
] as const

export type Refund = {
  id: string
  checkoutId: string
  amount: string
  currency: string
  status: 'PENDING' | 'COMPLETED' | 'FAILED'
  reason?: string
  transactionHash?: string
  createdAt: string
  completedAt?: string
}

export type Checkout = {
  id: string
  url: string
  status: (typeof STATUSES)[number]
  amount: string
  currency: string
  network: string
  address: string
  tokenAddress: string
  description?: string
  metadata: Record<string, string>
  settlement?: { totalAmount: string; feeAmount: string; netAmount: string; currency: string }
  transactionHash?: string
  expiresAt: string
  successRedirectUrl?: string
  failRedirectUrl?: string
  refundedAmount?: string
  refunds?: Refund[]
  createdAt: string
  updatedAt: string
}

export type NewCheckout = Pick<Checkout, 'amount' | 'network' | 'metadata' | 'expiresAt'> &
  Partial<Pick<Checkout, 'description' | 'successRedirectUrl' | 'failRedirectUrl'>>

/** `pending`: seen on the chain, not yet settled; `settle` says how it ends. Too little fails, too much completes. */
export const HOWS = ['exact', 'under', 'over', 'pending', 'fail'] as const

export type How = (typeof HOWS)[number]

export class Checkouts {
  readonly #shelf: Shelf<Checkout>
  readonly #courier: Courier

  constructor(shelves: Shelves, courier: Courier) {
    this.#shelf = shelves.of('checkouts')
    this.#courier = courier
  }

  open(url: string, given: NewCheckout): Checkout {
    const id = newId()
    const now = new Date().toISOString()
    return this.#shelf.put(id, {
      ...given,
      id,
      url: `${url}/pay/${id}`,
      status: 'ACTIVE',
      amount: cents(units(given.amount)),
      currency: 'USDC',
      address: ADDRESS,
      tokenAddress: USDC,
      createdAt: now,
      updatedAt: now,
    })
  }

  find(id: string): Checkout | undefined {
    return this.#shelf.get(id)
  }

  /** Throws Coinbase's refusal if there is none. */
  get(id: string): Checkout {
    const found = this.#shelf.get(id)
    if (found) return found
    throw new RefusedError('not_found', 'Checkout not found.')
  }

  /** Newest first. */
  all(): Checkout[] {
    return this.#shelf.all().toReversed()
  }

  /** What happens when somebody pays. A checkout that is not active any more stays as it is. */
  pay(id: string, how: How): Checkout {
    const checkout = this.get(id)
    if (checkout.status !== 'ACTIVE') return checkout
    if (how === 'pending') return this.#put({ ...checkout, status: 'PROCESSING' })
    if (how === 'fail' || how === 'under') return this.#fail(checkout)
    return this.#complete(checkout, units(checkout.amount) * (how === 'over' ? 2n : 1n))
  }

  settle(id: string, succeeded: boolean): Checkout {
    const checkout = this.get(id)
    if (checkout.status !== 'PROCESSING') return checkout
    return succeeded ? this.#complete(checkout, units(checkout.amount)) : this.#fail(checkout)
  }

  expire(id: string): Checkout {
    const checkout = this.get(id)
    if (checkout.status !== 'ACTIVE') return checkout
    return this.#put({ ...checkout, status: 'EXPIRED' }, 'checkout.payment.expired')
  }

  expireDue(): void {
    for (const { id, status, expiresAt } of this.#shelf.all())
      if (status === 'ACTIVE' && Date.parse(expiresAt) <= Date.now()) this.expire(id)
  }

  /** Throws Coinbase's refusal unless it is active. No event tells of it. */
  deactivate(id: string): Checkout {
    const checkout = this.get(id)
    if (checkout.status !== 'ACTIVE')
      throw new RefusedError('invalid_request', 'Only ACTIVE checkouts can be deactivated.')
    return this.#put({ ...checkout, status: 'DEACTIVATED' })
  }

  /** Begins a refund; `endRefund` says how it ended. Without an amount, of all that is left; throws Coinbase's refusal if that is less. */
  refund(id: string, asked: { amount?: string; reason?: string }): { checkout: Checkout; refund: Refund } {
    const checkout = this.get(id)
    if (checkout.status !== 'COMPLETED' && checkout.status !== 'PARTIALLY_REFUNDED')
      throw new RefusedError('invalid_request', 'Only COMPLETED or PARTIALLY_REFUNDED checkouts can be refunded.')
    const refunds = checkout.refunds ?? []
    const taken = refunds.filter(({ status }) => status !== 'FAILED').reduce((sum, one) => sum + units(one.amount), 0n)
    const left = units(checkout.settlement?.totalAmount ?? '0') - taken
    const amount = asked.amount === undefined ? left : units(asked.amount)
    if (amount === 0n || amount > left)
      throw new RefusedError('invalid_request', 'The refund amount exceeds the remaining refundable amount.')
    const refund: Refund = {
      id: newId(),
      checkoutId: id,
      amount: cents(amount),
      currency: checkout.currency,
      status: 'PENDING',
      ...(asked.reason === undefined ? {} : { reason: asked.reason }),
      createdAt: new Date().toISOString(),
    }
    return { checkout: this.#put({ ...checkout, refunds: [...refunds, refund] }), refund }
  }

  endRefund(id: string, refundId: string, succeeded: boolean): Checkout {
    const checkout = this.get(id)
    const refunds = (checkout.refunds ?? []).map((refund): Refund => {
      if (refund.id !== refundId || refund.status !== 'PENDING') return refund
      if (!succeeded) return { ...refund, status: 'FAILED' }
      return { ...refund, status: 'COMPLETED', transactionHash: newHash(), completedAt: new Date().toISOString() }
    })
    if (refunds.every((refund, index) => refund === checkout.refunds?.[index])) return checkout
    if (!succeeded) return this.#put({ ...checkout, refunds }, 'checkout.refund.failed')
    const refunded = refunds
      .filter(({ status }) => status === 'COMPLETED')
      .reduce((sum, one) => sum + units(one.amount), 0n)
    const isWhole = refunded >= units(checkout.settlement?.totalAmount ?? '0')
    return this.#put(
      {
        ...checkout,
        status: isWhole ? 'REFUNDED' : 'PARTIALLY_REFUNDED',
        refundedAmount: cents(refunded),
        refunds,
      },
      'checkout.refund.success',
    )
  }

  /** With other fields, without an event. */
  alter(id: string, fields: Record<string, unknown>): Checkout {
    return this.#shelf.put(id, { ...this.get(id), ...fields })
  }

  #complete(checkout: Checkout, received: bigint): Checkout {
    const fee = (received * FEE_PER_MILLION) / 1_000_000n
    return this.#put(
      {
        ...checkout,
        status: 'COMPLETED',
        settlement: {
          totalAmount: cents(received),
          feeAmount: cents(fee),
          netAmount: cents(received - fee),
          currency: checkout.currency,
        },
        transactionHash: newHash(),
      },
      'checkout.payment.success',
    )
  }

  #fail(checkout: Checkout): Checkout {
    return this.#put({ ...checkout, status: 'FAILED' }, 'checkout.payment.failed')
  }

  #put(checkout: Checkout, event?: string): Checkout {
    const changed = this.#shelf.put(checkout.id, { ...checkout, updatedAt: new Date().toISOString() })
    // An event is the whole checkout as it is now, with a name.
    if (event !== undefined)
      this.#courier.send({
        event: crypto.randomUUID(),
        type: event,
        about: [checkout.id, ...Object.values(checkout.metadata)],
        body: JSON.stringify({ ...changed, eventType: event }),
      })
    return changed
  }
}

function newId(): string {
  return randomBytes(12).toString('hex')
}

function newHash(): string {
  return `0x${randomBytes(32).toString('hex')}`
}

/** A decimal text with at most two places, in cents. */
function units(text: string): bigint {
  const [whole = '0', part = ''] = text.split('.')
  return BigInt(whole + part.padEnd(2, '0').slice(0, 2))
}

function cents(value: bigint): string {
  const digits = String(value).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
