/**
 * The signature of Coinbase's webhooks, `X-Hook0-Signature: t=…,v0=…,h=…,v1=…`:
 * v0 is HMAC-SHA256 of `{t}.{body}`, v1 of `{t}.{h}.{the values of the headers in h, joined by dots}.{body}`; both are always there.
 * Whoever checks refuses what is older than five minutes.
 * https://docs.cdp.coinbase.com/webhooks/verify-signatures, https://docs.cdp.coinbase.com/coinbase-business/checkout-apis/webhooks
 */
import { createHmac } from 'node:crypto'
import type { Signer, WebhookSecrets } from '../courier.ts'

const STRANGER = 'secret of a stranger'

export function coinbaseSigner({ current, previous = STRANGER }: WebhookSecrets): Signer {
  return ({ letter: { event, type }, body, atMs, bend: { signature } }) => {
    const t = Math.floor(atMs / 1_000)
    const headers = { 'content-type': 'application/json', 'x-event-id': event, 'x-event-type': type }
    const h = Object.keys(headers).join(' ')
    const values = Object.values(headers).join('.')
    const hmac = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex')
    const v0 = (secret: string, of = body): string => `v0=${hmac(secret, `${t}.${of}`)}`
    const v1 = (secret: string, of = body): string => `v1=${hmac(secret, `${t}.${h}.${values}.${of}`)}`
    const whole = (secret: string, of = body): string => `t=${t},${v0(secret, of)},h=${h},${v1(secret, of)}`
    const sent = {
      right: whole(current),
      wrong: whole(STRANGER),
      previous: whole(previous),
      both: `${whole(previous)},${v1(current)}`,
      wrong_first: `t=${t},${v0(STRANGER)},h=${h},${v1(STRANGER)},${v1(current)}`,
      v0: `t=${t},${v0(current)}`,
      untimed: `${v0(current)},h=${h},${v1(current)}`,
      missing: undefined,
      tampered: whole(current, `${body} `),
    }[signature ?? 'right']
    return { ...headers, ...(sent === undefined ? {} : { 'x-hook0-signature': sent }) }
  }
}
