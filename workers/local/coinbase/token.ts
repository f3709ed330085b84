/**
 * The bearer token of a request: a JWT of the API key, for this method, host and path, good for two minutes.
 * https://docs.cdp.coinbase.com/get-started/authentication/jwt-authentication says how long; what it holds is in the source of
 * Coinbase's SDK (@coinbase/cdp-sdk 1.44, auth/utils/jwt): header `alg` EdDSA or ES256, `kid` the key's id, `nonce`; claims `iss` "cdp",
 * `sub` the key's id, `nbf`, `exp`, and `uris` with "METHOD host/path". Older samples send one such string as `uri`.
 */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { importJWK, type JWK, jwtVerify } from 'jose'
import type { Asked } from '../http-door.ts'
import { RefusedError } from './refused.ts'

const AGE_SECONDS_MAX = 120
const ED25519_BYTES = 32

export type ApiKey = { keyId: string; publicKey: JWK }

/** Throws Coinbase's refusal for anything but a good token. */
export async function checkToken({ keyId, publicKey }: ApiKey, { method, path, headers }: Asked): Promise<void> {
  const algorithm = publicKey.kty === 'OKP' ? 'EdDSA' : 'ES256'
  try {
    const [, token = ''] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? []
    const { payload, protectedHeader } = await jwtVerify(token, await importJWK(publicKey, algorithm), {
      algorithms: [algorithm],
      issuer: 'cdp',
      subject: keyId,
      requiredClaims: ['nbf', 'exp'],
      clockTolerance: 5,
    })
    const { nbf = 0, exp = 0, uri, uris } = payload
    const place = `${method} ${headers.host}${path}`
    const isForThis = uri === place || (Array.isArray(uris) && uris.includes(place))
    if (isForThis && protectedHeader.kid === keyId && exp - nbf <= AGE_SECONDS_MAX) return
  } catch {
    // Whatever is wrong with it, the answer is the same.
  }
  throw new RefusedError('unauthorized', 'The request is not properly authenticated.')
}

/** The public half of an API key's secret: base64 of the seed and the public key (Ed25519), or PEM (ES256). */
export function publicKeyOf(keySecret: string): JWK {
  if (keySecret.startsWith('-----BEGIN')) return createPublicKey(keySecret).export({ format: 'jwk' })
  const x = Buffer.from(keySecret, 'base64').subarray(ED25519_BYTES).toString('base64url')
  return { kty: 'OKP', crv: 'Ed25519', x }
}

/** The secret of a new Ed25519 key, as Coinbase hands it out. */
export function newKeySecret(): string {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]).toString('base64')
}
