/** The versions that an agent has had. Each is written once and never changed, so an old one can be had again. */
import { and, desc, eq, lt } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { agentVersions } from './tables.ts'
import { openConfig, reseal, type OpenedConfig } from './vault.ts'
import { agentAt, giveNext, inVersions } from './write.ts'
import type { Bindings } from '../env.ts'
import type { Agent } from './agents.ts'

export type VersionRow = Pick<
  typeof agentVersions.$inferSelect,
  'version' | 'provider' | 'model' | 'pricePerCall' | 'createdAt'
>

/** The versions of an agent, newest first, those before `before`. Nothing of them is opened. */
export async function versionsOf(
  env: Bindings,
  agentId: string,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<VersionRow[]> {
  const { version, provider, model, pricePerCall, createdAt } = agentVersions
  const isBefore = before === undefined ? undefined : lt(version, before)
  return reach(() =>
    db(env)
      .select({ version, provider, model, pricePerCall, createdAt })
      .from(agentVersions)
      .where(and(eq(agentVersions.agentId, agentId), isBefore))
      .orderBy(desc(version))
      .limit(limit),
  )
}

/**
 * Gives an agent, as it is at `version`, the configuration that it had at version `former`, as its next version. Throws
 * `agentNotFound`, `notFound` if it never had that version, and `conflict` if it is no longer at `version`.
 */
export async function restoreVersion(env: Bindings, id: string, version: number, former: number): Promise<Agent> {
  const [before, kept] = await Promise.all([agentAt(env, id, version), readVersion(env, id, former)])
  if (!kept) throw new AppError('notFound')
  const { record, ...shown } = kept
  return giveNext(env, before, shown, (place) => reseal(env, inVersions(id, former), record, place))
}

/** The configuration of an agent at one of its versions, its prompt sealed. Throws `notFound`, `VaultError`. */
export async function openVersion(env: Bindings, id: string, version: number): Promise<OpenedConfig> {
  const kept = await readVersion(env, id, version)
  if (!kept) throw new AppError('notFound')
  return openConfig(env, inVersions(id, version), kept.record)
}

async function readVersion(env: Bindings, agentId: string, version: number) {
  const isThis = and(eq(agentVersions.agentId, agentId), eq(agentVersions.version, version))
  const { provider, model, pricePerCall, configEncrypted: ciphertext, configIv: iv, keyId } = agentVersions
  const [row] = await reach(() =>
    db(env).select({ provider, model, pricePerCall, ciphertext, iv, keyId }).from(agentVersions).where(isThis),
  )
  if (!row) return null
  const { ciphertext: bytes, iv: nonce, keyId: key, ...shown } = row
  return { ...shown, record: { ciphertext: bytes, iv: nonce, keyId: key } }
}
