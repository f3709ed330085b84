/**
 * One of each thing that a route can be about, made new for somebody, for the tests that try to reach it as somebody else.
 * A room that gives routes to a new kind of thing adds it to `THINGS`, under the word that stands before its id in paths.
 */
import { sql, type SQL } from 'drizzle-orm'
import { unpublishAgent } from '../agents/agents.ts'
import { signAccessToken } from '../auth/access-token.ts'
import { sessions } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { amount } from '../money/amount.ts'
import { withdraw } from '../settlements/withdrawals.ts'
import { asUser, idsIn, newProof, type Headers, type Route } from './document.ts'
import { earn, giveWallet, settleUpTo } from './earnings.ts'
import { bindings, newAgent, newDeveloper, signIn, type Account } from './world.ts'
import type { UserType } from '../auth/auth.ts'

export type Thing = {
  /** What stands in the path, by the word before it. */
  ids: Record<string, string>
  /** Who may reach it, one of each type that may. */
  owners: Partial<Record<UserType, Account>>
}

/** With `isPrivate` the thing is in the state in which it is nobody's business but its owner's: not published, not approved. */
type Make = (isPrivate: boolean) => Promise<Thing>

/** By the word that stands before the id in paths. */
export const THINGS: Record<string, Make> = {
  agents: agentOf,
  versions: async (isPrivate) => {
    const { ids, owners } = await agentOf(isPrivate)
    return { ids: { ...ids, versions: '1' }, owners }
  },
  knowledge: async (isPrivate) => {
    const { ids, owners } = await agentOf(isPrivate)
    const id = newId()
    const key = `${ids['agents']}/${id}`
    await bindings.KNOWLEDGE.put(key, '# Harbour\n\nThe crane lifts forty tonnes.')
    await run(sql`INSERT INTO knowledge_files (id, agent_id, creator_id, filename, file_type, file_size, s3_key, sha256, status,
        chunk_count, embedded, ready_generation)
      VALUES (${id}, ${ids['agents']}, ${owners.creator?.id}, 'harbour.md', 'markdown', 40, ${key}, ${'5e'.repeat(32)}, 'ready', 1, 1, 1)`)
    await run(sql`INSERT INTO knowledge_chunks (file_id, generation, place, agent_id, content, search)
      VALUES (${id}, 1, 0, ${ids['agents']}, 'The crane lifts forty tonnes.', to_tsvector('simple', 'crane'))`)
    return { ids: { ...ids, knowledge: id }, owners }
  },
  keys: async () => {
    const { id, keyId } = await newDeveloper()
    return { ids: { keys: keyId }, owners: { developer: await session(id, 'developer') } }
  },
  calls: async () => {
    const developer = await signIn('developer')
    const id = newId()
    await run(sql`INSERT INTO call_logs (id, request_id, agent_id, agent_version, creator_id, api_key_id, user_id, provider, model,
        stream, status, latency_ms, cost_usd, price_usd, premium_usd, revenue_usd, fee_percent, admitted_at)
      VALUES (${id}, ${id}, ${newId()}, 1, ${newId()}, ${newId()}, ${developer.id}, 'openai', 'gpt-4.1-mini',
        FALSE, 'success', 1, 0, 0, 0, 0, 20, now())`)
    return { ids: { calls: id }, owners: { developer } }
  },
  sessions: async () => {
    const developer = await signIn('developer')
    const { sessionId } = await session(developer.id, 'developer')
    return { ids: { sessions: sessionId }, owners: { developer } }
  },
  reviews: async (isPrivate) => {
    const { ids, owners } = await agentOf(false)
    const developer = await signIn('developer')
    const id = newId()
    const now = new Date().toISOString()
    const review = {
      id,
      agent_id: ids['agents'],
      user_id: developer.id,
      rating: 4,
      status: isPrivate ? 'pending' : 'approved',
      created_at: now,
      revision: 1,
      queued_at: now,
      reports: 0,
      ...(isPrivate ? {} : { reply: 'Thank you.', replied_at: now }),
    }
    await run(
      sql`INSERT INTO reviews SELECT * FROM jsonb_populate_record(NULL::reviews, ${JSON.stringify(review)}::jsonb)`,
    )
    if (!isPrivate && (await isTable('review_figures')))
      await run(sql`INSERT INTO review_figures (agent_id, stars_4) VALUES (${ids['agents']}, 1)`)
    return { ids: { ...ids, reviews: id }, owners: { ...owners, developer } }
  },
  webhooks: async () => webhookOf(await signIn('developer')),
  deliveries: async () => {
    const { ids, owners } = await webhookOf(await signIn('developer'))
    const id = newId()
    await run(sql`INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, body, state, created_at, finished_at)
      VALUES (${id}, ${ids['webhooks']}, ${newId()}, 'quota.low', '{}', 'failed', now(), now())`)
    return { ids: { ...ids, deliveries: id }, owners }
  },
  settlements: async () => {
    const creator = await signIn('creator')
    await earn(creator.id, [{ day: '2026-11-03', revenue: '2' }])
    await settleUpTo(creator.id, '2026-11-09')
    const [settlement] = await run<{ id: string }>(sql`SELECT id FROM settlements WHERE creator_id = ${creator.id}`)
    return { ids: { settlements: settlement?.id ?? '' }, owners: { creator } }
  },
  withdrawals: async () => {
    const creator = await signIn('creator')
    await giveWallet(creator.id, `0x${'5e'.repeat(20)}`)
    await earn(creator.id, [{ day: '2026-11-03', revenue: '5000' }])
    await settleUpTo(creator.id, '2026-11-09')
    const { id } = await withdraw(bindings, { id: newId(), creatorId: creator.id, amount: amount('5000') })
    return { ids: { withdrawals: id }, owners: { creator } }
  },
  payments: async () => {
    const developer = await signIn('developer')
    const id = newId()
    await run(sql`INSERT INTO payments (id, user_id, amount_usd, quota_purchased, payment_method, payment_id, package, status,
        is_live, completed_at, credited_at, told)
      VALUES (${id}, ${developer.id}, 10, 1000, 'stripe', ${`cs_test_${id}`}, 'starter', 'completed', FALSE, now(), now(), 'completed')`)
    return { ids: { payments: id }, owners: { developer } }
  },
  notifications: async () => {
    const developer = await signIn('developer')
    const id = newId()
    await run(sql`INSERT INTO notifications (user_id, id, type, title, body, created_at)
      VALUES (${developer.id}, ${id}, 'quota.low', 'Little is left', 'Half of your calls are used up.', now())`)
    return { ids: { notifications: id }, owners: { developer } }
  },
}

