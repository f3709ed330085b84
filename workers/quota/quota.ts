/**
 * The quota room: who may call how often, and what a call has cost. It owns the account objects and the call log, promises
 * that every call counts exactly once, and never asks a cache.
 *
 * Every function here may be repeated: a lost answer is asked for again under the same id.
 */
import { waitUntil } from 'cloudflare:workers'
import { and, count, desc, eq, getTableColumns, gte, lt, or, sql, type SQL } from 'drizzle-orm'
import { db, reach as fromPostgres } from '../base/db.ts'
import { AppError } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { retry } from '../base/retry.ts'
import { callLogs } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { AccountObject } from './account.object.ts'
import type {
  AccountInput,
  Admission,
  AdmitRequest,
  DepositInput,
  ExposedRange,
  ExposeRequest,
  KeyInput,
  LotInput,
  QuotaState,
  Reversal,
  ReversalInput,
  SettleRequest,
  Settlement,
  Stop,
} from './protocol.ts'

/** Admission stands between a caller and the answer: few attempts, quickly. */
const ADMIT_ATTEMPTS = 4
/** A settlement is worth more patience: the alternative is to wait for the lease. */
const SETTLE_ATTEMPTS = 7
const FIRST_DELAY_MS = 20
const CALLS_PAGE_MAX = 100
const CALLS_READ_MAX = 1_000

type AccountStub = DurableObjectStub<AccountObject>

/** An account, to be asked about one call: its object is looked up once. */
export type Account = { readonly id: string; stub: AccountStub }

/** The account of a user. Asks nobody anything yet. */
export function accountOf(env: Bindings, userId: string): Account {
  return { id: userId, stub: stubOf(env, userId) }
}

/**
 * Asks the account to admit a call. Throws `storeUnavailable` when the account cannot be reached: then nothing was charged,
 * and if it was admitted without our hearing of it, it is released as soon as the account can be told.
 */
export async function admit(env: Bindings, account: Account, request: AdmitRequest): Promise<Admission> {
  try {
    return await reach<Admission>(env, account, ADMIT_ATTEMPTS, async (stub) => await stub.admit(request))
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
    waitUntil(settle(env, account, lost).catch(() => {}))
    throw thrown
  }
}

/** Settles an admitted call for good. Throws `storeUnavailable` when the account cannot be reached: then its lease decides. */
export async function settle(env: Bindings, account: Account, request: SettleRequest): Promise<Settlement> {
  return reach(env, account, SETTLE_ATTEMPTS, async (stub) => await stub.settle(request))
}

/** Counts what a running call lets through of its agent's prompt; gives all that the account has been shown of it in a day. */
export async function expose(env: Bindings, account: Account, request: ExposeRequest): Promise<ExposedRange[]> {
  return reach<ExposedRange[]>(env, account, ADMIT_ATTEMPTS, async (stub) => await stub.expose(request))
}

/** Adds a lot of calls to an account, once per lot id. */
export async function credit(
  env: Bindings,
  accountId: string,
  lot: LotInput,
): Promise<{ added: boolean; remaining: number }> {
  return reach(env, accountOf(env, accountId), SETTLE_ATTEMPTS, async (stub) => await stub.credit(lot))
}

/** Adds prepaid money to an account, once per deposit id; answers with the free balance in 10⁻⁸ dollars. */
export async function deposit(env: Bindings, accountId: string, input: DepositInput): Promise<{ balance: number }> {
  return reach(env, accountOf(env, accountId), SETTLE_ATTEMPTS, async (stub) => await stub.deposit(input))
}

/** Takes back what is unused of a lot or of the prepaid balance, and freezes or closes the lot, once per reversal id. */
export async function takeBack(env: Bindings, accountId: string, input: ReversalInput): Promise<Reversal> {
  return reach(env, accountOf(env, accountId), SETTLE_ATTEMPTS, async (stub) => await stub.takeBack(input))
}

