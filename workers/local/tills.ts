/** Who takes payments for a local stack: the stand-ins, or the real Stripe and Coinbase where the environment has their keys. */
import { join } from 'node:path'
import { startCoinbase } from './coinbase.ts'
import type { HttpDoor } from './http-door.ts'
import type { Secrets } from './secrets.ts'
import { startStripe } from './stripe.ts'

type Environment = Record<string, string | undefined>

export type TillOptions = {
  secrets: Secrets
  /** Where the stand-ins keep what they know. */
  dir: string
  /** Where the Worker is going to be. */
  apiUrl: string
}

/** Opens the stand-in of Stripe, which tells the Worker of payments. Rejects if the port is taken. */
export function startStripeTill(port: number, { secrets, dir, apiUrl }: TillOptions): Promise<HttpDoor> {
  return startStripe({
    port,
    secretKey: secrets.stripeKey,
    webhookSecrets: { current: secrets.stripeWebhookSecret },
    targets: [`${apiUrl}/api/v1/payments/webhook/stripe`],
    file: join(dir, 'stripe.jsonl'),
  })
}

/** Opens the stand-in of Coinbase, which tells the Worker of payments. Rejects if the port is taken. */
export function startCoinbaseTill(port: number, { secrets, dir, apiUrl }: TillOptions): Promise<HttpDoor> {
  return startCoinbase({
    port,
    keyId: secrets.coinbaseKeyId,
    keySecret: secrets.coinbaseKey,
    webhookSecrets: { current: secrets.coinbaseWebhookSecret },
    targets: [`${apiUrl}/api/v1/payments/webhook/coinbase`],
    file: join(dir, 'coinbase.jsonl'),
  })
}

/** The Worker's variables. A key in the environment means the party itself, with the webhook secret that is given beside it. */
export function tillVariables(
  env: Environment,
  secrets: Secrets,
  { stripe, coinbase }: { stripe: HttpDoor; coinbase: HttpDoor },
): Record<string, string> {
  return {
    ...(env['STRIPE_SECRET_KEY']
      ? given(env, 'STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET STRIPE_WEBHOOK_SECRET_PREVIOUS STRIPE_BASE_URL')
      : {
          STRIPE_SECRET_KEY: secrets.stripeKey,
          STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
          STRIPE_BASE_URL: stripe.url,
        }),
    ...(env['COINBASE_API_KEY_ID']
      ? given(
          env,
          'COINBASE_API_KEY_ID COINBASE_API_KEY_SECRET COINBASE_WEBHOOK_SECRET COINBASE_WEBHOOK_SECRET_PREVIOUS COINBASE_BASE_URL',
        )
      : {
          COINBASE_API_KEY_ID: secrets.coinbaseKeyId,
          COINBASE_API_KEY_SECRET: secrets.coinbaseKey,
          COINBASE_WEBHOOK_SECRET: secrets.coinbaseWebhookSecret,
          COINBASE_BASE_URL: coinbase.url,
        }),
  }
}

function given(env: Environment, names: string): Record<string, string> {
  return Object.fromEntries(
    names.split(' ').flatMap((name) => {
      const value = env[name]
      return value ? [[name, value]] : []
    }),
  )
}
