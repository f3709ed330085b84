/**
 * Requests that are carried out once, however often they are sent: those that name themselves with an `Idempotency-Key`.
 *
 *     claimed ──▶ carried out ──▶ done ──▶ (24 h) forgotten
 *        │            └─ refused ──▶ free again
 *        └─ broken off ──▶ taken over by whoever asks next
 *
 * A claim comes with the id under which the thing is to be made, and every attempt uses the same. So whoever takes over from
 * an attempt that broke off looks whether the thing is there before making it, and should two be at it all the same, the
 * database lets one of them. Answers are not kept, since some hold what is kept nowhere else: who asks again is shown the
 * thing as it is now.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { and, eq, sql } from 'drizzle-orm'
import { clock } from './clock.ts'
import { db, reach } from './db.ts'
import { AppError, refuseField } from './errors.ts'
import { newId } from './ids.ts'
import { describe, log } from './log.ts'
import { hiddenName } from './redis.ts'
import { idempotencyKeys as table } from './tables.ts'
import type { Bindings } from '../env.ts'

const KEPT_MS = 24 * 3_600_000
/** Longer than any request of this kind can take. */
const RUNNING_MS_MAX = 60_000
/** Old claims that one claim sweeps up. */
const SWEPT_MAX = 20
const KEY = /^[\x21-\x7e]{1,255}$/

/** Who asks, under which name, for what: everything that makes two requests the same. */
export type Named = { userId: string; key: string; asked: string }

/** How the thing is made under an id, and how it is found there again: null if it is not, or not any more. */
export type Work<T> = { make: (id: string) => Promise<T>; find: (id: string) => Promise<T | null> }

/** The name that a request gave itself, or null. Throws `validationFailed`. */
export function idempotencyKeyOf(headers: Headers): string | null {
  const key = headers.get('idempotency-key')
  if (key !== null && !KEY.test(key)) throw refuseField('Idempotency-Key', 'must be 1 to 255 visible ASCII characters')
  return key
}

/**
 * Carries the request out, or finds what it has made before. Throws `idempotencyMismatch` if the name was used for something
 * else, `callInProgress` while another is at it, `conflict` if what was made is gone, and whatever `work` throws.
 */
export async function once<T>(env: Bindings, named: Named, work: Work<T>): Promise<{ given: T; isReplay: boolean }> {
  const claim = await claimed(env, named)
  if (!claim.isNew) {
    const found = await work.find(claim.makeId)
    if (found !== null) {
      if (!claim.isDone) await noted(named, finishing(env, named))
      return { given: found, isReplay: true }
    }
    if (claim.isDone) throw new AppError('conflict', { message: 'What was made with this Idempotency-Key is gone.' })
  }
  const given = await carriedOut(env, named, () => work.make(claim.makeId))
  await noted(named, finishing(env, named))
  return { given, isReplay: false }
}

/** A name whose request was refused is free again: nothing was made. Of any other failure nobody knows, and the next one looks. */
async function carriedOut<T>(env: Bindings, named: Named, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (thrown) {
    const isRefused = thrown instanceof AppError && thrown.status < 500
    await noted(named, isRefused ? freeing(env, named) : yielding(env, named))
    throw thrown
  }
}

type Claim = { makeId: string; isNew: boolean; isDone: boolean }

async function claimed(env: Bindings, named: Named): Promise<Claim> {
  const { userId, key, asked } = named
  const now = moment(0)
  const fingerprint = hiddenName(env, asked)
  const isThis = sql`user_id = ${userId}::uuid AND key_hash = ${hashOf(key)}`
  const [, , taken, [known]] = await reach(() =>
    db(env).batch([
      db(env).execute(sql`DELETE FROM idempotency_keys WHERE ${isThis} AND expires_at <= ${now}`),
      db(env).execute(sql`
        DELETE FROM idempotency_keys WHERE (user_id, key_hash) IN (
          SELECT user_id, key_hash FROM idempotency_keys WHERE expires_at <= ${now}
          ORDER BY expires_at LIMIT ${SWEPT_MAX} FOR UPDATE SKIP LOCKED)`),
      db(env).execute<{ is_new: boolean }>(sql`
        INSERT INTO idempotency_keys AS known (user_id, key_hash, fingerprint, make_id, running_until, expires_at)
        VALUES (${userId}::uuid, ${hashOf(key)}, ${fingerprint}, ${newId()}::uuid, ${moment(RUNNING_MS_MAX)}, ${moment(KEPT_MS)})
        ON CONFLICT (user_id, key_hash) DO UPDATE SET running_until = excluded.running_until
        WHERE known.running_until <= ${now} AND known.fingerprint = excluded.fingerprint
        RETURNING xmax = 0 AS is_new`),
      db(env).select().from(table).where(ofThis(named)),
    ]),
  )
  if (!known) throw new Error('A claim was neither made nor found.')
  const { makeId, runningUntil } = known
  const [mine] = taken.rows
  if (mine) return { makeId, isNew: mine.is_new, isDone: false }
  if (known.fingerprint !== fingerprint) throw new AppError('idempotencyMismatch')
  if (runningUntil === null) return { makeId, isNew: false, isDone: true }
  throw new AppError('callInProgress', {
    message: 'A request with this Idempotency-Key is still running. Wait, then ask again.',
    headers: { 'retry-after': '1' },
  })
}

const finishing = (env: Bindings, named: Named) =>
  db(env).update(table).set({ runningUntil: null }).where(ofThis(named))
const yielding = (env: Bindings, named: Named) =>
  db(env)
    .update(table)
    .set({ runningUntil: moment(0) })
    .where(ofThis(named))
const freeing = (env: Bindings, named: Named) => db(env).delete(table).where(ofThis(named))

/** What could not be noted costs the next one a look, or a minute of waiting; the answer is not held up by it. */
async function noted({ userId }: Named, note: PromiseLike<unknown>): Promise<void> {
  try {
    await reach(async () => await note)
  } catch (thrown) {
    log.warn('once.not_noted', { account_id: userId, error: describe(thrown) })
  }
}

const ofThis = ({ userId, key }: Named) => and(eq(table.userId, userId), eq(table.keyHash, hashOf(key)))

function hashOf(key: string): string {
  return bytesToHex(sha256(utf8ToBytes(key)))
}

/** So many milliseconds from now, for the database. */
function moment(ms: number) {
  return sql`${new Date(clock.now() + ms).toISOString()}::timestamptz`
}
