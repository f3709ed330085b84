/**
 * The address that a creator is paid at. It is theirs if they can sign with its key: they are given a message with a nonce
 * (EIP-4361) and return its signature (EIP-191). Of contracts' wallets no signature can be read here.
 */
import { and, eq, gt, isNull } from 'drizzle-orm'
import { recoverMessageAddress } from 'viem/utils'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { refuseField } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { settings, type Bindings } from '../env.ts'
import { audited } from './audit.ts'
import { LIFE_MS, open } from './one-time.ts'
import { newSecret, hashSecret } from './secrets.ts'
import { oneTimeTokens, users } from './tables.ts'
import type { User } from './auth.ts'

/** Base; the chain does not matter to the signature, and tells its owner where money will come. */
const CHAIN_ID = 8453
const NONCE_CHARS = 32

export type Challenge = { message: string; expiresAt: Date }

/** The message to be signed with the key of `address`; it takes the place of the one before. */
export async function challenge(env: Bindings, userId: string, address: string): Promise<Challenge> {
  // A nonce has to be fresh, not secret: its hash is what stands in the message.
  const hash = hashSecret(newSecret())
  const now = clock.now()
  await open(env, { hash, userId, purpose: 'wallet', subject: address, now })
  return { message: messageOf(env, address, hash, now), expiresAt: new Date(now + LIFE_MS.wallet) }
}

/**
 * Makes `address`, with its checksum, the one that this creator is paid at, and records it. Throws `validationFailed` if
 * there is no challenge for it, or if the signature is not that of its key.
 */
export async function connectWallet(
  env: Bindings,
  me: User,
  { address, signature, requestId }: { address: string; signature: string; requestId: string },
): Promise<Date> {
  const now = new Date(clock.now())
  const isOpen = and(
    eq(oneTimeTokens.userId, me.id),
    eq(oneTimeTokens.purpose, 'wallet'),
    eq(oneTimeTokens.subject, address),
    isNull(oneTimeTokens.usedAt),
    gt(oneTimeTokens.expiresAt, now),
  )
  const [asked] = await reach(() =>
    db(env).select({ hash: oneTimeTokens.hash, createdAt: oneTimeTokens.createdAt }).from(oneTimeTokens).where(isOpen),
  )
  if (!asked) throw refuseField('address', 'has no challenge that is still good; ask for a new one')
  const message = messageOf(env, address, asked.hash, asked.createdAt.getTime())
  if ((await signerOf(message, signature)) !== address)
    throw refuseField('signature', 'is not one of this message by this address')
  const [spent] = await reach(() =>
    db(env)
      .update(oneTimeTokens)
      .set({ usedAt: now })
      .where(and(eq(oneTimeTokens.hash, asked.hash), isOpen))
      .returning({ hash: oneTimeTokens.hash }),
  )
  if (!spent) throw refuseField('address', 'has no challenge that is still good; ask for a new one')
  await reach(() =>
    db(env).batch([
      db(env).update(users).set({ walletAddress: address, walletChangedAt: now }).where(eq(users.id, me.id)),
      audited(env, {
        actor: me,
        action: 'wallet.change',
        subject: { type: 'user', id: me.id },
        details: { address },
        requestId,
      }),
    ]),
  )
  await tellWallet(env, me.id, address)
  return now
}

/** What was published without a wallet gets its tokens now. If that cannot be told, the sweep of the agents finds out. */
async function tellWallet(env: Bindings, creatorId: string, wallet: string): Promise<void> {
  try {
    await env.MINTS.send({ version: 1, kind: 'wallet', creatorId, wallet })
  } catch (thrown) {
    log.warn('wallet.untold', { account_id: creatorId, error: describe(thrown) })
  }
}

async function signerOf(message: string, signature: string): Promise<string | null> {
  try {
    return await recoverMessageAddress({ message, signature: signature as `0x${string}` })
  } catch {
    return null
  }
}

/** The message, which is always the same for the same challenge. */
function messageOf(env: Bindings, address: string, hash: string, createdAt: number): string {
  const { SITE_URL } = settings(env)
  return `${new URL(SITE_URL).host} wants you to sign in with your Ethereum account:
${address}

Receive what my agents earn on AgentLink at this address. Signing costs nothing and moves nothing.

URI: ${SITE_URL}
Version: 1
Chain ID: ${CHAIN_ID}
Nonce: ${hash.slice(0, NONCE_CHARS)}
Issued At: ${new Date(createdAt).toISOString()}
Expiration Time: ${new Date(createdAt + LIFE_MS.wallet).toISOString()}`
}
