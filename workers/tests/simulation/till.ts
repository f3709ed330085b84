/** The buyers' side of payments: the stand-in of Stripe, with a network in between that loses requests and answers. */
import { startStripe } from '../../local/stripe.ts'
import { TEST_STRIPE } from '../../local/test-keys.ts'

export type Till = {
  url: string
  /** Makes something happen there; false if it cannot. */
  happens(what: string, body: object): Promise<boolean>
  /** Whether money has moved for the payment. */
  isPaid(payment: string): Promise<boolean>
  /** Asks it for the platform, unless this is lost. */
  answer(url: string, init: RequestInit, isLost: () => 'before' | 'after' | null): Promise<Response> | null
  stop(): Promise<void>
}

export async function openTill(): Promise<Till> {
  const real = globalThis.fetch
  const door = await startStripe({ port: 0, ...TEST_STRIPE })
  const { url } = door
  return {
    url,
    stop: () => door.stop(),
    async happens(what, body) {
      const response = await real(`${url}/control/${what}`, { method: 'POST', body: JSON.stringify(body) })
      await response.text()
      return response.ok
    },
    async isPaid(payment) {
      const response = await real(`${url}/control/payments`)
      const sessions = (await response.json()) as { client_reference_id: string; payment_status: string }[]
      return sessions.some((one) => one.client_reference_id === payment && one.payment_status === 'paid')
    },
    answer(to, init, isLost) {
      if (!to.startsWith(url)) return null
      return (async () => {
        const loss = isLost()
        if (loss === 'before') throw new TypeError('The connection was lost.')
        const response = await real(to, init)
        if (loss === 'after') throw new TypeError('The connection was lost.')
        return response
      })()
    },
  }
}
