/** The secrets of a local stack: made once, kept in a file that only its owner can read. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { newKeySecret } from './coinbase/token.ts'
import { generatePrivateKey } from 'viem/accounts'
import type { SignerKeys } from './chain.ts'

export type Secrets = SignerKeys & {
  encryptionKey: string
  operatorToken: string
  jwtSecret: string
  webhookKey: string
  redisToken: string
  stripeKey: string
  stripeWebhookSecret: string
  coinbaseKeyId: string
  coinbaseKey: string
  coinbaseWebhookSecret: string
}

/** The secrets in the file at `path`, made now if there is none. */
export async function localSecrets(path: string): Promise<Secrets> {
  const known = await readFile(path, 'utf8').catch(() => undefined)
  const kept = known === undefined ? {} : (JSON.parse(known) as Partial<Secrets>)
  // A secret that a later version needs is added to the file of an earlier one.
  const secrets: Secrets = {
    encryptionKey: `local-1:${randomBytes(32).toString('base64')}`,
    operatorToken: randomBytes(24).toString('base64url'),
    jwtSecret: randomBytes(32).toString('base64url'),
    webhookKey: `local-1:${randomBytes(32).toString('base64')}`,
    redisToken: randomBytes(24).toString('base64url'),
    stripeKey: `sk_test_${randomBytes(24).toString('base64url')}`,
    stripeWebhookSecret: `whsec_${randomBytes(24).toString('base64url')}`,
    coinbaseKeyId: randomUUID(),
    coinbaseKey: newKeySecret(),
    coinbaseWebhookSecret: randomUUID(),
    mintKey: generatePrivateKey(),
    settleKey: generatePrivateKey(),
    ...kept,
  }
  await writeFile(path, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  return secrets
}
