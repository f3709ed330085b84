/** Stripe's webhook signature: `t=…,v1=HMAC-SHA256("t.body")`, one v1 per valid secret (https://docs.stripe.com/webhooks/signature). */
import { createHmac } from 'node:crypto'
import type { Signer, WebhookSecrets } from '../courier.ts'

const STRANGER = 'whsec_of_a_stranger'

export function stripeSigner({ current, previous = STRANGER }: WebhookSecrets): Signer {
  return ({ body, atMs, bend: { signature } }) => {
    const t = Math.floor(atMs / 1_000)
    const by = (secret: string, signed = body): string =>
      createHmac('sha256', secret).update(`${t}.${signed}`).digest('hex')
    const stranger = by(STRANGER)
    const right = by(current)
    const headers = {
      wrong: `t=${t},v1=${stranger}`,
      previous: `t=${t},v1=${by(previous)}`,
      both: `t=${t},v1=${by(previous)},v1=${right}`,
      wrong_first: `t=${t},v1=${stranger},v1=${right}`,
      v0: `t=${t},v0=${right}`,
      untimed: `v1=${right}`,
      missing: undefined,
      tampered: `t=${t},v1=${by(current, `${body} `)}`,
      right: `t=${t},v1=${right},v0=${stranger}`,
    }[signature ?? 'right']
    return {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      ...(headers === undefined ? {} : { 'stripe-signature': headers }),
    }
  }
}
