/** Where Stripe and Coinbase tell us what has happened. What they tell is a reason to ask them, and is never believed by itself. */
import { Hono } from 'hono'
import * as z from 'zod'
import { readBytes } from '../base/body.ts'
import { AppError } from '../base/errors.ts'
import { anyone, routesOf } from '../base/route.ts'
import { receive } from './events.ts'
import { METHODS, providerOf } from './providers.ts'
import type { AppContext, Bindings } from '../env.ts'
import type { Method } from './provider.ts'

export const paymentWebhooks = new Hono<AppContext>()
const route = routesOf(paymentWebhooks, 'Payments')

const BODY_MAX_BYTES = 256 * 1_024
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

for (const method of METHODS)
  route(
    `POST /api/v1/payments/webhook/${method}`,
    {
      summary: `For ${method === 'stripe' ? 'Stripe' : 'Coinbase'}: what has happened to a payment`,
      description:
        'Signed over the raw body, within five minutes, by the current or the previous secret. An event is kept before it is answered, and applied once, however often it comes. One about something unknown is kept too.',
      who: anyone,
      limit: { name: 'payment-webhooks', perMinute: 1200 },
      answer: z.object({ received: z.literal(true) }),
      errors: ['badSignature', 'bodyTooLarge'],
    },
    async ({ c, env }) => {
      await hear(env, method, c.req.raw)
      return { received: true } as const
    },
  )

async function hear(env: Bindings, method: Method, request: Request): Promise<void> {
  const bytes = await readBytes(request, BODY_MAX_BYTES, 'An event has at most 256 KB.')
  const body = decode(bytes)
  const provider = providerOf(method)
  if (!provider.isOn(env)) throw new AppError('badSignature')
  await receive(env, method, await provider.verify(env, body, request.headers), body)
}

/** What is no text was signed by nobody. */
function decode(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    throw new AppError('badSignature')
  }
}