/** Undoes a reversal for good. */
export async function giveBack(env: Bindings, accountId: string, reversalId: string): Promise<Reversal> {
  return reach(env, accountOf(env, accountId), SETTLE_ATTEMPTS, async (stub) => await stub.giveBack(reversalId))
}

/** Tells the account what to think of a key. Once this resolves, a revoked key is admitted no more. */
export async function setKey(env: Bindings, accountId: string, input: KeyInput): Promise<void> {
  await reach(env, accountOf(env, accountId), SETTLE_ATTEMPTS, async (stub) => await stub.setKey(input))
}

/** Tells an account whether it may call at all. Once this resolves, a suspended one is admitted no more, whatever its keys. */
export async function setAccount(env: Bindings, accountId: string, input: AccountInput): Promise<void> {
  await reach(env, accountOf(env, accountId), SETTLE_ATTEMPTS, async (stub) => await stub.setAccount(input))
}

/** Why whoever holds a key of this account is to be refused whatever they ask, or null. */
export async function stopOf(env: Bindings, accountId: string, keyId: string): Promise<Stop | null> {
  return reach<Stop | null>(
    env,
    accountOf(env, accountId),
    ADMIT_ATTEMPTS,
    async (stub) => await stub.stop({ v: 1, keyId }),
  )
}

/** The account's figures at this moment. */
export async function quotaOf(env: Bindings, accountId: string): Promise<QuotaState> {
  return reach(env, accountOf(env, accountId), ADMIT_ATTEMPTS, async (stub) => await stub.quota())
}

/** What a page is read for. Each door shows of it what is its caller's. */
const {
  creatorId: _creator,
  provider: _provider,
  model: _model,
  lotId: _lot,
  feePercent: _fee,
  unitValueUsd: _unitValue,
  transactionId: _transaction,
  admittedAt: _admitted,
  ...shown
} = getTableColumns(callLogs)
type CallRow = Pick<typeof callLogs.$inferSelect, keyof typeof shown>
/** `next` is where the page after this one begins; null after the last. */
export type CallPage = { calls: CallRow[]; next: CallPlace | null }
export type CallPlace = Pick<CallRow, 'createdAt' | 'id'>

/** Which calls are wanted: every condition that is there. Times in milliseconds since 1970, `to` not included. */
export type CallFilter = {
  agentId?: string | undefined
  apiKeyId?: string | undefined
  status?: CallRow['status'] | undefined
  latencyMsMin?: number | undefined
  from?: number | undefined
  to?: number | undefined
}

type PageAsked = { limit: number; before?: CallPlace | undefined; filter?: CallFilter }

/**
 * The calls of an account that have reached the log, newest first, at most `CALLS_PAGE_MAX`, those older than `before`. A
 * page reads at most `CALLS_READ_MAX` rows: where few of them are wanted it may hold fewer calls than asked for, or none,
 * and still have a next one.
 */
export function callsOf(env: Bindings, accountId: string, page: PageAsked): Promise<CallPage> {
  return callPage(env, eq(callLogs.userId, accountId), page)
}

/** The calls of a creator's agents, in the same way. The rows say who called: not for creators to see. */
export function callsToAgentsOf(env: Bindings, creatorId: string, page: PageAsked): Promise<CallPage> {
  return callPage(env, eq(callLogs.creatorId, creatorId), page)
}

