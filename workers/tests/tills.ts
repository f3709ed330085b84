/** The payment stand-ins as tests use them: what happens to payments, and the signed requests that tell of it. */

/** A webhook as `local/courier.ts` signs it, for a test to post itself. */
export type SignedRequest = { event: string; type: string; url: string; headers: Record<string, string>; body: string }

/** Which letters, and how they are bent: see `local/courier.ts`. */
export type Wanted = { type?: string; about?: string; event?: string; bend?: object }

/** Makes something happen at a stand-in: `control(env.STRIPE_BASE_URL, 'pay', { payment })`. See `local/stripe/control.ts` and `local/coinbase/control.ts`. */
export async function control(till: string, what: string, body: object = {}): Promise<unknown> {
  const response = await fetch(`${till}/control/${what}`, { method: 'POST', body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`The stand-in refused ${what}: ${text}`)
  return JSON.parse(text)
}

/** The requests that tell of a payment, signed now, in the order of what happened. */
export async function hooks(till: string, wanted: Wanted): Promise<SignedRequest[]> {
  return (await control(till, 'requests', wanted)) as SignedRequest[]
}

/** Presses a button of a pay page. */
export function press(url: string | null, how: string): Promise<Response> {
  return fetch(url ?? '', { method: 'POST', body: new URLSearchParams({ how }), redirect: 'manual' })
}
