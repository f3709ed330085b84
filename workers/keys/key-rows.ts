/** How a new key comes into Postgres: within the limits of its account, however many are made at once. */
import { sql, type SQL } from 'drizzle-orm'
import { clock } from '../base/clock.ts'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import type { Bindings } from '../env.ts'
import { hashKey, prefixOf } from './key-format.ts'

/** Keys of one account that are neither revoked nor expired. */
export const LIVE_KEYS_MAX = 50
/** Keys that one account may make within a day: an account object remembers each for ever, so there must be an end to them. */
export const KEYS_PER_DAY_MAX = 200
const DAY_MS = 86_400_000

/** Locks the user's row until the end of the transaction, so that insertions of keys count each other. Gives the row's id. */
export const lockUser = (userId: string): SQL => sql`SELECT id FROM users WHERE id = ${userId} FOR NO KEY UPDATE`

/**
 * Inserts a key with the `name, permissions, expires_at` that `settings` selects and gives its id; nothing where that
 * selects nothing or the account has its keys. To be run in one transaction with `lockUser`, after it.
 */
export function insertion(userId: string, { id, key }: { id: string; key: string }, settings: SQL): SQL {
  const now = clock.now()
  const at = new Date(now).toISOString()
  const dayAgo = new Date(now - DAY_MS).toISOString()
  return sql`
    INSERT INTO api_keys (id, user_id, key_hash, key_prefix, name, permissions, expires_at)
    SELECT ${id}::uuid, users.id, ${hashKey(key)}, ${prefixOf(key)}, settings.name, settings.permissions, settings.expires_at
    FROM users, (${settings}) AS settings, (
      SELECT count(*) FILTER (WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${at}::timestamptz)) AS live,
        count(*) FILTER (WHERE created_at > ${dayAgo}::timestamptz) AS young
      FROM api_keys WHERE user_id = ${userId}
    ) AS counted
    WHERE users.id = ${userId} AND live < ${LIVE_KEYS_MAX} AND young < ${KEYS_PER_DAY_MAX}
    RETURNING id`
}

/**
 * Sees to it that a key is bound only to agents that are or were published. Throws `validationFailed`, which names the
 * others. Agents belong to a room further on; what is asked here is what a foreign key would ask.
 */
export async function checkAgents(env: Bindings, agentIds: string[] | null | undefined): Promise<void> {
  if (!agentIds || agentIds.length === 0) return
  const { rows } = await reach(() =>
    db(env).execute(sql`SELECT id FROM agents WHERE id IN ${agentIds} AND published_at IS NOT NULL`),
  )
  const known = new Set(rows.map((row) => row['id']))
  const fields = agentIds.flatMap((id, i) =>
    known.has(id.toLowerCase()) ? [] : [{ field: `agent_ids.${i}`, problem: 'is no published agent' }],
  )
  const [first] = fields
  if (!first) return
  throw new AppError('validationFailed', { message: `${first.field}: ${first.problem}`, details: { fields } })
}
