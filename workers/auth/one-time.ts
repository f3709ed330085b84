/** One-time tokens: what is mailed, good for one purpose, once, for a while. A new one takes the place of the one before. */
import { sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { hashSecret, newSecret } from './secrets.ts'
import { oneTimeTokens } from './tables.ts'
import type { Bindings } from '../env.ts'

const MINUTE_MS = 60_000

/** How long a token of each purpose is good for. */
export const LIFE_MS = {
  verify_email: 24 * 60 * MINUTE_MS,
  reset_password: 60 * MINUTE_MS,
  wallet: 10 * MINUTE_MS,
} as const
export type Purpose = keyof typeof LIFE_MS

/** A new token for this user and purpose; the one before opens nothing any more. */
export async function issueToken(env: Bindings, userId: string, purpose: Purpose): Promise<string> {
  const token = newSecret()
  await open(env, { hash: hashSecret(token), userId, purpose, subject: null, now: clock.now() })
  return token
}

type Opened = { hash: string; userId: string; purpose: Purpose; subject: string | null; now: number }

/** Keeps a token, in place of the open one of the same user and purpose. */
export async function open(env: Bindings, { hash, userId, purpose, subject, now }: Opened): Promise<void> {
  const row = { hash, subject, createdAt: new Date(now), expiresAt: new Date(now + LIFE_MS[purpose]) }
  await reach(() =>
    db(env)
      .insert(oneTimeTokens)
      .values({ ...row, userId, purpose })
      .onConflictDoUpdate({
        target: [oneTimeTokens.userId, oneTimeTokens.purpose],
        targetWhere: sql`used_at IS NULL`,
        set: row,
      }),
  )
}

/** The update that spends a token, for a statement that does what it is for: it returns the `user_id`, or no row. */
export function spending(token: string, purpose: Purpose, now: Date) {
  return sql`UPDATE one_time_tokens SET used_at = ${now.toISOString()}::timestamptz
    WHERE hash = ${hashSecret(token)} AND purpose = ${purpose} AND used_at IS NULL AND expires_at > ${now.toISOString()}::timestamptz
    RETURNING user_id`
}
