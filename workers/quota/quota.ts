/**
 * The quota room: who may call how often, and what a call has cost. It owns the account objects and the call log, promises
 * that every call counts exactly once, and never asks a cache.
 *
 * Every function here may be repeated: a lost answer is asked for again under the same id.
 */
import { waitUntil } from 'cloudflare:workers'
import { and, desc, eq, sql } from 'drizzle-orm'
import { db, reach as fromPostgres } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { retry } from '../base/retry.ts'
import { callLogs } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { AccountObject } from './account.object.ts'
import type {
  Admission,
  AdmitRequest,
  DepositInput,
  ExposedRange,
  ExposeRequest,
  KeyInput,
  LotInput,
  QuotaState,
  SettleRequest,
  Settlement,
} from './protocol.ts'

/** Admission stands between a caller and the answer: few attempts, quickly. */
const ADMIT_ATTEMPTS = 4
/** A settlement is worth more patience: the alternative is to wait for the lease. */
const SETTLE_ATTEMPTS = 7
const FIRST_DELAY_MS = 20
const CALLS_PAGE_MAX = 100

/**
 * Asks the account to admit a call. Throws `storeUnavailable` when the account cannot be reached: then nothing was charged,
 * and if it was admitted without our hearing of it, it is released as soon as the account can be told.
 */
export async function admit(env: Bindings, request: AdmitRequest): Promise<Admission> {
  try {
    return await reach<Admission>(
      env,
      request.accountId,
      ADMIT_ATTEMPTS,
      async (account) => await account.admit(request),
    )
  } catch (thrown) {
    const counts = { inputTokens: null, outputTokens: null, latencyMs: 0, firstContentMs: null }
    const lost: SettleRequest = {
      v: 1,
      callId: request.callId,
      charge: false,
      status: 'error',
      errorCode: '50302',
      ...counts,
    }
    // Should this fail too, the lease of the call releases it.
    waitUntil(settle(env, request.accountId, lost).catch(() => {}))
    throw thrown
  }
}

/** Settles an admitted call for good. Throws `storeUnavailable` when the account cannot be reached: then its lease decides. */
export async function settle(env: Bindings, accountId: string, request: SettleRequest): Promise<Settlement> {
  return reach(env, accountId, SETTLE_ATTEMPTS, async (account) => await account.settle(request))
}

/** Counts what a running call lets through of its agent's prompt; gives all that the account has been shown of it in a day. */
export async function expose(env: Bindings, accountId: string, request: ExposeRequest): Promise<ExposedRange[]> {
  return reach<ExposedRange[]>(env, accountId, ADMIT_ATTEMPTS, async (account) => await account.expose(request))
}

/** Adds a lot of calls to an account, once per lot id. */
export async function credit(
  env: Bindings,
  accountId: string,
  lot: LotInput,
): Promise<{ added: boolean; remaining: number }> {
  return reach(env, accountId, SETTLE_ATTEMPTS, async (account) => await account.credit(lot))
}

/** Adds prepaid money to an account, once per deposit id; answers with the free balance in 10⁻⁸ dollars. */
export async function deposit(env: Bindings, accountId: string, input: DepositInput): Promise<{ balance: number }> {
  return reach(env, accountId, SETTLE_ATTEMPTS, async (account) => await account.deposit(input))
}

/** Tells the account what to think of a key. Once this resolves, a revoked key is admitted no more. */
export async function setKey(env: Bindings, accountId: string, input: KeyInput): Promise<void> {
  await reach(env, accountId, SETTLE_ATTEMPTS, async (account) => await account.setKey(input))
}

/** The account's figures at this moment. */
export async function quotaOf(env: Bindings, accountId: string): Promise<QuotaState> {
  return reach(env, accountId, ADMIT_ATTEMPTS, async (account) => await account.quota())
}

type CallRow = typeof callLogs.$inferSelect
/** `next` is where the page after this one begins; null after the last. */
export type CallPage = { calls: CallRow[]; next: CallPlace | null }
export type CallPlace = Pick<CallRow, 'createdAt' | 'id'>

/** The calls of an account that have reached the log, newest first, at most `CALLS_PAGE_MAX`, those older than `before`. */
export async function callsOf(
  env: Bindings,
  accountId: string,
  page: { limit: number; before?: CallPlace },
): Promise<CallPage> {
  const limit = Math.min(page.limit, CALLS_PAGE_MAX)
  const { before } = page
  const isOlder =
    before &&
    sql`(${callLogs.createdAt}, ${callLogs.id}) < (${before.createdAt.toISOString()}::timestamptz, ${before.id}::uuid)`
  const calls = await fromPostgres(() =>
    db(env)
      .select()
      .from(callLogs)
      .where(and(eq(callLogs.userId, accountId), isOlder))
      .orderBy(desc(callLogs.createdAt), desc(callLogs.id))
      .limit(limit),
  )
  return { calls, next: (calls.length === limit && calls.at(-1)) || null }
}

/** Calls the account object; a stub that has failed once is broken, so every attempt takes a new one. */
async function reach<T>(
  env: Bindings,
  accountId: string,
  attempts: number,
  ask: (account: DurableObjectStub<AccountObject>) => Promise<T>,
): Promise<T> {
  try {
    return await retry(() => ask(env.ACCOUNT.get(env.ACCOUNT.idFromName(accountId))), {
      attempts,
      firstDelayMs: FIRST_DELAY_MS,
      isWorthIt: (thrown) => !isOverloaded(thrown),
    })
  } catch (thrown) {
    log.error('quota.unreachable', { account_id: accountId, error: describe(thrown) })
    throw new AppError('storeUnavailable', { cause: thrown, headers: { 'retry-after': '1' } })
  }
}

/** An overloaded object gets worse by asking again. */
function isOverloaded(thrown: unknown): boolean {
  return thrown instanceof Error && 'overloaded' in thrown && thrown.overloaded === true
}
