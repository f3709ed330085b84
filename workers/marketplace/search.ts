/** Looking through the market. statements.ts says what is read, and why that is bounded. */
import { db, reach } from '../base/db.ts'
import {
  rankSql,
  readRanking,
  readWalk,
  walkSql,
  type Found,
  type Ranked,
  type Search,
  type Walked,
} from './statements.ts'
import type { Bindings } from '../env.ts'
import type { CardRow } from './card.ts'

/** How many statements a page may take where hardly any agent fits; after that it is as short as it is. */
const WALKS_MAX = 5

/** A page of the published agents that fit. Throws `storeUnavailable`. */
export async function search(env: Bindings, asked: Search): Promise<Found> {
  const { q } = asked
  if (q === undefined) return walk(env, asked)
  const { rows } = await reach(() => db(env).execute<Ranked>(rankSql({ ...asked, q })))
  return readRanking(rows, { ...asked, q })
}

async function walk(env: Bindings, asked: Search): Promise<Found> {
  const found: CardRow[] = []
  let after = asked.after
  for (let walks = 1; ; walks++) {
    const stretch = { ...asked, after, limit: asked.limit - found.length }
    const { rows } = await reach(() => db(env).execute<Walked>(walkSql(stretch)))
    const { rows: fitting, next } = readWalk(rows, stretch)
    found.push(...fitting)
    if (next === null || found.length === asked.limit || walks === WALKS_MAX)
      return { rows: found, next, is_complete: true }
    after = next
  }
}
