/** An agent as it stands in Postgres, its configuration still sealed. */
import { and, eq, inArray } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { isUuid } from '../base/ids.ts'
import type { Bindings } from '../env.ts'
import { amount } from '../money/amount.ts'
import type { Agent } from './agents.ts'
import { agents } from './tables.ts'
import type { SealedRecord } from './vault.ts'

/** The columns of which an `Agent` is made. */
export const agentColumns = {
  id: agents.id,
  slug: agents.slug,
  name: agents.name,
  description: agents.description,
  category: agents.category,
  creatorId: agents.creatorId,
  status: agents.status,
  version: agents.version,
  provider: agents.provider,
  model: agents.model,
  pricePerCall: agents.pricePerCall,
  ciphertext: agents.configEncrypted,
  iv: agents.configIv,
  keyId: agents.keyId,
}

type Row = Omit<Agent, 'pricePerCall' | 'publicTexts' | 'config'> & { pricePerCall: string } & SealedRecord

/** Reads one agent by its id or slug, straight from Postgres; null if there is none. Throws `storeUnavailable`. */
export async function readAgent(env: Bindings, name: string): Promise<Agent | null> {
  const isThis = isUuid(name) ? eq(agents.id, name) : eq(agents.slug, name)
  const [row] = await reach(() => db(env).select(agentColumns).from(agents).where(isThis).limit(1))
  return row ? fromRow(row) : null
}

/** Reads those of these agents that are published. Throws `storeUnavailable`. */
export async function readPublished(env: Bindings, ids: string[]): Promise<Agent[]> {
  const areThese = and(inArray(agents.id, ids), eq(agents.status, 'active'))
  const rows = await reach(() => db(env).select(agentColumns).from(agents).where(areThese))
  return rows.map(fromRow)
}

export function fromRow({ ciphertext, iv, keyId, pricePerCall, ...row }: Row): Agent {
  return {
    ...row,
    pricePerCall: amount(pricePerCall),
    publicTexts: [row.name, row.description ?? '', row.category ?? ''].filter((text) => text !== ''),
    config: { ciphertext, iv, keyId },
  }
}