/** Words before an id that names nothing of anybody's: what it stands for is there for everybody. */
export const OPEN_TO_ALL = new Set(['accounts', 'avatars', 'categories', 'creators', 'flags', 'signers', 'tokens'])

/** Routes about a thing that is not only its owner's. A stranger is refused while it is private, as if there were none. */
export const SHARED = new Set(['POST /reviews/{id}/report'])

/** Bodies for routes whose schema does not say all that a body has to be. Elsewhere the schema's example is sent. */
export const BODIES: Record<string, unknown> = {
  'POST /payments/checkout': { package: 'starter', method: 'stripe' },
  'PUT /agents/{id}': { version: 1, name: 'Marlow the Second' },
}

/** A thing that a route is about, and what its owner sends. Undefined for a route about nothing, or for admins. */
export async function reachable(route: Route): Promise<{ ids: Record<string, string>; headers: Headers } | undefined> {
  const make = THINGS[idsIn(route).at(-1)?.of ?? '']
  if (!make || route.allows.startsWith('admin ')) return undefined
  const { ids, owners } = await make(false)
  const { creator, developer } = owners
  const owner = route.allows === 'creator' ? creator : route.allows === 'developer' ? developer : (developer ?? creator)
  return { ids, headers: owner ? asUser(owner) : ((await newProof(route)) ?? {}) }
}

/** Somebody's further session. */
export async function session(userId: string, type: UserType): Promise<Account> {
  const [sessionId, email] = [newId(), `${userId}@example.com`]
  await db(bindings)
    .insert(sessions)
    .values({ id: sessionId, userId, expiresAt: new Date(Date.now() + 86_400_000) })
  const token = await signAccessToken(bindings, { user_id: userId, user_type: type, email, sid: sessionId })
  return { id: userId, email, sessionId, token }
}

async function agentOf(isPrivate: boolean): Promise<Thing> {
  const { id, creatorId } = await newAgent()
  if (isPrivate) await unpublishAgent(bindings, id)
  return { ids: { agents: id }, owners: { creator: await session(creatorId, 'creator') } }
}

async function webhookOf(developer: Account): Promise<Thing> {
  const id = newId()
  await run(sql`INSERT INTO webhooks (id, user_id, url, events, secret)
    VALUES (${id}, ${developer.id}, 'https://hooks.example.com/', '["quota.low"]', ${`test-1:${newId().slice(0, 22)}`})`)
  return { ids: { webhooks: id }, owners: { developer } }
}

/** Everything in the database that speaks of any of these ids, as one text: it changes when any of it does. */
export async function rowsAbout(ids: string[]): Promise<string> {
  const tables = await run<{ name: string }>(sql`SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname`)
  const parts = tables.map(
    ({ name }) =>
      sql`SELECT ${name} || ': ' || t::text AS row FROM ${sql.identifier(name)} t WHERE t::text ~ ${ids.join('|')}`,
  )
  const rows = await run<{ row: string }>(sql`${sql.join(parts, sql` UNION ALL `)} ORDER BY row`)
  return rows.map(({ row }) => row).join('\n')
}

async function isTable(name: string): Promise<boolean> {
  return (await run<{ is: boolean }>(sql`SELECT to_regclass(${name}) IS NOT NULL AS is`))[0]?.is ?? false
}

async function run<Row extends Record<string, unknown>>(query: SQL): Promise<Row[]> {
  return (await db(bindings).execute<Row>(query)).rows
}
