/** People who have called an agent, and moderators who decide on what these say of it. */
import { eq } from 'drizzle-orm'
import { audited } from '../auth/audit.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { callLogs } from '../quota/tables.ts'
import { decide } from '../reviews/reviews.ts'
import { reviews } from '../reviews/tables.ts'
import { api, bindings, signIn, type Account, type ApiAnswer } from './world.ts'
import type { Bindings } from '../env.ts'

type CallStatus = (typeof callLogs.$inferInsert)['status']

/** Writes settled calls into the log, one for each status. */
export async function logCalls(userId: string, agentId: string, statuses: CallStatus[]): Promise<void> {
  const facts = { agentId, userId, agentVersion: 1, creatorId: newId(), apiKeyId: newId(), provider: 'openai' }
  const amounts = { costUsd: '0', priceUsd: '0', premiumUsd: '0', revenueUsd: '0', feePercent: 20 }
  const rest = { model: 'gpt-4.1-mini', stream: false, latencyMs: 100, admittedAt: new Date() }
  const rows = statuses.map((status) => ({ ...facts, ...amounts, ...rest, status, id: newId(), requestId: newId() }))
  if (rows.length > 0) await db(bindings).insert(callLogs).values(rows)
}

/** A developer who may review the agent. */
export async function newCaller(agentId: string): Promise<Account> {
  const developer = await signIn()
  await logCalls(developer.id, agentId, Array<CallStatus>(10).fill('success'))
  return developer
}

/** Writes a review through the door. */
export async function review(as: Account, agentId: string, rating: number, content?: string): Promise<ApiAnswer> {
  return api(`POST /api/v1/reviews/agents/${agentId}`, { as, body: { rating, content } })
}

/** Decides on a review as it stands, or as it stood at `revision`. */
export async function moderate(
  reviewId: string,
  status: 'approved' | 'rejected',
  { reason = 'Read it.', revision, env = bindings }: { reason?: string; revision?: number; env?: Bindings } = {},
): Promise<void> {
  const [row] = await db(bindings).select({ revision: reviews.revision }).from(reviews).where(eq(reviews.id, reviewId))
  const subject = { type: 'review', id: reviewId } as const
  const record = audited(bindings, { actor: null, action: `review.${status}`, subject, reason, requestId: newId() })
  await decide(env, reviewId, { status, reason, revision: revision ?? row?.revision ?? 1 }, record)
}

/** An approved review by a new caller of the agent; gives its id. */
export async function approvedReview(agentId: string, rating = 4, content?: string): Promise<string> {
  const { body } = await review(await newCaller(agentId), agentId, rating, content)
  await moderate(body.id, 'approved')
  return body.id
}
