/** The buyers' side of payments: the stand-in of Stripe, with a network in between that loses requests and answers. */
import { playStripe } from '../../local/stripe.ts'
import { TEST_STRIPE } from '../../local/test-keys.ts'
import type { Answer, CUT } from '../../local/http-door.ts'

export const TILL_URL = 'http://stripe.simulation'

export type Till = {
  /** Makes something happen there; gives what it changed, or null if it cannot. */
  happens(what: string, body: object): Promise<object | null>
  /** Lets the time of what nobody has paid be over. */
  expire(): void
  /** Asks it for the platform, unless this is lost. */
  answer(url: string, init: RequestInit, isLost: () => 'before' | 'after' | null): Promise<Response>
  stop(): void
}

/** A till that nobody has paid at. */
export function openTill(): Till {
  const stripe = playStripe(TEST_STRIPE)
  stripe.at(TILL_URL)
  const ask = async (to: string, method: string, headers: Record<string, string>, body: string): Promise<Answer> => {
    const { pathname, searchParams } = new URL(to)
    const answer: Answer | typeof CUT = await stripe.answer({
      method,
      path: pathname,
      query: searchParams,
      headers,
      body,
    })
    if (answer === 'cut') throw new TypeError('The connection was lost.')
    return answer
  }
  return {
    stop: () => stripe.stop(),
    expire: () => stripe.expire(),
    async happens(what, body) {
      const { status, body: changed } = await ask(`${TILL_URL}/control/${what}`, 'POST', {}, JSON.stringify(body))
      return status === 200 ? (JSON.parse(changed) as object) : null
    },
    async answer(to, { method = 'GET', headers, body }, isLost) {
      const loss = isLost()
      if (loss === 'before') throw new TypeError('The connection was lost.')
      const given = Object.fromEntries(new Headers(headers))
      const answer = await ask(to, method, given, typeof body === 'string' ? body : '')
      if (loss === 'after') throw new TypeError('The connection was lost.')
      return new Response(answer.body, answer)
    },
  }
}
