/**
 * Moves every sealed configuration to the current key, so that the key before can be thrown away. The way to change keys:
 *
 *  1. Deploy with the new key as `ENCRYPTION_KEY` and the old one as `ENCRYPTION_KEY_PREVIOUS`: both can be read from now
 *     on, and only the new one is written with.
 *  2. `npm run reencrypt`. It may be stopped and started as one likes, and run beside traffic.
 *  3. When it says that nothing is left, and ten minutes have passed (the age of the oldest copy), remove the old key.
 *
 * Each row is one statement that changes it only if its IV is still the one that was read, so whoever saves an agent at the
 * same moment wins. Nothing else is remembered: what is left to do is what is not yet under the current key.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { currentKeyId, reseal, VaultError, type Place, type VaultEnv } from './vault.ts'

const BATCH_ROWS = 50

/** Runs one statement and gives its rows, bytes among them as `Uint8Array`. */
export type Query = (text: string, values: unknown[]) => Promise<Record<string, unknown>[]>

export type Outcome = {
  moved: number
  /** Changed by somebody else in between. */
  skipped: number
  /** Rows that do not open, as `table/id`. They are left as they are. */
  failed: string[]
  /** Rows that are still not under the current key. */
  left: number
}

/** Re-encrypts what is not yet under the current key. Rejects if Postgres does not answer; start again then. */
export async function reencrypt(env: VaultEnv, query: Query): Promise<Outcome> {
  const keyId = currentKeyId(env)
  const outcome: Outcome = { moved: 0, skipped: 0, failed: [], left: 0 }
  for (const source of SOURCES) {
    for (let after = FIRST_ID; ;) {
      const rows = await query(source.select, [keyId, after, BATCH_ROWS])
      for (const row of rows as Row[]) await move(env, query, source, row, outcome)
      const last = rows.at(-1)
      if (!last) break
      after = (last as Row).id
    }
    const [count] = await query(`SELECT count(*)::int AS left FROM ${source.table} WHERE key_id <> $1`, [keyId])
    outcome.left += Number(count?.left)
  }
  return outcome
}

type Row = { id: string; agent_id: string; version: number; ciphertext: Uint8Array; iv: Uint8Array; key_id: string }
type Source = { table: Place['table']; select: string; update: string }

const FIRST_ID = '00000000-0000-0000-0000-000000000000'

const SOURCES: Source[] = (['agents', 'agent_versions'] as const).map((table) => ({
  table,
  select: `SELECT id, ${table === 'agents' ? 'id' : 'agent_id'} AS agent_id, version,
      config_encrypted AS ciphertext, config_iv AS iv, key_id
    FROM ${table} WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3`,
  update: `UPDATE ${table} SET config_encrypted = decode($1, 'hex'), config_iv = decode($2, 'hex'), key_id = $3
    WHERE id = $4 AND version = $5 AND config_iv = decode($6, 'hex') RETURNING id`,
}))

async function move(env: VaultEnv, query: Query, source: Source, row: Row, outcome: Outcome): Promise<void> {
  const place: Place = {
    table: source.table,
    column: 'config_encrypted',
    agentId: row.agent_id,
    version: row.version,
  }
  try {
    const fresh = await reseal(env, place, { ciphertext: row.ciphertext, iv: row.iv, keyId: row.key_id })
    const values = [
      bytesToHex(fresh.ciphertext),
      bytesToHex(fresh.iv),
      fresh.keyId,
      row.id,
      row.version,
      bytesToHex(row.iv),
    ]
    const changed = await query(source.update, values)
    if (changed.length > 0) outcome.moved++
    else outcome.skipped++
  } catch (thrown) {
    if (!(thrown instanceof VaultError)) throw thrown
    outcome.failed.push(`${source.table}/${row.id}`)
  }
}
