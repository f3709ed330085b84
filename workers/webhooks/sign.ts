/**
 * Secrets and signatures, as Standard Webhooks has them (https://www.standardwebhooks.com): `v1,` and the base64 of
 * HMAC-SHA256 over `id.timestamp.body`.
 *
 * No secret is kept. It is made whenever it is needed, from `WEBHOOK_KEY`, the webhook's id and a random salt; the database
 * holds the salt and the name of the key. Neither the database nor the key alone gives a secret away, and a rotation is a
 * new salt. (The other way, to keep secrets encrypted, would hold more code and the same promise. Its one advantage, that
 * the key can be changed without anybody's secret changing, is had by keeping the key before beside the new one.)
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { settings, type Bindings } from '../env.ts'

const PREFIX = 'whsec_'

/** What a new secret is made from, to be kept: `keyId:salt`. The salt is a random id, written shorter. */
export function newSalt(env: Bindings, id: string): string {
  return `${nameOf(settings(env).WEBHOOK_KEY)}:${saltOf(id)}`
}

/** Whether a secret was made from this id, under whatever key. */
export function isMadeFrom(salt: string, id: string): boolean {
  return salt.endsWith(`:${saltOf(id)}`)
}

function saltOf(id: string): string {
  return Uint8Array.fromHex(id.replaceAll('-', '')).toBase64({ alphabet: 'base64url', omitPadding: true })
}

/** The secret of a webhook, as its owner is shown it. Throws if its salt names a key that is not at hand. */
export function secretOf(env: Bindings, webhookId: string, salt: string): string {
  return PREFIX + keyOf(env, webhookId, salt).toBase64()
}

export type Signed = { id: string; seconds: number; body: string }

/** The signatures of a message by each of these salts, the newest first, as the header has them. */
export function signatures(env: Bindings, webhookId: string, salts: string[], { id, seconds, body }: Signed): string {
  const content = utf8ToBytes(`${id}.${seconds}.${body}`)
  return salts.map((salt) => `v1,${hmac(sha256, keyOf(env, webhookId, salt), content).toBase64()}`).join(' ')
}

function keyOf(env: Bindings, webhookId: string, salt: string): Uint8Array {
  const { WEBHOOK_KEY, WEBHOOK_KEY_PREVIOUS } = settings(env)
  const key = [WEBHOOK_KEY, WEBHOOK_KEY_PREVIOUS].find((one) => one !== undefined && nameOf(one) === nameOf(salt))
  if (key === undefined) throw new Error('The secret of a webhook names a key that is not at hand.')
  const bytes = Uint8Array.fromBase64(key.slice(key.indexOf(':') + 1))
  return hmac(sha256, bytes, utf8ToBytes(JSON.stringify(['agentlink.webhook.1', webhookId, salt])))
}

/** What stands before the colon: the name of a key. */
function nameOf(text: string): string {
  return text.slice(0, text.indexOf(':'))
}