async function callPage(env: Bindings, isTheirs: SQL, page: PageAsked): Promise<CallPage> {
  const limit = Math.min(page.limit, CALLS_PAGE_MAX)
  const { before, filter = {} } = page
  const { agentId, apiKeyId, status, latencyMsMin, from, to } = filter
  const isWanted = and(
    agentId === undefined ? undefined : eq(callLogs.agentId, agentId),
    apiKeyId === undefined ? undefined : eq(callLogs.apiKeyId, apiKeyId),
    status === undefined ? undefined : eq(callLogs.status, status),
    latencyMsMin === undefined ? undefined : gte(callLogs.latencyMs, latencyMsMin),
  )
  const readMax = isWanted ? CALLS_READ_MAX : limit + 1
  const isOlder =
    before &&
    sql`(${callLogs.createdAt}, ${callLogs.id}) < (${before.createdAt.toISOString()}::timestamptz, ${before.id}::uuid)`
  const read = db(env)
    .select({
      ...shown,
      isWanted: sql<boolean>`${isWanted ?? sql`true`}`.as('is_wanted'),
      row: sql<number>`row_number() OVER (ORDER BY ${callLogs.createdAt} DESC, ${callLogs.id} DESC)`.as('row'),
    })
    .from(callLogs)
    .where(
      and(
        isTheirs,
        from === undefined ? undefined : gte(callLogs.createdAt, new Date(from)),
        to === undefined ? undefined : lt(callLogs.createdAt, new Date(to)),
        isOlder,
      ),
    )
    .orderBy(desc(callLogs.createdAt), desc(callLogs.id))
    .limit(readMax)
    .as('read')
  // The last row that may be read comes along even if it is not wanted: the next page begins after it.
  const rows = await fromPostgres(() =>
    db(env)
      .select()
      .from(read)
      .where(or(read.isWanted, eq(read.row, readMax)))
      // By what they are sorted by already: reading ends with the last that is shown.
      .orderBy(desc(read.createdAt), desc(read.id))
      .limit(limit + 1),
  )
  const calls = rows.filter((row) => row.isWanted).slice(0, limit)
  const hasMore = rows.length > limit || (isWanted !== undefined && Number(rows.at(-1)?.row) === readMax)
  const last = rows.length > limit ? rows[limit - 1] : rows.at(-1)
  return { calls: calls.map(({ isWanted: _, row: __, ...call }) => call), next: (hasMore && last) || null }
}

/** One call of an account that has reached the log, or null. */
export async function callOf(env: Bindings, accountId: string, callId: string): Promise<CallRow | null> {
  const isThis = and(eq(callLogs.id, callId), eq(callLogs.userId, accountId))
  const [call] = await fromPostgres(() => db(env).select().from(callLogs).where(isThis))
  return call ?? null
}

/** How many successful calls of this account to this agent have reached the log, counted no further than `max`. */
export async function successesOf(env: Bindings, accountId: string, agentId: string, max: number): Promise<number> {
  const isOne = and(eq(callLogs.userId, accountId), eq(callLogs.agentId, agentId), eq(callLogs.status, 'success'))
  const some = db(env)
    .select({ one: sql`1` })
    .from(callLogs)
    .where(isOne)
    .limit(max)
    .as('some')
  const [row] = await fromPostgres(() => db(env).select({ count: count() }).from(some))
  return row?.count ?? 0
}

/**
 * Calls the account object. The first try is all there is to it nearly always; after it a new stub is taken for every
 * attempt, because one that has failed once is broken.
 */
async function reach<T>(
  env: Bindings,
  account: Account,
  attempts: number,
  ask: (stub: AccountStub) => Promise<T>,
): Promise<T> {
  try {
    return await ask(account.stub)
  } catch (thrown) {
    return again(env, account, attempts - 1, ask, thrown)
  }
}

async function again<T>(
  env: Bindings,
  account: Account,
  attempts: number,
  ask: (stub: AccountStub) => Promise<T>,
  first: unknown,
): Promise<T> {
  try {
    if (isOverloaded(first)) throw first
    return await retry(
      () => {
        account.stub = stubOf(env, account.id)
        return ask(account.stub)
      },
      { attempts, firstDelayMs: FIRST_DELAY_MS, isWorthIt: (thrown) => !isOverloaded(thrown) },
    )
  } catch (thrown) {
    log.error('quota.unreachable', { account_id: account.id, error: describe(thrown) })
    throw new AppError('storeUnavailable', { cause: thrown, headers: { 'retry-after': '1' } })
  }
}

function stubOf(env: Bindings, accountId: string): AccountStub {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(accountId))
}

/** An overloaded object gets worse by asking again. */
function isOverloaded(thrown: unknown): boolean {
  return thrown instanceof Error && 'overloaded' in thrown && thrown.overloaded === true
}
