/** One wish to buy is one payment: its Idempotency-Key stays the same until that payment is over, however often it is clicked. */
import { call, type Body } from '../api/client.ts'
import { ApiError } from '../api/error.ts'

export type Order = Body<'POST /api/v1/payments/checkout'>
/** `at`: when it was begun, in milliseconds since 1970. */
type Kept = { key: string; at: number; paymentId?: string }

const STORE = 'agentlink.checkout'
/** Whoever clicks later than this wants to buy once more, even if the payment before is still on its way. */
const SAME_MS = 15 * 60_000
const running = new Map<string, Promise<string>>()

/** Opens the page to pay at and gives its address. Asked again meanwhile, it is the same request. Throws an `ApiError`. */
export function checkout(order: Order): Promise<string> {
  const print = printOf(order)
  const known = running.get(print)
  if (known) return known
  const opening = open(order, print).finally(() => running.delete(print))
  running.set(print, opening)
  return opening
}

async function open(order: Order, print: string): Promise<string> {
  const before = read()[print]
  const kept = before && !(await isOver(before)) ? before : { key: crypto.randomUUID(), at: Date.now() }
  write({ ...read(), [print]: kept })
  try {
    const answer = await call('POST /api/v1/payments/checkout', { body: order, idempotencyKey: kept.key })
    write({ ...read(), [print]: { ...kept, paymentId: answer.payment_id } })
    return answer.checkout_url
  } catch (thrown) {
    // Whoever was refused starts anew; whoever got no answer asks for the same again.
    if (thrown instanceof ApiError && !thrown.isPassing && thrown.status !== 429) forget(print)
    throw thrown
  }
}

/** Whether the payment of a key can come to nothing more, so that buying again is another one. */
async function isOver({ paymentId, at }: Kept): Promise<boolean> {
  if (Date.now() - at > SAME_MS) return true
  if (paymentId === undefined) return false
  const payment = await call('GET /api/v1/payments/{id}', { params: { id: paymentId }, query: { refresh: 'true' } })
  return payment.status !== 'pending' || isExpired(payment)
}

/** Whether the time to pay has run out. */
export function isExpired({ status, expires_at: at }: { status: string; expires_at: string | null }): boolean {
  return status === 'pending' && at !== null && new Date(at).getTime() < Date.now()
}

function printOf({ package: bought, top_up_usd: topUp, method }: Order): string {
  return [method, bought ?? topUp].join(' ')
}

function forget(print: string): void {
  const { [print]: _, ...rest } = read()
  write(rest)
}

function read(): Record<string, Kept> {
  try {
    return JSON.parse(sessionStorage.getItem(STORE) ?? '{}') as Record<string, Kept>
  } catch {
    return {}
  }
}

function write(kept: Record<string, Kept>): void {
  try {
    sessionStorage.setItem(STORE, JSON.stringify(kept))
  } catch {
    // Without storage a reload begins a new payment; a second click does not.
  }
}
