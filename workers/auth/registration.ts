/** How accounts come to be, and how their addresses are confirmed. */
import { sql } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { newId } from '../base/ids.ts'
import { spending } from './one-time.ts'
import type { Bindings } from '../env.ts'

export type NewAccount = {
  email: string
  passwordHash: string
  type: 'creator' | 'developer'
  displayName: string | undefined
}

/** Adds an account. Gives its id, or null if the address has one already. */
export async function addAccount(env: Bindings, account: NewAccount): Promise<string | null> {
  const { email, passwordHash, type, displayName } = account
  const profiles = type === 'creator' ? sql`creator_profiles` : sql`developer_profiles`
  const { rows } = await reach(() =>
    db(env).execute<{ id: string }>(sql`
      WITH added AS (
        INSERT INTO users (id, email, password_hash, user_type) VALUES (${newId()}, ${email}, ${passwordHash}, ${type})
        ON CONFLICT (email) DO NOTHING RETURNING id
      ), described AS (
        INSERT INTO ${profiles} (user_id, display_name)
        SELECT id, ${displayName ?? null}::varchar FROM added WHERE ${displayName ?? null}::varchar IS NOT NULL
      )
      SELECT id FROM added`),
  )
  return rows[0]?.id ?? null
}

/** Confirms the address of the user to whom this token was mailed. Throws `tokenSpent`. */
export async function confirmAddress(env: Bindings, token: string): Promise<string> {
  const { rows } = await reach(() =>
    db(env).execute<{ id: string }>(sql`
      WITH spent AS (${spending(token, 'verify_email', new Date(clock.now()))})
      UPDATE users SET email_verified = TRUE FROM spent WHERE id = spent.user_id AND status = 'active' RETURNING id`),
  )
  const [confirmed] = rows
  if (!confirmed) throw new AppError('tokenSpent')
  return confirmed.id
}
